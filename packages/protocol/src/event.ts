// Events: what a thread tells its client, in order.
import type {
  GuardianAssessmentEvent,
  RequestPermissionsEvent,
  RequestUserInputEvent,
} from "./approval-events.ts";
import type { MessagePhase, ResponseItem, WebSearchAction } from "./response-item.ts";
import type {
  ApprovalsReviewer,
  AskForApproval,
  ReasoningEffort,
  ReviewDecision,
  SandboxPolicy,
  ServiceTier,
} from "./policy.ts";
import type { ReviewOutput, ReviewRequest } from "./op.ts";
import type { HookRunSummary } from "./hook-run.ts";
import type { PermissionProfile } from "./permissions.ts";
import type { RateLimitSnapshot, TokenUsageInfo } from "./usage.ts";
import type { MemoryCitation, TurnItem } from "./turn-item.ts";
import type { TextElement } from "./user-input.ts";

/** What went wrong, in a form that a client can act on. */
export type CodexErrorInfo =
  | "context_window_exceeded"
  | "usage_limit_exceeded"
  | "server_overloaded"
  | "internal_server_error"
  | "unauthorized"
  | "bad_request"
  | "sandbox_error"
  | "thread_rollback_failed"
  | "other"
  | { readonly http_connection_failed: { readonly http_status_code: number | null } }
  | { readonly response_stream_connection_failed: { readonly http_status_code: number | null } }
  | { readonly response_stream_disconnected: { readonly http_status_code: number | null } }
  | { readonly response_too_many_failed_attempts: { readonly http_status_code: number | null } }
  | { readonly active_turn_not_steerable: { readonly turn_kind: "review" | "compact" } };

/** How a command reads to a person. */
export type ParsedCommand =
  | { readonly type: "read"; readonly cmd: string; readonly name: string; readonly path: string }
  | { readonly type: "list_files"; readonly cmd: string; readonly path: string | null }
  | {
      readonly type: "search";
      readonly cmd: string;
      readonly query: string | null;
      readonly path: string | null;
    }
  | { readonly type: "unknown"; readonly cmd: string };

/** One file's part of a patch. */
export type FileChange =
  | { readonly type: "add"; readonly content: string }
  | { readonly type: "delete"; readonly content: string }
  | {
      readonly type: "update";
      readonly unified_diff: string;
      readonly move_path: string | null;
    };

/**
 * Who runs a command: the model by a shell tool; the person (`user_shell`); the model by
 * `exec_command`, which starts a process that may stay, and by writing to such a process later.
 * Here that last one is announced as `terminal_interaction` instead.
 */
export type ExecCommandSource =
  | "agent"
  | "user_shell"
  | "unified_exec_startup"
  | "unified_exec_interaction";
/**
 * `failed`: it exited with another code than 0 or could not be started. `declined`: it was not run,
 * because a person or a policy said no.
 */
export type ExecCommandStatus = "completed" | "failed" | "declined";
/** `failed`: the files could not be changed. `declined`: a person or a policy said no. */
export type PatchApplyStatus = "completed" | "failed" | "declined";

/** A duration as it stands in session files. */
export interface WireDuration {
  readonly secs: number;
  readonly nanos: number;
}

/** One step of the plan that the model keeps by `update_plan`. */
export interface PlanStep {
  readonly step: string;
  readonly status: "pending" | "in_progress" | "completed";
}

/** The first event of a thread: the settings that it starts with. */
export interface SessionConfiguredEvent {
  readonly type: "session_configured";
  /** The thread's id. */
  readonly session_id: string;
  readonly forked_from_id?: string;
  readonly thread_name?: string;
  readonly model: string;
  readonly model_provider_id: string;
  readonly service_tier?: ServiceTier;
  readonly approval_policy: AskForApproval;
  readonly approvals_reviewer: ApprovalsReviewer;
  readonly sandbox_policy: SandboxPolicy;
  readonly cwd: string;
  readonly reasoning_effort?: ReasoningEffort;
  /** Tells one file of prompts from another: offsets of one mean nothing in the next; 0 without any. */
  readonly history_log_id: number;
  /** The prompts in it. */
  readonly history_entry_count: number;
  /** Of a resumed or forked thread: what was announced before, for a client to show. */
  readonly initial_messages?: readonly EventMsg[];
  /** The session file; absent for a thread that is not kept. */
  readonly rollout_path?: string;
}

/** One line of the prompt history; `ts` is in seconds since the epoch. */
export interface PromptHistoryEntry {
  readonly conversation_id: string;
  readonly ts: number;
  readonly text: string;
}

/** How a front end may show a skill. */
export interface SkillInterfaceFacts {
  readonly display_name?: string;
  readonly short_description?: string;
  readonly icon_small?: string;
  readonly icon_large?: string;
  /** `#RRGGBB`. */
  readonly brand_color?: string;
  /** What to put into the composer when the skill is picked. */
  readonly default_prompt?: string;
}

/** A tool that a skill needs. */
export interface SkillToolFacts {
  /** Such as `mcp`. */
  readonly type: string;
  readonly value: string;
  readonly description?: string;
  readonly transport?: string;
  readonly command?: string;
  readonly url?: string;
}

