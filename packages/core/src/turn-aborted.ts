// What the history and the session file are told when a person stops a turn.
import { type EventMsg, type MessageItem, userMessage } from "@codex-ts/protocol";

/** Tells the model, in the history, that the person stopped the turn before this point. */
export function turnAbortedMarker(): MessageItem {
  return userMessage(
    [
      "<turn_aborted>",
      "The user stopped the previous turn on purpose. Background processes started with exec_command may still be running. Tools that were stopped may have done part of their work: check the current state before you go on.",
      "</turn_aborted>",
    ].join("\n"),
  );
}

export function turnAborted(
  turnId: string | null,
  reason: "interrupted" | "replaced" | "review_ended",
): EventMsg {
  return { type: "turn_aborted", turn_id: turnId, reason };
}
