// What both transports have in common: a request goes in, a response that has begun comes out.
import type { HeaderFields, ResponseHeaders } from "@codex-ts/http-client";
import type { TraceContext } from "@codex-ts/protocol";
import type { RequestAuth, ResponsesRequest, ResponseStreamEvent } from "./contract.ts";

/** One request, as the turn hands it over. */
export interface Sending {
  readonly request: ResponsesRequest;
  /** Asks for no output: the server is only to read. Over a WebSocket alone. */
  readonly isWarmUp: boolean;
  readonly signal: AbortSignal;
  /** The header fields of this attempt, the transport's own aside. */
  readonly headers: () => HeaderFields;
  /** `x-codex-turn-metadata` of this attempt, as JSON text. */
  readonly turnMetadata: () => string | undefined;
  /** The W3C trace context of this attempt. */
  readonly traceContext: () => TraceContext | undefined;
  /** Told of the headers that answer this turn's request or handshake. */
  readonly onHeaders: (headers: ResponseHeaders) => void;
}

/** A response that has begun. Disposing of it before it is complete closes its connection. */
export interface OpenResponse extends AsyncDisposable {
  /** As errors show it. */
  readonly url: string;
  /** Of the response, or of the handshake of its connection. */
  readonly headers: ResponseHeaders;
  /** Whether the headers say something about rate limits of this moment. */
  readonly hasRateLimits: boolean;
  /** The data of its events; ends with the stream. @throws HttpError */
  readonly events: AsyncIterable<string>;
  /** Tells of each event that was read out of {@link events}. */
  note(event: ResponseStreamEvent): void;
}

/** Server-sent events and WebSocket look the same from here on. */
export interface ResponseTransport {
  /**
   * Sends a request and resolves when the response begins.
   *
   * @throws HttpError an `HttpStatusError` for a status, also one that came in a frame
   */
  open(sending: Sending, auth: RequestAuth): Promise<OpenResponse>;
}
