// A thread's history: the items that requests are built from, and what the model was last told.
import type {
  ItemOrigin,
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

/** An item of the history, and who put it there; null for the model and its tools. */
export interface HistoryEntry {
  readonly item: ResponseItem;
  readonly origin: ItemOrigin | null;
}

/** Everything that a session file brings back. */
export interface HistoryState {
  readonly entries: readonly HistoryEntry[];
  readonly reference: TurnContextItem | null;
  readonly previousTurn: PreviousTurnSettings | null;
  readonly tokenInfo: TokenUsageInfo | null;
}

export const emptyHistory: HistoryState = {
  entries: [],
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
  #entries: HistoryEntry[];
  #tokenInfo: TokenUsageInfo | null;
  /** The turn context that the model knows; null makes the next turn restate everything. */
  reference: TurnContextItem | null;
  previousTurn: PreviousTurnSettings | null;
  /** The service said, in this turn, that its counts hold the reasoning of earlier turns. */
  serverCountsReasoning = false;

  constructor(state: HistoryState = emptyHistory) {
    this.#entries = [...state.entries];
    this.#tokenInfo = state.tokenInfo;
    this.reference = state.reference;
    this.previousTurn = state.previousTurn;
  }

  get entries(): readonly HistoryEntry[] {
    return this.#entries;
  }

  get tokenInfo(): TokenUsageInfo | null {
    return this.#tokenInfo;
  }

  record(item: ResponseItem, policy: TruncationPolicy, origin: ItemOrigin | null = null): void {
    const kept = recordable(item, policy);
    if (kept !== null) this.#entries.push({ item: kept, origin });
  }

  /** Takes the newest items back until `length` are left; says how many those were. */
  undoTo(length: number): number {
    return this.#entries.splice(length).length;
  }

  /** Takes the snapshot with this commit id out. */
  dropSnapshot(id: string): void {
    this.#entries = withoutSnapshot(this.#entries, id);
  }

  /** Replaces the images of the newest tool output by a text; false where there is none. */
  replaceLastOutputImages(text: string): boolean {
    const edited = withoutLastOutputImages(this.#entries, text);
    if (edited === null) return false;
    this.#entries = edited;
    return true;
  }

  /** Puts other entries in place of all, with what they are estimated to take. */
  replace(
    entries: readonly HistoryEntry[],
    reference: TurnContextItem | null,
    usage: TokenUsage,
  ): void {
    this.#entries = [...entries];
    this.reference = reference;
    this.#setLastUsage(usage);
  }

  /** Goes back to what a rollback left, with what that is estimated to take. */
  restore(state: HistoryState, usage: TokenUsage): void {
    this.#entries = [...state.entries];
    this.reference = state.reference;
    this.previousTurn = state.previousTurn;
    this.#setLastUsage(usage);
  }

  #setLastUsage(usage: TokenUsage): void {
    this.#tokenInfo = {
      total_token_usage: this.#tokenInfo?.total_token_usage ?? emptyTokenUsage,
      last_token_usage: usage,
      model_context_window: this.#tokenInfo?.model_context_window ?? null,
    };
  }

  /** Counts what was used for this thread and left nothing in its history. */
  addForeignUsage(usage: TokenUsage): void {
    const known = this.#tokenInfo;
    this.#tokenInfo = {
      total_token_usage: addTokenUsage(known?.total_token_usage ?? emptyTokenUsage, usage),
      last_token_usage: known?.last_token_usage ?? emptyTokenUsage,
      model_context_window: known?.model_context_window ?? null,
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
    this.#setLastUsage({ ...emptyTokenUsage, total_tokens: contextWindow });
    this.#tokenInfo = {
      ...(this.#tokenInfo as TokenUsageInfo),
      model_context_window: contextWindow,
    };
  }

  /** The items of the next request. */
  forPrompt(model: ModelInfo, options: PromptOptions): readonly ResponseItem[] {
    return promptItems(
      this.#entries.map(({ item }) => item),
      model,
      options,
    );
  }
}

/** The entries without the newest snapshot that has this commit id. */
export function withoutSnapshot(entries: readonly HistoryEntry[], id: string): HistoryEntry[] {
  const index = entries.findLastIndex(({ item }) => {
    if (item.type !== "ghost_snapshot") return false;
    const ghost = item.ghost_commit;
    return typeof ghost === "object" && ghost !== null && "id" in ghost && ghost["id"] === id;
  });
  return index === -1 ? [...entries] : entries.toSpliced(index, 1);
}

/** The entries with a text in place of the images of the newest tool output; null without such. */
export function withoutLastOutputImages(
  entries: readonly HistoryEntry[],
  text: string,
): HistoryEntry[] | null {
  const index = entries.findLastIndex(
    ({ item }) => item.type === "function_call_output" || item.type === "custom_tool_call_output",
  );
  const entry = entries[index];
  if (
    entry === undefined ||
    (entry.item.type !== "function_call_output" && entry.item.type !== "custom_tool_call_output") ||
    typeof entry.item.output === "string" ||
    !entry.item.output.some((part) => part.type === "input_image")
  ) {
    return null;
  }
  const output = entry.item.output.map((part) =>
    part.type === "input_image" ? ({ type: "input_text", text } as const) : part,
  );
  return entries.with(index, { ...entry, item: { ...entry.item, output } });
}
