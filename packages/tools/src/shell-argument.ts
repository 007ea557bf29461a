// Which shell runs a call's script, and how.
import {
  findShell,
  type Shell,
  shellArgv,
  shellKindOf,
  systemShellLookups,
} from "@codex-ts/shell-command";
import type { DecisionContext } from "./decide-command.ts";

/** Windows consoles write in a legacy encoding unless a script says otherwise. */
const UTF8_OUTPUT = "[Console]::OutputEncoding=[System.Text.Encoding]::UTF8;";

/**
 * The shell for a name or a path: the person's own when nothing is named, and the system's plain shell
 * when what is named is no shell or is not there.
 */
export async function shellFor(name: string | undefined, context: DecisionContext): Promise<Shell> {
  if (name === undefined || name === "") return context.shell;
  const kind = shellKindOf(name);
  const lookups = systemShellLookups(context.childEnv);
  const found = kind === null ? null : await findShell(kind, lookups, name);
  if (found !== null) return found;
  return lookups.platform === "win32"
    ? { kind: "cmd", path: "cmd.exe" }
    : { kind: "sh", path: "/bin/sh" };
}

/** The argv that runs a script of the model. */
export function scriptArgv(
  shell: Shell,
  script: string,
  login: boolean,
): readonly [string, ...string[]] {
  const prefix =
    shell.kind === "powershell" && !script.startsWith(UTF8_OUTPUT) ? `${UTF8_OUTPUT}\n` : "";
  const [program = shell.path, ...args] = shellArgv(shell, prefix + script, { login });
  return [program, ...args];
}
