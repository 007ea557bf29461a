// A request as an HTTP POST, its response as server-sent events.
import {
  compressZstd,
  type HttpResponse,
  type HttpTransport,
  joinUrl,
  type HeaderFields,
  mergeHeaders,
  type PiecewiseBody,
  readServerSentEvents,
} from "@codex-ts/http-client";
import type { TraceContext } from "@codex-ts/protocol";
import type { ProviderEndpoint } from "./contract.ts";
import type { OpenResponse, ResponseTransport, Sending } from "./open-response.ts";
import { encodeRequestBody } from "./request-body.ts";
import { authHeaders } from "./request-headers.ts";

export interface SseTransportOptions {
  readonly endpoint: ProviderEndpoint;
  readonly transport: HttpTransport;
  readonly identity: HeaderFields | undefined;
  readonly requestCompression: boolean;
}

export function createSseTransport(options: SseTransportOptions): ResponseTransport {
  const { endpoint, transport, identity } = options;
  const idleTimeoutMs = endpoint.streamIdleTimeoutMs;
  /** The body of the request that is being tried, so that a retry need not make it again. */
  let last: { readonly request: Sending["request"]; readonly body: Bodies } | undefined;

  function bodiesOf(request: Sending["request"]): Bodies {
    if (last?.request !== request) last = { request, body: createBodies(request, endpoint) };
    return last.body;
  }

  return {
    async open(sending, auth) {
      const isCompressed = options.requestCompression && auth.kind === "chatgpt";
      const bodies = bodiesOf(sending.request);
      const response = await transport.send({
        method: "POST",
        url: joinUrl(endpoint.baseUrl, "responses", endpoint.queryParams),
        headers: {
          accept: "text/event-stream",
          "content-type": "application/json",
          ...traceHeaders(sending.traceContext()),
          ...sending.headers(),
          ...(isCompressed ? { "content-encoding": "zstd" } : {}),
        },
        providerHeaders: mergeHeaders(identity, endpoint.headers),
        authHeaders: authHeaders(auth),
        body: isCompressed ? await bodies.compressed() : bodies.plain,
        idleTimeoutMs,
        signal: sending.signal,
      });
      last = undefined;
      sending.onHeaders(response.headers);
      return openResponse(response, idleTimeoutMs);
    },
  };
}

interface Bodies {
  readonly plain: PiecewiseBody;
  compressed(): Promise<Uint8Array>;
}

function createBodies(request: Sending["request"], endpoint: ProviderEndpoint): Bodies {
  const plain = encodeRequestBody(request, endpoint);
  let compressed: Promise<Uint8Array> | undefined;
  return { plain, compressed: () => (compressed ??= compressZstd(plain)) };
}

export function traceHeaders(trace: TraceContext | undefined): HeaderFields {
  const { traceparent, tracestate } = trace ?? {};
  if (traceparent === undefined) return {};
  return { traceparent, ...(tracestate ? { tracestate } : {}) };
}

function openResponse(response: HttpResponse, idleTimeoutMs: number): OpenResponse {
  let isComplete = false;
  async function* events(): AsyncGenerator<string, void> {
    for await (const { data } of readServerSentEvents(response, { idleTimeoutMs })) yield data;
  }
  return {
    url: response.url,
    headers: response.headers,
    hasRateLimits: true,
    events: events(),
    note(event) {
      isComplete ||= event.type === "completed";
    },
    async [Symbol.asyncDispose]() {
      // The server may end the body at once or never; with its end the connection can serve again.
      if (isComplete) response.release();
      await response[Symbol.asyncDispose]();
    },
  };
}
