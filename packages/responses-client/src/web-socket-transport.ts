// Requests as frames over a WebSocket that is kept from one request to the next.
import {
  type HeaderFields,
  HttpError,
  type HttpStatusError,
  type HttpTransport,
  joinUrl,
  mergeHeaders,
  type WebSocketConnection,
} from "@codex-ts/http-client";
import type { ResponseItem } from "@codex-ts/protocol";
import type { ProviderEndpoint, RequestAuth } from "./contract.ts";
import { isNoWebSocketHere, NoWebSocketHere, readStatusFrame } from "./frame-errors.ts";
import type { OpenResponse, ResponseTransport, Sending } from "./open-response.ts";
import { adaptRequest, encodeFrame, itemEncoder } from "./request-body.ts";
import { authHeaders, turnMetadataField } from "./request-headers.ts";
import { createRequestHasher, type RequestHash, type ServerMemory } from "./server-memory.ts";

export interface WebSocketTransportOptions {
  readonly endpoint: ProviderEndpoint;
  readonly transport: HttpTransport;
  readonly identity: HeaderFields | undefined;
}

/** Keeps one connection between requests. A second request at the same time gets one of its own. */
export interface WebSocketTransport extends ResponseTransport, AsyncDisposable {}

/** The version of the protocol that the frames follow. */
const BETA = "responses_websockets=2026-02-06";

/** A connection, and what the server remembers on it. */
interface Line {
  readonly connection: WebSocketConnection;
  readonly credential: string;
  memory: ServerMemory | undefined;
}

/** What must be the same for a connection to be used again. A renewed token of one account is. */
function credentialOf({ kind, accountId, bearer }: RequestAuth): string {
  return JSON.stringify([kind, accountId ?? bearer ?? null]);
}

export function createWebSocketTransport(options: WebSocketTransportOptions): WebSocketTransport {
  const { endpoint, transport, identity } = options;
  const idleTimeoutMs = endpoint.streamIdleTimeoutMs;
  const encode = itemEncoder(endpoint);
  const hashOf = createRequestHasher(encode);
  let idle: Line | undefined;
  let isDisposed = false;

  function takeIdle(auth: RequestAuth): Line | undefined {
    const line = idle;
    idle = undefined;
    if (line === undefined || !line.connection.isOpen) return undefined;
    if (line.credential === credentialOf(auth)) return line;
    void line.connection[Symbol.asyncDispose]();
    return undefined;
  }

  function putBack(line: Line): void {
    const other = isDisposed ? line : idle;
    if (!isDisposed) idle = line;
    void other?.connection[Symbol.asyncDispose]();
  }

  async function connect(sending: Sending, auth: RequestAuth): Promise<Line> {
    try {
      const connection = await transport.openWebSocket({
        url: joinUrl(endpoint.baseUrl, "responses", endpoint.queryParams),
        headers: { "OpenAI-Beta": BETA, ...sending.headers() },
        providerHeaders: mergeHeaders(identity, endpoint.headers),
        authHeaders: authHeaders(auth),
        connectTimeoutMs: endpoint.websocketConnectTimeoutMs,
        signal: sending.signal,
      });
      sending.onHeaders(connection.headers);
      return { connection, credential: credentialOf(auth), memory: undefined };
    } catch (error) {
      throw isNoWebSocketHere(error) ? new NoWebSocketHere(error) : error;
    }
  }

  /** Sends the request; gives the first frame of the answer. */
  async function ask(line: Line, sending: Sending, hash: RequestHash): Promise<string> {
    const { connection } = line;
    const body = adaptRequest(sending.request, endpoint);
    const continuation = hash.after(line.memory);
    // Frames that belong to an earlier response would be taken for this one's.
    connection.discardWaiting();
    await connection.send(
      encodeFrame(
        { ...body, input: (continuation?.input ?? body.input).map(encode) },
        {
          previousResponseId: continuation?.previousResponseId,
          warmUp: sending.isWarmUp,
          clientMetadata: clientMetadata(sending),
        },
      ),
    );
    const first = await connection.receive({ idleTimeoutMs, signal: sending.signal });
    const refused = readStatusFrame(first, connection.url);
    if (refused === undefined) return first;
    throw refused;
  }

  function respond(line: Line, first: string, sending: Sending, hash: RequestHash): OpenResponse {
    const { connection } = line;
    const output: ResponseItem[] = [];
    let isComplete = false;
    async function* events(): AsyncGenerator<string, void> {
      yield first;
      for (;;) yield await connection.receive({ idleTimeoutMs, signal: sending.signal });
    }
    return {
      url: connection.url,
      headers: connection.headers,
      hasRateLimits: false,
      events: events(),
      note(event) {
        if (event.type === "output_item_done") output.push(event.item);
        if (event.type !== "completed") return;
        isComplete = true;
        line.memory = hash.completedBy(event.responseId, output);
      },
      async [Symbol.asyncDispose]() {
        if (isComplete) putBack(line);
        else connection.drop();
      },
    };
  }

  return {
    async open(sending, auth) {
      const hash = hashOf(adaptRequest(sending.request, endpoint));
      let kept = takeIdle(auth);
      for (;;) {
        const line = kept ?? (await connect(sending, auth));
        try {
          return respond(line, await ask(line, sending, hash), sending, hash);
        } catch (error) {
          line.connection.drop();
          // Nothing of an answer was read, so the request may go out again, whole, on a new connection.
          if (kept === undefined || !(isStale(error) || isForgotten(error))) throw error;
          kept = undefined;
        }
      }
    },
    async [Symbol.asyncDispose]() {
      isDisposed = true;
      const line = idle;
      idle = undefined;
      await line?.connection[Symbol.asyncDispose]();
    },
  };
}

/** A kept connection turned out to be gone. */
function isStale(error: unknown): boolean {
  return error instanceof HttpError && error.code === "network";
}

/** The server no longer has the response that the request builds upon. */
function isForgotten(error: unknown): boolean {
  return (
    error instanceof HttpError &&
    error.code === "status" &&
    (error as HttpStatusError).body.includes('"previous_response_not_found"')
  );
}

/** What HTTP says in header fields of each request, and a handshake can say but once. */
function clientMetadata(sending: Sending): Readonly<Record<string, string>> {
  const metadata = sending.turnMetadata();
  const { traceparent, tracestate } = sending.traceContext() ?? {};
  return {
    ...(metadata === undefined ? {} : { [turnMetadataField]: metadata }),
    ...(traceparent === undefined
      ? {}
      : {
          ws_request_header_traceparent: traceparent,
          ws_request_header_tracestate: tracestate ?? "",
        }),
  };
}
