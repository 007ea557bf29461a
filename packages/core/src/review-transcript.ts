// What a reviewer is shown of a thread: its newest words and calls, within a budget.
import type { ContentItem } from "@codex-ts/protocol";
import { approximateTokens } from "@codex-ts/tools";
import { partText } from "./contextual-message.ts";
import type { HistoryEntry } from "./history.ts";

/** All limits are in tokens of about four bytes. */
const MESSAGE_TOKENS = 2000;
const TOOL_TOKENS = 1000;
const MESSAGES_TOKENS = 10_000;
const TOOLS_TOKENS = 10_000;
/** How many entries besides the person's own are shown, the newest. */
const MAX_OTHERS = 40;
const BYTES_PER_TOKEN = 4;

interface Entry {
  /** Counted over the whole thread, from 1. */
  readonly number: number;
  readonly role: string;
  readonly kind: "user" | "message" | "tool";
  readonly text: string;
}

export interface ReviewTranscript {
  /** `[n] role: text`, one for each entry that is shown. */
  readonly entries: readonly string[];
  /** Says that entries were left out; null when none were. */
  readonly note: string | null;
}

/** The person's words are all shown; if they alone are too many, nothing is. */
export function reviewTranscript(history: readonly HistoryEntry[]): ReviewTranscript {
  const all = entriesOf(history);
  const own = all.filter(({ kind }) => kind === "user");
  const ownTokens = own.reduce((sum, entry) => sum + approximateTokens(entry.text), 0);
  if (ownTokens > MESSAGES_TOKENS) {
    return {
      entries: ["(the conversation is too long to be shown)"],
      note: null,
    };
  }
  const budgets = { message: MESSAGES_TOKENS - ownTokens, tool: TOOLS_TOKENS };
  const shown = new Set(own);
  let others = 0;
  for (const entry of all.toReversed()) {
    if (entry.kind === "user") continue;
    const tokens = approximateTokens(entry.text);
    if (others === MAX_OTHERS || tokens > budgets[entry.kind]) continue;
    budgets[entry.kind] -= tokens;
    others += 1;
    shown.add(entry);
  }
  const left = all.length - shown.size;
  return {
    entries: all
      .filter((entry) => shown.has(entry))
      .map(({ number, role, text }) => `[${number}] ${role}: ${text}`),
    note: left === 0 ? null : `(${left} earlier entries are left out)`,
  };
}

/** Cuts the middle out of a text that has more than `tokens`, and says how much it was. */
export function cutToTokens(text: string, tokens: number): string {
  const bytes = Buffer.from(text);
  const budget = tokens * BYTES_PER_TOKEN;
  if (bytes.length <= budget) return text;
  const omitted = Math.ceil((bytes.length - budget) / BYTES_PER_TOKEN);
  const head = wholeCharacters(bytes.subarray(0, Math.floor(budget / 2)));
  const tail = wholeCharacters(bytes.subarray(bytes.length - Math.ceil(budget / 2)));
  return `${head}<truncated omitted_approx_tokens="${omitted}" />${tail}`;
}

function wholeCharacters(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replaceAll("\uFFFD", "");
}

function entriesOf(history: readonly HistoryEntry[]): readonly Entry[] {
  const names = new Map<string, string>();
  return history
    .flatMap(({ item, origin }): Omit<Entry, "number">[] => {
      switch (item.type) {
        case "message": {
          // Only what is known to be the person's own words counts as theirs.
          const isOwn = item.role === "user" && origin === "user";
          if (!isOwn && item.role !== "assistant") return [];
          const kind = isOwn ? "user" : "message";
          return entry(item.role, kind, textOf(item.content), MESSAGE_TOKENS);
        }
        case "function_call":
          names.set(item.call_id, item.name);
          return entry(`tool ${item.name} call`, "tool", item.arguments, TOOL_TOKENS);
        case "custom_tool_call":
          names.set(item.call_id, item.name);
          return entry(`tool ${item.name} call`, "tool", item.input, TOOL_TOKENS);
        case "local_shell_call":
          if (typeof item.call_id === "string") names.set(item.call_id, "local_shell");
          return entry("tool local_shell call", "tool", JSON.stringify(item.action), TOOL_TOKENS);
        case "function_call_output":
        case "custom_tool_call_output": {
          const { output, call_id: callId } = item;
          const text = typeof output === "string" ? output : textOf(output);
          return entry(`tool ${names.get(callId) ?? ""} result`, "tool", text, TOOL_TOKENS);
        }
        default:
          return [];
      }
    })
    .map((each, index) => ({ number: index + 1, ...each }));
}

function entry(
  role: string,
  kind: Entry["kind"],
  text: string,
  limit: number,
): Omit<Entry, "number">[] {
  return text.trim() === "" ? [] : [{ role, kind, text: cutToTokens(text, limit) }];
}

function textOf(parts: readonly ContentItem[]): string {
  return parts.flatMap((part) => partText(part) ?? []).join("\n");
}
