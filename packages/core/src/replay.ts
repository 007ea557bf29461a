// From a session file back to a history: a forward replay in which a rollback returns to a checkpoint.
import type {
  CompactedItem,
  EventMsg,
  HistoryEdit,
  RolloutItem,
  TurnContextItem,
  TruncationPolicy,
} from "@codex-ts/protocol";
import { userMessage } from "@codex-ts/protocol";
import { guessedOrigin, isUserTurnBoundary } from "./contextual-message.ts";
import {
  emptyHistory,
  type HistoryEntry,
  type HistoryState,
  recordable,
  withoutLastOutputImages,
  withoutSnapshot,
} from "./history.ts";
import { isSummaryText } from "./prompts/compaction.ts";

/** The entries are the first `length` of an array that only grows, so a state costs nothing to keep. */
interface State {
  readonly entries: readonly HistoryEntry[];
  readonly length: number;
  readonly reference: TurnContextItem | null;
  readonly previousTurn: HistoryState["previousTurn"];
}

/** A point that a rollback can return to: the state just before a turn. */
interface Checkpoint {
  readonly before: State;
  isUserTurn: boolean;
  /** What hooks of the session's start told in this turn: it holds for the session, not for the turn. */
  readonly told: HistoryEntry[];
}

/**
 * Rebuilds the history that the session had when `lines` were written. Outputs are stored whole and cut
 * on the way in: by the policy of their turn, or by `policy` where the file does not say it.
 */
export function replay(lines: Iterable<RolloutItem>, policy: TruncationPolicy): HistoryState {
  const replayed = new Replay(policy);
  for (const line of lines) replayed.apply(line);
  return replayed.result();
}

/** A {@link replay} that is fed line by line, so that nobody needs to hold a whole file. */
export class Replay {
  #policy: TruncationPolicy;
  #entries: HistoryEntry[] = [];
  #reference: TurnContextItem | null = null;
  #previousTurn: HistoryState["previousTurn"] = null;
  #tokenInfo: HistoryState["tokenInfo"] = null;
  #checkpoints: Checkpoint[] = [];
  #hasTurnEvents = false;
  /** Whether the newest checkpoint's turn is still going on. */
  #turnOpen = false;
  #turnId: string | null = null;
  /** The open turn's context line while it does not count yet. */
  #turnContext: TurnContextItem | null = null;

  constructor(policy: TruncationPolicy) {
    this.#policy = policy;
  }

  apply(line: RolloutItem): void {
    switch (line.type) {
      case "session_meta":
        break;
      case "response_item":
        this.#record({ item: line.payload, origin: line.origin ?? guessedOrigin(line.payload) });
        break;
      case "turn_context":
        this.#tellContext(line.payload);
        break;
      case "compacted":
        this.#compact(line.payload);
        break;
      case "history_edit":
        this.#edit(line.payload);
        break;
      case "event_msg":
        this.#event(line.payload);
        break;
    }
  }

  result(): HistoryState {
    return {
      entries: this.#entries,
      reference: this.#reference,
      previousTurn: this.#previousTurn,
      tokenInfo: this.#tokenInfo ?? emptyHistory.tokenInfo,
    };
  }

  #event(msg: EventMsg): void {
    switch (msg.type) {
      case "task_started":
        this.#hasTurnEvents = true;
        this.#startTurn(msg.turn_id);
        break;
      case "task_complete":
        this.#turnOpen = false;
        break;
      case "turn_aborted":
        if (!this.#isOtherTurn(msg.turn_id ?? undefined)) this.#turnOpen = false;
        break;
      case "user_message":
        this.#markUserTurn();
        break;
      case "token_count":
        this.#tokenInfo = msg.info ?? this.#tokenInfo;
        break;
      case "thread_rolled_back":
        this.#rollBack(msg.num_turns);
        break;
      default:
        break;
    }
  }

