// From a session file back to a history: a forward replay in which a rollback returns to a checkpoint.
import type {
  ResponseItem,
  RolloutItem,
  TurnContextItem,
  TruncationPolicy,
} from "@codex-ts/protocol";
import { userMessage } from "@codex-ts/protocol";
import { isContextualItem, isUserTurnBoundary } from "./contextual-message.ts";
import { emptyHistory, type HistoryState, recordable } from "./history.ts";

/** The items are the first `length` of an array that only ever grows, so a state costs nothing to keep. */
interface State {
  readonly items: readonly ResponseItem[];
  readonly length: number;
  readonly reference: TurnContextItem | null;
  readonly previousTurn: HistoryState["previousTurn"];
}

/** A point that a rollback can return to: the state just before a turn. */
interface Checkpoint {
  readonly before: State;
  isUserTurn: boolean;
}

/**
 * Rebuilds the history that the session had when `lines` were written. `policy` is the current
 * model's: outputs are stored whole and cut on the way in.
 */
export function replay(lines: readonly RolloutItem[], policy: TruncationPolicy): HistoryState {
  const replayed = new Replay(policy);
  for (const line of lines) replayed.apply(line);
  return replayed.result();
}

class Replay {
  readonly #policy: TruncationPolicy;
  #items: ResponseItem[] = [];
  #reference: TurnContextItem | null = null;
  #previousTurn: HistoryState["previousTurn"] = null;
  #tokenInfo: HistoryState["tokenInfo"] = null;
  #checkpoints: Checkpoint[] = [];
  /** Whether the newest checkpoint's turn is still going on. */
  #turnOpen = false;
  #turnId: string | null = null;
  /** The open turn's context line; it counts once the turn has a user message. */
  #turnContext: TurnContextItem | null = null;

  constructor(policy: TruncationPolicy) {
    this.#policy = policy;
  }

  apply(line: RolloutItem): void {
    switch (line.type) {
      case "session_meta":
        break;
      case "response_item":
        this.#responseItem(line.payload);
        break;
      case "turn_context":
        if (this.#isOtherTurn(line.payload.turn_id)) break;
        this.#turnContext = line.payload;
        if (this.#openUserTurn()) this.#adoptTurnContext();
        break;
      case "compacted":
        this.#items = [
          ...(line.payload.replacement_history ?? [
            ...this.#items.filter(isUserTurnBoundary),
            userMessage(line.payload.message),
          ]),
        ];
        this.#reference = null;
        break;
      case "event_msg":
        switch (line.payload.type) {
          case "task_started":
            this.#startTurn(line.payload.turn_id);
            break;
          case "task_complete":
            this.#turnOpen = false;
            break;
          case "turn_aborted":
            if (!this.#isOtherTurn(line.payload.turn_id ?? undefined)) this.#turnOpen = false;
            break;
          case "user_message":
            this.#markUserTurn();
            break;
          case "token_count":
            this.#tokenInfo = line.payload.info ?? this.#tokenInfo;
            break;
          case "thread_rolled_back":
            this.#rollBack(line.payload.num_turns);
            break;
          default:
            break;
        }
        break;
    }
  }

  result(): HistoryState {
    return {
      items: this.#items,
      reference: this.#reference,
      previousTurn: this.#previousTurn,
      tokenInfo: this.#tokenInfo ?? emptyHistory.tokenInfo,
    };
  }

  #snapshot(): State {
    return {
      items: this.#items,
      length: this.#items.length,
      reference: this.#reference,
      previousTurn: this.#previousTurn,
    };
  }

  #isOtherTurn(turnId: string | undefined): boolean {
    return (
      this.#turnOpen && turnId !== undefined && this.#turnId !== null && turnId !== this.#turnId
    );
  }

  #startTurn(turnId: string | null): void {
    this.#checkpoints.push({ before: this.#snapshot(), isUserTurn: false });
    this.#turnOpen = true;
    this.#turnId = turnId;
    this.#turnContext = null;
  }

  #openUserTurn(): boolean {
    return this.#turnOpen && this.#checkpoints.at(-1)?.isUserTurn === true;
  }

  #responseItem(item: ResponseItem): void {
    if (isUserTurnBoundary(item)) {
      if (!this.#turnOpen) this.#startUnmarkedTurn();
      this.#markUserTurn();
    }
    const kept = recordable(item, this.#policy);
    if (kept !== null) this.#items.push(kept);
  }

  /** Sessions of older versions have no turn events: a turn then begins at its context messages. */
  #startUnmarkedTurn(): void {
    const context = this.#turnContext;
    let start = this.#items.length;
    while (start > 0) {
      const item = this.#items[start - 1];
      if (item === undefined || !isContextualItem(item)) break;
      start -= 1;
    }
    this.#startTurn(null);
    const checkpoint = this.#checkpoints.at(-1);
    if (checkpoint !== undefined) {
      this.#checkpoints[this.#checkpoints.length - 1] = {
        before: { ...checkpoint.before, length: start },
        isUserTurn: true,
      };
    }
    this.#turnOpen = false;
    this.#turnContext = context;
  }

  #markUserTurn(): void {
    const checkpoint = this.#checkpoints.at(-1);
    if (checkpoint === undefined) return;
    checkpoint.isUserTurn = true;
    this.#adoptTurnContext();
  }

  #adoptTurnContext(): void {
    if (this.#turnContext === null) return;
    this.#reference = this.#turnContext;
    this.#previousTurn = { model: this.#turnContext.model };
    this.#turnContext = null;
  }

  #rollBack(turns: number): void {
    if (turns <= 0) return;
    let left = turns;
    let target: Checkpoint | null = null;
    while (left > 0) {
      const checkpoint = this.#checkpoints.pop();
      if (checkpoint === undefined) break;
      if (!checkpoint.isUserTurn) continue;
      target = checkpoint;
      left -= 1;
    }
    this.#turnOpen = false;
    this.#turnContext = null;
    if (target === null) return;
    this.#items = target.before.items.slice(0, target.before.length);
    this.#reference = target.before.reference;
    this.#previousTurn = target.before.previousTurn;
  }
}
