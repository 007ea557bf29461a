// One request to the model and everything that its stream sets off.
import {
  type ItemOrigin,
  type MessageItem,
  type RateLimitSnapshot,
  type ReasoningItem,
  type ResponseItem,
  type TurnItem,
  userMessage,
} from "@codex-ts/protocol";
import type {
  ResponsesRequest,
  ResponseStreamEvent,
  ResponsesTurn,
} from "@codex-ts/responses-client";
import type { ToolRouter, TurnToolContext } from "@codex-ts/tools";
import type { History } from "./history.ts";
import type { Journal, JournalEntry } from "./journal.ts";
import { itemEvent, recordItems } from "./recording.ts";
import type { TurnHooks } from "./thread-hooks.ts";
import { ToolRuns } from "./tool-runs.ts";
import type { TurnContext } from "./turn-context.ts";
import { parseTurnItem } from "./turn-items.ts";

export interface SamplingServices {
  readonly threadId: string;
  readonly turn: TurnContext;
  readonly history: History;
  readonly journal: Journal;
  readonly responses: ResponsesTurn;
  readonly router: ToolRouter;
  readonly toolContext: TurnToolContext;
  readonly rateLimits: RateLimitStore;
  readonly showRawReasoning: boolean;
  /** Called when the model has begun to write a tool call, which takes it a while. */
  readonly onToolCallBegun: () => void;
  /** Whether this turn has said that another model answers than the one that was asked for. */
  readonly rerouted: { isTold: boolean };
  /** Null when the thread has no lifecycle hooks. */
  readonly hooks: TurnHooks | null;
  /** Aborted when the turn was stopped and nobody waits for it any more: it records nothing then. */
  readonly gone: AbortSignal;
}

/** The session's latest rate limits. */
export interface RateLimitStore {
  current(): RateLimitSnapshot | null;
  merge(snapshot: RateLimitSnapshot): void;
}

export interface Sampled {
  /** Tools were called: the model wants to see their outputs. */
  readonly needsFollowUp: boolean;
  /** The text of the last message that was not blank. */
  readonly lastAgentMessage: string | null;
}

/**
 * Sends one request. Each finished item is recorded and announced as it arrives, each tool call starts
 * at once, and the outputs are recorded in call order when the stream has ended. When the stream
 * breaks, tools that were started finish and are recorded; without such, what the model wrote is taken
 * back: it is asked again and would write it twice.
 */
export async function sample(
  services: SamplingServices,
  request: ResponsesRequest,
  signal: AbortSignal,
): Promise<Sampled> {
  const { turn, history, journal, router } = services;
  const record = (item: ResponseItem, origin?: ItemOrigin): void =>
    history.record(item, turn.truncation, origin);
  const before = history.entries.length;
  const runs = new ToolRuns({
    turnId: turn.turnId,
    router,
    context: services.toolContext,
    journal,
    signal,
    gone: services.gone,
    hooks: services.hooks,
    record,
  });
  const stream = new StreamAnnouncer(services);
  let needsFollowUp = false;
  try {
    for await (const event of services.responses.stream(request, signal)) {
      if (event.type !== "output_item_done") {
        await stream.handle(event);
        continue;
      }
      const routed = router.route(event.item);
      if (routed === null) {
        await stream.finishItem(event.item);
        continue;
      }
      needsFollowUp = true;
      const recorded = recordItems(services, [event.item], /*origin*/ undefined);
      if (routed.kind === "call") {
        runs.start(routed.call, recorded);
      } else {
        await recorded;
        await recordItems(services, [routed.output], /*origin*/ undefined);
      }
    }
  } catch (error) {
    await runs.recordOutputs();
    if (!needsFollowUp && !signal.aborted) await takeBack(services, before);
    throw error;
  }
  await runs.recordOutputs();
  const diff = await services.toolContext.turnDiff.unifiedDiff();
  if (diff !== null && runs.started > 0) {
    await journal.post({
      kind: "event",
      id: turn.turnId,
      msg: { type: "turn_diff", unified_diff: diff },
    });
  }
  return { needsFollowUp, lastAgentMessage: stream.lastAgentMessage };
}

/** Takes back what was recorded since the history had `length` entries. */
async function takeBack({ history, journal }: SamplingServices, length: number): Promise<void> {
  const count = history.undoTo(length);
  if (count === 0) return;
  await journal.post({
    kind: "line",
    item: { type: "history_edit", payload: { type: "undo", count } },
  });
}

/** Turns the events of a stream, tool calls aside, into recorded items and announced events. */
class StreamAnnouncer {
  readonly #services: SamplingServices;
  /** The item that deltas belong to. */
  #active: TurnItem | null = null;
  lastAgentMessage: string | null = null;

  constructor(services: SamplingServices) {
    this.#services = services;
  }

