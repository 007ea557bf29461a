// Limits that a script sets to a run, and why a run that reached one has failed.
import type { ResponsesClient } from "@codex-ts/responses-client";
import { wrapTurns } from "../wrap-turns.ts";

/** Why a run failed that the model itself would have gone on with, or called done. */
export interface LimitReached {
  readonly code: "timeout" | "max_turns" | "denied";
  readonly message: string;
}

/**
 * The client, for a run in which the model may answer `most` times. One more request is refused; an
 * answer that broke off does not count.
 */
export function limitAnswers(
  client: ResponsesClient,
  most: number,
  onReached: (reached: LimitReached) => void,
): ResponsesClient {
  let answers = 0;
  return wrapTurns(client, async function* count(stream, request, signal) {
    if (answers >= most) {
      const message = `the model wanted to go on after ${most} ${most === 1 ? "answer" : "answers"}, the most that --max-turns allows`;
      onReached({ code: "max_turns", message });
      throw new Error(message);
    }
    for await (const event of stream(request, signal)) {
      if (event.type === "completed") answers += 1;
      yield event;
    }
  });
}

/**
 * Milliseconds of `90`, `90s`, `10m` or `2h`: a number of seconds, or a number with its unit; null for
 * anything else.
 */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(s|m|h)?$/.exec(text);
  if (match === null) return null;
  const unit = { s: 1000, m: 60_000, h: 3_600_000 }[match[2] ?? "s"] ?? 1000;
  const ms = Math.round(Number(match[1]) * unit);
  // Timers take no more than 31 bits of milliseconds.
  return ms >= 1 && ms < 2 ** 31 ? ms : null;
}
