// The client: one request at a time over server-sent events.
import {
  compressZstd,
  type HeaderFields,
  HttpError,
  type HttpResponse,
  HttpStatusError,
  type HttpTransport,
  joinUrl,
  mergeHeaders,
  readServerSentEvents,
  type ResponseHeaders,
  type Sleep,
  withRequestRetries,
} from "@codex-ts/http-client";
import {
  type AuthSource,
  type ProviderEndpoint,
  type RequestAuth,
  type RequestContext,
  type ResponsesClient,
  ResponsesError,
  type ResponsesRequest,
  type ResponsesTurn,
  type ResponseStreamEvent,
} from "./contract.ts";
import { abortedError, authFailedError, mapHttpError, streamError } from "./map-error.ts";
import { readRateLimits } from "./rate-limits.ts";
import { encodeRequestBody } from "./request-body.ts";
import { authHeaders, requestHeaders, turnStateHeader } from "./request-headers.ts";
import { createEventDecoder } from "./stream-events.ts";

export interface ResponsesClientOptions {
  readonly endpoint: ProviderEndpoint;
  readonly auth: AuthSource;
  readonly transport: HttpTransport;
  /** Originator and User-Agent; weaker than the provider's headers. */
  readonly identity?: HeaderFields | undefined;
  /** Lets bodies go out compressed, where the provider is OpenAI and the login ChatGPT's. */
  readonly requestCompression?: boolean | undefined;
  /** Milliseconds since the epoch; the clock when missing. */
  readonly now?: (() => number) | undefined;
  readonly sleep?: Sleep | undefined;
  readonly random?: (() => number) | undefined;
}

/** An {@link AuthSource} must come to an end by itself; this is for one that does not. */
const MOST_RECOVERIES = 5;

/** Makes a client for one provider. It may be used by several turns at once. */
export function createResponsesClient(options: ResponsesClientOptions): ResponsesClient {
  const { endpoint } = options;
  return {
    endpoint,
    startTurn(context) {
      let turnState: string | undefined;
      return {
        stream(request, signal) {
          return streamOnce(options, {
            context,
            request,
            signal,
            turnState: () => turnState,
            onHeaders: (headers) => {
              turnState ??= headers.get(turnStateHeader);
            },
          });
        },
      } satisfies ResponsesTurn;
    },
  };
}

interface Sending {
  readonly context: RequestContext;
  readonly request: ResponsesRequest;
  readonly signal: AbortSignal;
  readonly turnState: () => string | undefined;
  readonly onHeaders: (headers: ResponseHeaders) => void;
}

async function* streamOnce(
  options: ResponsesClientOptions,
  sending: Sending,
): AsyncGenerator<ResponseStreamEvent, void> {
  const { endpoint, now = Date.now } = options;
  let response: HttpResponse | undefined;
  let isComplete = false;
  try {
    response = await connect(options, sending);
    sending.onHeaders(response.headers);
    yield* headerEvents(response.headers);
    const decode = createEventDecoder({
      url: response.url,
      serverModel: response.headers.get("openai-model"),
      now,
    });
    const idleTimeoutMs = endpoint.streamIdleTimeoutMs;
    for await (const { data } of readServerSentEvents(response, { idleTimeoutMs })) {
      for (const event of decode(data)) {
        isComplete = event.type === "completed";
        yield event;
        if (isComplete) return;
      }
    }
    throw streamError("the server ended the stream before the response was complete");
  } catch (error) {
    if (sending.signal.aborted) throw abortedError(error);
    const phase = response === undefined ? "connecting" : "streaming";
    throw error instanceof HttpError ? mapHttpError(error, phase, now()) : error;
  } finally {
    // The server may end the body at once or never; with its end the connection can serve again.
    if (isComplete) response?.release();
    await response?.[Symbol.asyncDispose]();
  }
}

/** What a response's headers say, before its first event. */
function* headerEvents(headers: ResponseHeaders): Generator<ResponseStreamEvent, void> {
  const model = headers.get("openai-model");
  if (model !== undefined && model !== "") yield { type: "server_model", model };
  for (const snapshot of readRateLimits(headers)) yield { type: "rate_limits", snapshot };
  const etag = headers.get("x-models-etag");
  if (etag !== undefined) yield { type: "models_etag", etag };
  if (headers.has("x-reasoning-included")) yield { type: "server_reasoning_included" };
}

/**
 * Sends the request until a response begins. After a 401 the credential is renewed and the request sent
 * again at once; that does not count as a retry.
 */
async function connect(
  options: ResponsesClientOptions,
  { context, request, signal, turnState }: Sending,
): Promise<HttpResponse> {
  const { endpoint, transport, identity, sleep, random } = options;
  const url = joinUrl(endpoint.baseUrl, "responses", endpoint.queryParams);
  const body = encodeRequestBody(request, endpoint);
  let compressed: Promise<Uint8Array> | undefined;
  let auth = await currentAuth(options.auth, signal);
  let recoveries = 0;

  const send = async (): Promise<HttpResponse> => {
    const isCompressed = mayCompress(options, auth);
    if (isCompressed) compressed ??= compressZstd(body);
    return transport.send({
      method: "POST",
      url,
      headers: {
        ...requestHeaders(context, turnState()),
        ...(isCompressed ? { "content-encoding": "zstd" } : {}),
      },
      providerHeaders: mergeHeaders(identity, endpoint.headers),
      authHeaders: authHeaders(auth),
      body: isCompressed ? await compressed : body,
      idleTimeoutMs: endpoint.streamIdleTimeoutMs,
      signal,
    });
  };

  const attempt = async (): Promise<HttpResponse> => {
    for (;;) {
      try {
        return await send();
      } catch (error) {
        const isUnauthorized = error instanceof HttpStatusError && error.status === 401;
        if (!isUnauthorized || recoveries >= MOST_RECOVERIES) throw error;
        recoveries += 1;
        if (!(await recover(options.auth, auth, signal))) throw error;
        auth = await currentAuth(options.auth, signal);
      }
    }
  };

  const maxRetries = endpoint.requestMaxRetries;
  return withRequestRetries(attempt, { maxRetries, signal, sleep, random });
}

function mayCompress(options: ResponsesClientOptions, auth: RequestAuth): boolean {
  return (
    options.requestCompression === true &&
    auth.kind === "chatgpt" &&
    options.endpoint.name === "OpenAI"
  );
}

async function currentAuth(source: AuthSource, signal: AbortSignal): Promise<RequestAuth> {
  try {
    return await source.current(signal);
  } catch (error) {
    throw error instanceof ResponsesError ? error : authFailedError(error);
  }
}

async function recover(
  source: AuthSource,
  used: RequestAuth,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return await source.recover(used, signal);
  } catch (error) {
    throw error instanceof ResponsesError ? error : authFailedError(error);
  }
}
