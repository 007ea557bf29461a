// A running thread: its settings, its history, its one active turn.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { readWorkspaceFacts } from "@codex-ts/git-utils";
import { legacyHookPayload, startNotify } from "@codex-ts/hooks";
import {
  type Event,
  type EventMsg,
  type Op,
  type ThreadId,
  type UserInput,
  uuidV7,
} from "@codex-ts/protocol";
import type { RolloutRecorder } from "@codex-ts/rollout";
import {
  type ApprovalCache,
  childEnvironment,
  createApprovalCache,
  createProcessStore,
  createToolRouter,
  createTurnDiffTracker,
  type ProcessStore,
  selectTools,
  type Tool,
  type ToolContext,
} from "@codex-ts/tools";
import { PendingApprovals } from "./approvals.ts";
import { changedSettings } from "./changed-settings.ts";
import { type ContextSources, fullContext } from "./context-updates.ts";
import { hostTimezone, localDate } from "./environment-context.ts";
import { History, type HistoryState } from "./history.ts";
import { Journal } from "./journal.ts";
import { rateLimitStore } from "./rate-limit-store.ts";
import type { RateLimitStore } from "./sampling.ts";
import { CoreError, type Thread } from "./thread.ts";
import type { ThreadConfig, ThreadManagerOptions } from "./thread-config.ts";
import { ThreadCodeMode } from "./thread-code-mode.ts";
import { turnHooks } from "./thread-hooks.ts";
import { turnAbortedMarker } from "./turn-aborted.ts";
import { type SessionSettings, type TurnContext, usableContextWindow } from "./turn-context.ts";
import { turnMetadataHeader, type TurnMetadata } from "./turn-metadata.ts";
import { runTurn, type TurnOutcome } from "./turn.ts";
import { writableRootPaths } from "./writable-roots.ts";

export interface SessionParts {
  readonly id: ThreadId;
  readonly config: ThreadConfig;
  readonly options: ThreadManagerOptions;
  readonly recorder: RolloutRecorder | null;
  readonly history: HistoryState;
  readonly instructions: string;
  readonly userInstructions: string | null;
  readonly isResumed: boolean;
}

interface ActiveTurn {
  readonly id: string;
  readonly controller: AbortController;
  readonly pendingInput: (readonly UserInput[])[];
  /** Resolves when the turn's task is over, however it ended. */
  done: Promise<void>;
}

/** How long an interrupted turn may take to stop its tools and record their outputs. */
const INTERRUPT_GRACE_MS = 2000;

export class Session implements Thread {
  readonly id: ThreadId;
  readonly rolloutPath: AbsolutePath | null;
  readonly #parts: SessionParts;
  readonly #history: History;
  readonly #journal: Journal;
  readonly #approvals = new PendingApprovals();
  readonly #approvalCache: ApprovalCache = createApprovalCache();
  readonly #processes: ProcessStore;
  /** Null when the feature is off. */
  readonly #codeMode: ThreadCodeMode | null;
  readonly #childEnv: Readonly<Record<string, string>>;
  readonly #rateLimits: RateLimitStore;
  #settings: SessionSettings;
  #active: ActiveTurn | null = null;
  #ops: Promise<unknown> = Promise.resolve();
  #shutdown: Promise<void> | null = null;
  #sessionStart: "startup" | "resume" | null;

