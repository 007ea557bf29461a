// What is told of a run: in the events `hook_started` and `hook_completed`, and in an outcome.
import { hookEventLabel, type HookEventName } from "./events.ts";

/** The event as summaries have it: `pre_tool_use`. */
export type HookRunEventName =
  | "pre_tool_use"
  | "post_tool_use"
  | "session_start"
  | "user_prompt_submit"
  | "stop";

/** `cancelled` is a run that was ended with its turn. */
export type HookRunStatus =
  | "running"
  | "completed"
  | "failed"
  | "blocked"
  | "stopped"
  | "cancelled";

export interface HookRunEntry {
  readonly kind: "warning" | "stop" | "feedback" | "context" | "error";
  readonly text: string;
}

/** One run of one handler. */
export interface HookRunSummary {
  /** `<event>:<display order>:<source path>:<UUID of this run>`. */
  readonly id: string;
  readonly event_name: HookRunEventName;
  /** `function` is a hook of the program itself. */
  readonly handler_type: "command" | "function";
  readonly execution_mode: "sync";
  readonly scope: "thread" | "turn";
  /** The file that the handler stands in; `in-process:NAME` for a function. */
  readonly source_path: string;
  readonly display_order: number;
  readonly status: HookRunStatus;
  readonly status_message: string | null;
  /** Unix seconds. */
  readonly started_at: number;
  /** Unix seconds; null while it runs. */
  readonly completed_at: number | null;
  /** Milliseconds; null while it runs. */
  readonly duration_ms: number | null;
  readonly entries: readonly HookRunEntry[];
}

/** What a front end is told while hooks run; the shape of the engine's events. */
export interface HookRunEvent {
  readonly type: "hook_started" | "hook_completed";
  /** Missing when the event belongs to no turn. */
  readonly turn_id?: string;
  readonly run: HookRunSummary;
}

export function runEventName(event: HookEventName): HookRunEventName {
  return hookEventLabel(event).replaceAll("-", "_") as HookRunEventName;
}
