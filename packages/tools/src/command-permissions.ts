// What a call asks for beyond the sandbox, and whether it may ask.
import { type AbsolutePath, resolve } from "@codex-ts/absolute-path";
import type { PermissionProfile, SandboxPermissions } from "@codex-ts/protocol";
import { approvalPolicyName, mayEscalate } from "./approval-policy.ts";
import { type ToolContext, ToolError } from "./tool.ts";
import type { ToolArguments } from "./tool-arguments.ts";

export interface CommandPermissions {
  readonly sandboxPermissions: SandboxPermissions;
  /** Granted on top of the sandbox policy, once approved. */
  readonly additional: PermissionProfile | undefined;
  /** The model's words to the person. */
  readonly justification: string | null;
  /** The beginning of the command that the model suggests to allow for good. */
  readonly prefixRule: readonly string[] | undefined;
}

export const defaultPermissions: CommandPermissions = {
  sandboxPermissions: "use_default",
  additional: undefined,
  justification: null,
  prefixRule: undefined,
};

const CHOICES: readonly SandboxPermissions[] = [
  "use_default",
  "require_escalated",
  "with_additional_permissions",
];

/**
 * Reads the permission arguments of a command.
 *
 * @param workdir what relative paths in them start from.
 * @param additionalAllowed whether `with_additional_permissions` is offered.
 * @throws ToolError when the call may not ask for what it asks for.
 */
export function readCommandPermissions(
  args: ToolArguments,
  context: ToolContext,
  workdir: AbsolutePath,
  additionalAllowed: boolean,
): CommandPermissions {
  const sandboxPermissions = args.optionalChoice("sandbox_permissions", CHOICES) ?? "use_default";
  const additional = readProfile(args.optionalObject("additional_permissions"), workdir, context);
  const justification = args.optionalString("justification") ?? null;
  const prefixRule = args.optionalStrings("prefix_rule");
  if (sandboxPermissions === "with_additional_permissions") {
    if (!additionalAllowed) {
      throw new ToolError(
        "respond",
        "additional permissions are disabled; the feature `exec_permission_approvals` turns them on",
      );
    }
    if (additional === undefined || isEmpty(additional)) {
      throw new ToolError(
        "respond",
        "`with_additional_permissions` needs `additional_permissions` that ask for something",
      );
    }
  } else if (additional !== undefined) {
    throw new ToolError(
      "respond",
      "`additional_permissions` need `sandbox_permissions` set to `with_additional_permissions`",
    );
  }
  if (sandboxPermissions !== "use_default" && !mayEscalate(context.approvalPolicy)) {
    const policy = approvalPolicyName(context.approvalPolicy);
    throw new ToolError(
      "respond",
      `the approval policy is ${policy}, under which a command cannot ask for more than the sandbox allows; run it without \`sandbox_permissions\``,
    );
  }
  return { sandboxPermissions, additional, justification, prefixRule };
}

function readProfile(
  args: ToolArguments | undefined,
  workdir: AbsolutePath,
  context: ToolContext,
): PermissionProfile | undefined {
  if (args === undefined) return undefined;
  const files = args.optionalObject("file_system");
  const network = args.optionalObject("network")?.optionalBoolean("enabled");
  const paths = (name: string): readonly string[] | undefined =>
    files
      ?.optionalStrings(name)
      ?.map((path) => resolve(path, workdir, { home: context.childEnv["HOME"] }));
  const read = paths("read");
  const write = paths("write");
  return {
    ...(network === undefined ? {} : { network: { enabled: network } }),
    ...(read === undefined && write === undefined
      ? {}
      : {
          file_system: {
            ...(read === undefined ? {} : { read }),
            ...(write === undefined ? {} : { write }),
          },
        }),
  };
}

function isEmpty({ network, file_system: files }: PermissionProfile): boolean {
  return network?.enabled !== true && !files?.read?.length && !files?.write?.length;
}
