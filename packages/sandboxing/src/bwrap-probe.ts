// Tries bubblewrap once: a machine may have it and still not let it work.
import { closeSync } from "node:fs";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { findExecutable } from "./find-executable.ts";
import type { BwrapProblem } from "./repair.ts";
import { readFromStart } from "./scratch-file.ts";
import { type Launcher, SandboxError, type StdioSource } from "./sandbox.ts";

export type BwrapProbe =
  | { readonly usable: true; readonly mountProc: boolean }
  | { readonly usable: false; readonly reason: string; readonly problem: BwrapProblem };

export interface BwrapProbeOptions {
  readonly bwrap: AbsolutePath;
  readonly launcher: Launcher;
  readonly openScratchFile: () => number;
  readonly searchPath: string | undefined;
  /** The filter to load, or null where none is known for this processor. */
  readonly filter: Uint8Array | null;
}

const procRefusals: readonly string[] = [
  "Invalid argument",
  "Operation not permitted",
  "Permission denied",
];

/** Whether bubblewrap failed at nothing but a fresh `/proc`, as it does in some containers. */
export function isProcMountRefusal(stderr: string): boolean {
  return (
    stderr.includes("Can't mount proc") &&
    stderr.includes("/newroot/proc") &&
    procRefusals.some((text) => stderr.includes(text))
  );
}

const explanations: Readonly<Record<BwrapProblem, string>> = {
  missing: "could not find system bubblewrap on PATH",
  too_old: "bubblewrap is too old, version 0.5 or newer is needed: upgrade it",
  no_namespaces_left:
    "no more user namespaces can be made: raise the limit with sysctl user.max_user_namespaces",
  refused:
    "this machine does not let bubblewrap make user namespaces; AppArmor may allow it only to the distribution's own bubblewrap package (sysctl kernel.apparmor_restrict_unprivileged_userns), a container needs a security profile that allows them",
  unknown: "bubblewrap does not work",
};

/** What bubblewrap's complaint comes from. */
export function bwrapProblem(stderr: string): BwrapProblem {
  if (/unknown option/i.test(stderr)) return "too_old";
  if (/no space left|ENOSPC/i.test(stderr)) return "no_namespaces_left";
  if (/RTM_NEWADDR|uid map|namespace|not permitted|permission denied/i.test(stderr))
    return "refused";
  return "unknown";
}

/** A problem in words, with what bubblewrap said. */
export function explainBwrapProblem(problem: BwrapProblem, stderr: string): string {
  const text = stderr.trim();
  return `${explanations[problem]}${text === "" ? "" : ` (${text})`}`;
}

interface Run {
  readonly ok: boolean;
  readonly stderr: string;
}

const words = (line: string): readonly string[] => line.split(" ");

async function runOnce(options: BwrapProbeOptions, mountProc: boolean): Promise<Run> {
  const truth = findExecutable("true", { searchPath: options.searchPath, cwd: "/" });
  const stderrFd = options.openScratchFile();
  try {
    const extra: readonly StdioSource[] = options.filter === null ? [] : [{ data: options.filter }];
    const { exited } = await options.launcher.launch({
      argv: [
        options.bwrap,
        ...words("--new-session --die-with-parent --ro-bind / / --dev /dev"),
        ...words("--perms 555 --tmpfs /dev/shm --remount-ro /dev/shm"),
        ...words("--unshare-user --unshare-pid --unshare-net"),
        ...(mountProc ? words("--proc /proc") : []),
        ...words("--cap-drop ALL --json-status-fd 1"),
        ...(options.filter === null ? [] : words("--seccomp 3")),
        "--",
        ...(truth.found ? [truth.path] : ["/bin/sh", "-c", ":"]),
      ],
      cwd: "/",
      env: {},
      stdio: ["ignore", "ignore", { fd: stderrFd }, ...extra],
    });
    const { code } = await exited;
    return { ok: code === 0, stderr: readFromStart(stderrFd) };
  } finally {
    closeSync(stderrFd);
  }
}

/** Runs nothing under every restriction that commands are given. */
export async function probeBwrap(options: BwrapProbeOptions): Promise<BwrapProbe> {
  try {
    const full = await runOnce(options, /*mountProc*/ true);
    if (full.ok) return { usable: true, mountProc: true };
    if (isProcMountRefusal(full.stderr)) {
      const without = await runOnce(options, /*mountProc*/ false);
      if (without.ok) return { usable: true, mountProc: false };
    }
    const problem = bwrapProblem(full.stderr);
    return { usable: false, problem, reason: explainBwrapProblem(problem, full.stderr) };
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    return { usable: false, problem: "unknown", reason: error.message };
  }
}
