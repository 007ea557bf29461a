// Code mode of a thread: scripts that the model writes, and what their calls come to in a turn.
import type { CodeModeService, CodeModeTurnHost } from "@codex-ts/code-mode";
import { developerMessage, type EventMsg, type ResponseItem } from "@codex-ts/protocol";
import type { Tool, ToolRouter, TurnToolContext } from "@codex-ts/tools";
import type { codeModeTools, CodeModeTools } from "@codex-ts/tools/code-mode";
import type { Journal } from "./journal.ts";
import type { TurnHooks } from "./thread-hooks.ts";

export interface ThreadCodeModeOptions {
  /** The model is offered nothing but scripts. */
  readonly only: boolean;
  /** Told when the engine does not start, and of tools that share an identifier; once each. */
  readonly onWarning: (message: string) => Promise<void>;
}

/** What carries out the calls of scripts while a turn runs. */
export interface CodeModeTurn {
  readonly turnId: string;
  readonly router: ToolRouter;
  readonly context: TurnToolContext;
  readonly hooks: TurnHooks | null;
  readonly journal: Journal;
  /** The turn's cancellation; a turn that ends by itself leaves begun calls running. */
  readonly signal: AbortSignal;
}

interface Engine {
  readonly service: CodeModeService;
  readonly codeModeTools: typeof codeModeTools;
}

/** Code mode for one turn. */
export interface TurnCodeMode extends Pick<CodeModeTools, "tools" | "nestedCall"> {
  /** Carries out what scripts ask for until it is disposed; what is asked for later waits for the next turn. */
  start(turn: CodeModeTurn): Disposable;
}

/** Nothing is loaded before the first turn. Disposing stops every script and cancels its calls. */
export class ThreadCodeMode implements AsyncDisposable {
  readonly #options: ThreadCodeModeOptions;
  #engine: Promise<Engine | null> | null = null;
  #notices: ResponseItem[] = [];

  constructor(options: ThreadCodeModeOptions) {
    this.#options = options;
  }

  /** Adds code mode to a turn's tools. Null when the engine does not start: the thread goes on without. */
  async forTurn(tools: readonly Tool[]): Promise<TurnCodeMode | null> {
    this.#engine ??= this.#start(tools);
    const engine = await this.#engine;
    if (engine === null) return null;
    const { service } = engine;
    const turnTools = engine.codeModeTools(tools, { service, only: this.#options.only });
    return {
      ...turnTools,
      start: (turn) => service.startTurnWorker(this.#host(turn, turnTools.nestedCall)),
    };
  }

  /** What scripts and the hooks of their calls have for the model, in order; each is given once. */
  takeNotices(): readonly ResponseItem[] {
    return this.#notices.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const engine = await this.#engine;
    await engine?.service[Symbol.asyncDispose]();
  }

  /** The engine is started for real: whether it can be tells only that. */
  async #start(tools: readonly Tool[]): Promise<Engine | null> {
    const { only, onWarning } = this.#options;
    try {
      const [{ createCodeModeService }, { codeModeTools }] = await Promise.all([
        import("@codex-ts/code-mode"),
        import("@codex-ts/tools/code-mode"),
      ]);
      const service = createCodeModeService({ onWarning: (message) => void onWarning(message) });
      await service.warmUp(codeModeTools(tools, { service, only }).nested);
      return { service, codeModeTools };
    } catch (error) {
      await onWarning(
        `Code mode is off in this session, and the model calls its tools one by one: ${(error as Error).message}`,
      );
      return null;
    }
  }

  #host(
    { turnId, router, context, hooks, journal, signal }: CodeModeTurn,
    nestedCall: CodeModeTools["nestedCall"],
  ): CodeModeTurnHost {
    const emit = (msg: EventMsg): void => void journal.post({ kind: "event", id: turnId, msg });
    return {
      signal,
      invokeTool: async (asked, callSignal) => {
        const call = nestedCall(asked);
        const contexts: string[] = [];
        try {
          const around = hooks?.aroundTool(contexts);
          const tellModel = (text: string): void => void contexts.push(text);
          return await router.runNested(
            call,
            { ...context, emit, tellModel, hooks: around },
            callSignal,
          );
        } finally {
          this.#notices.push(...contexts.map((text) => developerMessage(text)));
        }
      },
      notify: ({ toolCallId, text }) => {
        this.#notices.push({
          type: "custom_tool_call_output",
          call_id: toolCallId,
          name: "exec",
          output: text,
        });
      },
    };
  }
}
