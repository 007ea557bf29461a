// Submissions: what a client asks of a thread.
import type { RequestPermissionsResponse, RequestUserInputResponse } from "./approval-events.ts";
import type { JsonValue } from "./json.ts";
import type {
  ApprovalsReviewer,
  AskForApproval,
  CollaborationMode,
  Personality,
  ReasoningEffort,
  ReasoningSummaryMode,
  ReviewDecision,
  SandboxPolicy,
  ServiceTier,
} from "./policy.ts";
import type { UserInput } from "./user-input.ts";

/** W3C trace context that a submission runs under. */
export interface TraceContext {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/**
 * Starts a turn, after changing the session's settings. `effort` absent clears the session's effort
 * (unless `collaboration_mode` brings one); `summary`, `personality` and `approvals_reviewer`
 * absent keep it; `service_tier` absent keeps, null clears; `collaboration_mode` absent ends the
 * mode.
 */
export interface UserTurnOp {
  readonly type: "user_turn";
  readonly items: readonly UserInput[];
  readonly cwd: string;
  readonly approval_policy: AskForApproval;
  readonly approvals_reviewer?: ApprovalsReviewer | null;
  readonly sandbox_policy: SandboxPolicy;
  readonly model: string;
  readonly effort?: ReasoningEffort;
  readonly summary?: ReasoningSummaryMode;
  readonly service_tier?: ServiceTier | null;
  readonly final_output_json_schema: JsonValue;
  readonly collaboration_mode?: CollaborationMode;
  readonly personality?: Personality;
}

/**
 * Changes settings only; nothing is recorded until the next user turn. What is absent is kept; a
 * collaboration mode that is kept follows `model` and `effort`.
 */
export interface OverrideTurnContextOp {
  readonly type: "override_turn_context";
  readonly cwd?: string;
  readonly approval_policy?: AskForApproval;
  readonly approvals_reviewer?: ApprovalsReviewer;
  readonly sandbox_policy?: SandboxPolicy;
  readonly model?: string;
  /** Null clears, as does a `collaboration_mode` without an effort. */
  readonly effort?: ReasoningEffort | null;
  readonly summary?: ReasoningSummaryMode;
  readonly service_tier?: ServiceTier | null;
  readonly collaboration_mode?: CollaborationMode;
  readonly personality?: Personality;
}

/** What a review looks at. */
export type ReviewTarget =
  | { readonly type: "uncommittedChanges" }
  | { readonly type: "baseBranch"; readonly branch: string }
  | { readonly type: "commit"; readonly sha: string; readonly title?: string }
  | { readonly type: "custom"; readonly instructions: string };

/** What a client asks to have reviewed. */
export interface ReviewRequest {
  readonly target: ReviewTarget;
  /** The target in a few words, for people; made from the target when missing. */
  readonly user_facing_hint?: string;
}

/** One finding of a review, and where it is. */
export interface ReviewFinding {
  readonly title: string;
  readonly body: string;
  /** 0 to 1. */
  readonly confidence_score: number;
  /** 0, the most urgent, to 3. */
  readonly priority: number;
  readonly code_location: {
    readonly absolute_file_path: string;
    /** Counted from 1, both ends included. */
    readonly line_range: { readonly start: number; readonly end: number };
  };
}

/** What a reviewing model answers. */
export interface ReviewOutput {
  readonly findings: readonly ReviewFinding[];
  /** `patch is correct` or `patch is incorrect`, as the model put it. */
  readonly overall_correctness: string;
  readonly overall_explanation: string;
  /** 0 to 1. */
  readonly overall_confidence_score: number;
}

/** A message of one agent to others; it stands in the history as an assistant message. */
export interface InterAgentCommunication {
  readonly author: string;
  readonly recipient: string;
  readonly other_recipients: readonly string[];
  readonly content: string;
  /** Whether the message starts a turn; else it waits for the next one. */
  readonly trigger_turn: boolean;
}

/**
 * What a client asks of a thread. Sent by clients alone, in a {@link Submission}; the thread
 * answers with events. `exec_approval` and `patch_approval` carry the id that the request gave.
 */
export type Op =
  | { readonly type: "interrupt" }
  | {
      readonly type: "user_input";
      readonly items: readonly UserInput[];
      readonly final_output_json_schema?: JsonValue;
    }
  | UserTurnOp
  | OverrideTurnContextOp
  | {
      readonly type: "exec_approval";
      readonly id: string;
      readonly turn_id?: string;
      readonly decision: ReviewDecision;
    }
  | { readonly type: "patch_approval"; readonly id: string; readonly decision: ReviewDecision }
  /** Puts a message of another agent into the history; `trigger_turn` starts a turn for it. */
  | {
      readonly type: "inter_agent_communication";
      readonly communication: InterAgentCommunication;
    }
  /** Puts a summary in place of the history. */
  | { readonly type: "compact" }
  /** Brings the work tree back to the newest snapshot of the history; the snapshot is then used up. */
  | { readonly type: "undo" }
  /** Has a change reviewed by a model with instructions of its own; the thread learns of the result. */
  | { readonly type: "review"; readonly review_request: ReviewRequest }
  /** Takes the newest turns out of the history. Files are not changed back. */
  | { readonly type: "thread_rollback"; readonly num_turns: number }
  /** Names the thread, for lists of sessions. */
  | { readonly type: "set_thread_name"; readonly name: string }
  | {
      readonly type: "request_permissions_response";
      /** The call that asks. */
      readonly id: string;
      readonly response: RequestPermissionsResponse;
    }
  | {
      readonly type: "user_input_answer" | "request_user_input_response";
      /** The call that asks, or its turn. */
      readonly id: string;
      readonly response: RequestUserInputResponse;
    }
  /** Keeps a prompt for later sessions to offer again. */
  | { readonly type: "add_to_history"; readonly text: string }
  /** Asks for a kept prompt; answered by `get_history_entry_response`. */
  | {
      readonly type: "get_history_entry_request";
      /** Counted from 0 at the oldest. */
      readonly offset: number;
      /** The file that the offset is meant for, as `session_configured` named it; 0 for any. */
      readonly log_id: number;
    }
  /** Asks which skills there are; answered by `list_skills_response`. */
  | {
      readonly type: "list_skills";
      /** The folders to look from; that of the next turn by default. */
      readonly cwds?: readonly string[];
      /** Of no effect: skills are always read anew. */
      readonly force_reload?: boolean;
    }
  /** Has the person's own configuration read again, for what a running thread takes from it. */
  | { readonly type: "reload_user_config" }
  /** Runs a command of the person's own: unconfined, unasked, for the model to see. */
  | { readonly type: "run_user_shell_command"; readonly command: string }
  /** Ends the processes that commands have left running. */
  | { readonly type: "clean_background_terminals" }
  | { readonly type: "shutdown" };

/** An {@link Op} with an id, which the events that it leads to carry. */
export interface Submission {
  /** A UUID v7; the id of the op that starts a turn is the turn's id. */
  readonly id: string;
  readonly op: Op;
  readonly trace?: TraceContext;
}
