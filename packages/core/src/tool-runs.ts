// The tool calls of one response: started as they arrive, recorded in the order of the calls.
import {
  developerMessage,
  type EventMsg,
  type ItemOrigin,
  type ResponseItem,
} from "@codex-ts/protocol";
import type { ToolCall, ToolRouter, TurnToolContext } from "@codex-ts/tools";
import type { Journal, JournalEntry } from "./journal.ts";
import type { TurnHooks } from "./thread-hooks.ts";

export interface ToolRunsOptions {
  readonly turnId: string;
  readonly router: ToolRouter;
  readonly context: TurnToolContext;
  readonly journal: Journal;
  readonly signal: AbortSignal;
  /** Aborted when nobody waits for the calls any more. */
  readonly gone: AbortSignal;
  readonly hooks: TurnHooks | null;
  /** Puts a finished call's output, and what hooks add to it, into the history. */
  readonly record: (item: ResponseItem, origin?: ItemOrigin) => void;
}

/** What ends a call for the person; announced together with the recorded output, not before. */
const endEvents: ReadonlySet<EventMsg["type"]> = new Set([
  "exec_command_end",
  "patch_apply_end",
  "view_image_tool_call",
]);

interface Run {
  readonly output: Promise<ResponseItem>;
  readonly held: JournalEntry[];
  /** What hooks and approvals want the model to know, after the output. */
  readonly contexts: string[];
  recorded: boolean;
}

export class ToolRuns {
  readonly #options: ToolRunsOptions;
  readonly #runs: Run[] = [];

  constructor(options: ToolRunsOptions) {
    this.#options = options;
  }

  get started(): number {
    return this.#runs.length;
  }

  /** Starts a call once `recorded` says that the call itself is in the session file. */
  start(call: ToolCall, recorded: Promise<void>): void {
    const { router, context, journal, signal, turnId, hooks } = this.#options;
    const held: JournalEntry[] = [];
    const contexts: string[] = [];
    const emit = (msg: EventMsg): void => {
      const entry: JournalEntry = { kind: "event", id: turnId, msg };
      if (!run.recorded && (held.length > 0 || endEvents.has(msg.type))) held.push(entry);
      else void journal.post(entry);
    };
    const output = recorded.then(() =>
      router.run(
        call,
        {
          ...context,
          emit,
          tellModel: (text) => void contexts.push(text),
          hooks: hooks?.aroundTool(contexts),
        },
        signal,
      ),
    );
    // A call that fails for good is reported when its turn comes; until then it must not be unhandled.
    output.catch(() => {});
    const run: Run = { output, held, contexts, recorded: false };
    this.#runs.push(run);
  }

  /**
   * Waits for every call and records the outputs in the order of the calls. Rejects with the first
   * fatal error, after the outputs before it are recorded, and when `gone` is aborted.
   */
  async recordOutputs(): Promise<void> {
    for (const run of this.#runs) {
      const item = await run.output;
      // The history has gone on without it: what comes now would stand in another turn.
      this.#options.gone.throwIfAborted();
      this.#options.record(item);
      run.recorded = true;
      const told = run.contexts.map((text) => developerMessage(text));
      for (const message of told) this.#options.record(message, "hook");
      await this.#options.journal.post(
        ...run.held,
        { kind: "item", id: this.#options.turnId, item },
        ...told.map((message): JournalEntry => ({
          kind: "item",
          id: this.#options.turnId,
          item: message,
          origin: "hook",
        })),
      );
    }
  }
}
