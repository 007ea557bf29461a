// What happens to commands that no rule speaks of.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { isDangerousCommand } from "@codex-ts/shell-command";
import type { CommandFacts } from "./commands-of-call.ts";
import type { Decision } from "./policy.ts";

/** When a person is asked; the fields of the granular policy that matter here. */
export type ApprovalPolicy =
  | "untrusted"
  | "on-failure"
  | "on-request"
  | "never"
  | { readonly granular: { readonly sandbox_approval: boolean; readonly rules: boolean } };

/** A command that is to run, and the policies that hold for it. */
export interface CommandRequest {
  readonly argv: readonly string[];
  /** Where it runs. */
  readonly cwd: AbsolutePath;
  readonly approvalPolicy: ApprovalPolicy;
  readonly sandboxPolicy: {
    readonly type: "danger-full-access" | "read-only" | "workspace-write" | "external-sandbox";
  };
  /** What the call asked for: to run confined, outside the sandbox, or with more than it allows. */
  readonly sandboxPermissions: "use_default" | "require_escalated" | "with_additional_permissions";
  /** The beginning of the command that the model suggests to allow for good. */
  readonly prefixRule?: readonly string[] | undefined;
  /** Absolute paths of programs outside the system's folders that are what their names say. */
  readonly trustedPrograms: readonly string[];
}

/** What decided about a command that no rule speaks of. */
export type HeuristicReason =
  /** It only looks. */
  | "known_safe"
  /** It may destroy more than was meant. */
  | "dangerous"
  /** It would have to be confined, and this platform cannot. */
  | "no_sandbox"
  /** The approval policy decides by itself: it asks about everything, or about nothing. */
  | "approval_policy"
  /** The call wants more than the sandbox allows. */
  | "escalation"
  /** The sandbox confines it. */
  | "sandboxed"
  /** Nothing is to be confined, or something else confines it. */
  | "unconfined";

export interface FallbackDecision {
  readonly decision: Decision;
  readonly reason: HeuristicReason;
}

export function fallbackDecision(
  command: CommandFacts,
  request: CommandRequest,
  platform: NodeJS.Platform,
): FallbackDecision {
  const { approvalPolicy, sandboxPolicy, sandboxPermissions } = request;
  if (command.isKnownSafe) return { decision: "allow", reason: "known_safe" };
  const isConfined = sandboxPolicy.type === "read-only" || sandboxPolicy.type === "workspace-write";
  const isDangerous = isDangerousCommand(command.words, { platform });
  if (isDangerous || (platform === "win32" && sandboxPolicy.type === "read-only")) {
    const reason = isDangerous ? "dangerous" : "no_sandbox";
    if (approvalPolicy !== "never") return { decision: "prompt", reason };
    return { decision: isConfined ? "forbidden" : "allow", reason };
  }
  switch (approvalPolicy) {
    case "never":
    case "on-failure":
      return { decision: "allow", reason: "approval_policy" };
    case "untrusted":
      return { decision: "prompt", reason: "approval_policy" };
    default:
      if (!isConfined) return { decision: "allow", reason: "unconfined" };
      if (sandboxPermissions === "use_default") return { decision: "allow", reason: "sandboxed" };
      return { decision: "prompt", reason: "escalation" };
  }
}
