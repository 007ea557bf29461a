// The turns of a thread, one at a time: how one starts, what joins it, what waits for it, what stops it.
import type { InterAgentCommunication, Op, UserInput } from "@codex-ts/protocol";
import type { TraceSpan } from "@codex-ts/telemetry";
import { changedSettings } from "./changed-settings.ts";
import { itemLine } from "./journal.ts";
import { notifyOfTurn } from "./notify.ts";
import type { PendingInput } from "./pending-input.ts";
import { recordShownItem } from "./recording.ts";
import { Prewarm } from "./responses-session.ts";
import { exitReview } from "./review.ts";
import { recordNote, runTask, type Task, userShell } from "./tasks.ts";
import { CoreError } from "./thread.ts";
import type { ThreadResources } from "./thread-resources.ts";
import { turnAborted, turnAbortedMarker } from "./turn-aborted.ts";
import { openTurnContext, type SessionSettings, type TurnContext } from "./turn-context.ts";
import type { TurnOutcome } from "./turn.ts";
import { emptyRequest, threadMetadata } from "./turn-services.ts";
import { userInputMessage } from "./user-message.ts";

type UserOp = Extract<Op, { readonly type: "user_input" | "user_turn" }>;

/** A turn that a person asks for; it waits where the running one takes no input. */
interface AskedTurn {
  readonly id: string;
  readonly op: UserOp;
  readonly cause: TraceSpan | undefined;
}

interface ActiveTurn {
  readonly id: string;
  readonly task: Task;
  /** Asks the turn to stop. */
  readonly controller: AbortController;
  /** Says that nobody waits for it any more. */
  readonly gone: AbortController;
  readonly pendingInput: PendingInput[];
  readonly span: TraceSpan | undefined;
  /** What the person has said in it. */
  readonly said: string[];
  /** Null until it has begun. */
  turn: TurnContext | null;
  /** Resolves when the turn's task is over, however it ended. */
  done: Promise<void>;
}

/** The settings of a thread: those that its next turn will have. */
export interface CurrentSettings {
  current: SessionSettings;
}

/** How long an interrupted turn may take to stop its tools and record their outputs. */
const INTERRUPT_GRACE_MS = 2000;

const UNCUT = { mode: "bytes", limit: Number.MAX_SAFE_INTEGER } as const;

const notSteerable = {
  compact: "a compaction is running, which takes no input: submit it as a turn of its own",
  user_shell:
    "a command of the user is running, which takes no input: submit it as a turn of its own",
  undo: "an undo is running, which takes no input: submit it as a turn of its own",
  review: "a review is running, which takes no input: submit it as a turn of its own",
} as const;

export class Turns {
  readonly #thread: ThreadResources;
  readonly #settings: CurrentSettings;
  #active: ActiveTurn | null = null;
  /** Input that an interrupted turn had not told the model; the next turn does. */
  #untold: PendingInput[] = [];
  #queue: AskedTurn[] = [];
  /** The start that SessionStart hooks are yet to be told of. */
  #sessionStart: "startup" | "resume" | null;
  #prewarm: Prewarm | null = null;
  #isClosed = false;

  constructor(
    thread: ThreadResources,
    settings: CurrentSettings,
    sessionStart: "startup" | "resume",
  ) {
    this.#thread = thread;
    this.#settings = settings;
    this.#sessionStart = sessionStart;
  }

  get isRunning(): boolean {
    return this.#active !== null;
  }

