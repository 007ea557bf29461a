// What a resumed session tells of the past: the events that its file kept, and its hook prompts.
import { hookPromptItem } from "@codex-ts/hooks";
import {
  type EventMsg,
  isHookPromptMessage,
  type MessageItem,
  type RolloutItem,
  type ThreadId,
} from "@codex-ts/protocol";
import { isContextFragment } from "./contextual-message.ts";

/** Is shown the lines of a session one after another, and keeps what is told of them. */
export class InitialMessages {
  readonly #told: (EventMsg | { readonly hookPrompt: MessageItem; readonly turnId: string })[] = [];
  #turnId = "";

  take(line: RolloutItem): void {
    if (line.type === "event_msg") {
      if (line.payload.type === "task_started") this.#turnId = line.payload.turn_id;
      this.#told.push(line.payload);
    } else if (line.type === "response_item" && isHookPromptMessage(line.payload)) {
      this.#told.push({ hookPrompt: line.payload, turnId: this.#turnId });
    }
  }

  /** The events in order; a hook prompt, which the file keeps as an item alone, is told as that item. */
  async messages(threadId: ThreadId): Promise<readonly EventMsg[]> {
    const messages: EventMsg[] = [];
    for (const each of this.#told) {
      if (!("hookPrompt" in each)) {
        messages.push(each);
        continue;
      }
      const item = await hookPromptItem(each.hookPrompt, isContextFragment);
      if (item === null) continue;
      messages.push({
        type: "item_completed",
        thread_id: threadId,
        turn_id: each.turnId,
        item,
      });
    }
    return messages;
  }
}
