// The mark of a hook prompt: the user message in which Stop hooks tell the model why it is to go on.
// Its text proves nothing, since a person can type it; its id is out of a person's reach.
import type { MessageItem, ResponseItem } from "./response-item.ts";

const prefix = "hook-prompt-";

/** A fresh id for a hook prompt. */
export function newHookPromptId(): string {
  return `${prefix}${crypto.randomUUID()}`;
}

/** Whether an item is a hook prompt. It alone is a message that keeps its id in a session file. */
export function isHookPromptMessage(
  item: ResponseItem,
): item is MessageItem & { readonly id: string } {
  return item.type === "message" && item.role === "user" && (item.id?.startsWith(prefix) ?? false);
}
