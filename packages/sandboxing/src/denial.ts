// Guesses from its output whether a failed command failed because of its sandbox.
import type { SandboxType } from "./sandbox.ts";

/** A command's end and its output. */
export interface FinishedCommand {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams as the caller shows them. */
  readonly aggregated: string;
}

const denialWords: readonly string[] = [
  "operation not permitted",
  "permission denied",
  "read-only file system",
  "seccomp",
  "sandbox",
  "landlock",
  "failed to write file",
];

/** Usage error, not executable, not found: failures of the command's own making. */
const ordinaryFailures: readonly number[] = [2, 126, 127];

const signalBase = 128;
/** Bad system call, on x86_64 and arm64 Linux. */
const sigsys = 31;

/**
 * Whether `command`, run in `sandbox`, was likely stopped by it. Words in the output come first, exit
 * codes after: it may be wrong both ways, so treat the answer as a reason to ask.
 */
export function isLikelyDenied(sandbox: SandboxType, command: FinishedCommand): boolean {
  if (sandbox === "none" || command.exitCode === 0) return false;
  const texts = [command.stderr, command.stdout, command.aggregated];
  const saysSo = texts.some((text) => {
    const lower = text.toLowerCase();
    return denialWords.some((word) => lower.includes(word));
  });
  if (saysSo) return true;
  if (ordinaryFailures.includes(command.exitCode)) return false;
  const filtered = sandbox === "bwrap" || sandbox === "landlock";
  return filtered && command.exitCode === signalBase + sigsys;
}
