// What a stream of the model's says, apart from tool calls: recorded in the history and announced.
import {
  type EventMsg,
  type MessageItem,
  type ReasoningItem,
  type ResponseItem,
  type TurnItem,
  userMessage,
} from "@codex-ts/protocol";
import type { ResponseStreamEvent } from "@codex-ts/responses-client";
import { AssistantMessage } from "./assistant-message.ts";
import type { JournalEntry } from "./journal.ts";
import { recordItems } from "./recording.ts";
import type { SamplingServices } from "./sampling.ts";
import { parseTurnItem } from "./turn-items.ts";

type StreamEvent = Exclude<ResponseStreamEvent, { type: "output_item_done" }>;

/** Turns the events of a stream, tool calls aside, into recorded items and announced events. */
export class StreamAnnouncer {
  readonly #services: SamplingServices;
  /** What the model is writing: a message, or another item that a person sees. */
  #message: AssistantMessage | null = null;
  #active: TurnItem | null = null;
  /** The text of the last message in which a person can see any. */
  lastAgentMessage: string | null = null;

  constructor(services: SamplingServices) {
    this.#services = services;
  }

  async handle(event: StreamEvent): Promise<void> {
    const { history, turn, rateLimits } = this.#services;
    switch (event.type) {
      case "output_item_added":
        return this.#beginItem(event.item);
      case "output_text_delta":
        if (this.#message !== null) await this.#tell(...this.#message.push(event.delta));
        return;
      case "reasoning_summary_delta":
        return this.#tellOfActive((item_id) => ({
          type: "reasoning_content_delta",
          ...this.#scope(),
          item_id,
          delta: event.delta,
          summary_index: event.summaryIndex,
        }));
      case "reasoning_summary_part_added":
        return this.#tellOfActive((item_id) => ({
          type: "agent_reasoning_section_break",
          item_id,
          summary_index: event.summaryIndex,
        }));
      case "reasoning_content_delta":
        return this.#tellOfActive((item_id) => ({
          type: "reasoning_raw_content_delta",
          ...this.#scope(),
          item_id,
          delta: event.delta,
          content_index: event.contentIndex,
        }));
      case "rate_limits":
        rateLimits.merge(event.snapshot);
        return this.#tellTokenCount();
      case "completed":
        history.addUsage(event.usage, turn.contextWindow);
        return this.#tellTokenCount();
      case "server_reasoning_included":
        history.serverCountsReasoning = true;
        return;
      case "server_model":
        return this.#tellReroute(event.model);
      case "created":
      case "models_etag":
        return;
    }
  }

  /** A finished item that calls no tool: recorded and announced in one step. */
  async finishItem(item: ResponseItem): Promise<void> {
    const { turn, history } = this.#services;
    const events = isAssistantMessage(item) ? this.#finishMessage(item) : this.#finishOther(item);
    this.#message = null;
    this.#active = null;
    const entries = events.map((msg): JournalEntry => ({ kind: "event", id: turn.turnId, msg }));
    if (item.type !== "other") entries.push({ kind: "item", id: turn.turnId, item });
    history.record(item, turn.truncation);
    await this.#services.journal.post(...entries);
  }

  async #beginItem(item: ResponseItem): Promise<void> {
    this.#message = null;
    this.#active = null;
    if (isAssistantMessage(item)) {
      this.#message = this.#newMessage(item);
      return this.#tell(...this.#message.begin(item));
    }
    this.#active = parseTurnItem(item);
    if (this.#active === null) this.#services.onToolCallBegun();
    else await this.#tell(this.#itemEvent("item_started", this.#active));
  }

  #newMessage(item: MessageItem): AssistantMessage {
    const { threadId, turn } = this.#services;
    const isPlanMode = turn.settings.collaborationMode?.mode === "plan";
    return new AssistantMessage({ threadId, turnId: turn.turnId, isPlanMode }, item);
  }

  #finishMessage(item: MessageItem): readonly EventMsg[] {
    const message = this.#message ?? this.#newMessage(item);
    const { events, text } = message.finish(item);
    if (text.trim() !== "") this.lastAgentMessage = text;
    return events;
  }

  #finishOther(item: ResponseItem): readonly EventMsg[] {
    const turnItem = parseTurnItem(item);
    if (turnItem === null) return [];
    const { showRawReasoning } = this.#services;
    return [
      ...(this.#active === null ? [this.#itemEvent("item_started", turnItem)] : []),
      this.#itemEvent("item_completed", { ...turnItem, id: this.#active?.id ?? turnItem.id }),
      ...(item.type === "reasoning" && showRawReasoning ? rawReasoningEvents(item) : []),
    ];
  }

  /** Tells the person and the model, once in a turn, that another model answers. */
  async #tellReroute(model: string): Promise<void> {
    const { turn, rerouted } = this.#services;
    const asked = turn.settings.model;
    if (rerouted.isTold || model.toLowerCase() === asked.toLowerCase()) return;
    rerouted.isTold = true;
    const message = `Requests for the model \`${asked}\` are answered by \`${model}\`.`;
    await this.#tell(
      {
        type: "model_reroute",
        from_model: asked,
        to_model: model,
        reason: "high_risk_cyber_activity",
      },
      { type: "warning", message },
    );
    await recordItems(this.#services, [userMessage(`Warning: ${message}`)], "context");
  }

  async #tellOfActive(about: (itemId: string) => EventMsg): Promise<void> {
    if (this.#active !== null) await this.#tell(about(this.#active.id));
  }

  #tellTokenCount(): Promise<void> {
    const { history, rateLimits } = this.#services;
    const info = history.tokenInfo;
    return this.#tell({ type: "token_count", info, rate_limits: rateLimits.current() });
  }

  async #tell(...events: readonly EventMsg[]): Promise<void> {
    if (events.length === 0) return;
    const { journal, turn } = this.#services;
    await journal.post(...events.map((msg) => ({ kind: "event", id: turn.turnId, msg }) as const));
  }

  #scope(): { readonly thread_id: string; readonly turn_id: string } {
    return { thread_id: this.#services.threadId, turn_id: this.#services.turn.turnId };
  }

  #itemEvent(type: "item_started" | "item_completed", item: TurnItem): EventMsg {
    return { type, ...this.#scope(), item };
  }
}

function isAssistantMessage(item: ResponseItem): item is MessageItem {
  return item.type === "message" && item.role === "assistant";
}

function rawReasoningEvents(item: ReasoningItem): readonly EventMsg[] {
  return (item.content ?? []).map(({ text }) => ({ type: "agent_reasoning_raw_content", text }));
}
