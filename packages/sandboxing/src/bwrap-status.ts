// What bubblewrap reports on its status descriptor, and what its complaints mean.
import type { ExitStatus, SandboxOutcome } from "./sandbox.ts";

export interface BwrapStatus {
  /** The first process in the sandbox, as this side knows it; null when it was never made. */
  readonly childPid: number | null;
  /** Set only when the command was really executed and has ended. */
  readonly exitCode: number | null;
}

function numberAt(value: unknown, key: string): number | null {
  if (typeof value !== "object" || value === null) return null;
  const found: unknown = (value as Record<string, unknown>)[key];
  return typeof found === "number" ? found : null;
}

/** Parses the documents, one a line, that bubblewrap has written so far. */
export function parseBwrapStatus(text: string): BwrapStatus {
  let childPid: number | null = null;
  let exitCode: number | null = null;
  for (const line of text.split("\n")) {
    let document: unknown;
    try {
      document = JSON.parse(line);
    } catch {
      // An empty line, or one that was being written when bubblewrap was killed.
      continue;
    }
    childPid = numberAt(document, "child-pid") ?? childPid;
    exitCode = numberAt(document, "exit-code") ?? exitCode;
  }
  return { childPid, exitCode };
}

const execFailure = /^bwrap: execvp (.+): ([^:\n]+)$/m;

/** Tells a sandbox that could not start, and a command that could not, from one that ran. */
export function bwrapOutcome(
  status: BwrapStatus,
  exit: ExitStatus,
  stderrTail: string,
): SandboxOutcome {
  if (status.exitCode !== null || exit.code === null || exit.code === 0) return { kind: "ran" };
  const [, program, reason] = execFailure.exec(stderrTail) ?? [];
  if (program !== undefined && reason !== undefined) {
    const message =
      reason === "No such file or directory"
        ? `command not found: ${program}`
        : `${program} cannot be executed: ${reason}`;
    return { kind: "command_not_found", message };
  }
  const complaint = stderrTail.trim().split("\n").at(-1) ?? "";
  const detail = complaint.startsWith("bwrap: ") ? complaint.slice("bwrap: ".length) : complaint;
  return {
    kind: "setup_failed",
    message:
      detail === ""
        ? "the sandbox could not start, and bubblewrap does not say why"
        : `the sandbox could not start: ${detail}`,
  };
}
