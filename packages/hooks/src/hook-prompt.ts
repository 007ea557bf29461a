// Hook prompts: what Stop hooks tell the model, as one user message of marked-up fragments.
import { randomUUID } from "node:crypto";
import type { MessageItem, TurnItem } from "@codex-ts/protocol";
import type { HookPromptFragment } from "./outcome.ts";

const idPrefix = "hook-prompt-";

/** Whether a message's id was given by {@link hookPromptMessage}. No other message has such an id. */
export function isHookPromptId(id: string | undefined): boolean {
  return id?.startsWith(idPrefix) ?? false;
}

/**
 * The user message that carries the fragments, one part each. Fragments without a run id are left
 * out; null when none remains. The id marks the message as ours: text alone proves nothing, since a
 * person can type it.
 */
export function hookPromptMessage(
  fragments: readonly HookPromptFragment[],
  id: string = `${idPrefix}${randomUUID()}`,
): MessageItem | null {
  const usable = fragments.filter(({ hookRunId }) => hookRunId.trim() !== "");
  if (usable.length === 0) return null;
  const content = usable.map((fragment) => ({
    type: "input_text" as const,
    text: formatHookPrompt(fragment),
  }));
  return { type: "message", role: "user", id, content };
}

/** `<hook_prompt hook_run_id="RUN">TEXT</hook_prompt>`, escaped. */
export function formatHookPrompt({ text, hookRunId }: HookPromptFragment): string {
  const id = escapeText(hookRunId).replaceAll('"', "&quot;");
  return `<hook_prompt hook_run_id="${id}">${escapeText(text)}</hook_prompt>`;
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

// XML 1.0: https://www.w3.org/TR/xml/#NT-S, #NT-AttValue, #NT-CDSect
const openTag =
  /^<hook_prompt[ \t\r\n]+hook_run_id[ \t\r\n]*=[ \t\r\n]*(?:"([^"<]*)"|'([^'<]*)')[ \t\r\n]*>/;
const closeTag = /<\/hook_prompt[ \t\r\n]*>$/;

/**
 * Reads one text back: exactly one `hook_prompt` element with exactly the attribute `hook_run_id`
 * (not blank) and nothing but text in it. Space around it is ignored; anything else makes it
 * ordinary text, and the answer null. Whether the text is ours is for the caller to know.
 */
export function parseHookPrompt(source: string): HookPromptFragment | null {
  const xml = source.trim();
  const open = openTag.exec(xml);
  const close = closeTag.exec(xml);
  if (open === null || close === null || close.index < open[0].length) return null;
  const hookRunId = decodeReferences(open[1] ?? open[2] ?? "");
  const text = decodeContent(xml.slice(open[0].length, close.index));
  if (hookRunId === null || text === null || hookRunId.trim() === "") return null;
  return { text, hookRunId };
}

/** Character data and CDATA sections; null when there is any other markup. */
function decodeContent(content: string): string | null {
  let text = "";
  let rest = content;
  for (;;) {
    const start = rest.indexOf("<");
    const data = start === -1 ? rest : rest.slice(0, start);
    // `]]>` may not stand in character data.
    const decoded = data.includes("]]>") ? null : decodeReferences(data);
    if (decoded === null) return null;
    text += decoded;
    if (start === -1) return text;
    if (!rest.startsWith("<![CDATA[", start)) return null;
    const end = rest.indexOf("]]>", start);
    if (end === -1) return null;
    text += rest.slice(start + "<![CDATA[".length, end);
    rest = rest.slice(end + "]]>".length);
  }
}

const entities: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

function decodeReferences(data: string): string | null {
  let valid = true;
  const decoded = data.replaceAll(/&([^;&]*)(;?)/g, (_whole, name: string, end: string) => {
    const character = end === "" ? undefined : (entities.get(name) ?? characterReference(name));
    if (character === undefined) valid = false;
    return character ?? "";
  });
  return valid ? decoded : null;
}

function characterReference(name: string): string | undefined {
  const digits = /^#(?:x([0-9A-Fa-f]{1,6})|(\d{1,7}))$/.exec(name);
  if (digits === null) return undefined;
  const codePoint = digits[1] === undefined ? Number(digits[2]) : Number.parseInt(digits[1], 16);
  const allowed =
    codePoint === 0x9 ||
    codePoint === 0xa ||
    codePoint === 0xd ||
    (codePoint >= 0x20 && codePoint <= 0xd7ff) ||
    (codePoint >= 0xe000 && codePoint <= 0xfffd) ||
    (codePoint >= 0x10000 && codePoint <= 0x10ffff);
  return allowed ? String.fromCodePoint(codePoint) : undefined;
}

export interface HookPromptItemOptions {
  /**
   * Whether the message is known to be ours. Left out, its id decides, which serves while a session
   * runs; for one that was read from a file, the file's record must say so.
   */
  readonly marked?: boolean | undefined;
  /** Whether a text is context of another kind, which may stand beside the fragments. */
  readonly isContext?: ((text: string) => boolean) | undefined;
}

/**
 * The turn item of a user message that consists of hook prompts (and, where `isContext` says so, other
 * context, which is hidden); null when it is an ordinary message or is not known to be ours.
 */
export function hookPromptItem(
  message: MessageItem,
  { marked = isHookPromptId(message.id), isContext = () => false }: HookPromptItemOptions = {},
): Extract<TurnItem, { readonly type: "HookPrompt" }> | null {
  if (!marked || message.role !== "user") return null;
  const fragments: HookPromptFragment[] = [];
  for (const part of message.content) {
    if (part.type !== "input_text") return null;
    const fragment = parseHookPrompt(part.text);
    if (fragment !== null) fragments.push(fragment);
    else if (!isContext(part.text)) return null;
  }
  if (fragments.length === 0) return null;
  return { type: "HookPrompt", id: message.id ?? `${idPrefix}${randomUUID()}`, fragments };
}
