// Whether a command runs, waits for a person, or is refused. Rules from files plug in here.
import type { AskForApproval, SandboxPermissions, SandboxPolicy } from "@codex-ts/protocol";
import { isKnownSafeCommand, isDangerousCommand, joinWords } from "@codex-ts/shell-command";
import { isRestricted, mayAsk } from "./approval-policy.ts";

export interface CommandPolicyRequest {
  readonly argv: readonly string[];
  readonly approvalPolicy: AskForApproval;
  readonly sandboxPolicy: SandboxPolicy;
  /** What the call asked for. */
  readonly sandboxPermissions: SandboxPermissions;
  /** The beginning of the command that the model suggests to allow for good. */
  readonly prefixRule?: readonly string[] | undefined;
  /** Programs outside the system's folders that are what their names say: the person's shell. */
  readonly trustedPrograms: readonly string[];
}

export type CommandVerdict =
  /** Runs unasked: confined, unless a rule says that it need not be. */
  | { readonly kind: "run"; readonly bypassSandbox: boolean }
  /** A person decides. `reason` is for them; null leaves it to the model's justification. */
  | { readonly kind: "ask"; readonly reason: string | null }
  /** Never runs; `reason` is the model's answer. */
  | { readonly kind: "forbidden"; readonly reason: string };

/** Judges a command before it runs. */
export type CommandPolicy = (request: CommandPolicyRequest) => CommandVerdict;

/** The verdict on commands that no rule speaks of. */
export const fallbackCommandPolicy: CommandPolicy = (request) => {
  const decision = fallbackDecision(request);
  if (decision === "allow") return { kind: "run", bypassSandbox: false };
  if (decision === "prompt" && mayAsk(request.approvalPolicy)) return { kind: "ask", reason: null };
  return {
    kind: "forbidden",
    reason: `\`${joinWords(request.argv)}\` rejected: the approval policy does not let it run`,
  };
};

function fallbackDecision(request: CommandPolicyRequest): "allow" | "prompt" | "forbidden" {
  const { argv, approvalPolicy, sandboxPolicy, sandboxPermissions, trustedPrograms } = request;
  if (isKnownSafeCommand(argv, { trustedPrograms })) return "allow";
  if (isDangerousCommand(argv)) {
    if (approvalPolicy !== "never") return "prompt";
    return isRestricted(sandboxPolicy) ? "forbidden" : "allow";
  }
  switch (approvalPolicy) {
    case "never":
    case "on-failure":
      return "allow";
    case "untrusted":
      return "prompt";
    default: {
      const needsMore = sandboxPermissions !== "use_default";
      return isRestricted(sandboxPolicy) && needsMore ? "prompt" : "allow";
    }
  }
}
