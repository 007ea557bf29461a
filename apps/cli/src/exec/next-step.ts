// What a person can do about an error that ended a turn.
import type { EventMsg } from "@codex-ts/protocol";

/** The next step, for an error whose message does not name one; null where nothing is to be done here. */
export function nextStep({
  message,
  codex_error_info: info,
}: Extract<EventMsg, { type: "error" }>): string | null {
  if (message.includes("codex-ts ")) return null;
  if (info === "unauthorized" || /\bstatus 401\b/.test(message)) {
    return "`codex-ts login status` tells which credential is used, `codex-ts login` logs in anew.";
  }
  if (/\bcannot reach\b/.test(message)) {
    return "`codex-ts doctor` tells what can be reached from here, and by which way.";
  }
  return null;
}
