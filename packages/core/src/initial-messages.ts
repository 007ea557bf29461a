// What a resumed session tells of the past: the events that its file kept, and its hook prompts.
import { hookPromptItem } from "@codex-ts/hooks";
import {
  type EventMsg,
  isHookPromptMessage,
  type RolloutItem,
  type ThreadId,
} from "@codex-ts/protocol";
import { isContextFragment } from "./contextual-message.ts";

/** The events in order; a hook prompt, which the file keeps as an item alone, is told as that item. */
export async function initialMessages(
  lines: readonly RolloutItem[],
  threadId: ThreadId,
): Promise<readonly EventMsg[]> {
  const messages: EventMsg[] = [];
  let turnId = "";
  for (const line of lines) {
    if (line.type === "event_msg") {
      if (line.payload.type === "task_started") turnId = line.payload.turn_id;
      messages.push(line.payload);
    } else if (line.type === "response_item" && isHookPromptMessage(line.payload)) {
      const item = await hookPromptItem(line.payload, isContextFragment);
      if (item === null) continue;
      messages.push({ type: "item_completed", thread_id: threadId, turn_id: turnId, item });
    }
  }
  return messages;
}
