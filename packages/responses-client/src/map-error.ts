// From what went wrong to a ResponsesError; its code decides what may be tried again.
import { type HttpError, HttpStatusError, retryAfterMs } from "@codex-ts/http-client";
import { ResponsesError, type ResponsesErrorCode, type ResponsesErrorDetails } from "./contract.ts";
import {
  cutMessage,
  disconnected,
  type ErrorBody,
  readErrorBody,
  requestId,
  statusText,
  unexpectedStatusText,
  waitInText,
} from "./error-texts.ts";
import { readActiveRateLimit, readPromoMessage } from "./rate-limits.ts";
import { usageLimitMessage } from "./usage-limit-message.ts";

function make(
  code: ResponsesErrorCode,
  message: string,
  details: Partial<ResponsesErrorDetails> = {},
): ResponsesError {
  return new ResponsesError(code, cutMessage(message), { info: "other", ...details });
}

export function abortedError(cause: unknown): ResponsesError {
  return make("aborted", "the request was cancelled", { cause });
}

/** The stream broke, or said something that ends it. */
export function streamError(
  text: string,
  details: Partial<ResponsesErrorDetails> = {},
): ResponsesError {
  return make("stream", disconnected(text), details);
}

/** The response ended without being complete, as `reason` says; the same request would end there too. */
export function incompleteError(reason: string): ResponsesError {
  return make("incomplete_response", disconnected(`the response is incomplete, reason: ${reason}`));
}

export function authFailedError(cause: unknown): ResponsesError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return make("auth_failed", message, { info: "unauthorized", cause });
}

function contextWindowError(details: Partial<ResponsesErrorDetails>): ResponsesError {
  return make(
    "context_window_exceeded",
    "the conversation no longer fits into the model's context window; start a new thread, or clear what is not needed",
    { info: "context_window_exceeded", ...details },
  );
}

function quotaError(details: Partial<ResponsesErrorDetails>): ResponsesError {
  return make("quota_exceeded", "the quota is used up; check your plan and billing details", {
    info: "usage_limit_exceeded",
    ...details,
  });
}

function usageNotIncludedError(details: Partial<ResponsesErrorDetails>): ResponsesError {
  return make(
    "usage_not_included",
    "your ChatGPT plan does not include this; upgrade to Plus: https://chatgpt.com/explore/plus",
    { info: "usage_limit_exceeded", ...details },
  );
}

function overloadedError(details: Partial<ResponsesErrorDetails>): ResponsesError {
  return make("server_overloaded", "the selected model is at capacity; try another model", {
    info: "server_overloaded",
    ...details,
  });
}

function isOverloaded({ code }: ErrorBody): boolean {
  return code === "server_is_overloaded" || code === "slow_down";
}

/** The error of a `response.failed` event, and of an `error` event without a status. */
export function mapFailedResponse(error: ErrorBody): ResponsesError {
  switch (error.code) {
    case "context_length_exceeded":
      return contextWindowError({});
    case "insufficient_quota":
      return quotaError({});
    case "usage_not_included":
      return usageNotIncludedError({});
    case "invalid_prompt":
      return make("invalid_request", error.message ?? "the server does not accept this prompt");
    case "server_is_overloaded":
    case "slow_down":
      return overloadedError({});
    default: {
      const code = error.code === null ? "" : ` (${error.code})`;
      const text = error.message ?? `the response failed${code}`;
      const isRateLimit = error.code === "rate_limit_exceeded";
      return streamError(text, { retryAfterMs: isRateLimit ? waitInText(text) : undefined });
    }
  }
}

const INVALID_IMAGE = "does not represent a valid image";

function mapTooMany(
  { body, headers }: HttpStatusError,
  now: number,
  details: Partial<ResponsesErrorDetails>,
): ResponsesError {
  const error = readErrorBody(body);
  if (error.type === "usage_limit_reached") {
    const rateLimit = readActiveRateLimit(headers);
    const message = usageLimitMessage({
      planType: error.planType,
      resetsAt: error.resetsAt,
      promoMessage: readPromoMessage(headers),
      rateLimit,
      now,
    });
    return make("usage_limit_reached", message, {
      info: "usage_limit_exceeded",
      ...details,
      rateLimits: rateLimit,
    });
  }
  if (error.type === "usage_not_included") return usageNotIncludedError(details);
  if (error.type === "insufficient_quota" || error.code === "insufficient_quota") {
    return quotaError(details);
  }
  const id = requestId(headers) ?? headers.get("cf-ray");
  const said = error.message === null ? "" : ` (${error.message})`;
  const message = `rate limit exceeded, last status: ${statusText(/*status*/ 429)}${id === undefined ? "" : `, request id: ${id}`}${said}`;
  // Without a wait that the server names, another try at once would only add to the crowd.
  const wait = retryAfterMs(headers, now) ?? waitInText(error.message ?? "");
  return make("retry_limit", message, {
    ...details,
    retryAfterMs: wait,
    info: { response_too_many_failed_attempts: { http_status_code: 429 } },
  });
}

/** Client errors that another try may cure; all others cannot succeed. */
const PASSING_CLIENT_ERRORS: ReadonlySet<number> = new Set([408, 409, 425]);

/** `now` is in milliseconds since the epoch. */
export function mapStatusError(cause: HttpStatusError, now: number): ResponsesError {
  const { status, body, headers } = cause;
  const error = readErrorBody(body);
  const details = { httpStatus: status, cause };
  if (error.code === "websocket_connection_limit_reached") {
    const text = "the server allows this connection no more requests";
    return make("connection_limit", disconnected(text), { ...details, retryAfterMs: 0 });
  }
  if (status === 429) return mapTooMany(cause, now, details);
  if (status === 503 && isOverloaded(error)) return overloadedError(details);
  if (status === 400) {
    if (body.includes(INVALID_IMAGE)) {
      return make("invalid_image", "the server does not accept an image of the request", details);
    }
    if (error.code === "context_length_exceeded") return contextWindowError(details);
    return make("invalid_request", body.trim() || "the server rejected the request", details);
  }
  const again = { ...details, retryAfterMs: retryAfterMs(headers, now) };
  if (status === 500) {
    const message = "the service has trouble, maybe for a moment, for example under high demand";
    return make("internal_server_error", message, { ...again, info: "internal_server_error" });
  }
  const passing = PASSING_CLIENT_ERRORS.has(status);
  const code = status > 500 ? "unavailable" : passing ? "passing_conflict" : "unexpected_status";
  return make(code, unexpectedStatusText(cause), again);
}

/** `phase` says whether the response had begun. */
export function mapHttpError(
  error: HttpError,
  phase: "connecting" | "streaming",
  now: number,
): ResponsesError {
  if (error instanceof HttpStatusError) return mapStatusError(error, now);
  switch (error.code) {
    case "aborted":
      return abortedError(error);
    case "timeout":
      if (phase === "streaming") return streamError(error.message, { cause: error });
      return make("timeout", disconnected(error.message), { cause: error });
    case "network":
      if (phase === "streaming") return streamError(error.message, { cause: error });
      return make("connection_failed", disconnected(error.message), { cause: error });
    case "status":
    case "build":
    case "certificates":
    case "proxy":
      return make("connection_blocked", error.message, { cause: error });
  }
}
