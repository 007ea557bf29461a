// Asking whoever decides, and remembering what was approved for the session.
import type { ReviewDecision } from "@codex-ts/protocol";
import type { ApprovalRequest, ToolContext } from "./tool.ts";

/** What a person approved for the rest of a session. */
export interface ApprovalCache {
  /** Whether all keys were approved; false for none at all. */
  covers(keys: readonly string[]): boolean;
  remember(keys: readonly string[]): void;
}

/** An empty cache, for one session. */
export function createApprovalCache(): ApprovalCache {
  const approved = new Set<string>();
  return {
    covers: (keys) => keys.length > 0 && keys.every((key) => approved.has(key)),
    remember: (keys) => {
      for (const key of keys) approved.add(key);
    },
  };
}

/** An answer, and who gave it. */
export type Approval =
  | {
      readonly isApproved: true;
      readonly by: "session" | "person" | "reviewer";
      /** The prefix that the person allowed for good along with it. */
      readonly allowedPrefix: readonly string[] | null;
    }
  | {
      readonly isApproved: false;
      /** What the model is told; null when the person just said no. */
      readonly message: string | null;
    };

/**
 * Puts a question to the reviewer, where one answers in the person's place, else to the person, who is
 * not asked again for what they approved for the session. Rejects with the signal's reason when the
 * turn is interrupted meanwhile.
 */
export async function askForApproval(
  request: ApprovalRequest,
  context: ToolContext,
  signal: AbortSignal,
): Promise<Approval> {
  if (context.reviewer !== undefined && context.approvalPolicy === "on-request") {
    const verdict = await context.reviewer.decide(request, context, signal);
    signal.throwIfAborted();
    return verdict.isApproved
      ? { isApproved: true, by: "reviewer", allowedPrefix: null }
      : { isApproved: false, message: verdict.message };
  }
  if (context.approvals.covers(request.keys)) {
    return { isApproved: true, by: "session", allowedPrefix: null };
  }
  const decision = await context.askApproval(request, signal);
  signal.throwIfAborted();
  if (decision === "approved_for_session") context.approvals.remember(request.keys);
  return allows(decision)
    ? { isApproved: true, by: "person", allowedPrefix: allowedPrefix(decision) }
    : { isApproved: false, message: null };
}

function allows(decision: ReviewDecision): boolean {
  if (typeof decision === "string") return decision.startsWith("approved");
  return (
    "approved_execpolicy_amendment" in decision ||
    decision.network_policy_amendment.network_policy_amendment.action === "allow"
  );
}

function allowedPrefix(decision: ReviewDecision): readonly string[] | null {
  return typeof decision === "object" && "approved_execpolicy_amendment" in decision
    ? decision.approved_execpolicy_amendment.proposed_execpolicy_amendment
    : null;
}
