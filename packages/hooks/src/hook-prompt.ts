// Hook prompts: what Stop hooks tell the model, as one user message of marked-up fragments.
import {
  isHookPromptMessage,
  type MessageItem,
  newHookPromptId,
  type TurnItem,
} from "@codex-ts/protocol";
import type { HookPromptFragment } from "./outcome.ts";

/** A hook prompt as an item of its turn. */
export type HookPromptItem = Extract<TurnItem, { readonly type: "HookPrompt" }>;

/** A hook prompt: what the model gets, and what a person is shown. */
export interface HookPrompt {
  readonly message: MessageItem;
  readonly item: HookPromptItem;
}

/**
 * The user message that carries the fragments, one part each. Fragments without a run id are left
 * out; null when none remains. The message's id marks it as ours: text alone proves nothing.
 */
export function hookPrompt(
  fragments: readonly HookPromptFragment[],
  id: string = newHookPromptId(),
): HookPrompt | null {
  const usable = fragments
    .filter(({ hookRunId }) => hookRunId.trim() !== "")
    .map(({ text, hookRunId }) => ({ text: xmlText(text), hookRunId: xmlText(hookRunId) }));
  if (usable.length === 0) return null;
  const content = usable.map((fragment) => ({
    type: "input_text" as const,
    text: formatHookPrompt(fragment),
  }));
  return {
    message: { type: "message", role: "user", id, content },
    item: { type: "HookPrompt", id, fragments: usable },
  };
}

/** `<hook_prompt hook_run_id="RUN">TEXT</hook_prompt>`, well-formed whatever the two are. */
export function formatHookPrompt({ text, hookRunId }: HookPromptFragment): string {
  // A parser turns raw line breaks and tabs of an attribute into spaces.
  const id = escapeText(hookRunId)
    .replaceAll('"', "&quot;")
    .replaceAll(/[\t\n]/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<hook_prompt hook_run_id="${id}">${escapeText(text)}</hook_prompt>`;
}

function escapeText(text: string): string {
  return xmlText(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("\r", "&#13;");
}

/** The text with what XML cannot hold, such as the colour codes of a terminal, replaced: https://www.w3.org/TR/xml/#NT-Char */
function xmlText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\u{FFFD}");
}

/**
 * Reads one text back: exactly one `hook_prompt` element with exactly the attribute `hook_run_id`
 * (not blank) and nothing but text in it. Space around it is ignored; anything else makes it ordinary
 * text, and the answer null. Whether the text is ours is for the message's mark to say.
 */
export async function parseHookPrompt(source: string): Promise<HookPromptFragment | null> {
  const { readElement } = await import("./xml-element.ts");
  const element = readElement(source.trim());
  if (element === null || element.name !== "hook_prompt") return null;
  const { hook_run_id: hookRunId, ...others } = element.attributes;
  if (hookRunId === undefined || hookRunId.trim() === "") return null;
  return Object.keys(others).length === 0 ? { text: element.text, hookRunId } : null;
}

/**
 * The turn item of a message from a history; null when it is not marked as a hook prompt, or holds
 * something else. `isContext` says which texts are context of another kind, which may stand beside the
 * fragments and are left out.
 */
export async function hookPromptItem(
  message: MessageItem,
  isContext: (text: string) => boolean = () => false,
): Promise<HookPromptItem | null> {
  if (!isHookPromptMessage(message)) return null;
  const fragments: HookPromptFragment[] = [];
  for (const part of message.content) {
    if (part.type !== "input_text") return null;
    const fragment = await parseHookPrompt(part.text);
    if (fragment !== null) fragments.push(fragment);
    else if (!isContext(part.text)) return null;
  }
  return fragments.length === 0 ? null : { type: "HookPrompt", id: message.id, fragments };
}
