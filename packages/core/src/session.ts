// A running thread: takes ops one after another and hands each to what carries it out.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import {
  type Event,
  type EventMsg,
  type Op,
  type ThreadId,
  type UserInput,
  uuidV7,
} from "@codex-ts/protocol";
import { appendThreadName } from "@codex-ts/rollout";
import type { TraceSpan } from "@codex-ts/telemetry";
import { type AgentStatus, nextStatus } from "./agent-status.ts";
import { changedSettings } from "./changed-settings.ts";
import { EventQueue } from "./event-queue.ts";
import { Inquiries } from "./inquiries.ts";
import { Journal } from "./journal.ts";
import { reviewProblem } from "./review.ts";
import { rollBack } from "./rollback.ts";
import type { Task } from "./tasks.ts";
import { CoreError, type SubmitOptions, type Thread, type ThreadSettings } from "./thread.ts";
import type { ThreadConfig } from "./thread-config.ts";
import { type ThreadParts, type ThreadResources, threadResources } from "./thread-resources.ts";
import { type CurrentSettings, Turns } from "./turns.ts";

export interface SessionParts extends ThreadParts {
  readonly isResumed: boolean;
}

export class Session implements Thread {
  readonly id: ThreadId;
  readonly rolloutPath: AbsolutePath | null;
  readonly #thread: ThreadResources;
  readonly #settings: CurrentSettings;
  readonly #turns: Turns;
  readonly #inquiries: Inquiries;
  readonly #events = new EventQueue<Event>();
  #status: AgentStatus = "pending_init";
  #ops: Promise<unknown> = Promise.resolve();
  #shutdown: Promise<void> | null = null;

  constructor(parts: SessionParts) {
    const { id, config, recorder, isResumed } = parts;
    this.id = id;
    this.rolloutPath = recorder?.path ?? null;
    const journal = new Journal({
      sink: recorder,
      mode: config.persistence,
      announce: (event) => {
        this.#status = nextStatus(this.#status, event.msg);
        this.#events.push(event);
      },
    });
    this.#thread = threadResources(parts, journal);
    this.#settings = { current: initialSettings(config) };
    this.#inquiries = new Inquiries(this.#thread);
    this.#turns = new Turns(this.#thread, this.#settings, isResumed ? "resume" : "startup");
  }

  get settings(): ThreadSettings {
    return this.#settings.current;
  }

  get status(): AgentStatus {
    return this.#status;
  }

  events(): AsyncIterableIterator<Event> {
    return this.#events;
  }

  /** Announces something that belongs to no turn. */
  announce(msg: EventMsg): Promise<void> {
    return this.#thread.journal.announce("", msg);
  }

  prewarm(): void {
    this.#turns.prewarm();
  }

