// The client: sessions and turns, each request over a WebSocket or as server-sent events.
import {
  type HeaderFields,
  HttpError,
  HttpStatusError,
  type HttpTransport,
  type ResponseHeaders,
  type Sleep,
  withRequestRetries,
} from "@codex-ts/http-client";
import type { ResponseItem } from "@codex-ts/protocol";
import { currentAuth, recoverAuth } from "./auth-source.ts";
import { sendCompactRequest } from "./compact-request.ts";
import type {
  AuthSource,
  CompactRequest,
  ProviderEndpoint,
  RequestAuth,
  ResponsesClient,
  ResponsesRequest,
  ResponsesSession,
  ResponseStreamEvent,
  SessionContext,
  TurnRequestContext,
} from "./contract.ts";
import { NoWebSocketHere } from "./frame-errors.ts";
import { abortedError, mapHttpError, streamError } from "./map-error.ts";
import type { OpenResponse, Sending } from "./open-response.ts";
import { readRateLimits } from "./rate-limits.ts";
import { requestHeaders, turnStateHeader } from "./request-headers.ts";
import { retryRules } from "./retry-rules.ts";
import { createSseTransport } from "./sse-transport.ts";
import { createEventDecoder } from "./stream-events.ts";
import { createWebSocketTransport } from "./web-socket-transport.ts";

/**
 * The provider, the login and the connection that a client works with. `now`, `sleep` and `random`
 * stand in for clock, timer and `Math.random` in tests.
 */
export interface ResponsesClientOptions {
  readonly endpoint: ProviderEndpoint;
  readonly auth: AuthSource;
  readonly transport: HttpTransport;
  /** Originator and User-Agent; weaker than the provider's headers. */
  readonly identity?: HeaderFields | undefined;
  /** Sends HTTP bodies zstd-compressed with a ChatGPT login; for a service that is known to take them. */
  readonly requestCompression?: boolean | undefined;
  /** Milliseconds since the epoch; the clock when missing. */
  readonly now?: (() => number) | undefined;
  readonly sleep?: Sleep | undefined;
  readonly random?: (() => number) | undefined;
}

/** An {@link AuthSource} must come to an end by itself; this is for one that does not. */
const MOST_RECOVERIES = 5;

/** Makes a client for one provider. It opens nothing before the first request. */
export function createResponsesClient(options: ResponsesClientOptions): ResponsesClient {
  return {
    endpoint: options.endpoint,
    openSession: (context) => openSession(options, context),
  };
}

/** What the server wants to see again in the rest of a turn. */
interface TurnState {
  value: string | undefined;
}

function openSession(options: ResponsesClientOptions, context: SessionContext): ResponsesSession {
  const { endpoint, now = Date.now } = options;
  const { transport, identity } = options;
  const sse = createSseTransport({
    endpoint,
    transport,
    identity,
    requestCompression: options.requestCompression === true,
  });
  const webSocket = createWebSocketTransport({ endpoint, transport, identity });
  let usesWebSocket = endpoint.supportsWebsockets;
  /** Of the prewarmed connection: the first turn is the one that it was made for. */
  let firstTurnState: TurnState | undefined;

  function fallBack(): boolean {
    const hadWebSocket = usesWebSocket;
    usesWebSocket = false;
    void webSocket[Symbol.asyncDispose]();
    return hadWebSocket;
  }

  function sendingOf(
    request: ResponsesRequest,
    turn: TurnRequestContext,
    state: TurnState,
    more: { readonly isWarmUp: boolean; readonly signal: AbortSignal },
  ): Sending {
    const turnMetadata = (): string | undefined => turn.turnMetadata?.();
    return {
      request,
      ...more,
      headers: () =>
        requestHeaders(context, { turnState: state.value, turnMetadata: turnMetadata() }),
      turnMetadata,
      traceContext: () => turn.traceContext?.(),
      onHeaders: (headers) => {
        state.value ??= headers.get(turnStateHeader);
      },
    };
  }

  async function open(sending: Sending): Promise<OpenResponse> {
    const auth = await startAuth(options.auth, sending.signal);
    if (usesWebSocket) {
      try {
        return await authorized(auth, sending.signal, (use) => webSocket.open(sending, use));
      } catch (error) {
        if (!(error instanceof NoWebSocketHere)) throw error;
        fallBack();
      }
    }
    return retried(sending.signal, () =>
      authorized(auth, sending.signal, (use) => sse.open(sending, use)),
    );
  }

  /** The request again, as the rules have it, until it is answered. */
  function retried<T>(signal: AbortSignal, send: () => Promise<T>): Promise<T> {
    return withRequestRetries(send, {
      maxRetries: endpoint.requestMaxRetries,
      isRetryable: (error) =>
        error instanceof HttpError &&
        retryRules[mapHttpError(error, "connecting", now()).code].request === "again",
      signal,
      sleep: options.sleep,
      random: options.random,
    });
  }

  async function compact(
    request: CompactRequest,
    turn: TurnRequestContext,
    signal: AbortSignal,
  ): Promise<readonly ResponseItem[]> {
    if (request.input.length === 0) return [];
    try {
      const auth = await startAuth(options.auth, signal);
      return await retried(signal, () =>
        authorized(auth, signal, (use) =>
          sendCompactRequest({ options, context, turn, request, signal }, use),
        ),
      );
    } catch (error) {
      if (signal.aborted) throw abortedError(error);
      throw error instanceof HttpError ? mapHttpError(error, "connecting", now()) : error;
    }
  }

  return {
    startTurn(turn = {}) {
      const state = firstTurnState ?? { value: undefined };
      firstTurnState = undefined;
      return {
        get usesWebSocket() {
          return usesWebSocket;
        },
        fallBack,
        compact: (request, signal) => compact(request, turn, signal),
        stream(request, signal) {
          const sending = sendingOf(request, turn, state, { isWarmUp: false, signal });
          return readResponse(() => open(sending), signal, now);
        },
      };
    },

    async prewarm(request, turn, signal) {
      if (!usesWebSocket) return;
      const state: TurnState = { value: undefined };
      firstTurnState = state;
      const sending = sendingOf(request, turn, state, { isWarmUp: true, signal });
      const openWarm = async (): Promise<OpenResponse> =>
        authorized(await startAuth(options.auth, signal), signal, (use) =>
          webSocket.open(sending, use),
        );
      try {
        for await (const _event of readResponse(openWarm, signal, now)) continue;
      } catch (error) {
        if (error instanceof NoWebSocketHere) fallBack();
      }
    },

    [Symbol.asyncDispose]: () => webSocket[Symbol.asyncDispose](),
  };
}