  async handle(event: Exclude<ResponseStreamEvent, { type: "output_item_done" }>): Promise<void> {
    const { history, turn, rateLimits } = this.#services;
    switch (event.type) {
      case "output_item_added": {
        const item = parseTurnItem(event.item);
        if (item === null) {
          this.#services.onToolCallBegun();
          break;
        }
        this.#active = item;
        await this.#announce(this.#itemEvent("item_started", item));
        break;
      }
      case "output_text_delta":
        if (this.#active === null || event.delta === "") break;
        await this.#announce({
          kind: "event",
          id: turn.turnId,
          msg: {
            type: "agent_message_content_delta",
            ...this.#scope(),
            item_id: this.#active.id,
            delta: event.delta,
          },
        });
        break;
      case "reasoning_summary_delta":
        if (this.#active === null) break;
        await this.#announce({
          kind: "event",
          id: turn.turnId,
          msg: {
            type: "reasoning_content_delta",
            ...this.#scope(),
            item_id: this.#active.id,
            delta: event.delta,
            summary_index: event.summaryIndex,
          },
        });
        break;
      case "reasoning_summary_part_added":
        if (this.#active === null) break;
        await this.#announce({
          kind: "event",
          id: turn.turnId,
          msg: {
            type: "agent_reasoning_section_break",
            item_id: this.#active.id,
            summary_index: event.summaryIndex,
          },
        });
        break;
      case "reasoning_content_delta":
        if (this.#active === null) break;
        await this.#announce({
          kind: "event",
          id: turn.turnId,
          msg: {
            type: "reasoning_raw_content_delta",
            ...this.#scope(),
            item_id: this.#active.id,
            delta: event.delta,
            content_index: event.contentIndex,
          },
        });
        break;
      case "rate_limits":
        rateLimits.merge(event.snapshot);
        await this.#announceTokenCount();
        break;
      case "completed":
        history.addUsage(event.usage, turn.contextWindow);
        await this.#announceTokenCount();
        break;
      case "server_reasoning_included":
        history.serverCountsReasoning = true;
        break;
      case "server_model":
        await this.#announceReroute(event.model);
        break;
      case "created":
      case "models_etag":
        break;
    }
  }

  /** A finished item that calls no tool: recorded and announced in one step. */
  async finishItem(item: ResponseItem): Promise<void> {
    const { turn, history } = this.#services;
    const entries: JournalEntry[] = [];
    const turnItem = parseTurnItem(item);
    if (turnItem !== null) {
      const finished = { ...turnItem, id: this.#active?.id ?? turnItem.id };
      if (this.#active === null) entries.push(this.#itemEvent("item_started", turnItem));
      entries.push(this.#itemEvent("item_completed", finished));
      if (item.type === "reasoning" && this.#services.showRawReasoning) {
        entries.push(...rawReasoningEvents(item, turn.turnId));
      }
    }
    this.#active = null;
    if (item.type !== "other") entries.push({ kind: "item", id: turn.turnId, item });
    history.record(item, turn.truncation);
    await this.#announce(...entries);
    if (item.type === "message" && item.role === "assistant") {
      const text = messageText(item);
      if (text.trim() !== "") this.lastAgentMessage = text;
    }
  }

  /** Tells the person and the model, once in a turn, that another model answers. */
  async #announceReroute(model: string): Promise<void> {
    const { turn, rerouted } = this.#services;
    const asked = turn.settings.model;
    if (rerouted.isTold || model.toLowerCase() === asked.toLowerCase()) return;
    rerouted.isTold = true;
    const message = `Requests for the model \`${asked}\` are answered by \`${model}\`.`;
    await this.#announce(
      {
        kind: "event",
        id: turn.turnId,
        msg: {
          type: "model_reroute",
          from_model: asked,
          to_model: model,
          reason: "high_risk_cyber_activity",
        },
      },
      { kind: "event", id: turn.turnId, msg: { type: "warning", message } },
    );
    await recordItems(this.#services, [userMessage(`Warning: ${message}`)], "context");
  }

  #announce(...entries: readonly JournalEntry[]): Promise<void> {
    return this.#services.journal.post(...entries);
  }

  #announceTokenCount(): Promise<void> {
    const { turn, history, rateLimits } = this.#services;
    return this.#announce({
      kind: "event",
      id: turn.turnId,
      msg: { type: "token_count", info: history.tokenInfo, rate_limits: rateLimits.current() },
    });
  }

  #scope(): { readonly thread_id: string; readonly turn_id: string } {
    return { thread_id: this.#services.threadId, turn_id: this.#services.turn.turnId };
  }

  #itemEvent(type: "item_started" | "item_completed", item: TurnItem): JournalEntry {
    return itemEvent(this.#services, type, item);
  }
}

function rawReasoningEvents(item: ReasoningItem, turnId: string): readonly JournalEntry[] {
  return (item.content ?? []).map((part) => ({
    kind: "event",
    id: turnId,
    msg: { type: "agent_reasoning_raw_content", text: part.text },
  }));
}

function messageText(item: MessageItem): string {
  return item.content.map((part) => (part.type === "input_image" ? "" : part.text)).join("");
}
