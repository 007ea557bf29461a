// A running thread: its settings, its history, its one active turn.
import { createRulebook } from "@codex-ts/exec-policy";
import { legacyHookPayload, startNotify } from "@codex-ts/hooks";
import {
  emptyTokenUsage,
  type Event,
  type EventMsg,
  type MessageItem,
  type Op,
  type ThreadId,
  type UserInput,
  uuidV7,
} from "@codex-ts/protocol";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import {
  appendThreadName,
  readRollout,
  RolloutError,
  type RolloutRecorder,
} from "@codex-ts/rollout";
import type { TraceSpan } from "@codex-ts/telemetry";
import {
  childEnvironment,
  createApprovalCache,
  createProcessStore,
  createSessionGrants,
  runUserShell,
  type UserShellContext,
} from "@codex-ts/tools";
import { type AgentStatus, nextStatus } from "./agent-status.ts";
import { createReviewSession } from "./approval-assessment.ts";
import { PendingApprovals } from "./approvals.ts";
import { changedSettings } from "./changed-settings.ts";
import { hostTimezone, localDate } from "./environment-context.ts";
import { History, type HistoryState } from "./history.ts";
import { itemLine, Journal } from "./journal.ts";
import type { PendingInput } from "./pending-input.ts";
import { rateLimitStore } from "./rate-limit-store.ts";
import { recordItems, recordShownItem } from "./recording.ts";
import { replay } from "./replay.ts";
import { Prewarm, sessionContext } from "./responses-session.ts";
import { CoreError, type SubmitOptions, type Thread, type ThreadSettings } from "./thread.ts";
import { ThreadCodeMode } from "./thread-code-mode.ts";
import type { ThreadConfig, ThreadManagerOptions } from "./thread-config.ts";
import { estimateHistory } from "./token-estimate.ts";
import { turnAborted, turnAbortedMarker } from "./turn-aborted.ts";
import { type SessionSettings, type TurnContext, usableContextWindow } from "./turn-context.ts";
import {
  emptyRequest,
  openTurn,
  threadMetadata,
  type ThreadResources,
  toolContext,
} from "./turn-services.ts";
import {
  recordLeftInput,
  runCompaction,
  runTurn,
  type TurnOutcome,
  type TurnServices,
} from "./turn.ts";
import { userInputMessage } from "./user-message.ts";

export interface SessionParts {
  readonly id: ThreadId;
  readonly config: ThreadConfig;
  readonly options: ThreadManagerOptions;
  readonly recorder: RolloutRecorder | null;
  readonly history: HistoryState;
  readonly instructions: string;
  /** The instructions that hold in a folder: the person's, and those of the project there. */
  readonly instructionsFor: (cwd: AbsolutePath) => Promise<string | null>;
  readonly isResumed: boolean;
}

/**
 * What a turn's task does: follow the model, only put a summary in place of the history, or only run a
 * command of the person's.
 */
type TaskKind = "regular" | "compact" | "user_shell";

interface ActiveTurn {
  readonly id: string;
  readonly kind: TaskKind;
  readonly controller: AbortController;
  readonly pendingInput: PendingInput[];
  readonly span: TraceSpan | undefined;
  /** The person's command, for a turn that runs one. */
  readonly shellCommand: string | null;
  /** What the person has said in it. */
  readonly said: string[];
  /** Resolves when the turn's task is over, however it ended. */
  done: Promise<void>;
}

type UserOp = Extract<Op, { readonly type: "user_input" | "user_turn" }>;

/** A turn that begins when the running one, which takes no input, is over. */
interface QueuedTurn {
  readonly id: string;
  readonly op: UserOp;
  readonly cause: TraceSpan | undefined;
}

/** How long an interrupted turn may take to stop its tools and record their outputs. */
const INTERRUPT_GRACE_MS = 2000;

export class Session implements Thread {
  readonly id: ThreadId;
  readonly rolloutPath: AbsolutePath | null;
  readonly #parts: SessionParts;
  readonly #resources: ThreadResources;
  readonly #history: History;
  readonly #journal: Journal;
  #settings: SessionSettings;
  #active: ActiveTurn | null = null;
  /** Input that an interrupted turn had not told the model; the next turn does. */
  #untold: PendingInput[] = [];
  #queue: QueuedTurn[] = [];
  #ops: Promise<unknown> = Promise.resolve();
  #shutdown: Promise<void> | null = null;
  #sessionStart: "startup" | "resume" | null;
  #status: AgentStatus = "pending_init";
  #prewarm: Prewarm | null = null;