  constructor(parts: SessionParts) {
    const { config, options } = parts;
    this.id = parts.id;
    this.#parts = parts;
    this.rolloutPath = parts.recorder?.path ?? null;
    this.#sessionStart = parts.isResumed ? "resume" : "startup";
    this.#history = new History(parts.history);
    this.#journal = new Journal(parts.recorder);
    this.#processes = createProcessStore();
    this.#codeMode = config.features.enabled("code_mode")
      ? new ThreadCodeMode({
          only: config.features.enabled("code_mode_only"),
          onUnavailable: (message) => this.announce({ type: "warning", message }),
        })
      : null;
    this.#childEnv = childEnvironment(config.shellEnvironmentPolicy, options.env, {
      threadId: parts.id,
    });
    this.#rateLimits = rateLimitStore();
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

  events(): AsyncIterableIterator<Event> {
    return this.#journal.events;
  }

  /** Announces something that belongs to no turn. */
  announce(msg: EventMsg, id = ""): Promise<void> {
    return this.#journal.post({ kind: "event", id, msg });
  }

  submit(op: Op): Promise<string> {
    if (this.#shutdown !== null) {
      return Promise.reject(
        new CoreError("thread_closed", `thread ${this.id} is shut down and takes no more input`),
      );
    }
    const id = uuidV7();
    const handled = this.#ops.then(() => this.#handle(id, op));
    this.#ops = handled.catch(() => {});
    return handled;
  }

  shutdown(): Promise<void> {
    this.#shutdown ??= this.#ops.then(() => this.#close());
    return this.#shutdown;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  /** Handles one op and returns the id that its events carry. */
  async #handle(id: string, op: Op): Promise<string> {
    switch (op.type) {
      case "user_input":
        return this.#startOrSteer(id, op.items, op.final_output_json_schema ?? null);
      case "user_turn":
        if (this.#active === null) this.#settings = changedSettings(this.#settings, op);
        return this.#startOrSteer(id, op.items, op.final_output_json_schema);
      case "override_turn_context":
        this.#settings = changedSettings(this.#settings, op);
        return id;
      case "interrupt":
        await this.#interrupt();
        return id;
      case "exec_approval":
      case "patch_approval":
        this.#approvals.answer(op.id, op.decision);
        if (op.decision === "abort") await this.#interrupt();
        return id;
      case "clean_background_terminals":
        await this.#processes.closeAll();
        return id;
      case "shutdown":
        void this.shutdown();
        return id;
    }
  }

  async #startOrSteer(
    id: string,
    items: readonly UserInput[],
    outputSchema: TurnContext["outputSchema"],
  ): Promise<string> {
    if (this.#active !== null) {
      if (items.length === 0) {
        await this.announce(
          { type: "error", message: "the input is empty", codex_error_info: "bad_request" },
          id,
        );
        return id;
      }
      this.#active.pendingInput.push(items);
      return this.#active.id;
    }
    this.#startTurn(id, items, outputSchema);
    return id;
  }

  #startTurn(
    id: string,
    items: readonly UserInput[],
    outputSchema: TurnContext["outputSchema"],
  ): void {
    const active: ActiveTurn = {
      id,
      controller: new AbortController(),
      pendingInput: [],
      done: Promise.resolve(),
    };
    this.#active = active;
    active.done = this.#runTask(active, this.#turnContext(id, outputSchema), items);
  }

  /** The turn as a task: its start, its course, its end. */
  async #runTask(
    active: ActiveTurn,
    turn: TurnContext,
    items: readonly UserInput[],
  ): Promise<void> {
    const { signal } = active.controller;
    await this.announce(
      {
        type: "task_started",
        turn_id: turn.turnId,
        model_context_window: turn.contextWindow,
        collaboration_mode_kind: turn.settings.collaborationMode?.mode ?? "default",
      },
      turn.turnId,
    );
    if (turn.model.used_fallback_model_metadata === true) {
      await this.announce(
        {
          type: "warning",
          message: `Nothing is known about the model \`${turn.settings.model}\`: general defaults are used, which may make its work worse.`,
        },
        turn.turnId,
      );
    }
    let outcome: TurnOutcome;
    try {
      outcome = await this.#run(active, turn, items);
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
    if (outcome.kind === "completed" && !outcome.stoppedByHook) {
      this.#notify(turn, items, outcome.lastAgentMessage);
    }
    await this.announce(
      {
        type: "task_complete",
        turn_id: turn.turnId,
        last_agent_message: outcome.kind === "completed" ? outcome.lastAgentMessage : null,
      },
      turn.turnId,
    );
  }

  async #run(
    active: ActiveTurn,
    turn: TurnContext,
    items: readonly UserInput[],
  ): Promise<TurnOutcome> {
    const { config, options, recorder, instructions } = this.#parts;
    const { signal } = active.controller;
    const codeMode = (await this.#codeMode?.open()) ?? null;
    const codeModeTools = codeMode?.tools(this.#tools(turn));
    const router = createToolRouter({ tools: codeModeTools?.tools ?? this.#tools(turn) });
    const materialise = async (): Promise<void> => recorder?.materialise();
    const metadata = this.#turnMetadata(turn, signal);
    const toolContext = this.#toolContext(turn);
    const writableRoots = writableRootPaths(
      turn.settings.sandboxPolicy,
      turn.settings.cwd,
      this.#childEnv,
    );
    const contextSources = (): ContextSources => ({
      turn,
      shellName: options.shell.kind,
      writableRoots,
      previousTurn: this.#history.previousTurn,
    });
    const hooks =
      config.hooks === undefined
        ? null
        : turnHooks({
            hooks: config.hooks,
            threadId: this.id,
            transcriptPath: this.rolloutPath,
            turn,
            journal: this.#journal,
            signal,
            materialise,
          });
    using _scripts =
      codeModeTools === undefined
        ? undefined
        : codeMode?.startTurn({
            turnId: turn.turnId,
            nestedCall: codeModeTools.nestedCall,
            router,
            context: toolContext,
            hooks,
            journal: this.#journal,
            signal,
          });
    return await runTurn(
      {
        threadId: this.id,
        turn,
        history: this.#history,
        journal: this.#journal,
        responses: options.responses.startTurn({
          threadId: this.id,
          turnMetadata: () => turnMetadataHeader(metadata()),
        }),
        router,
        toolContext,
        rateLimits: this.#rateLimits,
        onToolCallBegun: () =>
          void options.environment.warmUp?.({
            kind: "sandboxed",
            context: { policy: turn.settings.sandboxPolicy, policyCwd: turn.settings.cwd },
          }),
        showRawReasoning: config.showRawAgentReasoning,
        instructions,
        compactPrompt: config.compactPrompt ?? null,
        fullContext: () => fullContext(contextSources()),
        contextSources,
        pendingInput: active.pendingInput,
        takeSessionStart: () => this.#takeSessionStart(),
        takeNotices: () => this.#codeMode?.takeNotices() ?? [],
        hooks,
        materialise,
        storeResponses: options.responses.endpoint.storesResponses,
        streamMaxRetries: options.responses.endpoint.streamMaxRetries,
        signal,
      },
      items,
    );
  }

  #takeSessionStart(): "startup" | "resume" | null {
    const source = this.#sessionStart;
    this.#sessionStart = null;
    return source;
  }

  /** Starts the program that the person wants to be told of finished turns. */
  #notify(turn: TurnContext, items: readonly UserInput[], lastMessage: string | null): void {
    const { config, options } = this.#parts;
    if (config.notify === undefined) return;
    const text = items.map((item) => (item.type === "text" ? item.text : "")).join("");
    const payload = legacyHookPayload({
      sessionId: this.id,
      cwd: turn.settings.cwd,
      client: options.originator,
      triggeredAt: options.now?.() ?? new Date(),
      event: {
        event_type: "after_agent",
        thread_id: this.id,
        turn_id: turn.turnId,
        input_messages: [text],
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

  #turnContext(turnId: string, outputSchema: TurnContext["outputSchema"]): TurnContext {
    const { config, options, userInstructions } = this.#parts;
    const model = options.lookUpModel(this.#settings.model);
    const timezone = options.timezone ?? hostTimezone();
    return {
      turnId,
      settings: this.#settings,
      model,
      summary: this.#settings.summary ?? model.default_reasoning_summary ?? "auto",
      contextWindow: usableContextWindow(model),
      truncation: model.truncation_policy,
      currentDate: localDate(options.now?.() ?? new Date(), timezone),
      timezone,
      userInstructions,
      developerInstructions: config.developerInstructions ?? null,
      outputSchema,
    };
  }

  #tools(turn: TurnContext): readonly Tool[] {
    const { config } = this.#parts;
    const own = config.tools ?? [];
    const builtIn = selectTools({
      model: turn.model,
      shellTool: config.features.enabled("shell_tool"),
      unifiedExec: config.features.enabled("unified_exec"),
      applyPatchFreeform: config.features.enabled("apply_patch_freeform"),
      allowLoginShell: config.allowLoginShell,
      webSearch: config.webSearch,
      commandPolicy: config.commandPolicy,
    });
    return [...builtIn.filter(({ name }) => own.every((tool) => tool.name !== name)), ...own];
  }

  #toolContext(turn: TurnContext): Omit<ToolContext, "emit"> {
    const { config, options } = this.#parts;
    const { settings, model } = turn;
    return {
      threadId: this.id,
      turnId: turn.turnId,
      cwd: settings.cwd,
      environment: options.environment,
      sandboxPolicy: settings.sandboxPolicy,
      approvalPolicy: settings.approvalPolicy,
      askApproval: (request, signal) =>
        this.#approvals.ask(request, turn.turnId, (msg) => this.announce(msg, turn.turnId), signal),
      approvals: this.#approvalCache,
      shell: options.shell,
      allowLoginShell: config.allowLoginShell,
      childEnv: this.#childEnv,
      truncation: turn.truncation,
      supportsImageInput: (model.input_modalities ?? ["text", "image"]).includes("image"),
      supportsOriginalImageDetail:
        model.supports_image_detail_original === true &&
        config.features.enabled("image_detail_original"),
      planMode: settings.collaborationMode?.mode === "plan",
      processes: this.#processes,
      turnDiff: createTurnDiffTracker(),
      backgroundTerminalMaxTimeoutMs: config.backgroundTerminalMaxTimeoutMs,
    };
  }

  /** The turn's metadata; facts about the repository join it when they are known. */
  #turnMetadata(turn: TurnContext, signal: AbortSignal): () => TurnMetadata {
    let metadata: TurnMetadata = {
      sessionId: this.id,
      turnId: turn.turnId,
      sandboxPolicy: turn.settings.sandboxPolicy,
      platform: process.platform,
      workspaces: {},
    };
    const { env } = this.#parts.options;
    readWorkspaceFacts(turn.settings.cwd, { env, signal }).then(
      (found) => {
        if (found !== null) metadata = { ...metadata, workspaces: { [found.root]: found.facts } };
      },
      () => {},
    );
    return () => metadata;
  }

  /** Stops the running turn, tells the history of it, then the person. */
  async #interrupt(): Promise<void> {
    const active = this.#active;
    if (active === null) return;
    active.controller.abort();
    await Promise.race([active.done, timeout(INTERRUPT_GRACE_MS)]);
    this.#active = null;
    const marker = turnAbortedMarker();
    this.#history.record(marker, { mode: "bytes", limit: Number.MAX_SAFE_INTEGER });
    await this.#journal.post({ kind: "line", item: { type: "response_item", payload: marker } });
    await this.#parts.recorder?.flush();
    await this.announce(
      { type: "turn_aborted", turn_id: active.id, reason: "interrupted" },
      active.id,
    );
  }

  async #close(): Promise<void> {
    await this.#interrupt();
    await this.#codeMode?.[Symbol.asyncDispose]();
    await this.#processes.closeAll();
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
    this.#journal.events.push({ id: "", msg: { type: "shutdown_complete" } });
    this.#journal.close();
  }
}

function timeout(ms: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, ms).unref();
  });
}