/** The events of one response, from its headers to its completion. */
async function* readResponse(
  open: () => Promise<OpenResponse>,
  signal: AbortSignal,
  now: () => number,
): AsyncGenerator<ResponseStreamEvent, void> {
  let response: OpenResponse | undefined;
  try {
    response = await open();
    yield* headerEvents(response);
    const decode = createEventDecoder({
      url: response.url,
      serverModel: response.headers.get("openai-model"),
      now,
    });
    for await (const data of response.events) {
      for (const event of decode(data)) {
        response.note(event);
        yield event;
        if (event.type === "completed") return;
      }
    }
    throw streamError("the server ended the stream before the response was complete");
  } catch (error) {
    if (signal.aborted) throw abortedError(error);
    const phase = response === undefined ? "connecting" : "streaming";
    throw error instanceof HttpError ? mapHttpError(error, phase, now()) : error;
  } finally {
    await response?.[Symbol.asyncDispose]();
  }
}

/** What a response's headers say, before its first event. */
function* headerEvents({
  headers,
  hasRateLimits,
}: {
  readonly headers: ResponseHeaders;
  readonly hasRateLimits: boolean;
}): Generator<ResponseStreamEvent, void> {
  const model = headers.get("openai-model");
  if (model !== undefined && model !== "") yield { type: "server_model", model };
  if (hasRateLimits) {
    for (const snapshot of readRateLimits(headers)) yield { type: "rate_limits", snapshot };
  }
  const etag = headers.get("x-models-etag");
  if (etag !== undefined) yield { type: "models_etag", etag };
  if (headers.has("x-reasoning-included")) yield { type: "server_reasoning_included" };
}

/** A request's credential; it may change while the request is being sent. */
interface RunningAuth {
  readonly source: AuthSource;
  current: RequestAuth;
  recoveries: number;
}

async function startAuth(source: AuthSource, signal: AbortSignal): Promise<RunningAuth> {
  return { source, current: await currentAuth(source, signal), recoveries: 0 };
}

/**
 * Sends until there is an answer. After a 401 the credential is renewed and the request sent again at
 * once; that does not count as a retry.
 */
async function authorized<T>(
  auth: RunningAuth,
  signal: AbortSignal,
  send: (use: RequestAuth) => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await send(auth.current);
    } catch (error) {
      const isUnauthorized = error instanceof HttpStatusError && error.status === 401;
      if (!isUnauthorized || auth.recoveries >= MOST_RECOVERIES) throw error;
      auth.recoveries += 1;
      if (!(await recoverAuth(auth.source, auth.current, signal))) throw error;
      auth.current = await currentAuth(auth.source, signal);
    }
  }
}