/** A skill as front ends list it. */
export interface SkillMetadata {
  readonly name: string;
  readonly description: string;
  readonly short_description?: string;
  readonly interface?: SkillInterfaceFacts;
  readonly dependencies?: { readonly tools: readonly SkillToolFacts[] };
  /** Its `SKILL.md`. */
  readonly path: string;
  readonly scope: "user" | "repo" | "system" | "admin";
  /** Whether turns are offered it. */
  readonly enabled: boolean;
}

/** The skills of one folder, and the files that should be skills and cannot be read as such. */
export interface SkillsListEntry {
  readonly cwd: string;
  readonly skills: readonly SkillMetadata[];
  readonly errors: readonly { readonly path: string; readonly message: string }[];
}

interface ItemScope {
  readonly thread_id: string;
  readonly turn_id: string;
}

interface ExecCommandFacts {
  readonly call_id: string;
  readonly process_id?: string;
  readonly turn_id: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly parsed_cmd: readonly ParsedCommand[];
  readonly source: ExecCommandSource;
  /** What was typed into a process that runs; absent for a command that starts. */
  readonly interaction_input?: string;
}

/** The thread is about to run a command. */
export type ExecCommandBeginEvent = ExecCommandFacts & { readonly type: "exec_command_begin" };

/**
 * A command has ended, or was never run (then `exit_code` is -1 and the texts say why). Session
 * files keep it shortened.
 */
export type ExecCommandEndEvent = ExecCommandFacts & {
  readonly type: "exec_command_end";
  readonly stdout: string;
  readonly stderr: string;
  /** Both outputs as they came, in one text. */
  readonly aggregated_output: string;
  readonly exit_code: number;
  readonly duration: WireDuration;
  /** What the model is given. */
  readonly formatted_output: string;
  readonly status: ExecCommandStatus;
};

/**
 * Asks the client whether a command may run. The turn waits for an `exec_approval` whose `id` is
 * `approval_id`, else `call_id`.
 */
export interface ExecApprovalRequestEvent {
  readonly type: "exec_approval_request";
  readonly call_id: string;
  readonly approval_id?: string;
  readonly turn_id: string;
  readonly command: readonly string[];
  readonly cwd: string;
  /** Why the command needs approval, for the person. */
  readonly reason?: string;
  /** The argv prefix that a rule would allow from now on if the person says so. */
  readonly proposed_execpolicy_amendment?: readonly string[];
  /** What the command asks for beyond the sandbox's policy. */
  readonly additional_permissions?: PermissionProfile;
  /** The answers to offer, in this order. */
  readonly available_decisions: readonly ReviewDecision[];
  readonly parsed_cmd: readonly ParsedCommand[];
}

/**
 * Asks the client whether a patch may be applied. The turn waits for a `patch_approval` whose `id`
 * is `call_id`.
 */
export interface ApplyPatchApprovalRequestEvent {
  readonly type: "apply_patch_approval_request";
  readonly call_id: string;
  readonly turn_id: string;
  /** By absolute path. */
  readonly changes: { readonly [path: string]: FileChange };
  readonly reason?: string;
  /** A folder to be writable for the rest of the session if the person agrees; not set here. */
  readonly grant_root?: string;
}

/**
 * What a thread tells its client, and (some of it) writes into the session file. Each kind is named
 * by `type`; ids are the thread's, the turn's (`turn_id`) and the tool call's (`call_id`). The
 * `*_delta` kinds carry a piece of a text that comes whole later. `agent_message`,
 * `agent_reasoning`, `user_message` and the like repeat for older clients what `item_completed`
 * says.
 */
