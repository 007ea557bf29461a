// Whether a patch is applied, waits for a person, or is refused.
import type { AskForApproval } from "@codex-ts/protocol";
import { mayAsk } from "./approval-policy.ts";

export type PatchVerdict =
  | { readonly kind: "apply" }
  /** `reason` is for the person. */
  | { readonly kind: "ask"; readonly reason: string | null }
  /** `reason` is the model's answer. */
  | { readonly kind: "reject"; readonly reason: string };

/**
 * Judges a patch.
 *
 * @param outside the files it would change that the sandbox policy does not let it write.
 * @param approveInside under `untrusted`: apply a patch unasked that stays inside.
 */
export function judgePatch(
  outside: readonly string[],
  policy: AskForApproval,
  approveInside: boolean,
): PatchVerdict {
  const isInside = outside.length === 0;
  if (policy === "untrusted" && !(isInside && approveInside)) {
    return { kind: "ask", reason: isInside ? null : outsideReason(outside) };
  }
  if (isInside) return { kind: "apply" };
  if (mayAsk(policy)) return { kind: "ask", reason: outsideReason(outside) };
  return {
    kind: "reject",
    reason: `patch rejected: it writes outside of the project, which the approval settings forbid: ${outside.join(", ")}`,
  };
}

function outsideReason(outside: readonly string[]): string {
  return `It changes files that the sandbox policy keeps read-only: ${outside.join(", ")}`;
}
