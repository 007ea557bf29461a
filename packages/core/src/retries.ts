// How a request that failed is tried again.
import { setTimeout as sleep } from "node:timers/promises";
import { ResponsesError, type ResponsesTurn, turnRetryDelayMs } from "@codex-ts/responses-client";
import type { Journal } from "./journal.ts";
import type { TurnContext } from "./turn-context.ts";

export interface RetryServices {
  readonly turn: TurnContext;
  readonly journal: Journal;
  readonly responses: ResponsesTurn;
  readonly streamMaxRetries: number;
  readonly signal: AbortSignal;
}

/**
 * Waits until the request may be sent again, and gives the number of that attempt. When the retries are
 * used up over a WebSocket, they begin anew without one.
 *
 * @throws the error itself when there is nothing left to try
 */
export async function nextAttempt(
  services: RetryServices,
  error: unknown,
  attempt: number,
): Promise<number> {
  const { streamMaxRetries, responses, signal } = services;
  if (!(error instanceof ResponsesError) || !error.retryable) throw error;
  if (attempt > streamMaxRetries) {
    if (!responses.fallBack()) throw error;
    await announceFallback(services, error);
    return 1;
  }
  // A connection that has been open for long may just have been closed: nothing to speak of.
  if (attempt > 1 || !responses.usesWebSocket) await announceRetry(services, error, attempt);
  await sleep(turnRetryDelayMs(error, attempt), undefined, { signal });
  return attempt + 1;
}

async function announceFallback(
  { turn, journal }: RetryServices,
  error: ResponsesError,
): Promise<void> {
  const message = `The WebSocket connection to the model keeps failing (${error.message}). This thread goes on over plain HTTP.`;
  await journal.post({ kind: "event", id: turn.turnId, msg: { type: "warning", message } });
}

async function announceRetry(
  services: RetryServices,
  error: ResponsesError,
  attempt: number,
): Promise<void> {
  await services.journal.post({
    kind: "event",
    id: services.turn.turnId,
    msg: {
      type: "stream_error",
      message: `Reconnecting... ${attempt}/${services.streamMaxRetries}`,
      codex_error_info: {
        response_stream_disconnected: { http_status_code: error.httpStatus ?? null },
      },
      additional_details: error.message,
    },
  });
}
