// The lines of a session file.
import type { EventMsg } from "./event.ts";
import type { JsonValue } from "./json.ts";
import type {
  ApprovalsReviewer,
  AskForApproval,
  CollaborationMode,
  Personality,
  ReasoningEffort,
  ReasoningSummaryMode,
  SandboxPolicy,
  TruncationPolicy,
} from "./policy.ts";
import type { ResponseItem } from "./response-item.ts";

/** Which front end made a session. */
export type SessionSource =
  | "cli"
  | "vscode"
  | "exec"
  | "mcp"
  | "unknown"
  | { readonly custom: string }
  | { readonly subagent: JsonValue };

/** Where a session's repository stood when the session began. URLs are without credentials. */
export interface GitInfo {
  readonly commit_hash?: string;
  readonly branch?: string;
  readonly repository_url?: string;
}

/** The first line of a session file: what a thread is and where it started. */
export interface SessionMeta {
  readonly id: string;
  readonly forked_from_id?: string;
  /** When the thread was made: RFC 3339, UTC, milliseconds. */
  readonly timestamp: string;
  readonly cwd: string;
  /** The front end's name, as in the `originator` header. */
  readonly originator: string;
  readonly cli_version: string;
  readonly source: SessionSource;
  readonly agent_nickname?: string;
  readonly agent_role?: string;
  /** Of a sub-agent: where it stands below `/root`. */
  readonly agent_path?: string;
  /** The provider's id. */
  readonly model_provider: string | null;
  /** The system prompt of the thread; where it is null, a resumed thread takes its model's own. */
  readonly base_instructions: { readonly text: string } | null;
  readonly dynamic_tools?: readonly JsonValue[];
  /** Written by other programs; kept as it came. */
  readonly memory_mode?: string;
  readonly git?: GitInfo;
}

/** The settings that the model was last told of; one line per turn. */
export interface TurnContextItem {
  readonly turn_id?: string;
  readonly trace_id?: string;
  readonly cwd: string;
  /** `YYYY-MM-DD`, local. */
  readonly current_date?: string;
  /** IANA name. */
  readonly timezone?: string;
  readonly approval_policy: AskForApproval;
  /** Ours; others ignore it. */
  readonly approvals_reviewer?: ApprovalsReviewer;
  /** Section → short hash of the text that the model was told. Ours; others ignore it. */
  readonly told_sections?: { readonly [section: string]: string };
  readonly sandbox_policy: SandboxPolicy;
  readonly network?: {
    readonly allowed_domains: readonly string[];
    readonly denied_domains: readonly string[];
  };
  readonly model: string;
  readonly personality?: Personality;
  readonly collaboration_mode?: CollaborationMode;
  readonly realtime_active?: boolean;
  readonly effort?: ReasoningEffort;
  readonly summary: ReasoningSummaryMode;
  readonly user_instructions?: string;
  readonly developer_instructions?: string;
  readonly final_output_json_schema?: JsonValue;
  readonly truncation_policy?: TruncationPolicy;
}

/**
 * Who put an item into the history: a person's words, what the model is told of its circumstances, the
 * note that a turn was stopped, what a hook asked for, or the summary of a compaction. What the model
 * and its tools wrote has none. Ours; others ignore it and judge by the text.
 */
export type ItemOrigin = "user" | "context" | "marker" | "hook" | "summary";

/** A compaction: what has taken the history's place. */
export interface CompactedItem {
  /** The summary. */
  readonly message: string;
  /** The whole new history; files of old versions lack it. */
  readonly replacement_history?: readonly ResponseItem[];
  /** One entry per item of `replacement_history`. Ours; others ignore it. */
  readonly replacement_origins?: readonly (ItemOrigin | null)[];
}

/**
 * A change of the history behind its end, which nothing that is in the file says. A line of its own
 * kind, which others pass over.
 */
export type HistoryEdit =
  /** The newest `count` items are taken back: their stream broke, and the model is asked again. */
  | { readonly type: "undo"; readonly count: number }
  /** The snapshot with this commit id was restored, and is used up. */
  | { readonly type: "drop_snapshot"; readonly id: string }
  /** The images of the newest tool output gave way to `text`. */
  | { readonly type: "replace_images"; readonly text: string };

/** What a line holds, without its time stamp. */
export type RolloutItem =
  | { readonly type: "session_meta"; readonly payload: SessionMeta }
  | {
      readonly type: "response_item";
      readonly payload: ResponseItem;
      readonly origin?: ItemOrigin;
    }
  | { readonly type: "history_edit"; readonly payload: HistoryEdit }
  | { readonly type: "compacted"; readonly payload: CompactedItem }
  | { readonly type: "turn_context"; readonly payload: TurnContextItem }
  | { readonly type: "event_msg"; readonly payload: EventMsg };

/** One line; `timestamp` is when it was written: RFC 3339, UTC, milliseconds. */
export type RolloutLine = RolloutItem & { readonly timestamp: string };
