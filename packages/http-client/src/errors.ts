// What can go wrong between a request and its response.
import type { ResponseHeaders } from "./headers.ts";

/** What went wrong between a request and its response. */
export type HttpErrorCode =
  /** The server answered with a status other than 2xx; always an {@link HttpStatusError}. */
  | "status"
  /** No connection, no answer or no more data within the allowed time. */
  | "timeout"
  /** The connection could not be made, or broke. */
  | "network"
  /** The request or the proxy setting cannot be used as it stands. */
  | "build"
  /** The server's certificate is not trusted, or a configured bundle cannot be used. */
  | "certificates"
  /** The proxy does not let the request through. */
  | "proxy"
  /** The caller's signal ended it. */
  | "aborted";

/** Messages name the host and the path, never a query, a credential or a header's value. */
export class HttpError extends Error {
  override readonly name: string = "HttpError";
  readonly code: HttpErrorCode;

  constructor(code: HttpErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** An answer whose status is none of 2xx (for a WebSocket: not 101). */
export interface HttpStatusDetails {
  readonly status: number;
  /** Without user, password and query. */
  readonly url: string;
  readonly headers: ResponseHeaders;
  /** The start of the answer's body, at most 64 KiB, with the request's credentials struck out. */
  readonly body: string;
}

/** The server answered, but not with success. */
export class HttpStatusError extends HttpError {
  override readonly name = "HttpStatusError";
  readonly status: number;
  readonly url: string;
  readonly headers: ResponseHeaders;
  readonly body: string;

  constructor({ status, url, headers, body }: HttpStatusDetails) {
    super("status", `${url} answered with status ${status}`);
    this.status = status;
    this.url = url;
    this.headers = headers;
    this.body = body;
  }
}

/** The error for a request that `signal` has ended; a signal of `AbortSignal.timeout` is a timeout. */
export function abortError(signal: AbortSignal, url: string): HttpError {
  const reason: unknown = signal.reason;
  if (reason instanceof Error && reason.name === "TimeoutError") {
    return new HttpError("timeout", `the request to ${url} took too long`, { cause: reason });
  }
  return new HttpError("aborted", `the request to ${url} was cancelled`, { cause: reason });
}
