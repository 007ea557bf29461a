// A thread's history: the items that requests are built from, and what the model was last told.
import type {
  ModelInfo,
  ResponseItem,
  TokenUsage,
  TokenUsageInfo,
  TruncationPolicy,
  TurnContextItem,
} from "@codex-ts/protocol";
import { addTokenUsage, emptyTokenUsage } from "@codex-ts/protocol";
import { truncateToolOutput } from "@codex-ts/tools";
import { type PromptOptions, promptItems } from "./prompt-items.ts";

/** The settings that a model switch is told apart by. */
export interface PreviousTurnSettings {
  readonly model: string;
}

/** Everything that a session file brings back. */
export interface HistoryState {
  readonly items: readonly ResponseItem[];
  readonly reference: TurnContextItem | null;
  readonly previousTurn: PreviousTurnSettings | null;
  readonly tokenInfo: TokenUsageInfo | null;
}

export const emptyHistory: HistoryState = {
  items: [],
  reference: null,
  previousTurn: null,
  tokenInfo: null,
};

/** Room for the frame around an output that a tool has already cut, so that it is not cut twice. */
const RECORDING_SLACK = 1.2;

/** The form in which an item enters the history; null for what is never kept. */
export function recordable(item: ResponseItem, policy: TruncationPolicy): ResponseItem | null {
  switch (item.type) {
    case "other":
      return null;
    case "message":
      return item.role === "system" ? null : item;
    case "function_call_output":
    case "custom_tool_call_output":
      return {
        ...item,
        output: truncateToolOutput(item.output, {
          mode: policy.mode,
          limit: Math.ceil(policy.limit * RECORDING_SLACK),
        }),
      };
    default:
      return item;
  }
}

export class History {
  #items: ResponseItem[];
  #tokenInfo: TokenUsageInfo | null;
  /** The turn context that the model knows; null makes the next turn restate everything. */
  reference: TurnContextItem | null;
  previousTurn: PreviousTurnSettings | null;

  constructor(state: HistoryState = emptyHistory) {
    this.#items = [...state.items];
    this.#tokenInfo = state.tokenInfo;
    this.reference = state.reference;
    this.previousTurn = state.previousTurn;
  }

  get items(): readonly ResponseItem[] {
    return this.#items;
  }

  get tokenInfo(): TokenUsageInfo | null {
    return this.#tokenInfo;
  }

  record(item: ResponseItem, policy: TruncationPolicy): void {
    const kept = recordable(item, policy);
    if (kept !== null) this.#items.push(kept);
  }

  /** Replaces the images of the newest tool output by a text; false where there is none. */
  replaceLastOutputImages(text: string): boolean {
    const index = this.#items.findLastIndex((item) => item.type === "function_call_output");
    const item = this.#items[index];
    if (item?.type !== "function_call_output" || typeof item.output === "string") return false;
    if (!item.output.some((part) => part.type === "input_image")) return false;
    this.#items[index] = {
      ...item,
      output: item.output.map((part) =>
        part.type === "input_image" ? { type: "input_text", text } : part,
      ),
    };
    return true;
  }

  /** Puts other items in place of all, with what they are estimated to take. */
  replace(
    items: readonly ResponseItem[],
    reference: TurnContextItem | null,
    usage: TokenUsage,
  ): void {
    this.#items = [...items];
    this.reference = reference;
    this.#tokenInfo = {
      total_token_usage: this.#tokenInfo?.total_token_usage ?? emptyTokenUsage,
      last_token_usage: usage,
      model_context_window: this.#tokenInfo?.model_context_window ?? null,
    };
  }

  addUsage(usage: TokenUsage | null, contextWindow: number | null): void {
    if (usage === null) return;
    this.#tokenInfo = {
      total_token_usage: addTokenUsage(
        this.#tokenInfo?.total_token_usage ?? emptyTokenUsage,
        usage,
      ),
      last_token_usage: usage,
      model_context_window: contextWindow ?? this.#tokenInfo?.model_context_window ?? null,
    };
  }

  /** Notes that the context window is full, without touching the running total. */
  markContextFull(contextWindow: number): void {
    this.#tokenInfo = {
      total_token_usage: this.#tokenInfo?.total_token_usage ?? emptyTokenUsage,
      last_token_usage: { ...emptyTokenUsage, total_tokens: contextWindow },
      model_context_window: contextWindow,
    };
  }

  /** The items of the next request. */
  forPrompt(model: ModelInfo, options: PromptOptions): readonly ResponseItem[] {
    return promptItems(this.#items, model, options);
  }
}
