// How many tokens items take, without a tokenizer: four bytes of JSON each.
import { encodeResponseItem, type ResponseItem } from "@codex-ts/protocol";

const BYTES_PER_TOKEN = 4;

/** What an image counts as in place of its data. */
const IMAGE_BYTES = 7373;
const IMAGE_DATA = /data:image\/[^;,"]*;base64,[A-Za-z0-9+/=]*/gi;

/** Encrypted content is longer than what the model reads of it. */
function encryptedBytes(content: string): number {
  return Math.max(0, Math.floor((content.length * 3) / 4) - 650);
}

export function estimateTokens(item: ResponseItem): number {
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
  let images = 0;
  const text = JSON.stringify(encodeResponseItem(item)).replaceAll(IMAGE_DATA, () => {
    images += 1;
    return "";
  });
  return Buffer.byteLength(text) + images * IMAGE_BYTES;
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

/** Whether the service has counted the item in the usage of a response. */
function isModelGenerated(item: ResponseItem): boolean {
  return item.type === "message" ? item.role === "assistant" : modelGenerated.has(item.type);
}

/** Tokens of all items behind the last one that the model wrote. */
export function tokensSinceLastResponse(items: readonly ResponseItem[]): number {
  const last = items.findLastIndex(isModelGenerated);
  return items.slice(last + 1).reduce((sum, item) => sum + estimateTokens(item), 0);
}