  /** Connects to the model ahead of the first turn, where there is a connection that lasts. */
  prewarm(): void {
    const thread = this.#thread;
    const { responses, tracing } = thread.options;
    if (!responses.endpoint.supportsWebsockets) return;
    const span = tracing?.startSpan("startup_prewarm");
    const prepare = async () => {
      const turn = await openTurnContext(thread, this.#settings.current, { id: "", span });
      const metadata = threadMetadata(thread, turn);
      return { request: await emptyRequest(thread, turn), turnMetadata: () => metadata };
    };
    const { websocketConnectTimeoutMs } = responses.endpoint;
    this.#prewarm = new Prewarm(thread.responses, websocketConnectTimeoutMs, prepare, span);
  }

  /** Input starts a turn, joins the running one, or waits for one that takes no input. */
  ask(asked: AskedTurn): string {
    if (this.#active === null) {
      this.#startAsked(asked);
      return asked.id;
    }
    if (this.#active.task.kind === "regular") return this.steer(asked.op.items);
    this.#queue.push(asked);
    return asked.id;
  }

  /** Adds input to the running turn and gives its id. @throws CoreError */
  steer(items: readonly UserInput[], expectedTurnId?: string): string {
    const active = this.#active;
    if (items.length === 0) throw new CoreError("bad_input", "the input is empty");
    if (active === null) throw new CoreError("no_active_turn", "no turn is running");
    if (expectedTurnId !== undefined && expectedTurnId !== active.id) {
      throw new CoreError(
        "other_active_turn",
        `turn ${active.id} is running, not turn ${expectedTurnId}`,
      );
    }
    if (active.task.kind !== "regular") {
      throw new CoreError("turn_not_steerable", notSteerable[active.task.kind]);
    }
    active.pendingInput.push({ kind: "user", items });
    return active.id;
  }

  /** Mail joins the running turn; with none it starts one, or waits for the next. */
  receiveMail(
    id: string,
    communication: InterAgentCommunication,
    cause: TraceSpan | undefined,
  ): string {
    const mail: PendingInput = { kind: "mail", communication };
    if (this.#active !== null) {
      this.#active.pendingInput.push(mail);
      return this.#active.id;
    }
    if (!communication.trigger_turn) {
      this.#untold.push(mail);
      return id;
    }
    this.start(id, { kind: "regular", input: [mail], outputSchema: null }, cause);
    return id;
  }

  /** A command of the person's: beside the turn that runs, else as a turn of its own. */
  runShell(id: string, command: string, cause: TraceSpan | undefined): string {
    if (this.#active !== null) {
      void this.#runShellBeside(this.#active, command);
      return this.#active.id;
    }
    this.start(id, { kind: "user_shell", command }, cause);
    return id;
  }

  /** Starts a turn; none may be running. */
  start(id: string, task: Task, cause: TraceSpan | undefined): void {
    const { current: settings } = this.#settings;
    const facts = { "thread.id": this.#thread.id, "turn.id": id, model: settings.model };
    const active: ActiveTurn = {
      id,
      task,
      controller: new AbortController(),
      gone: new AbortController(),
      pendingInput: task.kind === "regular" ? [...this.#untold.splice(0), ...task.input] : [],
      span: cause?.startSpan("turn", facts),
      said: [],
      turn: null,
      done: Promise.resolve(),
    };
    this.#active = active;
    const run = (): Promise<void> => this.#run(active, settings);
    active.done = (active.span?.run(run) ?? run()).finally(() => active.span?.end());
  }

  /** Stops the running turn, tells the history of it, then the person. */
  async stop(reason: "interrupted" | "replaced"): Promise<void> {
    const active = this.#active;
    if (active === null) return;
    const { history, journal, recorder } = this.#thread;
    active.controller.abort();
    await Promise.race([active.done, timeout(INTERRUPT_GRACE_MS)]);
    active.gone.abort();
    this.#active = null;
    this.#untold.push(...active.pendingInput.splice(0));
    if (active.task.kind === "review" && active.turn !== null) {
      await exitReview({ thread: this.#thread, turn: active.turn }, /*output*/ null);
    }
    if (reason === "interrupted") {
      const marker = turnAbortedMarker();
      history.record(marker, UNCUT, "marker");
      await journal.post({ kind: "line", item: itemLine(marker, "marker") });
    }
    await journal.drained();
    // What cannot be written now waits, and the person has been warned.
    await recorder?.flush().catch(() => {});
    await journal.announce(active.id, turnAborted(active.id, reason));
    if (reason === "interrupted") this.#startWaiting();
  }

  /** Stops what runs for good and keeps, for a later resume, what no turn has told the model. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.stop("interrupted");
    await this.#recordUntold();
    await this.#prewarm?.stop();
  }

  /** The turn from its start to its end. */
  async #run(active: ActiveTurn, settings: SessionSettings): Promise<void> {
    const { task, controller, gone, pendingInput, said, span } = active;
    const { signal } = controller;
    let outcome: TurnOutcome;
    try {
      const turn = await openTurnContext(this.#thread, settings, {
        id: active.id,
        outputSchema: task.kind === "regular" ? task.outputSchema : null,
        span,
      });
      active.turn = turn;
      await this.#announceStart(turn);
      outcome = await runTask(task, {
        thread: this.#thread,
        turn,
        pendingInput,
        said,
        takeSessionStart: () => this.#takeSessionStart(),
        prewarm: this.#prewarm,
        span,
        signal,
        gone: gone.signal,
      });
    } catch (error) {
      if (signal.aborted) return;
      outcome = { kind: "failed", message: (error as Error).message, info: "other" };
      await this.#thread.journal.announce(active.id, {
        type: "error",
        message: outcome.message,
        codex_error_info: outcome.info,
      });
    }
    if (signal.aborted) return;
    this.#active = null;
    const { turn } = active;
    if (turn !== null && task.kind === "regular") notifyOfTurn(this.#thread, turn, said, outcome);
    await this.#announceEnd(active, outcome);
    this.#startWaiting();
  }

  async #announceStart({ turnId, settings, model, contextWindow }: TurnContext): Promise<void> {
    const { journal } = this.#thread;
    await journal.announce(turnId, {
      type: "task_started",
      turn_id: turnId,
      model_context_window: contextWindow,
      collaboration_mode_kind: settings.collaborationMode?.mode ?? "default",
    });
    if (model.used_fallback_model_metadata !== true) return;
    await journal.announce(turnId, {
      type: "warning",
      message: `Nothing is known about the model \`${settings.model}\`: general defaults are used, which may make its work worse.`,
    });
  }

  #announceEnd({ id }: ActiveTurn, outcome: TurnOutcome): Promise<void> {
    return this.#thread.journal.announce(id, {
      type: "task_complete",
      turn_id: id,
      last_agent_message: outcome.kind === "completed" ? outcome.lastAgentMessage : null,
      ...(outcome.kind === "completed"
        ? {}
        : { error: { message: outcome.message, codex_error_info: outcome.info } }),
    });
  }

  /** The op's settings count from here on: a turn that was running kept its own. */
  #startAsked({ id, op, cause }: AskedTurn): void {
    const settings = this.#settings;
    if (op.type === "user_turn") settings.current = changedSettings(settings.current, op);
    const input: PendingInput[] = op.items.length === 0 ? [] : [{ kind: "user", items: op.items }];
    const outputSchema = op.final_output_json_schema ?? null;
    this.start(id, { kind: "regular", input, outputSchema }, cause);
  }

  /** Starts the turn that has waited longest, or one for mail that asks for it. */
  #startWaiting(): void {
    if (this.#active !== null || this.#isClosed) return;
    const next = this.#queue.shift();
    if (next !== undefined) {
      this.#startAsked(next);
      return;
    }
    const isTriggered = this.#untold.some(
      (input) => input.kind === "mail" && input.communication.trigger_turn,
    );
    if (!isTriggered) return;
    const cause = this.#thread.options.tracing?.startSpan("op.dispatch.mail");
    this.start(crypto.randomUUID(), { kind: "regular", input: [], outputSchema: null }, cause);
    cause?.end();
  }

  /** The running turn tells the model of it; when that is over, the record is made at once. */
  async #runShellBeside(active: ActiveTurn, command: string): Promise<void> {
    const thread = this.#thread;
    const turn = await openTurnContext(thread, this.#settings.current, { id: active.id });
    const { signal } = active.controller;
    const item = await userShell(command, { thread, turn, signal });
    if (this.#active === null) return recordNote({ thread, turn }, item);
    const isOpen = this.#active === active && active.task.kind === "regular" && !signal.aborted;
    (isOpen ? active.pendingInput : this.#untold).push({ kind: "note", item });
  }

  #takeSessionStart(): "startup" | "resume" | null {
    const source = this.#sessionStart;
    this.#sessionStart = null;
    return source;
  }

  async #recordUntold(): Promise<void> {
    const queued = this.#queue.splice(0).map(({ op }) => op.items);
    const untold = this.#untold
      .splice(0)
      .flatMap((input) => (input.kind === "user" ? [input.items] : []));
    const inputs = [...untold, ...queued].filter((items) => items.length > 0);
    if (inputs.length === 0) return;
    const { id: threadId, history, journal, recorder } = this.#thread;
    await recorder?.materialise();
    const turn = await openTurnContext(this.#thread, this.#settings.current, { id: "" });
    for (const content of inputs) {
      const message = await userInputMessage(content);
      const shown = { type: "UserMessage", id: crypto.randomUUID(), content } as const;
      await recordShownItem({ threadId, turn, history, journal }, message, shown, "user");
    }
  }
}

function timeout(ms: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, ms).unref();
  });
}