  constructor(parts: SessionParts) {
    const { config, options } = parts;
    this.id = parts.id;
    this.#parts = parts;
    this.rolloutPath = parts.recorder?.path ?? null;
    this.#sessionStart = parts.isResumed ? "resume" : "startup";
    this.#history = new History(parts.history);
    this.#journal = new Journal(parts.recorder, (msg) => {
      this.#status = nextStatus(this.#status, msg);
    });
    this.#resources = {
      id: parts.id,
      config,
      options,
      recorder: parts.recorder,
      instructions: parts.instructions,
      history: this.#history,
      journal: this.#journal,
      responses: options.responses.openSession(sessionContext(parts.id, config, options.source)),
      rateLimits: rateLimitStore(),
      approvals: new PendingApprovals(),
      approvalCache: createApprovalCache(),
      rules: config.rules ?? createRulebook({ codexHome: options.codexHome }),
      grants: createSessionGrants(),
      reviews: createReviewSession({
        responses: options.responses,
        lookUpModel: options.lookUpModel,
        hasReviewModel: config.modelProviderId === "openai",
      }),
      processes: createProcessStore(),
      codeMode: config.features.enabled("code_mode")
        ? new ThreadCodeMode({
            only: config.features.enabled("code_mode_only"),
            onWarning: (message) => this.announce({ type: "warning", message }),
          })
        : null,
      childEnv: childEnvironment(config.shellEnvironmentPolicy, options.env, {
        threadId: parts.id,
      }),
    };
    this.#settings = {
      cwd: config.cwd,
      model: config.model,
      approvalPolicy: config.approvalPolicy,
      approvalsReviewer: config.approvalsReviewer,
      sandboxPolicy: config.sandboxPolicy,
      effort: config.effort,
      summary: config.summary,
      verbosity: config.verbosity,
      serviceTier: config.serviceTier,
      personality: config.personality,
      collaborationMode: undefined,
    };
  }

  get settings(): ThreadSettings {
    return this.#settings;
  }

  get status(): AgentStatus {
    return this.#status;
  }

  events(): AsyncIterableIterator<Event> {
    return this.#journal.events;
  }

  /** Announces something that belongs to no turn. */
  announce(msg: EventMsg, id = ""): Promise<void> {
    return this.#journal.post({ kind: "event", id, msg });
  }

  submit(op: Op, { trace }: SubmitOptions = {}): Promise<string> {
    const id = uuidV7();
    const { tracing } = this.#parts.options;
    const cause = tracing?.startSpan(`op.dispatch.${op.type}`, {
      parent: trace,
      attributes: { "thread.id": this.id },
    });
    return this.#inOrder(async () => {
      try {
        if (trace !== undefined && tracing?.isValid(trace) === false) {
          const message = "the trace context of a submission is not valid and is ignored";
          await this.announce({ type: "warning", message }, id);
        }
        return await this.#handle(id, op, cause);
      } finally {
        cause?.end();
      }
    });
  }

  /** Connects to the model ahead of the first turn, where there is a connection that lasts. */
  prewarm(): void {
    const { endpoint } = this.#parts.options.responses;
    if (!endpoint.supportsWebsockets) return;
    const thread = this.#resources;
    const span = this.#parts.options.tracing?.startSpan("startup_prewarm");
    const prepare = async () => {
      const turn = await this.#turnContext("", /*outputSchema*/ null, span);
      const metadata = threadMetadata(thread, turn);
      return { request: await emptyRequest(thread, turn), turnMetadata: () => metadata };
    };
    const { websocketConnectTimeoutMs } = endpoint;
    this.#prewarm = new Prewarm(thread.responses, websocketConnectTimeoutMs, prepare, span);
  }

  steer(items: readonly UserInput[], expectedTurnId?: string): Promise<string> {
    return this.#inOrder(() => this.#steer(items, expectedTurnId));
  }

  async flush(): Promise<void> {
    await this.#journal.drained();
    await this.#parts.recorder?.flush();
  }

  shutdown(): Promise<void> {
    this.#shutdown ??= this.#ops.then(() => this.#close());
    return this.#shutdown;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  #inOrder<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.#shutdown !== null) {
      return Promise.reject(
        new CoreError("thread_closed", `thread ${this.id} is shut down and takes no more input`),
      );
    }
    const handled = this.#ops.then(work);
    this.#ops = handled.catch(() => {});
    return handled;
  }

  /** Handles one op and returns the id that its events carry. */
  async #handle(id: string, op: Op, cause: TraceSpan | undefined): Promise<string> {
    switch (op.type) {
      case "user_input":
      case "user_turn":
        return this.#userInput({ id, op, cause });
      case "override_turn_context":
        this.#settings = changedSettings(this.#settings, op);
        return id;
      case "interrupt":
        await this.#abort("interrupted");
        return id;
      case "compact":
        await this.#abort("replaced");
        this.#startTurn(id, { kind: "compact", input: [], outputSchema: null, cause });
        return id;
      case "thread_rollback":
        await this.#rollBack(id, op.num_turns);
        return id;
      case "set_thread_name":
        await this.#setName(id, op.name);
        return id;
      case "inter_agent_communication":
        return this.#receiveMail(id, op.communication, cause);
      case "exec_approval":
      case "patch_approval":
        this.#resources.approvals.answer(op.id, op.decision);
        if (op.decision === "abort") await this.#abort("interrupted");
        return id;
      case "request_permissions_response":
        this.#resources.approvals.answerPermissions(op.id, op.response);
        return id;
      case "user_input_answer":
        this.#resources.approvals.answerUserInput(op.id, op.response);
        return id;
      case "run_user_shell_command":
        return this.#userShell(id, op.command, cause);
      case "clean_background_terminals":
        await this.#resources.processes.closeAll();
        return id;
      case "shutdown":
        void this.shutdown();
        return id;
    }
  }

  /** Input starts a turn, joins the running one, or waits for one that takes no input. */
  async #userInput(turn: QueuedTurn): Promise<string> {
    const { id, op } = turn;
    if (this.#active === null) {
      this.#startUserTurn(turn);
      return id;
    }
    if (this.#active.kind !== "regular") {
      this.#queue.push(turn);
      return id;
    }
    try {
      return this.#steer(op.items);
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      await this.#fail(id, error.message, "bad_request");
      return id;
    }
  }

  /** Adds input to the running turn and gives its id. @throws CoreError */
  #steer(items: readonly UserInput[], expectedTurnId?: string): string {
    const active = this.#active;
    if (items.length === 0) throw new CoreError("bad_input", "the input is empty");
    if (active === null) throw new CoreError("no_active_turn", "no turn is running");
    if (expectedTurnId !== undefined && expectedTurnId !== active.id) {
      throw new CoreError(
        "other_active_turn",
        `turn ${active.id} is running, not turn ${expectedTurnId}`,
      );
    }
    if (active.kind !== "regular") {
      throw new CoreError(
        "turn_not_steerable",
        active.kind === "compact"
          ? "a compaction is running, which takes no input: submit it as a turn of its own"
          : "a command of the user is running, which takes no input: submit it as a turn of its own",
      );
    }
    active.pendingInput.push({ kind: "user", items });
    return active.id;
  }

  #receiveMail(
    id: string,
    communication: Extract<Op, { type: "inter_agent_communication" }>["communication"],
    cause: TraceSpan | undefined,
  ): string {
    const mail: PendingInput = { kind: "mail", communication };
    if (this.#active !== null) {
      this.#active.pendingInput.push(mail);
      return this.#active.id;
    }
    if (communication.trigger_turn) {
      this.#startTurn(id, { kind: "regular", input: [mail], outputSchema: null, cause });
    } else this.#untold.push(mail);
    return id;
  }

  /** The op's settings count from here on: a turn that was running kept its own. */
  #startUserTurn({ id, op, cause }: QueuedTurn): void {
    if (op.type === "user_turn") this.#settings = changedSettings(this.#settings, op);
    const input: PendingInput[] = op.items.length === 0 ? [] : [{ kind: "user", items: op.items }];
    const outputSchema = op.final_output_json_schema ?? null;
    this.#startTurn(id, { kind: "regular", input, outputSchema, cause });
  }

  #startTurn(
    id: string,
    task: {
      readonly kind: TaskKind;
      readonly input: readonly PendingInput[];
      readonly outputSchema: TurnContext["outputSchema"];
      readonly cause: TraceSpan | undefined;
      readonly shellCommand?: string;
    },
  ): void {
    const { kind, input, outputSchema, cause } = task;
    const facts = { "thread.id": this.id, "turn.id": id, model: this.#settings.model };
    const active: ActiveTurn = {
      id,
      kind,
      shellCommand: task.shellCommand ?? null,
      controller: new AbortController(),
      pendingInput: kind === "regular" ? [...this.#untold.splice(0), ...input] : [],
      span: cause?.startSpan("turn", facts),
      said: [],
      done: Promise.resolve(),
    };
    this.#active = active;
    const run = (): Promise<void> => this.#runTask(active, input, outputSchema);
    active.done = (active.span?.run(run) ?? run()).finally(() => active.span?.end());
  }

  /** The turn as a task: its start, its course, its end. */
  async #runTask(
    active: ActiveTurn,
    input: readonly PendingInput[],
    outputSchema: TurnContext["outputSchema"],
  ): Promise<void> {
    const { signal } = active.controller;
    const turn = await this.#turnContext(active.id, outputSchema, active.span);
    await this.#announceStart(turn);
    let outcome: TurnOutcome;
    try {
      outcome = await this.#run(active, turn, input);
    } catch (error) {
      if (signal.aborted) return;
      outcome = { kind: "failed", message: (error as Error).message, info: "other" };
      await this.announce(
        { type: "error", message: outcome.message, codex_error_info: outcome.info },
        turn.turnId,
      );
    }
    if (signal.aborted) return;
    this.#active = null;
    if (outcome.kind === "completed" && !outcome.stoppedByHook && active.kind === "regular") {
      this.#notify(turn, active.said, outcome.lastAgentMessage);
    }
    await this.announce(
      {
        type: "task_complete",
        turn_id: turn.turnId,
        last_agent_message: outcome.kind === "completed" ? outcome.lastAgentMessage : null,
        ...(outcome.kind === "completed"
          ? {}
          : { error: { message: outcome.message, codex_error_info: outcome.info } }),
      },
      turn.turnId,
    );
    this.#startQueued();
  }

  async #run(
    active: ActiveTurn,
    turn: TurnContext,
    input: readonly PendingInput[],
  ): Promise<TurnOutcome> {
    if (active.shellCommand !== null) {
      await this.#runShellTurn(turn, active.shellCommand, active.controller.signal);
      return { kind: "completed", lastAgentMessage: null, stoppedByHook: false };
    }
    const { signal } = active.controller;
    if (active.kind === "regular") await this.#prewarm?.wait(signal);
    using opened = await openTurn(this.#resources, {
      turn,
      previousModelTurn: this.#previousModelTurn(turn),
      pendingInput: active.pendingInput,
      said: active.said,
      takeSessionStart: () => this.#takeSessionStart(),
      span: active.span,
      signal,
    });
    // Awaited here: what was opened for the turn must live until it is over.
    if (active.kind === "compact") return await runCompaction(opened.services);
    this.#history.serverCountsReasoning = false;
    return await this.#runTurns(opened.services, input);
  }

  /** A command of the person's: beside the turn that runs, else as a turn of its own. */
  #userShell(id: string, command: string, cause: TraceSpan | undefined): string {
    const active = this.#active;
    if (active === null) {
      this.#startTurn(id, {
        kind: "user_shell",
        input: [],
        outputSchema: null,
        cause,
        shellCommand: command,
      });
      return id;
    }
    void this.#runShellBeside(active, command);
    return active.id;
  }

  async #runShellTurn(turn: TurnContext, command: string, signal: AbortSignal): Promise<void> {
    const item = await runUserShell(command, this.#shellContext(turn), signal);
    await this.#recordNote(turn, item);
  }

  /** The running turn tells the model of it; when that is over, the record is made at once. */
  async #runShellBeside(active: ActiveTurn, command: string): Promise<void> {
    const turn = await this.#turnContext(active.id, /*outputSchema*/ null);
    const { signal } = active.controller;
    const item = await runUserShell(command, this.#shellContext(turn), signal);
    if (this.#active === null) return this.#recordNote(turn, item);
    const isOpen = this.#active === active && active.kind === "regular" && !signal.aborted;
    (isOpen ? active.pendingInput : this.#untold).push({ kind: "note", item });
  }

  #shellContext(turn: TurnContext): UserShellContext {
    const emit = (msg: EventMsg): void => void this.announce(msg, turn.turnId);
    return { ...toolContext(this.#resources, turn), emit };
  }

  async #recordNote(turn: TurnContext, item: MessageItem): Promise<void> {
    const services = { threadId: this.id, turn, history: this.#history, journal: this.#journal };
    await this.#parts.recorder?.materialise();
    await recordItems(services, [item], "context");
  }

  /** The turn, again for input that came at its very end, until nothing waits. */
  async #runTurns(services: TurnServices, input: readonly PendingInput[]): Promise<TurnOutcome> {
    let outcome = await runTurn(services, input);
    while (services.pendingInput.length > 0) {
      if (outcome.kind === "completed" && !outcome.stoppedByHook) {
        outcome = await runTurn(services, []);
      } else await recordLeftInput(services);
    }
    return outcome;
  }

  #startQueued(): void {
    if (this.#active !== null || this.#shutdown !== null) return;
    const next = this.#queue.shift();
    if (next !== undefined) {
      this.#startUserTurn(next);
      return;
    }
    const isTriggered = this.#untold.some(
      (input) => input.kind === "mail" && input.communication.trigger_turn,
    );
    if (!isTriggered) return;
    const cause = this.#parts.options.tracing?.startSpan("op.dispatch.mail");
    const id = crypto.randomUUID();
    this.#startTurn(id, { kind: "regular", input: [], outputSchema: null, cause });
    cause?.end();
  }

  async #announceStart(turn: TurnContext): Promise<void> {
    const { turnId, settings, model } = turn;
    await this.announce(
      {
        type: "task_started",
        turn_id: turnId,
        model_context_window: turn.contextWindow,
        collaboration_mode_kind: settings.collaborationMode?.mode ?? "default",
      },
      turnId,
    );
    if (model.used_fallback_model_metadata !== true) return;
    await this.announce(
      {
        type: "warning",
        message: `Nothing is known about the model \`${settings.model}\`: general defaults are used, which may make its work worse.`,
      },
      turnId,
    );
  }

  #takeSessionStart(): "startup" | "resume" | null {
    const source = this.#sessionStart;
    this.#sessionStart = null;
    return source;
  }

  /** Starts the program that the person wants to be told of finished turns. */
  #notify(turn: TurnContext, said: readonly string[], lastMessage: string | null): void {
    const { config, options } = this.#parts;
    if (config.notify === undefined) return;
    const payload = legacyHookPayload({
      sessionId: this.id,
      cwd: turn.settings.cwd,
      client: options.originator,
      triggeredAt: options.now?.() ?? new Date(),
      event: {
        event_type: "after_agent",
        thread_id: this.id,
        turn_id: turn.turnId,
        input_messages: said,
        last_assistant_message: lastMessage,
      },
    });
    startNotify(config.notify, payload, {
      env: { ...options.env },
      onError: (error) =>
        void this.announce(
          {
            type: "warning",
            message: `the notify program could not be started: ${error.message}`,
          },
          turn.turnId,
        ),
    });
  }

  async #turnContext(
    turnId: string,
    outputSchema: TurnContext["outputSchema"],
    span?: TraceSpan,
  ): Promise<TurnContext> {
    const { config, options } = this.#parts;
    const settings = this.#settings;
    const timezone = options.timezone ?? hostTimezone();
    const currentDate = localDate(options.now?.() ?? new Date(), timezone);
    return {
      turnId,
      traceId: span?.traceId ?? null,
      settings,
      ...modelFacts(settings, options),
      currentDate,
      timezone,
      userInstructions: await this.#parts.instructionsFor(settings.cwd),
      developerInstructions: config.developerInstructions ?? null,
      skills: (await config.skills?.(settings.cwd)) ?? [],
      outputSchema,
    };
  }

  #previousModelTurn(turn: TurnContext): TurnContext | null {
    const model = this.#history.previousTurn?.model;
    if (model === undefined || model === turn.settings.model) return null;
    const settings = { ...turn.settings, model };
    return { ...turn, settings, ...modelFacts(settings, this.#parts.options) };
  }

  /** Stops the running turn, tells the history of it, then the person. */
  async #abort(reason: "interrupted" | "replaced"): Promise<void> {
    const active = this.#active;
    if (active === null) return;
    active.controller.abort();
    await Promise.race([active.done, timeout(INTERRUPT_GRACE_MS)]);
    this.#active = null;
    this.#untold.push(...active.pendingInput.splice(0));
    if (reason === "interrupted") {
      const marker = turnAbortedMarker();
      this.#history.record(marker, UNCUT, "marker");
      await this.#journal.post({ kind: "line", item: itemLine(marker, "marker") });
    }
    await this.#flushQuietly();
    await this.announce(turnAborted(active.id, reason), active.id);
    if (reason === "interrupted") this.#startQueued();
  }

  /** Goes back to the state before the newest `turns` turns: as a reader of the file would see it. */
  async #rollBack(id: string, turns: number): Promise<void> {
    const refuse = (message: string): Promise<void> =>
      this.#fail(id, message, "thread_rollback_failed");
    const { recorder, instructions } = this.#parts;
    if (turns <= 0) return refuse("the number of turns to roll back must be at least 1");
    if (this.#active !== null) return refuse("a turn is running: interrupt it before rolling back");
    if (recorder === null) return refuse("an ephemeral thread keeps no file to roll back from");
    const rolledBack = { type: "thread_rolled_back", num_turns: turns } as const;
    try {
      await this.flush();
      const { items } = await readRollout(recorder.path);
      await recorder.record([{ type: "event_msg", payload: rolledBack }]);
      await recorder.flush();
      const lines = [...items, { type: "event_msg", payload: rolledBack } as const];
      const { model } = modelFacts(this.#settings, this.#parts.options);
      const state = replay(lines, model.truncation_policy);
      this.#history.restore(state, {
        ...emptyTokenUsage,
        total_tokens: estimateHistory(instructions, state.entries),
      });
    } catch (error) {
      if (!(error instanceof RolloutError)) throw error;
      return refuse(`the thread could not be rolled back: ${error.message}`);
    }
    const rateLimits = this.#resources.rateLimits.current();
    await this.announce(
      { type: "token_count", info: this.#history.tokenInfo, rate_limits: rateLimits },
      id,
    );
    this.#journal.tell({ id, msg: rolledBack });
  }

  async #setName(id: string, name: string): Promise<void> {
    const { options, recorder } = this.#parts;
    const threadName = name.trim();
    if (threadName === "") {
      return this.#fail(id, "a thread's name needs at least one visible character", "bad_request");
    }
    if (recorder === null) return this.#fail(id, "an ephemeral thread has no name", "other");
    try {
      await appendThreadName(options.codexHome, this.id, threadName, options.now);
    } catch (error) {
      return this.#fail(id, (error as Error).message, "other");
    }
    await this.announce(
      { type: "thread_name_updated", thread_id: this.id, thread_name: threadName },
      id,
    );
  }

  #fail(
    id: string,
    message: string,
    info: "bad_request" | "thread_rollback_failed" | "other",
  ): Promise<void> {
    return this.announce({ type: "error", message, codex_error_info: info }, id);
  }

  async #flushQuietly(): Promise<void> {
    // What cannot be written now waits, and the person has been warned.
    await this.flush().catch(() => {});
  }

  async #close(): Promise<void> {
    await this.#abort("interrupted");
    await this.#recordUntold();
    await this.#prewarm?.stop();
    await this.#resources.responses[Symbol.asyncDispose]();
    await this.#resources.codeMode?.[Symbol.asyncDispose]();
    await this.#resources.processes.closeAll();
    await this.#journal.drained();
    try {
      await this.#parts.recorder?.close();
    } catch (error) {
      await this.announce({
        type: "error",
        message: `the session file could not be completed: ${(error as Error).message}`,
        codex_error_info: "other",
      });
    }
    this.#journal.tell({ id: "", msg: { type: "shutdown_complete" } });
    this.#journal.close();
  }

  /** Keeps, for a later resume, what the person said and no turn has told the model. */
  async #recordUntold(): Promise<void> {
    const queued = this.#queue.splice(0).map(({ op }) => op.items);
    const untold = this.#untold
      .splice(0)
      .flatMap((input) => (input.kind === "user" ? [input.items] : []));
    const inputs = [...untold, ...queued].filter((items) => items.length > 0);
    if (inputs.length === 0) return;
    await this.#parts.recorder?.materialise();
    const turn = await this.#turnContext("", /*outputSchema*/ null);
    const services = {
      threadId: this.id,
      turn,
      history: this.#history,
      journal: this.#journal,
    };
    for (const content of inputs) {
      const message = await userInputMessage(content);
      const shown = { type: "UserMessage", id: crypto.randomUUID(), content } as const;
      await recordShownItem(services, message, shown, "user");
    }
  }
}

const UNCUT = { mode: "bytes", limit: Number.MAX_SAFE_INTEGER } as const;

function modelFacts(
  settings: SessionSettings,
  options: ThreadManagerOptions,
): Pick<TurnContext, "model" | "summary" | "contextWindow" | "truncation"> {
  const model = options.lookUpModel(settings.model);
  return {
    model,
    summary: settings.summary ?? model.default_reasoning_summary ?? "auto",
    contextWindow: usableContextWindow(model),
    truncation: model.truncation_policy,
  };
}

function timeout(ms: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, ms).unref();
  });
}
