// Submissions: what a client asks of a thread.
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
 * (unless `collaboration_mode` is given); `summary`, `personality` and `approvals_reviewer` absent
 * keep it; `service_tier` absent keeps, null clears.
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

/** Changes settings only; nothing is recorded until the next user turn. */
export interface OverrideTurnContextOp {
  readonly type: "override_turn_context";
  readonly cwd?: string;
  readonly approval_policy?: AskForApproval;
  readonly approvals_reviewer?: ApprovalsReviewer;
  readonly sandbox_policy?: SandboxPolicy;
  readonly model?: string;
  /** Null clears. */
  readonly effort?: ReasoningEffort | null;
  readonly summary?: ReasoningSummaryMode;
  readonly service_tier?: ServiceTier | null;
  readonly collaboration_mode?: CollaborationMode;
  readonly personality?: Personality;
}

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
  | { readonly type: "clean_background_terminals" }
  | { readonly type: "shutdown" };

export interface Submission {
  /** A UUID v7; the id of the op that starts a turn is the turn's id. */
  readonly id: string;
  readonly op: Op;
  readonly trace?: TraceContext;
}
