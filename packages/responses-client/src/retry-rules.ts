// What may be tried again, by what went wrong: one table for both layers of retries.
import { retryDelayMs } from "@codex-ts/http-client";
import type { ResponsesErrorCode } from "./contract.ts";

/** What may be sent again after an error, and by which layer. */
export interface RetryRule {
  /** The request layer: the same HTTP request again, up to `requestMaxRetries`. */
  readonly request: "again" | "no";
  /** The turn: a new request, up to `streamMaxRetries`; for some only when the server names a wait. */
  readonly turn: "again" | "if the server names a wait" | "no";
}

/** What follows each error; the error itself says how long to wait. */
// oxfmt-ignore
export const retryRules: Readonly<Record<ResponsesErrorCode, RetryRule>> = {
  // The connection's fault.
  connection_failed:       { request: "again", turn: "again" },
  timeout:                 { request: "again", turn: "again" },
  stream:                  { request: "no",    turn: "again" },
  connection_limit:        { request: "no",    turn: "again" },
  connection_blocked:      { request: "no",    turn: "no" },
  // The server's fault.
  internal_server_error:   { request: "again", turn: "again" },
  unavailable:             { request: "again", turn: "again" },
  passing_conflict:        { request: "no",    turn: "again" },
  // Another try at once would only add to the crowd.
  retry_limit:             { request: "no",    turn: "if the server names a wait" },
  server_overloaded:       { request: "no",    turn: "no" },
  // The same request would meet the same answer.
  incomplete_response:     { request: "no",    turn: "no" },
  context_window_exceeded: { request: "no",    turn: "no" },
  invalid_request:         { request: "no",    turn: "no" },
  invalid_image:           { request: "no",    turn: "no" },
  unexpected_status:       { request: "no",    turn: "no" },
  // A person has to do something, or has done it.
  quota_exceeded:          { request: "no",    turn: "no" },
  usage_limit_reached:     { request: "no",    turn: "no" },
  usage_not_included:      { request: "no",    turn: "no" },
  auth_failed:             { request: "no",    turn: "no" },
  aborted:                 { request: "no",    turn: "no" },
};

/** Whether the turn may send again. */
export function isRetryable(code: ResponsesErrorCode, retryAfterMs: number | undefined): boolean {
  const { turn } = retryRules[code];
  return turn === "again" || (turn !== "no" && retryAfterMs !== undefined);
}

/** The wait before a turn's `retry`-th retry (from 1), in milliseconds: what the server asked for, or the rule's. */
export function turnRetryDelayMs(
  error: { readonly retryAfterMs: number | undefined },
  retry: number,
  random?: () => number,
): number {
  return error.retryAfterMs ?? retryDelayMs(retry, random);
}
