// The lines of `exec --json`: one JSON object each, in the vocabulary that the Codex SDK reads.
import type {
  EventMsg,
  FileChange,
  HookRunSummary,
  TokenUsage,
  WebSearchAction,
} from "@codex-ts/protocol";
import { joinWords } from "@codex-ts/shell-command";
import { version } from "../version.ts";
import type { LimitReached } from "./run-limits.ts";

export type ItemStatus = "in_progress" | "completed" | "failed" | "declined";

export interface FileUpdate {
  readonly path: string;
  readonly kind: "add" | "delete" | "update";
}

export type ThreadItem =
  | { readonly id: string; readonly type: "agent_message"; readonly text: string }
  | { readonly id: string; readonly type: "reasoning"; readonly text: string }
  | {
      readonly id: string;
      readonly type: "command_execution";
      readonly command: string;
      readonly aggregated_output: string;
      readonly exit_code: number | null;
      readonly status: ItemStatus;
    }
  | {
      readonly id: string;
      readonly type: "file_change";
      readonly changes: readonly FileUpdate[];
      readonly status: ItemStatus;
    }
  | {
      readonly id: string;
      readonly type: "web_search";
      readonly search_id: string;
      readonly query: string;
      readonly action: WebSearchAction;
    }
  | {
      readonly id: string;
      readonly type: "todo_list";
      readonly items: readonly { readonly text: string; readonly completed: boolean }[];
    }
  | {
      readonly id: string;
      readonly type: "hook_prompt";
      readonly fragments: readonly { readonly text: string; readonly hook_run_id: string }[];
    }
  | { readonly id: string; readonly type: "error"; readonly message: string };

export interface JsonUsage {
  readonly input_tokens: number;
  readonly cached_input_tokens: number;
  readonly output_tokens: number;
}

export type JsonEvent =
  | {
      readonly type: "thread.started";
      readonly thread_id: string;
      /** Of these events: it grows when one of them changes its meaning. */
      readonly schema_version: 1;
      readonly cli_version: string;
    }
  | { readonly type: "turn.started" }
  | {
      readonly type: "item.started" | "item.updated" | "item.completed";
      readonly item: ThreadItem;
    }
  | { readonly type: "hook.started" | "hook.completed"; readonly run: HookRunSummary }
  | {
      readonly type: "turn.completed";
      /** The thread's total. */
      readonly usage: JsonUsage;
      /** This turn's part of it. */
      readonly turn_usage: JsonUsage;
    }
  | { readonly type: "turn.failed"; readonly error: TurnError }
  | { readonly type: "error"; readonly message: string };

export interface TurnError {
  readonly message: string;
  /**
   * What kind of failure it is, for programs: `interrupted`, `not_started`, a limit (`timeout`,
   * `max_turns`, `denied`), or what the model's service said (`usage_limit_exceeded`, for one).
   */
  readonly code: string;
}

/** The only event of a run that could not start. */
export function failedStart(error: unknown): JsonEvent {
  const message = error instanceof Error ? error.message : String(error);
  return { type: "turn.failed", error: { message, code: "not_started" } };
}

/** Turns a thread's events into JSON events; item ids count from `item_0` in each process. */
export class JsonEventStream {
  #nextId = 0;
  /** Raw id → the item as it was started. */
  readonly #open = new Map<string, ThreadItem>();
  #todoList: Extract<ThreadItem, { type: "todo_list" }> | null = null;
  #usage: TokenUsage | null = null;
  #usageAtTurnStart: TokenUsage | null = null;
  #lastError: TurnError | null = null;

