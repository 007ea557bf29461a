import {
  encodeResponseItem,
  isHookPromptMessage,
  type ResponseItem,
  type RolloutItem,
} from "@codex-ts/protocol";

/**
 * The text of a session file's line, with its line feed; null for what no session file keeps (a
 * response item of an unknown kind). `timestamp` is RFC 3339, UTC, milliseconds. Response items lose
 * the ids that only a running stream knows; a hook prompt's is its mark, and stays.
 */
export function encodeLine(item: RolloutItem, timestamp: string): string | null {
  const payload = storedPayload(item);
  if (payload === null) return null;
  const line = { timestamp, type: item.type, payload };
  const text = JSON.stringify(line);
  // Half a surrogate pair (a text cut in its middle) is written as `\udXXX`, and strict readers
  // refuse a line that holds one.
  if (!text.includes("\\ud")) return `${text}\n`;
  const wellFormed = (_key: string, value: unknown): unknown =>
    typeof value === "string" ? value.toWellFormed() : value;
  return `${JSON.stringify(line, wellFormed)}\n`;
}

function storedPayload(item: RolloutItem): RolloutItem["payload"] | null {
  switch (item.type) {
    case "response_item":
      return item.payload.type === "other" ? null : storedItem(item.payload);
    case "compacted": {
      const { replacement_history: replacement } = item.payload;
      if (replacement === undefined) return item.payload;
      return {
        ...item.payload,
        replacement_history: replacement.filter((entry) => entry.type !== "other").map(storedItem),
      };
    }
    case "session_meta":
    case "turn_context":
    case "event_msg":
      return item.payload;
  }
}

function storedItem(item: ResponseItem): ResponseItem {
  return isHookPromptMessage(item) ? item : encodeResponseItem(item);
}
