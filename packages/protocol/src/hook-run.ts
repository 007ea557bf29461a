// One run of a lifecycle hook, as clients are told of it.

/** The five hook events, as run summaries name them. */
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

/**
 * Something that a run said: a warning or an error to the person, why it stops or refuses, or text
 * for the model (`context`).
 */
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
  /** `thread` for SessionStart alone. */
  readonly scope: "thread" | "turn";
  /** The file that the handler stands in; `in-process:NAME` for a function. */
  readonly source_path: string;
  /** The handler's place among those of all files, from 0. */
  readonly display_order: number;
  readonly status: HookRunStatus;
  /** What the handler's file wants to be shown while it runs. */
  readonly status_message: string | null;
  /** Unix seconds. */
  readonly started_at: number;
  /** Unix seconds; null while it runs. */
  readonly completed_at: number | null;
  /** Milliseconds; null while it runs. */
  readonly duration_ms: number | null;
  readonly entries: readonly HookRunEntry[];
}
