// The arguments that all command tools share: how they are described and read.
import { type AbsolutePath, resolve } from "@codex-ts/absolute-path";
import type { ToolSchema } from "@codex-ts/protocol";
import type { DecisionContext } from "./decide-command.ts";
import { permissionsSchema } from "./permissions-schema.ts";
import { ToolError } from "./tool.ts";
import type { ToolArguments } from "./tool-arguments.ts";

/** What decides which arguments are offered. */
export interface CommandArgumentOptions {
  readonly allowLoginShell: boolean;
  /** Offers `with_additional_permissions`. */
  readonly additionalPermissions: boolean;
}

/** The folder a command runs in: `workdir` against the turn's folder; empty counts as absent. */
export function readWorkdir(args: ToolArguments, context: DecisionContext): AbsolutePath {
  const workdir = args.optionalString("workdir");
  return workdir === undefined || workdir === "" ? context.cwd : resolve(workdir, context.cwd);
}

/** Whether the shell is a login shell. @throws ToolError when the call asks for one in vain. */
export function readLogin(args: ToolArguments, context: DecisionContext): boolean {
  const login = args.optionalBoolean("login");
  if (login === true && !context.allowLoginShell) {
    throw new ToolError(
      "respond",
      "login shells are turned off by the setting `allow_login_shell`; leave `login` out or set it to false",
    );
  }
  return login ?? context.allowLoginShell;
}

/** `workdir` and what a call says to get out of the sandbox. */
export function commonProperties(
  options: CommandArgumentOptions,
): Readonly<Record<string, ToolSchema>> {
  return {
    workdir: {
      type: "string",
      description: "The folder to run the command in; the folder of the turn by default.",
    },
    sandbox_permissions: {
      type: "string",
      description: options.additionalPermissions
        ? 'How the command is confined: "use_default"; "with_additional_permissions", to stay in the sandbox with the additional permissions named beside it (preferred where they are enough); or "require_escalated", to run outside the sandbox. All but the default are put to the user.'
        : 'How the command is confined: "use_default", or "require_escalated" to run outside the sandbox, which is put to the user.',
    },
    justification: {
      type: "string",
      description:
        'Only with sandbox_permissions other than the default: a short question to the user that says what the command is needed for, for example "May I fetch the missing packages to run the tests?".',
    },
    prefix_rule: {
      type: "array",
      items: { type: "string" },
      description:
        'Only with "require_escalated": the beginning of the command that the user may allow for good, as short as is still reasonable, for example ["npm", "install"] or ["git", "fetch"].',
    },
    ...(options.additionalPermissions ? { additional_permissions: permissionsSchema() } : {}),
  };
}

/** Offered only where login shells are allowed. */
export function loginProperty(
  options: CommandArgumentOptions,
): Readonly<Record<string, ToolSchema>> {
  if (!options.allowLoginShell) return {};
  return {
    login: {
      type: "boolean",
      description:
        "Whether the shell runs as a login shell, with the user's profile; true by default.",
    },
  };
}
