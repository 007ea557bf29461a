import {
  type CompactedItem,
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
  const origin = item.type === "response_item" ? item.origin : undefined;
  const line = {
    timestamp,
    type: item.type,
    payload,
    ...(origin === undefined ? {} : { origin }),
  };
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
    case "compacted":
      return storedCompaction(item.payload);
    case "session_meta":
    case "turn_context":
    case "event_msg":
    case "history_edit":
      return item.payload;
  }
}

function storedItem(item: ResponseItem): ResponseItem {
  return isHookPromptMessage(item) ? item : encodeResponseItem(item);
}

function storedCompaction(payload: CompactedItem): CompactedItem {
  const { replacement_history: replacement, replacement_origins: origins } = payload;
  if (replacement === undefined) return payload;
  const kept = replacement.flatMap((entry, index) => (entry.type === "other" ? [] : [index]));
  return {
    ...payload,
    replacement_history: kept.map((index) => storedItem(replacement[index] as ResponseItem)),
    ...(origins === undefined
      ? {}
      : { replacement_origins: kept.map((index) => origins[index] ?? null) }),
  };
}
