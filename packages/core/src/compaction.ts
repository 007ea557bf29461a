// Compaction: when a history is nearly too long, something shorter takes its place.
import { randomUUID } from "node:crypto";
import { emptyTokenUsage, type EventMsg, type TurnItem } from "@codex-ts/protocol";
import { compactedHistory, remoteHistory } from "./compacted-history.ts";
import type { ContextUpdate } from "./context-updates.ts";
import type { HistoryEntry } from "./history.ts";
import type { JournalEntry } from "./journal.ts";
import { askForSummary } from "./local-compaction.ts";
import { summaryPrefix } from "./prompts/compaction.ts";
import { itemEvent } from "./recording.ts";
import { compactRemotely } from "./remote-compaction.ts";
import type { SamplingServices } from "./sampling.ts";
import { estimateHistory, totalTokens } from "./token-estimate.ts";
import type { TurnContext } from "./turn-context.ts";

export interface CompactionServices extends SamplingServices {
  readonly instructions: string;
  readonly storeResponses: boolean;
  readonly streamMaxRetries: number;
  /** Whether the provider shortens histories itself. */
  readonly compactsRemotely: boolean;
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
 * Puts something shorter in place of the history: a summary by the model, or, where the provider does
 * that, what the service made of it.
 *
 * @throws ResponsesError when there is nothing to put in its place; the history is as it was.
 */
export async function compact(services: CompactionServices, when: CompactionTime): Promise<void> {
  const { turn, history, journal } = services;
  const item: TurnItem = { type: "ContextCompaction", id: randomUUID() };
  await journal.post(itemEvent(services, "item_started", item));
  const output = services.compactsRemotely ? await compactRemotely(services) : null;
  const summary = output === null ? `${summaryPrefix}\n${await askForSummary(services)}` : "";
  const context = when === "mid_turn" ? services.fullContext() : null;
  const parts = {
    entries: history.entries,
    context: context?.items ?? [],
    lastRequestTokens:
      turn.contextWindow === null ? LAST_REQUEST_TOKENS : Math.floor(turn.contextWindow / 2),
  };
  const replacement =
    output === null ? compactedHistory({ ...parts, summary }) : remoteHistory({ ...parts, output });
  await install(services, { message: summary, replacement, context });
  await journal.post(itemEvent(services, "item_completed", item));
  if (output !== null) return;
  await journal.announce(turn.turnId, {
    type: "warning",
    message:
      "The history of this thread was long and is now a summary. Long threads make the model less accurate: start a new one for a new task.",
  });
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

function event({ turn }: CompactionServices, msg: EventMsg): JournalEntry {
  return { kind: "event", id: turn.turnId, msg };
}
