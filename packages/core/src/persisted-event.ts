// What a session file keeps of an event.
import type { EventMsg } from "@codex-ts/protocol";
import { isPersistedEvent, type PersistenceMode } from "@codex-ts/rollout";
import { truncateMiddle } from "@codex-ts/tools";

/** Bytes of a command's output that a session file keeps beside what the model was shown. */
const KEPT_OUTPUT_BYTES = 10_000;

/** The event as the session file has it; null when it has no place there. */
export function persistedEvent(msg: EventMsg, mode: PersistenceMode = "limited"): EventMsg | null {
  if (!isPersistedEvent(msg, mode)) return null;
  if (msg.type !== "exec_command_end") return msg;
  return {
    ...msg,
    stdout: "",
    stderr: "",
    formatted_output: "",
    aggregated_output: truncateMiddle(msg.aggregated_output, {
      mode: "bytes",
      limit: KEPT_OUTPUT_BYTES,
    }),
  };
}
