// What a turn can be: an answer to a person, a compaction, a command of the person's, a review.
import type { JsonValue, MessageItem, ReviewRequest } from "@codex-ts/protocol";
import type { TraceSpan } from "@codex-ts/telemetry";
import { runUserShell } from "@codex-ts/tools";
import { noSnapshot, startSnapshot, type TurnSnapshot } from "./ghost-snapshots.ts";
import type { PendingInput } from "./pending-input.ts";
import { recordItems } from "./recording.ts";
import type { Prewarm } from "./responses-session.ts";
import { runReview } from "./review.ts";
import type { ThreadResources } from "./thread-resources.ts";
import { type TurnContext, withModel } from "./turn-context.ts";
import { openTurn, toolContext } from "./turn-services.ts";
import {
  recordLeftInput,
  runCompaction,
  runTurn,
  type TurnOutcome,
  type TurnServices,
} from "./turn.ts";
import { runUndo } from "./undo.ts";

export type Task =
  /** Follows the model until it has nothing more to do. The only kind that takes input as it runs. */
  | {
      readonly kind: "regular";
      readonly input: readonly PendingInput[];
      readonly outputSchema: JsonValue;
    }
  /** Puts a summary in place of the history. */
  | { readonly kind: "compact" }
  | { readonly kind: "user_shell"; readonly command: string }
  /** Takes back what turns did to files. */
  | { readonly kind: "undo" }
  | { readonly kind: "review"; readonly request: ReviewRequest };

/** What a task runs with. */
export interface TaskParts {
  readonly thread: ThreadResources;
  readonly turn: TurnContext;
  /** What the model is yet to be told; grows while the turn goes on. */
  readonly pendingInput: PendingInput[];
  /** What the person has said in the turn. */
  readonly said: string[];
  readonly takeSessionStart: () => "startup" | "resume" | null;
  readonly prewarm: Prewarm | null;
  readonly span: TraceSpan | undefined;
  /** Aborted when the turn is to stop. */
  readonly signal: AbortSignal;
  /** Aborted when nobody waits for the turn any more: from here on it records nothing. */
  readonly gone: AbortSignal;
}

/** Runs a task to its end. Rejects when `signal` aborts it, or the session is broken. */
export async function runTask(task: Task, parts: TaskParts): Promise<TurnOutcome> {
  switch (task.kind) {
    case "regular": {
      const snapshot = startSnapshot(parts.thread, parts.turn, parts.signal);
      await parts.prewarm?.wait(parts.signal);
      using opened = await open(parts, snapshot);
      parts.thread.history.serverCountsReasoning = false;
      try {
        return await followModel(opened.services, task.input);
      } finally {
        await snapshot.ready;
        await recordSnapshot(opened.services, snapshot);
      }
    }
    case "compact": {
      using opened = await open(parts);
      return await runCompaction(opened.services);
    }
    case "user_shell": {
      const record = await userShell(task.command, parts);
      await recordNote(parts, record);
      return { kind: "completed", lastAgentMessage: null, stoppedByHook: false };
    }
    case "undo":
      return runUndo(parts);
    case "review":
      return runReview(task.request, parts);
  }
}

/** Records a snapshot that the turn had no more occasion to. */
async function recordSnapshot(services: TurnServices, snapshot: TurnSnapshot): Promise<void> {
  if (services.gone.aborted) return;
  await recordItems(services, snapshot.take(), /*origin*/ undefined);
}

function open(parts: TaskParts, snapshot: TurnSnapshot = noSnapshot): ReturnType<typeof openTurn> {
  const { thread, turn } = parts;
  const previous = thread.history.previousTurn?.model;
  const isOther = previous !== undefined && previous !== turn.settings.model;
  return openTurn(thread, {
    ...parts,
    snapshot,
    previousModelTurn: isOther ? withModel(turn, previous, thread.options) : null,
  });
}

/** The turn, again for input that came at its very end, until nothing waits. */
async function followModel(
  services: TurnServices,
  input: readonly PendingInput[],
): Promise<TurnOutcome> {
  let outcome = await runTurn(services, input);
  while (services.pendingInput.length > 0) {
    if (outcome.kind === "completed" && !outcome.stoppedByHook) {
      outcome = await runTurn(services, []);
    } else await recordLeftInput(services);
  }
  return outcome;
}

/** Runs a command of the person's own and gives what the model is told of it. */
export function userShell(
  command: string,
  { thread, turn, signal }: Pick<TaskParts, "thread" | "turn" | "signal">,
): Promise<MessageItem> {
  const emit = (msg: Parameters<typeof thread.journal.announce>[1]): void =>
    void thread.journal.announce(turn.turnId, msg);
  return runUserShell(command, { ...toolContext(thread, turn), emit }, signal);
}

/** Records what the model is to know and nobody said. */
export async function recordNote(
  { thread, turn }: Pick<TaskParts, "thread" | "turn">,
  item: MessageItem,
): Promise<void> {
  const { id: threadId, history, journal, recorder } = thread;
  await recorder?.materialise();
  await recordItems({ threadId, turn, history, journal }, [item], "context");
}