export type EventMsg =
  | SessionConfiguredEvent
  | {
      readonly type: "task_started";
      readonly turn_id: string;
      /** Tokens; null when not known. */
      readonly model_context_window: number | null;
      readonly collaboration_mode_kind: "plan" | "default";
    }
  | {
      readonly type: "task_complete";
      readonly turn_id: string;
      readonly last_agent_message: string | null;
      /** Why the turn failed; absent when it did not. Ours; others ignore it. */
      readonly error?: {
        readonly message: string;
        readonly codex_error_info: CodexErrorInfo | null;
      };
    }
  | {
      readonly type: "turn_aborted";
      readonly turn_id: string | null;
      readonly reason: "interrupted" | "replaced" | "review_ended";
    }
  | {
      readonly type: "user_message";
      readonly message: string;
      readonly images?: readonly string[];
      readonly local_images: readonly string[];
      readonly text_elements: readonly TextElement[];
    }
  | {
      readonly type: "agent_message";
      readonly message: string;
      readonly phase: MessagePhase | null;
      readonly memory_citation: MemoryCitation | null;
    }
  | { readonly type: "agent_reasoning"; readonly text: string }
  | { readonly type: "agent_reasoning_raw_content"; readonly text: string }
  | {
      readonly type: "token_count";
      readonly info: TokenUsageInfo | null;
      readonly rate_limits: RateLimitSnapshot | null;
    }
  /** A summary has taken the history's place. */
  | { readonly type: "context_compacted" }
  | { readonly type: "thread_rolled_back"; readonly num_turns: number }
  | { readonly type: "undo_started"; readonly message?: string }
  | { readonly type: "undo_completed"; readonly success: boolean; readonly message?: string }
  | {
      readonly type: "thread_name_updated";
      readonly thread_id: string;
      readonly thread_name?: string;
    }
  | (ReviewRequest & { readonly type: "entered_review_mode" })
  | { readonly type: "exited_review_mode"; readonly review_output: ReviewOutput | null }
  | {
      readonly type: "get_history_entry_response";
      readonly offset: number;
      readonly log_id: number;
      readonly entry: PromptHistoryEntry | null;
    }
  | { readonly type: "list_skills_response"; readonly skills: readonly SkillsListEntry[] }
  | (ItemScope & { readonly type: "item_started"; readonly item: TurnItem })
  | (ItemScope & { readonly type: "item_completed"; readonly item: TurnItem })
  | {
      readonly type: "error";
      readonly message: string;
      readonly codex_error_info: CodexErrorInfo | null;
    }
  | { readonly type: "warning"; readonly message: string }
  /** Something to show while the turn goes on, of no consequence. */
  | { readonly type: "background_event"; readonly message: string }
  | { readonly type: "deprecation_notice"; readonly summary: string; readonly details?: string }
  | {
      readonly type: "stream_error";
      readonly message: string;
      readonly codex_error_info: CodexErrorInfo | null;
      readonly additional_details: string | null;
    }
  /** An item that has just been added to the history. */
  | { readonly type: "raw_response_item"; readonly item: ResponseItem }
  | (ItemScope & {
      readonly type: "agent_message_content_delta";
      readonly item_id: string;
      readonly delta: string;
    })
  /** A piece of the plan that the model proposes in plan mode. */
  | (ItemScope & {
      readonly type: "plan_delta";
      readonly item_id: string;
      readonly delta: string;
    })
  | (ItemScope & {
      readonly type: "reasoning_content_delta";
      readonly item_id: string;
      readonly delta: string;
      readonly summary_index: number;
    })
  | (ItemScope & {
      readonly type: "reasoning_raw_content_delta";
      readonly item_id: string;
      readonly delta: string;
      readonly content_index: number;
    })
  | { readonly type: "agent_message_delta"; readonly delta: string }
  | { readonly type: "agent_reasoning_delta"; readonly delta: string }
  | { readonly type: "agent_reasoning_raw_content_delta"; readonly delta: string }
  | {
      readonly type: "agent_reasoning_section_break";
      readonly item_id: string;
      readonly summary_index: number;
    }
  | ExecCommandBeginEvent
  | {
      readonly type: "exec_command_output_delta";
      readonly call_id: string;
      /** Of a terminal, everything is `stdout`. */
      readonly stream: "stdout" | "stderr";
      /** Base64. */
      readonly chunk: string;
    }
  | ExecCommandEndEvent
  | {
      readonly type: "terminal_interaction";
      readonly call_id: string;
      readonly process_id: string;
      readonly stdin: string;
    }
  | {
      readonly type: "patch_apply_begin";
      readonly call_id: string;
      readonly turn_id: string;
      /** Whether nobody had to be asked. */
      readonly auto_approved: boolean;
      readonly changes: { readonly [path: string]: FileChange };
    }
  | {
      readonly type: "patch_apply_end";
      readonly call_id: string;
      readonly turn_id: string;
      readonly stdout: string;
      readonly stderr: string;
      readonly success: boolean;
      readonly changes: { readonly [path: string]: FileChange };
      readonly status: PatchApplyStatus;
    }
  | { readonly type: "web_search_begin"; readonly call_id: string }
  | {
      readonly type: "web_search_end";
      readonly call_id: string;
      readonly query: string;
      readonly action: WebSearchAction;
    }
  | { readonly type: "view_image_tool_call"; readonly call_id: string; readonly path: string }
  | ExecApprovalRequestEvent
  | ApplyPatchApprovalRequestEvent
  | RequestPermissionsEvent
  | RequestUserInputEvent
  | GuardianAssessmentEvent
  /** All that the turn has changed so far. */
  | { readonly type: "turn_diff"; readonly unified_diff: string }
  | {
      readonly type: "plan_update";
      readonly explanation: string | null;
      readonly plan: readonly PlanStep[];
    }
  | {
      readonly type: "model_reroute";
      readonly from_model: string;
      readonly to_model: string;
      readonly reason: "high_risk_cyber_activity";
    }
  | {
      readonly type: "hook_started" | "hook_completed";
      readonly turn_id: string | null;
      readonly run: HookRunSummary;
    }
  | { readonly type: "shutdown_complete" };

/** One event; `id` is the turn's (submission's) id, empty for what belongs to the session's start. */
export interface Event {
  readonly id: string;
  readonly msg: EventMsg;
}

/** The event of one kind. */
export type EventOf<T extends EventMsg["type"]> = Extract<EventMsg, { readonly type: T }>;
