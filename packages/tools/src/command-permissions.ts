// What a call asks for beyond the sandbox, what was granted already, and whether it may ask.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { PermissionProfile, SandboxPermissions } from "@codex-ts/protocol";
import { mergeProfiles } from "@codex-ts/sandboxing/policy";
import { approvalPolicyName, mayEscalate } from "./approval-policy.ts";
import type { DecisionContext } from "./decide-command.ts";
import { asksForNothing, isGranted, readProfile } from "./permission-profile.ts";
import { ToolError } from "./tool.ts";
import type { ToolArguments } from "./tool-arguments.ts";

export interface CommandPermissions {
  /** How the command runs. What was granted before makes `use_default` `with_additional_permissions`. */
  readonly sandboxPermissions: SandboxPermissions;
  /** What the command is judged by: `use_default` when everything it wants was granted before. */
  readonly judgedAs: SandboxPermissions;
  /** On top of the sandbox policy: what is asked for together with what was granted before. */
  readonly additional: PermissionProfile | undefined;
  /** The model's words to the person. */
  readonly justification: string | null;
  /** The beginning of the command that the model suggests to allow for good. */
  readonly prefixRule: readonly string[] | undefined;
}

const CHOICES: readonly SandboxPermissions[] = [
  "use_default",
  "require_escalated",
  "with_additional_permissions",
];

/**
 * Reads the permission arguments of a command and adds what was granted before.
 *
 * @param workdir what relative paths in them start from.
 * @param additionalOffered whether a call may ask for single permissions.
 * @throws ToolError when the call may not ask for what it asks for.
 */
export function readCommandPermissions(
  args: ToolArguments,
  context: DecisionContext,
  workdir: AbsolutePath,
  additionalOffered: boolean,
): CommandPermissions {
  const asked = args.optionalChoice("sandbox_permissions", CHOICES) ?? "use_default";
  const profile = args.optionalObject("additional_permissions");
  const inline =
    profile === undefined ? undefined : readProfile(profile, workdir, context.childEnv["HOME"]);
  const words = {
    justification: args.optionalString("justification") ?? null,
    prefixRule: args.optionalStrings("prefix_rule"),
  };
  if (asked !== "with_additional_permissions" && inline !== undefined) {
    throw new ToolError(
      "respond",
      "`additional_permissions` need `sandbox_permissions` set to `with_additional_permissions`",
    );
  }
  if (asked === "require_escalated") {
    checkEscalation(context);
    return { sandboxPermissions: asked, judgedAs: asked, additional: undefined, ...words };
  }
  const granted = context.grants.current();
  const isPreapproved = isGranted(inline ?? {}, context);
  // Paths that are open already must not become grants of their own: what they lead to may change.
  const effective = isPreapproved ? granted : mergeProfiles(inline, granted);
  if (asked === "with_additional_permissions") {
    checkInline(inline, isPreapproved, additionalOffered, context);
  }
  const sandboxPermissions = asksForNothing(effective) ? asked : "with_additional_permissions";
  return {
    sandboxPermissions,
    judgedAs: isPreapproved ? "use_default" : sandboxPermissions,
    additional: effective,
    ...words,
  };
}

/** The permissions of a call that asks for nothing. */
export function defaultPermissions(context: DecisionContext): CommandPermissions {
  const granted = context.grants.current();
  return {
    sandboxPermissions: granted === undefined ? "use_default" : "with_additional_permissions",
    judgedAs: "use_default",
    additional: granted,
    justification: null,
    prefixRule: undefined,
  };
}

function checkInline(
  inline: PermissionProfile | undefined,
  isPreapproved: boolean,
  additionalOffered: boolean,
  context: DecisionContext,
): void {
  if (inline === undefined || asksForNothing(inline)) {
    throw new ToolError(
      "respond",
      "`with_additional_permissions` needs `additional_permissions` that ask for something",
    );
  }
  if (isPreapproved) return;
  if (!additionalOffered) {
    throw new ToolError(
      "respond",
      "additional permissions are disabled; the feature `exec_permission_approvals` turns them on",
    );
  }
  checkEscalation(context);
}

function checkEscalation({ approvalPolicy }: DecisionContext): void {
  if (mayEscalate(approvalPolicy)) return;
  const policy = approvalPolicyName(approvalPolicy);
  throw new ToolError(
    "respond",
    `the approval policy is ${policy}, under which a command cannot ask for more than the sandbox allows; run it without \`sandbox_permissions\``,
  );
}