  #isOtherTurn(turnId: string | undefined): boolean {
    return (
      this.#turnOpen && turnId !== undefined && this.#turnId !== null && turnId !== this.#turnId
    );
  }

  #startTurn(turnId: string | null, length = this.#entries.length): void {
    this.#checkpoints.push({
      before: {
        entries: this.#entries,
        length,
        reference: this.#reference,
        previousTurn: this.#previousTurn,
      },
      isUserTurn: false,
      told: [],
    });
    this.#turnOpen = true;
    this.#turnId = turnId;
    this.#turnContext = null;
  }

  #record(entry: HistoryEntry): void {
    if (isUserTurnBoundary(entry)) {
      if (!this.#turnOpen) this.#startUnmarkedTurn();
      this.#markUserTurn();
    }
    const item = recordable(entry.item, this.#policy);
    if (item === null) return;
    const recorded = { item, origin: entry.origin };
    this.#entries.push(recorded);
    const checkpoint = this.#checkpoints.at(-1);
    const isToldAtStart = this.#turnOpen && checkpoint?.isUserTurn === false && isHookText(entry);
    if (isToldAtStart) checkpoint.told.push(recorded);
  }

  /** Sessions of older versions have no turn events: a turn then begins at its context messages. */
  #startUnmarkedTurn(): void {
    const context = this.#turnContext;
    const before = this.#hasTurnEvents
      ? this.#entries.length
      : this.#entries.findLastIndex(({ origin }) => origin !== "context") + 1;
    this.#startTurn(/*turnId*/ null, before);
    this.#turnOpen = false;
    this.#turnContext = context;
  }

  #markUserTurn(): void {
    const checkpoint = this.#checkpoints.at(-1);
    if (checkpoint === undefined) return;
    checkpoint.isUserTurn = true;
    if (this.#turnContext !== null) this.#adopt(this.#turnContext);
  }

  /**
   * What the model was told becomes the reference as soon as that is in the history: with a person's
   * message, or with the context itself. A line of settings alone counts for nothing.
   */
  #tellContext(context: TurnContextItem): void {
    if (this.#isOtherTurn(context.turn_id)) return;
    this.#policy = context.truncation_policy ?? this.#policy;
    this.#turnContext = context;
    const isUserTurn = this.#turnOpen && this.#checkpoints.at(-1)?.isUserTurn === true;
    if (isUserTurn) this.#adopt(context);
    else if (this.#entries.some(({ origin }) => origin === "context")) this.#reference = context;
  }

  #adopt(context: TurnContextItem): void {
    this.#reference = context;
    this.#previousTurn = { model: context.model };
    this.#turnContext = null;
  }

  #compact({ message, replacement_history, replacement_origins }: CompactedItem): void {
    this.#reference = null;
    this.#turnContext = null;
    if (replacement_history === undefined) {
      this.#entries = [
        ...this.#entries.filter(isUserTurnBoundary),
        { item: userMessage(message), origin: "summary" },
      ];
      return;
    }
    const origins =
      replacement_origins?.length === replacement_history.length ? replacement_origins : undefined;
    this.#entries = replacement_history.map((item, index) => ({
      item,
      origin:
        origins === undefined
          ? isSummary(item, message)
            ? "summary"
            : guessedOrigin(item)
          : (origins[index] ?? null),
    }));
  }

  #edit(edit: HistoryEdit): void {
    switch (edit.type) {
      case "undo":
        this.#entries.length = Math.max(this.#entries.length - edit.count, this.#floor());
        break;
      case "drop_snapshot":
        this.#entries = withoutSnapshot(this.#entries, edit.id);
        break;
      case "replace_images":
        this.#entries = withoutLastOutputImages(this.#entries, edit.text) ?? this.#entries;
        break;
    }
  }

  /** What belongs to earlier turns is shared with their checkpoints. */
  #floor(): number {
    const before = this.#checkpoints.at(-1)?.before;
    return before !== undefined && before.entries === this.#entries ? before.length : 0;
  }

  #rollBack(turns: number): void {
    if (turns <= 0) return;
    let left = turns;
    let target: Checkpoint | null = null;
    const told: HistoryEntry[] = [];
    while (left > 0) {
      const checkpoint = this.#checkpoints.pop();
      if (checkpoint === undefined) break;
      told.unshift(...checkpoint.told);
      if (!checkpoint.isUserTurn) continue;
      target = checkpoint;
      left -= 1;
    }
    this.#turnOpen = false;
    this.#turnContext = null;
    if (target === null) return;
    this.#entries = [...target.before.entries.slice(0, target.before.length), ...told];
    this.#reference = target.before.reference;
    this.#previousTurn = target.before.previousTurn;
  }
}

/** Whether a hook told it: the program's own context aside, no other developer message comes first in a turn. */
function isHookText({ item, origin }: HistoryEntry): boolean {
  return item.type === "message" && item.role === "developer" && origin !== "context";
}

function isSummary(item: HistoryEntry["item"], message: string): boolean {
  if (item.type !== "message" || item.role !== "user") return false;
  const [part] = item.content;
  const text = part?.type === "input_text" ? part.text : "";
  return text !== "" && (text === message || isSummaryText(text));
}
