// What each step of the ladder enforces, aspect by aspect.
import type { Ladder } from "./ladder.ts";
import {
  type AspectReport,
  type SandboxAspect,
  SandboxError,
  type SandboxReport,
} from "./sandbox.ts";

const enforced = (by: string): AspectReport => ({ enforced: true, by });
const open = (by: string): AspectReport => ({ enforced: false, by });

const datagrams =
  "datagrams reach Unix sockets that a command can see, unless local communication is isolated";

type Aspects = SandboxReport["aspects"];

function bwrapAspects(ladder: Ladder, mountProc: boolean): Aspects {
  const mounts = enforced("read-only mounts (bubblewrap)");
  const isFiltered = ladder.filter !== null;
  return {
    file_writes: mounts,
    file_attributes: mounts,
    protected_paths: mounts,
    file_reads: enforced("mounts of what may be read (bubblewrap)"),
    network: enforced(
      isFiltered
        ? "network namespace (bubblewrap) and system call filter"
        : "network namespace (bubblewrap)",
    ),
    local_ipc:
      isFiltered && ladder.isolateIpc
        ? enforced("IPC namespace (bubblewrap) and system call filter")
        : open(isFiltered ? datagrams : "no system call filter is known for this processor"),
    processes: enforced(
      mountProc
        ? "process namespace with its own /proc (bubblewrap)"
        : "process namespace (bubblewrap); /proc is the host's, read-only",
    ),
    devices: enforced("a minimal /dev, and the rest read-only (bubblewrap)"),
  };
}

function landlockAspects(version: number, isolateIpc: boolean): Aspects {
  return {
    file_writes: enforced(`Landlock version ${version}`),
    file_attributes: open("Landlock does not limit changes of modes, owners and times"),
    protected_paths: open("Landlock cannot close a part of a folder that it opens"),
    file_reads: open("Landlock is not asked to limit reading: policies that do are refused"),
    network: enforced(version >= 4 ? "Landlock and system call filter" : "system call filter"),
    local_ipc: isolateIpc ? enforced("system call filter") : open(datagrams),
    processes:
      version >= 6
        ? enforced("Landlock and system call filter; other processes stay visible")
        : open(`Landlock version ${version} does not limit signals`),
    devices: enforced("Landlock opens none for writing but null devices and terminals"),
  };
}

function seatbeltAspects(): Aspects {
  const profile = enforced("Seatbelt profile");
  return {
    file_writes: profile,
    file_attributes: profile,
    protected_paths: profile,
    file_reads: profile,
    network: profile,
    local_ipc: open("some of the system's services can be looked up"),
    processes: enforced("Seatbelt keeps signals inside; processes of others stay visible"),
    devices: profile,
  };
}

function noAspects(reason: string): Aspects {
  const missing = open(reason);
  return {
    file_writes: missing,
    file_attributes: missing,
    protected_paths: missing,
    file_reads: missing,
    network: missing,
    local_ipc: missing,
    processes: missing,
    devices: missing,
  };
}

function aspectsOf(ladder: Ladder): Aspects {
  const { step, warnings, isolateIpc } = ladder;
  switch (step.kind) {
    case "bwrap":
      return bwrapAspects(ladder, step.mountProc);
    case "landlock":
      return landlockAspects(step.version, isolateIpc);
    case "seatbelt":
      return seatbeltAspects();
    case "none":
      return noAspects(warnings[0] ?? "no sandbox");
  }
}

export function reportOf(ladder: Ladder): SandboxReport {
  const { step, warnings, repair } = ladder;
  return { step: step.kind, aspects: aspectsOf(ladder), warnings, repair };
}

/**
 * Throws when the machine does not enforce one of `required`.
 *
 * @throws SandboxError `aspect_not_enforced`
 */
export function checkRequired(
  required: readonly SandboxAspect[] | undefined,
  report: SandboxReport,
): void {
  const missing = (required ?? []).filter((aspect) => !report.aspects[aspect].enforced);
  if (missing.length === 0) return;
  const reasons = missing.map((aspect) => `${aspect} (${report.aspects[aspect].by})`);
  throw new SandboxError(
    "aspect_not_enforced",
    `the command does not run: not enforced on this machine, though required: ${reasons.join("; ")}`,
  );
}
