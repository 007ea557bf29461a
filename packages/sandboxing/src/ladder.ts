// Which sandbox this machine can give: bubblewrap, else a Landlock thread, else none.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { probeBwrap } from "./bwrap-probe.ts";
import { findSystemBwrap } from "./find-bwrap.ts";
import { findExecutable } from "./find-executable.ts";
import type { Machine } from "./machine.ts";
import type { AspectReport, SandboxReport } from "./sandbox.ts";
import { buildSeccompFilter, seccompArch } from "./seccomp.ts";

export type Step =
  | { readonly kind: "bwrap"; readonly bwrap: AbsolutePath; readonly mountProc: boolean }
  | { readonly kind: "landlock"; readonly version: number }
  | { readonly kind: "none" };

export interface Ladder {
  readonly step: Step;
  /** Why the step above could not be had, and the way to get it; empty on the first step. */
  readonly warnings: readonly string[];
  /** The filter for commands without network, or null where none is known for this processor. */
  readonly filter: Uint8Array | null;
}

export interface LadderOptions {
  readonly machine: Machine;
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly searchPath: string | undefined;
  readonly cwd: string;
}

const installCommands: readonly (readonly [program: string, command: string])[] = [
  ["apt-get", "apt-get install bubblewrap"],
  ["dnf", "dnf install bubblewrap"],
  ["pacman", "pacman -S bubblewrap"],
  ["apk", "apk add bubblewrap"],
  ["zypper", "zypper install bubblewrap"],
];

function repairLine(options: LadderOptions): string {
  const known = installCommands.find(
    ([program]) =>
      findExecutable(program, { searchPath: options.searchPath, cwd: options.cwd }).found,
  );
  return known === undefined
    ? "install bubblewrap with the package manager of this system"
    : `install bubblewrap: ${known[1]}`;
}

const otherPlatforms: Partial<Record<NodeJS.Platform, string>> = {
  darwin: "commands cannot be confined on macOS yet: the Seatbelt sandbox is not built",
  win32: "commands cannot be confined on Windows: there is no sandbox for it here",
};

/** Tries the steps from the top. */
export async function climb(options: LadderOptions): Promise<Ladder> {
  const { machine, platform, searchPath } = options;
  const arch = seccompArch(options.arch);
  const filter = arch === null ? null : buildSeccompFilter("compatible", arch);
  if (platform !== "linux") {
    const reason =
      otherPlatforms[platform] ??
      `commands cannot be confined on ${platform}: there is no sandbox for it here`;
    return { step: { kind: "none" }, warnings: [reason], filter };
  }

  const bwrap = findSystemBwrap(searchPath, options.cwd);
  let reason = `could not find system bubblewrap on PATH; ${repairLine(options)}`;
  if (bwrap !== null) {
    const probe = await probeBwrap({
      bwrap,
      launcher: machine.launcher,
      openScratchFile: machine.openScratchFile,
      searchPath,
      filter,
    });
    if (probe.usable) {
      return { step: { kind: "bwrap", bwrap, mountProc: probe.mountProc }, warnings: [], filter };
    }
    reason = probe.reason;
  }

  const version = machine.native?.calls.landlockVersion() ?? 0;
  if (version === 0 || filter === null) {
    return { step: { kind: "none" }, warnings: [reason], filter };
  }
  const weaker =
    "Landlock confines commands instead: .git, .agents and .codex in writable folders are not protected, and policies that limit reading are refused";
  return { step: { kind: "landlock", version }, warnings: [reason, weaker], filter };
}

const enforced = (by: string): AspectReport => ({ enforced: true, by });
const open = (by: string): AspectReport => ({ enforced: false, by });

function aspectsOf({ step, warnings, filter }: Ladder): SandboxReport["aspects"] {
  switch (step.kind) {
    case "bwrap":
      return {
        file_writes: enforced("read-only mounts (bubblewrap)"),
        file_reads: enforced("mounts of what may be read (bubblewrap)"),
        network: enforced(
          filter === null
            ? "network namespace (bubblewrap)"
            : "network namespace (bubblewrap) and system call filter",
        ),
        processes: enforced(
          step.mountProc
            ? "process namespace with its own /proc (bubblewrap)"
            : "process namespace (bubblewrap); /proc is the host's",
        ),
        devices: enforced("a minimal /dev (bubblewrap)"),
      };
    case "landlock":
      return {
        file_writes: enforced(
          `Landlock version ${step.version}; not inside writable folders (.git, .agents, .codex)`,
        ),
        file_reads: open("Landlock is not asked to limit reading: such policies are refused"),
        network: enforced(
          step.version >= 4 ? "Landlock and system call filter" : "system call filter",
        ),
        processes:
          step.version >= 6
            ? enforced("Landlock keeps signals inside; processes of others stay visible")
            : open("this kernel's Landlock does not limit signals"),
        devices: enforced("Landlock opens none for writing but null devices and terminals"),
      };
    case "none": {
      const missing = open(warnings[0] ?? "no sandbox");
      return {
        file_writes: missing,
        file_reads: missing,
        network: missing,
        processes: missing,
        devices: missing,
      };
    }
  }
}

export function reportOf(ladder: Ladder): SandboxReport {
  return {
    step: ladder.step.kind,
    aspects: aspectsOf(ladder),
    warnings: ladder.warnings,
  };
}
