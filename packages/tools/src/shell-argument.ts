// The shell that a call names.
import { findShell, type Shell, shellKindOf, systemShellLookups } from "@codex-ts/shell-command";
import type { ToolContext } from "./tool.ts";

/**
 * The shell for a name or a path: the person's own when nothing is named, and the system's plain shell
 * when what is named is no shell or is not there.
 */
export async function shellFor(name: string | undefined, context: ToolContext): Promise<Shell> {
  if (name === undefined || name === "") return context.shell;
  const kind = shellKindOf(name);
  const lookups = systemShellLookups(context.childEnv);
  const found = kind === null ? null : await findShell(kind, lookups, name);
  if (found !== null) return found;
  return lookups.platform === "win32"
    ? { kind: "cmd", path: "cmd.exe" }
    : { kind: "sh", path: "/bin/sh" };
}