  /** The JSON events that follow from one event. */
  push(msg: EventMsg): readonly JsonEvent[] {
    switch (msg.type) {
      case "session_configured":
        for (const earlier of msg.initial_messages ?? []) {
          if (earlier.type === "token_count") {
            this.#usage = earlier.info?.total_token_usage ?? this.#usage;
          }
        }
        return [
          {
            type: "thread.started",
            thread_id: msg.session_id,
            schema_version: 1,
            cli_version: version,
          },
        ];
      case "task_started":
        this.#usageAtTurnStart = this.#usage;
        this.#lastError = null;
        return [{ type: "turn.started" }];
      case "token_count":
        this.#usage = msg.info?.total_token_usage ?? this.#usage;
        return [];
      case "exec_command_begin":
        if (msg.source === "unified_exec_interaction") return [];
        return this.#start(msg.call_id, {
          id: this.#takeId(),
          type: "command_execution",
          command: joinWords(msg.command),
          aggregated_output: "",
          exit_code: null,
          status: "in_progress",
        });
      case "exec_command_end": {
        if (msg.source === "unified_exec_interaction") return [];
        return this.#complete(msg.call_id, (id) => ({
          id,
          type: "command_execution",
          command: joinWords(msg.command),
          aggregated_output: msg.aggregated_output,
          exit_code: msg.exit_code,
          status: msg.status,
        }));
      }
      case "patch_apply_begin":
        return this.#start(msg.call_id, {
          id: this.#takeId(),
          type: "file_change",
          changes: fileUpdates(msg.changes),
          status: "in_progress",
        });
      case "patch_apply_end":
        return this.#complete(msg.call_id, (id) => ({
          id,
          type: "file_change",
          changes: fileUpdates(msg.changes),
          status: msg.status === "completed" ? "completed" : "failed",
        }));
      case "plan_update":
        return this.#planUpdate(msg.plan);
      case "item_started":
        if (msg.item.type !== "WebSearch") return [];
        return this.#start(msg.item.id, {
          id: this.#takeId(),
          type: "web_search",
          search_id: msg.item.id,
          query: msg.item.query,
          action: msg.item.action,
        });
      case "item_completed":
        return this.#itemCompleted(msg.item);
      case "hook_started":
        return [{ type: "hook.started", run: msg.run }];
      case "hook_completed":
        return [{ type: "hook.completed", run: msg.run }];
      case "warning":
        return this.#errorItem(msg.message);
      case "deprecation_notice":
        return this.#errorItem(
          msg.details === undefined ? msg.summary : `${msg.summary} (${msg.details})`,
        );
      case "model_reroute":
        return this.#errorItem(`model rerouted: ${msg.from_model} -> ${msg.to_model}`);
      case "error":
        this.#lastError = { message: msg.message, code: errorCode(msg.codex_error_info) };
        return [{ type: "error", message: msg.message }];
      case "stream_error":
        return [
          {
            type: "error",
            message:
              msg.additional_details === null || msg.additional_details === ""
                ? msg.message
                : `${msg.message} (${msg.additional_details})`,
          },
        ];
      default:
        return [];
    }
  }

  /**
   * What follows from the turn's last event, the terminal event last; null stands for a thread that
   * ended without one. A limit that was reached is why the turn failed, whatever else it came to.
   */
  end(
    msg: Extract<EventMsg, { type: "task_complete" | "turn_aborted" }> | null,
    limit: LimitReached | null,
  ): readonly JsonEvent[] {
    const isComplete = msg?.type === "task_complete";
    const interrupted: TurnError = { message: "turn interrupted", code: "interrupted" };
    const error = limit ?? (isComplete ? this.#lastError : interrupted);
    return [
      ...this.#closeOpenItems(isComplete ? "in_progress" : "failed"),
      error === null
        ? this.#turnCompleted()
        : { type: "turn.failed", error: { message: error.message, code: error.code } },
    ];
  }

  #takeId(): string {
    const id = `item_${this.#nextId}`;
    this.#nextId += 1;
    return id;
  }

  #start(rawId: string, item: ThreadItem): readonly JsonEvent[] {
    this.#open.set(rawId, item);
    return [{ type: "item.started", item }];
  }

  #complete(rawId: string, finished: (id: string) => ThreadItem): readonly JsonEvent[] {
    const id = this.#open.get(rawId)?.id ?? this.#takeId();
    this.#open.delete(rawId);
    return [{ type: "item.completed", item: finished(id) }];
  }

  #itemCompleted(
    item: Extract<EventMsg, { type: "item_completed" }>["item"],
  ): readonly JsonEvent[] {
    switch (item.type) {
      case "AgentMessage": {
        const text = item.content.map((part) => part.text).join("");
        return [
          { type: "item.completed", item: { id: this.#takeId(), type: "agent_message", text } },
        ];
      }
      case "Reasoning": {
        const text = item.summary_text.join("\n");
        if (text.trim() === "") return [];
        return [{ type: "item.completed", item: { id: this.#takeId(), type: "reasoning", text } }];
      }
      case "HookPrompt": {
        const fragments = item.fragments.map(({ text, hookRunId }) => ({
          text,
          hook_run_id: hookRunId,
        }));
        return [
          { type: "item.completed", item: { id: this.#takeId(), type: "hook_prompt", fragments } },
        ];
      }
      case "WebSearch":
        return this.#complete(item.id, (id) => ({
          id,
          type: "web_search",
          search_id: item.id,
          query: item.query,
          action: item.action,
        }));
      default:
        return [];
    }
  }

  #planUpdate(plan: Extract<EventMsg, { type: "plan_update" }>["plan"]): readonly JsonEvent[] {
    const items = plan.map((step) => ({
      text: step.step,
      completed: step.status === "completed",
    }));
    const isNew = this.#todoList === null;
    this.#todoList = { id: this.#todoList?.id ?? this.#takeId(), type: "todo_list", items };
    return [{ type: isNew ? "item.started" : "item.updated", item: this.#todoList }];
  }

  #errorItem(message: string): readonly JsonEvent[] {
    return [{ type: "item.completed", item: { id: this.#takeId(), type: "error", message } }];
  }

  /**
   * The plan is done with the turn; so is what still runs, as far as this turn's events tell: left
   * in progress by a turn that completed, failed by one that was stopped.
   */
  #closeOpenItems(status: "in_progress" | "failed"): readonly JsonEvent[] {
    const items = [...(this.#todoList === null ? [] : [this.#todoList]), ...this.#open.values()];
    this.#todoList = null;
    this.#open.clear();
    return items.map((item) => ({
      type: "item.completed",
      item: "status" in item ? { ...item, status } : item,
    }));
  }

  #turnCompleted(): JsonEvent {
    return {
      type: "turn.completed",
      usage: jsonUsage(this.#usage, /*before*/ null),
      turn_usage: jsonUsage(this.#usage, this.#usageAtTurnStart),
    };
  }
}

function fileUpdates(changes: Readonly<Record<string, FileChange>>): readonly FileUpdate[] {
  return Object.entries(changes).map(([path, change]) => ({ path, kind: change.type }));
}

function jsonUsage(usage: TokenUsage | null, before: TokenUsage | null): JsonUsage {
  return {
    input_tokens: (usage?.input_tokens ?? 0) - (before?.input_tokens ?? 0),
    cached_input_tokens: (usage?.cached_input_tokens ?? 0) - (before?.cached_input_tokens ?? 0),
    output_tokens: (usage?.output_tokens ?? 0) - (before?.output_tokens ?? 0),
  };
}

/** The kind of an error as one word; some kinds carry details, which the message has too. */
function errorCode(info: Extract<EventMsg, { type: "error" }>["codex_error_info"]): string {
  if (info === undefined || info === null) return "other";
  return typeof info === "string" ? info : (Object.keys(info)[0] ?? "other");
}
