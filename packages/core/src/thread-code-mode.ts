// Code mode of a thread: scripts that the model writes, and what their calls come to in a turn.
import type { CodeModeService, CodeModeTurnHost } from "@codex-ts/code-mode";
import { developerMessage, type EventMsg, type ResponseItem } from "@codex-ts/protocol";
import type { Tool, ToolContext, ToolRouter } from "@codex-ts/tools";
import type { CodeModeTools } from "@codex-ts/tools/code-mode";
import type { Journal } from "./journal.ts";
import type { TurnHooks } from "./thread-hooks.ts";

export interface ThreadCodeModeOptions {
  /** The model is offered nothing but scripts. */
  readonly only: boolean;
  /** Told once, with what to do, when the engine does not start. */
  readonly onUnavailable: (message: string) => Promise<void>;
}

/** What carries out the calls of scripts while a turn runs. */
export interface CodeModeTurn {
  readonly turnId: string;
  readonly nestedCall: CodeModeTools["nestedCall"];
  readonly router: ToolRouter;
  readonly context: Omit<ToolContext, "emit">;
  readonly hooks: TurnHooks | null;
  readonly journal: Journal;
  /** The turn's cancellation; a turn that ends by itself leaves begun calls running. */
  readonly signal: AbortSignal;
}

/** An engine that is ready. */
export interface OpenCodeMode {
  tools(tools: readonly Tool[]): CodeModeTools;
  /** Carries out what scripts ask for until it is disposed; meanwhile asked questions wait for the next turn. */
  startTurn(turn: CodeModeTurn): Disposable;
}

/** Nothing is loaded before the first turn. Disposing stops every script and cancels its calls. */
export class ThreadCodeMode implements AsyncDisposable {
  readonly #options: ThreadCodeModeOptions;
  #service: CodeModeService | null = null;
  #opened: Promise<OpenCodeMode | null> | null = null;
  #notices: ResponseItem[] = [];

  constructor(options: ThreadCodeModeOptions) {
    this.#options = options;
  }

  /** Null when the engine does not start; the thread goes on without code mode then. */
  open(): Promise<OpenCodeMode | null> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  /** What scripts and the hooks of their calls have for the model, in order; each is given once. */
  takeNotices(): readonly ResponseItem[] {
    return this.#notices.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened;
    await this.#service?.[Symbol.asyncDispose]();
  }

  async #open(): Promise<OpenCodeMode | null> {
    const { only, onUnavailable } = this.#options;
    try {
      const [{ createCodeModeService }, { codeModeTools }] = await Promise.all([
        import("@codex-ts/code-mode"),
        import("@codex-ts/tools/code-mode"),
      ]);
      const service = createCodeModeService();
      this.#service = service;
      await service.warmUp();
      return {
        tools: (tools) => codeModeTools(tools, { service, only }),
        startTurn: (turn) => service.startTurnWorker(this.#host(turn)),
      };
    } catch (error) {
      await onUnavailable(
        `Code mode is off in this session, and the model calls its tools one by one: ${(error as Error).message}`,
      );
      return null;
    }
  }

  #host({
    turnId,
    nestedCall,
    router,
    context,
    hooks,
    journal,
    signal,
  }: CodeModeTurn): CodeModeTurnHost {
    const emit = (msg: EventMsg): void => void journal.post({ kind: "event", id: turnId, msg });
    return {
      signal,
      invokeTool: async (asked, callSignal) => {
        const call = nestedCall(asked);
        const contexts: string[] = [];
        try {
          const around = hooks?.aroundTool(call.callId, contexts);
          return await router.runNested(call, { ...context, emit, hooks: around }, callSignal);
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
