// Cutting text to a budget of bytes or tokens. Every limit counts UTF-8 bytes; no character is split.
import type { ToolOutputBody, ToolOutputPart, TruncationPolicy } from "@codex-ts/protocol";

const BYTES_PER_TOKEN = 4;

/** The estimate that all token limits here use: four bytes of UTF-8 are one token, rounded up. */
export function approximateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

/** How many bytes a policy allows. */
export function byteBudget(policy: TruncationPolicy): number {
  return policy.mode === "bytes" ? policy.limit : policy.limit * BYTES_PER_TOKEN;
}

/**
 * Cuts the middle out of a text that is longer than the policy allows and puts a marker there, which
 * is not counted: `…13 chars truncated…` under a limit of bytes, `…3 tokens truncated…` under one of
 * tokens.
 */
export function truncateMiddle(text: string, policy: TruncationPolicy): string {
  const budget = byteBudget(policy);
  if (Buffer.byteLength(text) <= budget) return text;
  const bytes = Buffer.from(text);
  const left = Math.floor(budget / 2);
  const prefixEnd = characterStartAtOrBefore(bytes, left);
  const suffixStart = Math.max(
    prefixEnd,
    characterStartAtOrAfter(bytes, bytes.length - (budget - left)),
  );
  const removed =
    policy.mode === "tokens"
      ? `${Math.ceil((bytes.length - budget) / BYTES_PER_TOKEN)} tokens`
      : `${countCharacters(bytes, prefixEnd, suffixStart)} chars`;
  return `${bytes.toString("utf8", 0, prefixEnd)}…${removed} truncated…${bytes.toString("utf8", suffixStart)}`;
}

/** The number of lines of a text; an end without a line break counts, an empty end does not. */
export function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines += 1;
  return text === "" || text.endsWith("\n") ? lines : lines + 1;
}

/** {@link truncateMiddle} with a line above that says how many lines there were, when it had to cut. */
export function formatOutput(text: string, policy: TruncationPolicy): string {
  if (Buffer.byteLength(text) <= byteBudget(policy)) return text;
  return `Total output lines: ${countLines(text)}\n\n${truncateMiddle(text, policy)}`;
}

/**
 * Cuts what a tool answered. In a list the texts share one budget: the first that does not fit is cut
 * to what is left, later ones give way to one text that counts them, and images are always kept.
 */
export function truncateToolOutput(body: ToolOutputBody, policy: TruncationPolicy): ToolOutputBody {
  if (typeof body === "string") return truncateMiddle(body, policy);
  const cost = policy.mode === "bytes" ? Buffer.byteLength : approximateTokens;
  const kept: ToolOutputPart[] = [];
  let budget = policy.limit;
  let omitted = 0;
  for (const part of body) {
    if (part.type === "input_image") {
      kept.push(part);
    } else if (cost(part.text) <= budget) {
      kept.push(part);
      budget -= cost(part.text);
    } else if (budget > 0) {
      kept.push({ ...part, text: truncateMiddle(part.text, { mode: policy.mode, limit: budget }) });
      budget = 0;
    } else {
      omitted += 1;
    }
  }
  if (omitted > 0) kept.push({ type: "input_text", text: `[omitted ${omitted} text items ...]` });
  return kept;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function characterStartAtOrBefore(bytes: Uint8Array, offset: number): number {
  let at = offset;
  while (at > 0 && isContinuation(bytes[at])) at -= 1;
  return at;
}

function characterStartAtOrAfter(bytes: Uint8Array, offset: number): number {
  let at = offset;
  while (isContinuation(bytes[at])) at += 1;
  return at;
}

function countCharacters(bytes: Uint8Array, start: number, end: number): number {
  let characters = 0;
  for (let at = start; at < end; at += 1) if (!isContinuation(bytes[at])) characters += 1;
  return characters;
}
