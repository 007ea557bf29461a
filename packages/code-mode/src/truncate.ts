/** What is left of a script's output for a model's budget. One token counts as four UTF-8 bytes. */
import type { ContentItem } from "./content.ts";

/** The budget of an answer's output that names none, in tokens of four UTF-8 bytes. */
export const defaultOutputTokens = 10_000;
const bytesPerToken = 4;

function tokensOf(bytes: number): number {
  return Math.ceil(bytes / bytesPerToken);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Cuts out of the middle what is over the budget, and says how many tokens that were. */
export function truncateMiddle(text: string, maxTokens: number): string {
  const bytes = Buffer.from(text);
  const max = maxTokens * bytesPerToken;
  if (bytes.length <= max) return text;
  const marker = `…${tokensOf(bytes.length - max)} tokens truncated…`;
  const left = Math.floor(max / 2);
  let prefixEnd = left;
  while (isContinuation(bytes[prefixEnd])) prefixEnd -= 1;
  let suffixStart = bytes.length - (max - left);
  while (isContinuation(bytes[suffixStart])) suffixStart += 1;
  return bytes.toString("utf8", 0, prefixEnd) + marker + bytes.toString("utf8", suffixStart);
}

function textBytes(items: readonly ContentItem[]): string {
  let joined = "";
  for (const item of items) {
    if (item.type === "input_text") joined += joined === "" ? item.text : `\n${item.text}`;
  }
  return joined;
}

function countLines(text: string): number {
  const lines = text.split("\n");
  return lines.at(-1) === "" ? lines.length - 1 : lines.length;
}

/**
 * Fits output into a budget of tokens. Texts alone are joined and cut in the middle; beside images,
 * which are free, the texts are kept in order until the budget is spent.
 *
 */
export function truncateItems(
  items: readonly ContentItem[],
  maxTokens: number,
): readonly ContentItem[] {
  if (items.every(({ type }) => type === "input_text")) {
    const joined = textBytes(items);
    if (Buffer.byteLength(joined) <= maxTokens * bytesPerToken) return items;
    const text = `Total output lines: ${countLines(joined)}\n\n${truncateMiddle(joined, maxTokens)}`;
    return [{ type: "input_text", text }];
  }
  const kept: ContentItem[] = [];
  let remaining = maxTokens;
  let omitted = 0;
  for (const item of items) {
    if (item.type === "input_image") {
      kept.push(item);
      continue;
    }
    const tokens = tokensOf(Buffer.byteLength(item.text));
    if (remaining === 0) {
      omitted += 1;
    } else if (tokens <= remaining) {
      kept.push(item);
      remaining -= tokens;
    } else {
      kept.push({ type: "input_text", text: truncateMiddle(item.text, remaining) });
      remaining = 0;
    }
  }
  if (omitted > 0) kept.push({ type: "input_text", text: `[omitted ${omitted} text items ...]` });
  return kept;
}
