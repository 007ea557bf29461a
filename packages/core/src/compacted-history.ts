// What a compaction leaves: the person's newest words, the plan, what cannot be summarised, the summary.
import { isDeepStrictEqual } from "node:util";
import { type MessageItem, type ResponseItem, userMessage } from "@codex-ts/protocol";
import { truncateMiddle } from "@codex-ts/tools";
import { guessedOrigin, partText } from "./contextual-message.ts";
import type { HistoryEntry } from "./history.ts";

/** Tokens of the person's messages that survive. */
const KEPT_USER_TOKENS = 20_000;
const BYTES_PER_TOKEN = 4;

const PLAN_HEADING = "The plan, as it was last written with `update_plan`:\n";

export interface CompactedParts {
  readonly entries: readonly HistoryEntry[];
  /** What the model is told of its circumstances when the turn goes on behind the compaction. */
  readonly context: readonly MessageItem[];
  /** Tokens that the person's last message may take and stay whole. */
  readonly lastRequestTokens: number;
}

/**
 * The newest messages of the person that fit, the last one word for word; the note of a stopped turn
 * when nothing came after it; then the summary, with the plan word for word.
 */
export function compactedHistory(
  parts: CompactedParts & {
    /** The model's summary, with its introduction. */
    readonly summary: string;
  },
): readonly HistoryEntry[] {
  const { entries, summary } = parts;
  const kept = personMessages(entries, parts.lastRequestTokens);
  const last = kept.pop();
  const stopped = entries.at(-1);
  return [
    ...kept,
    ...parts.context.map((item): HistoryEntry => ({ item, origin: "context" })),
    ...(last === undefined ? [] : [last]),
    ...(stopped?.origin === "marker" ? [stopped] : []),
    { item: userMessage(summary, ...stateText(entries)), origin: "summary" },
    ...entries.filter(({ item }) => item.type === "ghost_snapshot"),
  ];
}

/**
 * What the service made of the history, without the circumstances that it carries on: those are told
 * anew. The person's last message is there word for word even where the service left it out, and so are
 * the note of a stopped turn and the plan.
 */
export function remoteHistory(
  parts: CompactedParts & { readonly output: readonly ResponseItem[] },
): readonly HistoryEntry[] {
  const { entries, output } = parts;
  const kept = output.flatMap((item): HistoryEntry[] => {
    const origin = keptOrigin(item, entries);
    return origin === undefined ? [] : [{ item, origin }];
  });
  const asked = entries.findLast(({ origin }) => origin === "user");
  const isMissing = asked !== undefined && !kept.some(({ item }) => isSaid(item, asked));
  const last = isMissing ? personMessages(entries, parts.lastRequestTokens).at(-1) : undefined;
  const behind = kept.findLastIndex(({ origin }) => origin === "user");
  const plan = lastPlan(entries);
  const stopped = entries.at(-1);
  const context = parts.context.map((item): HistoryEntry => ({ item, origin: "context" }));
  // In mid-turn the circumstances stand before the person's last message, else before what is compacted.
  const place = last !== undefined || behind === -1 ? behind + 1 : behind;
  return [
    ...kept.slice(0, place),
    ...context,
    ...(last === undefined ? [] : [last]),
    ...kept.slice(place),
    ...(stopped?.origin === "marker" ? [stopped] : []),
    ...(plan === null
      ? []
      : [{ item: userMessage(`${PLAN_HEADING}${plan}`), origin: "summary" } as const]),
    ...entries.filter(({ item }) => item.type === "ghost_snapshot"),
  ];
}

/** Whose an item of the service's answer is; undefined for what has no place in a history any more. */
function keptOrigin(
  item: ResponseItem,
  entries: readonly HistoryEntry[],
): HistoryEntry["origin"] | undefined {
  if (item.type === "compaction") return null;
  if (item.type !== "message") return undefined;
  if (item.role === "assistant") return null;
  if (item.role !== "user") return undefined;
  // Its own words may look like context: who wrote it is known of what was in the history.
  const known = entries.find((entry) => isSaid(item, entry))?.origin;
  const origin = known ?? guessedOrigin(item);
  return origin === "user" || origin === "hook" || (origin === "summary" && planOf(item) === null)
    ? origin
    : undefined;
}

function isSaid(item: ResponseItem, { item: other }: HistoryEntry): boolean {
  return (
    item.type === "message" &&
    other.type === "message" &&
    item.role === other.role &&
    isDeepStrictEqual(item.content, other.content)
  );
}

function personMessages(
  entries: readonly HistoryEntry[],
  lastRequestTokens: number,
): HistoryEntry[] {
  const kept: HistoryEntry[] = [];
  let budget = Math.max(KEPT_USER_TOKENS, lastRequestTokens);
  for (const entry of entries.toReversed()) {
    if (budget <= 0) break;
    const text = personText(entry);
    if (text === null) continue;
    const tokens = Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
    const fitting =
      tokens <= budget ? text : truncateMiddle(text, { mode: "tokens", limit: budget });
    kept.unshift({ item: userMessage(fitting), origin: "user" });
    budget = Math.min(budget, KEPT_USER_TOKENS) - tokens;
  }
  return kept;
}

/** A person's words; a picture among them leaves a note. Null for all else. */
function personText({ item, origin }: HistoryEntry): string | null {
  if (item.type !== "message" || origin !== "user") return null;
  const text = item.content
    .map((part) => partText(part) ?? "[an image was here]")
    .filter((part) => !/^<\/?image(?: name=.*)?>$/.test(part))
    .join("");
  return text === "" ? null : text;
}

/** What stands behind the summary, and no summary may change. */
function stateText(entries: readonly HistoryEntry[]): readonly string[] {
  const plan = lastPlan(entries);
  return [
    isAnswered(entries)
      ? "The user's last request has been answered."
      : "The user's last request has not been answered yet.",
    ...(plan === null ? [] : [`${PLAN_HEADING}${plan}`]),
  ];
}

/** Whether the model has had the last word after the person's. */
function isAnswered(entries: readonly HistoryEntry[]): boolean {
  const last = entries.findLast(
    ({ item, origin }) => origin === "user" || (origin === null && item.type !== "ghost_snapshot"),
  );
  return last?.item.type === "message" && last.item.role === "assistant";
}

/** The arguments of the newest plan, as the model wrote them; also those that a summary carries on. */
function lastPlan(entries: readonly HistoryEntry[]): string | null {
  for (const { item, origin } of entries.toReversed()) {
    if (item.type === "function_call" && item.name === "update_plan") return item.arguments;
    if (origin !== "summary") continue;
    const carried = planOf(item);
    if (carried !== null) return carried;
  }
  return null;
}

function planOf(item: ResponseItem): string | null {
  if (item.type !== "message") return null;
  const text = item.content.map(partText).find((part) => part?.startsWith(PLAN_HEADING));
  return text?.slice(PLAN_HEADING.length) ?? null;
}
