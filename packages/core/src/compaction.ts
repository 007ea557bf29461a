// Compaction: when a history is nearly too long, a summary and the person's messages take its place.
import { randomUUID } from "node:crypto";
import {
  emptyTokenUsage,
  type EventMsg,
  type MessageItem,
  type ResponseItem,
  type TurnItem,
  userMessage,
} from "@codex-ts/protocol";
import { ResponsesError } from "@codex-ts/responses-client";
import { compactedHistory } from "./compacted-history.ts";
import type { ContextUpdate } from "./context-updates.ts";
import { partText } from "./contextual-message.ts";
import type { HistoryEntry } from "./history.ts";
import type { JournalEntry } from "./journal.ts";
import { compactionPrompt, summaryPrefix } from "./prompts/compaction.ts";
import { itemEvent } from "./recording.ts";
import { responsesRequest } from "./responses-request.ts";
import { nextAttempt } from "./retries.ts";
import type { SamplingServices } from "./sampling.ts";
import { estimateHistory, totalTokens } from "./token-estimate.ts";
import type { TurnContext } from "./turn-context.ts";

export interface CompactionServices extends SamplingServices {
  readonly instructions: string;
  readonly storeResponses: boolean;
  readonly streamMaxRetries: number;
  /** Replaces our own prompt for the summary. */
  readonly compactPrompt: string | null;
  /** Everything that the model is to be told of its circumstances. */
  readonly fullContext: () => ContextUpdate;
  readonly signal: AbortSignal;
}

/** In mid-turn the turn goes on behind the compaction; otherwise the next turn restates everything. */
export type CompactionTime = "manual" | "before_turn" | "mid_turn";

const LIMIT_SHARE = 0.9;
/** Without a known window: the share of a small one that the person's last message may take. */
const LAST_REQUEST_TOKENS = 20_000;

/** Whether the history has grown to where it must be compacted before the next request. */
export function needsCompaction(services: CompactionServices): boolean {
  const limit = compactionLimit(services.turn);
  return limit !== null && totalTokens(services.history) >= limit;
}

/** Whether the history fits the window of `previous`, which is wider, and not that of the turn. */
export function needsSmallerHistory(
  { turn, history }: CompactionServices,
  previous: TurnContext,
): boolean {
  const limit = compactionLimit(turn);
  if (limit === null || turn.contextWindow === null || previous.contextWindow === null)
    return false;
  return previous.contextWindow > turn.contextWindow && totalTokens(history) > limit;
}

function compactionLimit({ model }: TurnContext): number | null {
  const window = model.context_window ?? null;
  const configured = model.auto_compact_token_limit ?? null;
  const byWindow = window === null ? null : Math.floor(window * LIMIT_SHARE);
  if (configured === null) return byWindow;
  return byWindow === null ? configured : Math.min(configured, byWindow);
}

/**
 * Asks the model for a summary and puts it in place of the history.
 *
 * @throws ResponsesError when no summary can be had; the history is as it was.
 */
export async function compact(services: CompactionServices, when: CompactionTime): Promise<void> {
  const { turn, history, journal } = services;
  const item: TurnItem = { type: "ContextCompaction", id: randomUUID() };
  await journal.post(itemEvent(services, "item_started", item));
  const summary = `${summaryPrefix}\n${await askForSummary(services)}`;
  const context = when === "mid_turn" ? services.fullContext() : null;
  const replacement = compactedHistory({
    entries: history.entries,
    summary,
    context: context?.items ?? [],
    lastRequestTokens:
      turn.contextWindow === null ? LAST_REQUEST_TOKENS : Math.floor(turn.contextWindow / 2),
  });
  await install(services, { message: summary, replacement, context });
  await journal.post(
    itemEvent(services, "item_completed", item),
    event(services, {
      type: "warning",
      message:
        "The history of this thread was long and is now a summary. Long threads make the model less accurate: start a new one for a new task.",
    }),
  );
}

/** Puts the compacted history in place, on disk and in memory, and announces what it takes. */
async function install(
  services: CompactionServices,
  {
    message,
    replacement,
    context,
  }: {
    readonly message: string;
    readonly replacement: readonly HistoryEntry[];
    readonly context: ContextUpdate | null;
  },
): Promise<void> {
  const { history, journal } = services;
  history.replace(replacement, context?.reference ?? null, {
    ...emptyTokenUsage,
    total_tokens: estimateHistory(services.instructions, replacement),
  });
  await journal.post(
    {
      kind: "line",
      item: {
        type: "compacted",
        payload: {
          message,
          replacement_history: replacement.map(({ item }) => item),
          replacement_origins: replacement.map(({ origin }) => origin),
        },
      },
    },
    ...(context === null
      ? []
      : [
          {
            kind: "line",
            item: { type: "turn_context", payload: context.reference },
          } satisfies JournalEntry,
        ]),
    event(services, {
      type: "token_count",
      info: history.tokenInfo,
      rate_limits: services.rateLimits.current(),
    }),
  );
}

/** The model's summary. An over-full context loses its oldest items until the request fits. */
async function askForSummary(services: CompactionServices): Promise<string> {
  const { turn, history, journal, signal } = services;
  const ask = userMessage(services.compactPrompt ?? compactionPrompt);
  let items = history.forPrompt(turn.model, { freeformApplyPatch: false });
  let dropped = 0;
  let wasEmpty = false;
  for (let attempt = 1; ;) {
    try {
      const summary = await streamedText(services, [...items, ask]);
      if (summary.trim() !== "") {
        if (dropped > 0) await journal.post(event(services, droppedItems(dropped)));
        return summary;
      }
      const code = wasEmpty ? "incomplete_response" : "stream";
      wasEmpty = true;
      throw new ResponsesError(code, "the model gave no summary", { info: "other" });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ResponsesError)) throw error;
      if (error.code === "context_window_exceeded" && items.length > 1) {
        const before = items.length;
        items = withoutOldest(items);
        dropped += before - items.length;
        attempt = 1;
        continue;
      }
      attempt = await nextAttempt(services, error, attempt);
    }
  }
}

function droppedItems(count: number): EventMsg {
  return {
    type: "background_event",
    message: `The ${count} oldest items did not fit into the request for a summary.`,
  };
}

/** Without the first item and its counterpart. */
function withoutOldest(items: readonly ResponseItem[]): readonly ResponseItem[] {
  const [first, ...rest] = items;
  const callId = first !== undefined && "call_id" in first ? first.call_id : null;
  return callId === null
    ? rest
    : rest.filter((item) => !("call_id" in item && item.call_id === callId));
}

async function streamedText(
  services: CompactionServices,
  input: readonly ResponseItem[],
): Promise<string> {
  const { turn, history, responses, signal } = services;
  const request = {
    ...responsesRequest({
      turn: { ...turn, outputSchema: null },
      instructions: services.instructions,
      input,
      tools: [],
      threadId: services.threadId,
      store: services.storeResponses,
    }),
    parallel_tool_calls: false,
  };
  let text = "";
  for await (const each of responses.stream(request, signal)) {
    if (each.type === "completed") history.addUsage(each.usage, turn.contextWindow);
    if (each.type === "rate_limits") services.rateLimits.merge(each.snapshot);
    if (each.type !== "output_item_done") continue;
    const { item } = each;
    if (item.type === "message" && item.role === "assistant") text = messageText(item);
  }
  return text;
}

function messageText(item: MessageItem): string {
  return item.content.map((part) => partText(part) ?? "").join("");
}

function event({ turn }: CompactionServices, msg: EventMsg): JournalEntry {
  return { kind: "event", id: turn.turnId, msg };
}
