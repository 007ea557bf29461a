// Compaction: when a history is nearly too long, a summary and the person's messages take its place.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  emptyTokenUsage,
  type MessageItem,
  type ResponseItem,
  type TurnItem,
  userMessage,
} from "@codex-ts/protocol";
import { ResponsesError } from "@codex-ts/responses-client";
import { truncateMiddle } from "@codex-ts/tools";
import { isContextualUserMessage, partText } from "./contextual-message.ts";
import type { JournalEntry } from "./journal.ts";
import { compactionPrompt, summaryPrefix } from "./prompts/compaction.ts";
import { responsesRequest } from "./responses-request.ts";
import type { SamplingServices } from "./sampling.ts";
import { estimateTokens, tokensSinceLastResponse } from "./token-estimate.ts";
import { turnContextItem } from "./turn-context.ts";

export interface CompactionServices extends SamplingServices {
  readonly instructions: string;
  readonly storeResponses: boolean;
  readonly streamMaxRetries: number;
  /** Replaces our own prompt for the summary. */
  readonly compactPrompt: string | null;
  /** Everything that the model is to be told of its circumstances. */
  readonly fullContext: () => readonly MessageItem[];
  readonly signal: AbortSignal;
}

/** Tokens of the person's messages that survive. */
const KEPT_USER_TOKENS = 20_000;
const BYTES_PER_TOKEN = 4;
const LIMIT_SHARE = 0.9;

/** Whether the history has grown to where it must be compacted before the next request. */
export function needsCompaction(services: CompactionServices): boolean {
  const limit = compactionLimit(services);
  if (limit === null) return false;
  const { history } = services;
  const used = history.tokenInfo?.last_token_usage.total_tokens ?? 0;
  return used + tokensSinceLastResponse(history.items) >= limit;
}

function compactionLimit({ turn }: CompactionServices): number | null {
  const window = turn.model.context_window ?? null;
  const configured = turn.model.auto_compact_token_limit ?? null;
  const byWindow = window === null ? null : Math.floor(window * LIMIT_SHARE);
  if (configured === null) return byWindow;
  return byWindow === null ? configured : Math.min(configured, byWindow);
}

/**
 * Asks the model for a summary and puts it in place of the history. `midTurn` keeps the turn's context
 * in front of the last message, since the turn goes on; otherwise the next turn restates everything.
 *
 * @throws ResponsesError when no summary can be had; the history is as it was.
 */
export async function compact(services: CompactionServices, midTurn: boolean): Promise<void> {
  const { turn, history, journal, threadId } = services;
  const scope = { thread_id: threadId, turn_id: turn.turnId };
  const item: TurnItem = { type: "ContextCompaction", id: randomUUID() };
  const announce = (...entries: readonly JournalEntry[]): Promise<void> => journal.post(...entries);
  await announce({
    kind: "event",
    id: turn.turnId,
    msg: { type: "item_started", ...scope, item },
  });
  const summary = `${summaryPrefix}\n${await askForSummary(services)}`;
  const replacement = compactedHistory(
    history.items,
    summary,
    midTurn ? services.fullContext() : [],
  );
  const context = turnContextItem(turn);
  history.replace(replacement, midTurn ? context : null, {
    ...emptyTokenUsage,
    total_tokens:
      Math.ceil(Buffer.byteLength(services.instructions) / BYTES_PER_TOKEN) +
      replacement.reduce((sum, each) => sum + estimateTokens(each), 0),
  });
  await announce(
    {
      kind: "line",
      item: {
        type: "compacted",
        payload: { message: summary, replacement_history: replacement },
      },
    },
    ...(midTurn
      ? [{ kind: "line" as const, item: { type: "turn_context" as const, payload: context } }]
      : []),
    {
      kind: "event",
      id: turn.turnId,
      msg: {
        type: "token_count",
        info: history.tokenInfo,
        rate_limits: services.rateLimits.current(),
      },
    },
    { kind: "event", id: turn.turnId, msg: { type: "item_completed", ...scope, item } },
    {
      kind: "event",
      id: turn.turnId,
      msg: {
        type: "warning",
        message:
          "The history of this thread was long and is now a summary. Long threads make the model less accurate: start a new one for a new task.",
      },
    },
  );
}

/** What remains: the newest messages of the person that fit, then the summary. */
export function compactedHistory(
  items: readonly ResponseItem[],
  summary: string,
  context: readonly MessageItem[],
): readonly ResponseItem[] {
  const kept: MessageItem[] = [];
  let budget = KEPT_USER_TOKENS;
  for (const item of items.toReversed()) {
    if (budget <= 0) break;
    const text = personText(item);
    if (text === null) continue;
    const tokens = Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
    kept.unshift(
      userMessage(
        tokens <= budget ? text : truncateMiddle(text, { mode: "tokens", limit: budget }),
      ),
    );
    budget -= tokens;
  }
  const last = kept.pop();
  return [...kept, ...context, ...(last === undefined ? [] : [last]), userMessage(summary)];
}

/** A person's words; a picture among them leaves a note. Null for all else, earlier summaries too. */
function personText(item: ResponseItem): string | null {
  if (item.type !== "message" || item.role !== "user" || isContextualUserMessage(item)) return null;
  const text = item.content
    .map((part) => partText(part) ?? "[an image was here]")
    .filter((part) => !/^<\/?image(?: name=.*)?>$/.test(part))
    .join("");
  return text === "" || text.startsWith(`${summaryPrefix}\n`) ? null : text;
}

/** The model's summary. An over-full context loses its oldest items until the request fits. */
async function askForSummary(services: CompactionServices): Promise<string> {
  const { turn, history, journal } = services;
  const ask = userMessage(services.compactPrompt ?? compactionPrompt);
  let items = history.forPrompt(turn.model, { freeformApplyPatch: false });
  let dropped = 0;
  for (let attempt = 1; ;) {
    try {
      const summary = await streamedText(services, [...items, ask]);
      if (dropped > 0) {
        await journal.post({
          kind: "event",
          id: turn.turnId,
          msg: {
            type: "background_event",
            message: `The ${dropped} oldest items did not fit into the request for a summary.`,
          },
        });
      }
      if (summary.trim() !== "") return summary;
      throw new ResponsesError("stream", "the model gave no summary", {
        retryable: true,
        info: "other",
      });
    } catch (error) {
      services.signal.throwIfAborted();
      if (!(error instanceof ResponsesError)) throw error;
      if (error.code === "context_window_exceeded" && items.length > 1) {
        const before = items.length;
        items = withoutOldest(items);
        dropped += before - items.length;
        attempt = 1;
        continue;
      }
      if (!error.retryable || attempt > services.streamMaxRetries) throw error;
      await sleep(error.retryAfterMs ?? 200 * 2 ** (attempt - 1), undefined, {
        signal: services.signal,
      });
      attempt += 1;
    }
  }
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
  for await (const event of responses.stream(request, signal)) {
    if (event.type === "completed") history.addUsage(event.usage, turn.contextWindow);
    if (event.type === "rate_limits") services.rateLimits.merge(event.snapshot);
    if (event.type !== "output_item_done") continue;
    const { item } = event;
    if (item.type !== "message" || item.role !== "assistant") continue;
    text = item.content.map((part) => partText(part) ?? "").join("");
  }
  return text;
}