  submit(op: Op, { trace }: SubmitOptions = {}): Promise<string> {
    const id = uuidV7();
    const { tracing } = this.#thread.options;
    const cause = tracing?.startSpan(`op.dispatch.${op.type}`, {
      parent: trace,
      attributes: { "thread.id": this.id },
    });
    return this.#inOrder(async () => {
      try {
        if (trace !== undefined && tracing?.isValid(trace) === false) {
          const message = "the trace context of a submission is not valid and is ignored";
          await this.#thread.journal.announce(id, { type: "warning", message });
        }
        return await this.#handle(id, op, cause);
      } finally {
        cause?.end();
      }
    });
  }

  steer(items: readonly UserInput[], expectedTurnId?: string): Promise<string> {
    return this.#inOrder(() => this.#turns.steer(items, expectedTurnId));
  }

  async flush(): Promise<void> {
    await this.#thread.journal.drained();
    await this.#thread.recorder?.flush();
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

  /** Handles one op and returns the id that its events carry. Never waits for a turn to end. */
  async #handle(id: string, op: Op, cause: TraceSpan | undefined): Promise<string> {
    const { approvals, processes } = this.#thread;
    switch (op.type) {
      case "user_input":
      case "user_turn":
        return this.#ask({ id, op, cause });
      case "override_turn_context":
        this.#settings.current = changedSettings(this.#settings.current, op);
        return id;
      case "interrupt":
        await this.#turns.stop("interrupted");
        return id;
      case "compact":
        await this.#replaceTurn(id, { kind: "compact" }, cause);
        return id;
      case "undo":
        await this.#replaceTurn(id, { kind: "undo" }, cause);
        return id;
      case "review": {
        const problem = reviewProblem(op.review_request);
        if (problem !== null) await this.#refuse(id, problem, "bad_request");
        else await this.#replaceTurn(id, { kind: "review", request: op.review_request }, cause);
        return id;
      }
      case "thread_rollback":
        await this.#rollBack(id, op.num_turns);
        return id;
      case "set_thread_name":
        await this.#setName(id, op.name);
        return id;
      case "inter_agent_communication":
        return this.#turns.receiveMail(id, op.communication, cause);
      case "exec_approval":
      case "patch_approval":
        approvals.answer(op.id, op.decision);
        if (op.decision === "abort") await this.#turns.stop("interrupted");
        return id;
      case "request_permissions_response":
        approvals.answerPermissions(op.id, op.response);
        return id;
      case "user_input_answer":
      case "request_user_input_response":
        approvals.answerUserInput(op.id, op.response);
        return id;
      case "add_to_history":
        this.#inquiries.addPrompt(id, op.text);
        return id;
      case "get_history_entry_request":
        this.#inquiries.findPrompt(id, op.offset, op.log_id);
        return id;
      case "list_skills":
        this.#inquiries.listSkills(id, op.cwds ?? [], this.#settings.current.cwd);
        return id;
      case "reload_user_config":
        await this.#reloadUserConfig(id);
        return id;
      case "run_user_shell_command":
        return this.#turns.runShell(id, op.command, cause);
      case "clean_background_terminals":
        await processes.closeAll();
        return id;
      case "shutdown":
        void this.shutdown();
        return id;
      default:
        // Types end at the border of a program: what comes from outside may be anything.
        await this.#refuse(id, unknownOp(op), "bad_request");
        return id;
    }
  }

  async #ask(asked: Parameters<Turns["ask"]>[0]): Promise<string> {
    try {
      return this.#turns.ask(asked);
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      await this.#refuse(asked.id, error.message, "bad_request");
      return asked.id;
    }
  }

  async #replaceTurn(id: string, task: Task, cause: TraceSpan | undefined): Promise<void> {
    await this.#turns.stop("replaced");
    this.#turns.start(id, task, cause);
  }

  async #rollBack(id: string, turns: number): Promise<void> {
    const problem = this.#turns.isRunning
      ? "a turn is running: interrupt it before rolling back"
      : await rollBack(this.#thread, id, { turns, model: this.#settings.current.model });
    if (problem !== null) await this.#refuse(id, problem, "thread_rollback_failed");
  }

  async #setName(id: string, name: string): Promise<void> {
    const { options, recorder, journal } = this.#thread;
    const threadName = name.trim();
    if (threadName === "") {
      const problem = "a thread's name needs at least one visible character";
      return this.#refuse(id, problem, "bad_request");
    }
    if (recorder === null) return this.#refuse(id, "an ephemeral thread has no name", "other");
    try {
      await appendThreadName(options.codexHome, this.id, threadName, options.now);
    } catch (error) {
      return this.#refuse(id, (error as Error).message, "other");
    }
    const event = { thread_id: this.id, thread_name: threadName };
    await journal.announce(id, { type: "thread_name_updated", ...event });
  }

  async #reloadUserConfig(id: string): Promise<void> {
    const { reloadUserConfig } = this.#thread.config;
    if (reloadUserConfig === undefined) {
      const problem = "this program cannot read its configuration again: start it anew";
      return this.#refuse(id, problem, "bad_request");
    }
    try {
      await reloadUserConfig();
    } catch (error) {
      const { message } = error as Error;
      const problem = `the configuration was not read again and stays as it was: ${message}`;
      await this.#refuse(id, problem, "other");
    }
  }

  #refuse(
    id: string,
    message: string,
    info: "bad_request" | "thread_rollback_failed" | "other",
  ): Promise<void> {
    return this.#thread.journal.announce(id, { type: "error", message, codex_error_info: info });
  }

  async #close(): Promise<void> {
    const { responses, codeMode, processes, journal, recorder } = this.#thread;
    await this.#turns.close();
    await this.#inquiries.settled();
    await responses[Symbol.asyncDispose]();
    await codeMode?.[Symbol.asyncDispose]();
    await processes.closeAll();
    await journal.drained();
    try {
      await recorder?.close();
    } catch (error) {
      await this.announce({
        type: "error",
        message: `the session file could not be completed: ${(error as Error).message}`,
        codex_error_info: "other",
      });
    }
    journal.tell({ id: "", msg: { type: "shutdown_complete" } });
    this.#events.close();
  }
}

function unknownOp(op: never): string {
  const { type } = op as { readonly type?: unknown };
  return `a thread of this version does not answer the op ${JSON.stringify(type)}`;
}

function initialSettings(config: ThreadConfig): ThreadSettings {
  return {
    cwd: config.cwd,
    model: config.model,
    approvalPolicy: config.approvalPolicy,
    approvalsReviewer: config.approvalsReviewer,
    sandboxPolicy: config.sandboxPolicy,
    permissions: config.permissions,
    effort: config.effort,
    summary: config.summary,
    verbosity: config.verbosity,
    serviceTier: config.serviceTier,
    personality: config.personality,
    collaborationMode: undefined,
  };
}
