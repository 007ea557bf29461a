// What waits to be told to the model.
import type { InterAgentCommunication, MessageItem, UserInput } from "@codex-ts/protocol";

export type PendingInput =
  /** A person's words. */
  | { readonly kind: "user"; readonly items: readonly UserInput[] }
  /** Something that the model is to know and nobody asked. */
  | { readonly kind: "note"; readonly item: MessageItem }
  | { readonly kind: "mail"; readonly communication: InterAgentCommunication };

/** A message of another agent as it stands in the history. */
export function mailItem(communication: InterAgentCommunication): MessageItem {
  return {
    type: "message",
    role: "assistant",
    content: [{ type: "output_text", text: JSON.stringify(communication) }],
  };
}

/** The person's words as one text, as hooks and the notify program are given them. */
export function inputText(items: readonly UserInput[]): string {
  return items.map((part) => (part.type === "text" ? part.text : "")).join("");
}
