// How many tokens items take, without a tokenizer: four bytes of JSON each.
import {
  type ContentItem,
  encodeResponseItem,
  type ResponseItem,
  type TokenUsageInfo,
  type ToolOutputPart,
} from "@codex-ts/protocol";
import { readImageHeader } from "@codex-ts/tools";
import { isUserTurnBoundary } from "./contextual-message.ts";
import type { HistoryEntry } from "./history.ts";

const BYTES_PER_TOKEN = 4;

/** What an image counts as in place of its data. */
const IMAGE_BYTES = 7373;
const IMAGE_DATA = /^data:image\/[^,]*;base64,/i;
/** An image in full detail takes a token for each square of so many pixels. */
const SQUARE_PIXELS = 32;
/** Characters of Base64 in which the size of an image stands, behind what cameras put before it. */
const HEADER_CHARACTERS = 400_000;

/** Encrypted content is longer than what the model reads of it. */
function encryptedBytes(content: string): number {
  return Math.max(0, Math.floor((content.length * 3) / 4) - 650);
}

function estimateTokens(item: ResponseItem): number {
  return Math.ceil(estimateBytes(item) / BYTES_PER_TOKEN);
}

function estimateBytes(item: ResponseItem): number {
  switch (item.type) {
    case "ghost_snapshot":
    case "other":
      return 0;
    case "compaction":
      return encryptedBytes(item.encrypted_content);
    case "reasoning":
      if (item.encrypted_content !== null) return encryptedBytes(item.encrypted_content);
      return jsonBytes(item);
    default:
      return jsonBytes(item);
  }
}

function jsonBytes(item: ResponseItem): number {
  const json = Buffer.byteLength(JSON.stringify(encodeResponseItem(item)));
  return imagesOf(item).reduce((bytes, image) => bytes + imageSurplus(image), json);
}

type Image = Extract<ToolOutputPart, { type: "input_image" }>;

function imagesOf(item: ResponseItem): readonly Image[] {
  const parts: readonly (ContentItem | ToolOutputPart)[] =
    item.type === "message"
      ? item.content
      : "output" in item && typeof item.output !== "string"
        ? item.output
        : [];
  return parts.filter((part) => part.type === "input_image");
}

/** What an image takes beyond its data, which is not what the model reads; negative for most. */
function imageSurplus({ image_url: url, detail }: Image): number {
  const prefix = IMAGE_DATA.exec(url)?.[0];
  if (prefix === undefined) return 0;
  const counted = detail === "original" ? fullDetailBytes(url, prefix.length) : IMAGE_BYTES;
  return counted - (url.length - prefix.length);
}

function fullDetailBytes(url: string, start: number): number {
  const head = Buffer.from(url.slice(start, start + HEADER_CHARACTERS), "base64");
  const header = readImageHeader(head);
  if (header === null) return IMAGE_BYTES;
  const squares = (pixels: number): number => Math.ceil(pixels / SQUARE_PIXELS);
  return BYTES_PER_TOKEN * squares(header.width) * squares(header.height);
}

const modelGenerated: ReadonlySet<ResponseItem["type"]> = new Set([
  "reasoning",
  "local_shell_call",
  "function_call",
  "tool_search_call",
  "custom_tool_call",
  "web_search_call",
  "image_generation_call",
  "compaction",
]);

/** Whether the last count holds the entry: the model wrote it, or it was estimated with its compaction. */
function isCounted({ item, origin }: HistoryEntry): boolean {
  if (origin === "summary") return true;
  return item.type === "message" ? item.role === "assistant" : modelGenerated.has(item.type);
}

/** What a history is estimated to take, with the base instructions. */
export function estimateHistory(instructions: string, entries: readonly HistoryEntry[]): number {
  return estimateItems(
    instructions,
    entries.map(({ item }) => item),
  );
}

/** What items are estimated to take, with the base instructions. */
export function estimateItems(instructions: string, items: readonly ResponseItem[]): number {
  return (
    Math.ceil(Buffer.byteLength(instructions) / BYTES_PER_TOKEN) +
    items.reduce((sum, item) => sum + estimateTokens(item), 0)
  );
}

/**
 * What the next request takes: the last response's count, what came behind it, and the reasoning of
 * earlier turns unless the service said that it counts that.
 */
export function totalTokens(history: {
  readonly entries: readonly HistoryEntry[];
  readonly tokenInfo: TokenUsageInfo | null;
  readonly serverCountsReasoning: boolean;
}): number {
  const { entries, tokenInfo } = history;
  const last = entries.findLastIndex(isCounted);
  const since = entries.slice(last + 1).reduce((sum, { item }) => sum + estimateTokens(item), 0);
  const reasoning = history.serverCountsReasoning ? 0 : earlierReasoning(entries);
  return (tokenInfo?.last_token_usage.total_tokens ?? 0) + since + reasoning;
}

/** Encrypted reasoning before the newest message of the person. */
function earlierReasoning(entries: readonly HistoryEntry[]): number {
  const boundary = entries.findLastIndex(isUserTurnBoundary);
  let tokens = 0;
  for (let index = 0; index < boundary; index += 1) {
    const item = entries[index]?.item;
    if (item?.type === "reasoning" && item.encrypted_content !== null) {
      tokens += estimateTokens(item);
    }
  }
  return tokens;
}
