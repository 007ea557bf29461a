// Which sandbox this machine can give: bubblewrap, else a Landlock thread, else none.
import { existsSync, readFileSync } from "node:fs";
import { type AbsolutePath, fromAbsolute } from "@codex-ts/absolute-path";
import { explainBwrapProblem, probeBwrap } from "./bwrap-probe.ts";
import { findSystemBwrap } from "./find-bwrap.ts";
import type { Machine } from "./machine.ts";
import { type BwrapProblem, type HostFacts, repairCommand } from "./repair.ts";
import { SandboxError } from "./sandbox.ts";
import { sandboxExec, seatbeltProbeArgs } from "./seatbelt.ts";
import { buildSeccompFilter, type SeccompArch, seccompArch } from "./seccomp.ts";

export type Step =
  | { readonly kind: "bwrap"; readonly bwrap: AbsolutePath; readonly mountProc: boolean }
  | { readonly kind: "landlock"; readonly version: number }
  | { readonly kind: "seatbelt" }
  | { readonly kind: "none" };

export interface Ladder {
  readonly step: Step;
  /** Why the step above could not be had, and the way to get it; empty on the first step. */
  readonly warnings: readonly string[];
  /** The command that would give this machine the step above; null where there is none to give. */
  readonly repair: string | null;
  /** What the filter is built for, or null where none is known for this processor. */
  readonly arch: SeccompArch | null;
  /** The filter of bubblewrap's commands without network. */
  readonly filter: Uint8Array | null;
  readonly isolateIpc: boolean;
}

export interface LadderOptions {
  readonly machine: Machine;
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly searchPath: string | undefined;
  readonly cwd: string;
  readonly isolateIpc: boolean;
  /** Leave bubblewrap alone. */
  readonly landlockOnly: boolean;
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function hostFacts({ machine }: LadderOptions): HostFacts {
  return {
    osRelease: textOf("/etc/os-release") ?? textOf("/usr/lib/os-release") ?? "",
    setting: (name) => textOf(`/proc/sys/${name}`)?.trim() ?? null,
    isRoot: machine.isRoot,
    isContainer: existsSync("/.dockerenv") || existsSync("/run/.containerenv"),
  };
}

const otherPlatforms: Partial<Record<NodeJS.Platform, string>> = {
  darwin: `commands cannot be confined: ${sandboxExec} does not work on this Mac`,
  win32:
    "commands cannot be confined on Windows: there is no sandbox for it here. Run codex-ts inside WSL 2, where the Linux sandbox works, or approve commands one by one",
};

async function worksOnMac({ machine, cwd }: LadderOptions): Promise<boolean> {
  try {
    const { exited } = await machine.launcher.launch({
      argv: seatbeltProbeArgs({ cwd: fromAbsolute(cwd) }),
      cwd: "/",
      env: {},
      stdio: ["ignore", "ignore", "ignore"],
    });
    return (await exited).code === 0;
  } catch (error) {
    if (error instanceof SandboxError) return false;
    throw error;
  }
}

/** Why bubblewrap cannot be had, and the command that changes it. */
interface Lack {
  readonly reason: string;
  readonly repair: string | null;
}

function lackOf(problem: BwrapProblem, reason: string, options: LadderOptions): Lack {
  const repair = repairCommand(problem, hostFacts(options));
  const isMissing = problem === "missing";
  if (repair !== null) {
    return {
      reason: `${reason}; ${isMissing ? "install bubblewrap" : "to repair it"}: ${repair}`,
      repair,
    };
  }
  const packageManager = "install bubblewrap with the package manager of this system";
  return { reason: isMissing ? `${reason}; ${packageManager}` : reason, repair };
}

async function tryBwrap(
  options: LadderOptions,
  filter: Uint8Array | null,
): Promise<Extract<Step, { kind: "bwrap" }> | Lack> {
  if (options.landlockOnly) {
    return { reason: "the settings ask for Landlock instead of bubblewrap", repair: null };
  }
  const { machine, searchPath } = options;
  const bwrap = findSystemBwrap(searchPath, options.cwd);
  if (bwrap === null) return lackOf("missing", explainBwrapProblem("missing", ""), options);
  const { launcher, openScratchFile } = machine;
  const probe = await probeBwrap({ bwrap, launcher, openScratchFile, searchPath, filter });
  return probe.usable
    ? { kind: "bwrap", bwrap, mountProc: probe.mountProc }
    : lackOf(probe.problem, probe.reason, options);
}

const weaker =
  "Landlock confines commands instead: .git, .agents and .codex in writable folders are not protected, and policies that limit reading are refused";

/** Tries the steps from the top. */
export async function climb(options: LadderOptions): Promise<Ladder> {
  const { machine, platform, isolateIpc } = options;
  const arch = seccompArch(options.arch);
  const filter =
    arch === null ? null : buildSeccompFilter("compatible", arch, { refuseDatagrams: isolateIpc });
  const ladder = (
    step: Step,
    warnings: readonly string[] = [],
    repair: string | null = null,
  ): Ladder => ({
    step,
    warnings,
    repair,
    arch,
    filter,
    isolateIpc,
  });
  if (platform === "darwin" && (await worksOnMac(options))) return ladder({ kind: "seatbelt" });
  if (platform !== "linux") {
    const reason =
      otherPlatforms[platform] ??
      `commands cannot be confined on ${platform}: there is no sandbox for it here`;
    return ladder({ kind: "none" }, [reason]);
  }
  const bwrap = await tryBwrap(options, filter);
  if ("kind" in bwrap) return ladder(bwrap);
  const version = machine.native?.calls.landlockVersion() ?? 0;
  return version === 0 || arch === null
    ? ladder({ kind: "none" }, [bwrap.reason], bwrap.repair)
    : ladder({ kind: "landlock", version }, [bwrap.reason, weaker], bwrap.repair);
}
