// Messages that core itself put into the history: how they are recognised.
import {
  type ContentItem,
  isHookPromptMessage,
  type ItemOrigin,
  type MessageItem,
  type ResponseItem,
} from "@codex-ts/protocol";
import type { HistoryEntry } from "./history.ts";

const userFragments: readonly (readonly [open: string, close: string])[] = [
  ["# agents.md instructions for ", "</instructions>"],
  ["<environment_context>", "</environment_context>"],
  ["<skill>", "</skill>"],
  ["<user_shell_command>", "</user_shell_command>"],
  ["<turn_aborted>", "</turn_aborted>"],
  ["<subagent_notification>", "</subagent_notification>"],
];

const developerSections: readonly string[] = [
  "<permissions instructions>",
  "<model_switch>",
  "<collaboration_mode>",
  "<realtime_conversation>",
  "<personality_spec>",
];

/** The text of a part, or null for an image. */
export function partText(part: ContentItem): string | null {
  return part.type === "input_image" ? null : part.text;
}

/** All texts of a message, one behind the other. */
export function messageText(item: MessageItem): string {
  return item.content.map((part) => partText(part) ?? "").join("");
}

/** Whether a text is one whole fragment of context. */
export function isContextFragment(text: string): boolean {
  const lower = text.trim().toLowerCase();
  return userFragments.some(([open, close]) => lower.startsWith(open) && lower.endsWith(close));
}

function isFragmentPart(part: ContentItem): boolean {
  const text = partText(part);
  return text !== null && isContextFragment(text);
}

/**
 * Whether a user message is context (instructions, environment, a marker, a hook prompt) and not a
 * person's words. A hook prompt is known by its mark alone.
 */
export function isContextualUserMessage(item: MessageItem): boolean {
  return item.role === "user" && (isHookPromptMessage(item) || item.content.some(isFragmentPart));
}

/** Whether a developer message holds a section of the context that each turn may restate. */
export function isContextualDeveloperMessage(item: MessageItem): boolean {
  if (item.role !== "developer") return false;
  return item.content.some((part) => {
    const text = partText(part)?.trimStart().toLowerCase();
    return text !== undefined && developerSections.some((section) => text.startsWith(section));
  });
}

/**
 * Who put an item into a history, judged by its text: for sessions of programs that do not write it
 * down. A summary cannot be told from a person's words that way.
 */
export function guessedOrigin(item: ResponseItem): ItemOrigin | null {
  if (item.type !== "message") return null;
  if (item.role === "developer") return isContextualDeveloperMessage(item) ? "context" : null;
  if (item.role !== "user") return null;
  if (!isContextualUserMessage(item)) return "user";
  const opens = (tag: string): boolean =>
    item.content.some((part) => partText(part)?.trimStart().toLowerCase().startsWith(tag) === true);
  if (opens("<turn_aborted>")) return "marker";
  return isHookPromptMessage(item) ? "hook" : "context";
}

/** Whether an entry begins a user turn: a person's message, or a message from another agent. */
export function isUserTurnBoundary({ item, origin }: HistoryEntry): boolean {
  if (origin !== null) return origin === "user";
  return item.type === "message" && item.role === "assistant" && isInterAgentMessage(item);
}

function isInterAgentMessage(item: MessageItem): boolean {
  const [part, ...others] = item.content;
  if (part === undefined || others.length > 0) return false;
  const text = partText(part);
  if (text === null || !text.startsWith("{")) return false;
  try {
    const value: unknown = JSON.parse(text);
    return (
      typeof value === "object" &&
      value !== null &&
      "author" in value &&
      "recipient" in value &&
      "content" in value &&
      "trigger_turn" in value
    );
  } catch {
    return false;
  }
}
