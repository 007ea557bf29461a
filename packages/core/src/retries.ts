// How a request that failed is tried again.
import type { ResponsesError } from "@codex-ts/responses-client";
import type { Journal } from "./journal.ts";
import type { TurnContext } from "./turn-context.ts";

/** The pause before the retry after the `attempt`-th try, in milliseconds. */
export function retryDelay(error: ResponsesError, attempt: number): number {
  return error.retryAfterMs ?? 200 * 2 ** (attempt - 1) * (0.9 + Math.random() * 0.2);
}

export async function announceRetry(
  services: {
    readonly turn: TurnContext;
    readonly journal: Journal;
    readonly streamMaxRetries: number;
  },
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
