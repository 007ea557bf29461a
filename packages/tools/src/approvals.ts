// Asking the person, and remembering what was approved for the session.
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

/**
 * Whether the person lets it happen; they are not asked again for what they approved for the session.
 * Rejects with the signal's reason when the turn is interrupted meanwhile.
 */
export async function isApproved(
  request: ApprovalRequest,
  context: ToolContext,
  signal: AbortSignal,
): Promise<boolean> {
  if (context.approvals.covers(request.keys)) return true;
  const decision = await context.askApproval(request, signal);
  signal.throwIfAborted();
  if (decision === "approved_for_session") context.approvals.remember(request.keys);
  return allows(decision);
}

function allows(decision: ReviewDecision): boolean {
  if (typeof decision === "string") return decision.startsWith("approved");
  return (
    "approved_execpolicy_amendment" in decision ||
    decision.network_policy_amendment.network_policy_amendment.action === "allow"
  );
}
