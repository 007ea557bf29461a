// The bubblewrap command line of a policy.
import nodePath from "node:path";
import type { FileSystemSandboxPolicy, NetworkSandboxPolicy } from "@codex-ts/protocol";
import { hasFullDiskWrite, type PathContext } from "./access.ts";
import { lookedAtOnce, nodeHostFiles } from "./host-files.ts";
import { type MountPlan, type MountPlanOptions, planMounts } from "./mount-plan.ts";
import { SandboxError } from "./sandbox.ts";

/** Both halves of a policy, resolved. */
export interface BwrapPolicy {
  readonly fileSystem: FileSystemSandboxPolicy;
  readonly network: NetworkSandboxPolicy;
}

/** What the command line depends on besides the policy. */
export interface BwrapOptions extends MountPlanOptions {
  /** Where the command runs. */
  readonly commandCwd: string;
  /** The command has a terminal of its own: it stays in the session, so that job control works. */
  readonly terminal?: boolean | undefined;
  /** Whether a fresh `/proc` can be mounted on this machine; true when not given. */
  readonly mountProc?: boolean | undefined;
  /**
   * The caller is root: what the owner of `/proc` may write without any capability is closed. bubblewrap
   * leaves `/proc/sys` open, and `core_pattern` in it starts programs outside.
   */
  readonly isRoot?: boolean | undefined;
  /** Loader variables of the command, which bubblewrap itself must not see. */
  readonly loaderVariables?: Readonly<Record<string, string>> | undefined;
  /** The descriptor that bubblewrap reads the system call filter from. */
  readonly seccompFd?: number | undefined;
  /** The descriptor that bubblewrap reports to. */
  readonly statusFd?: number | undefined;
}

/** What goes between `bwrap` and the command, `--` included, and what it needs on the host. */
export type BwrapCommand = MountPlan;

/** bubblewrap itself refuses more than 9000 words; some are needed for the rest of the line. */
const maxMountWords = 8900;

/** Files of the kernel that their owner, root, may write; bubblewrap covers the rest of them. */
const rootOwnedProc: readonly string[] = [
  "/proc/sys",
  "/proc/acpi",
  "/proc/asound",
  "/proc/fs",
  "/proc/mtrr",
  "/proc/scsi",
];

/** With everything writable only the network is cut off, and the view of the disk stays as it is. */
const wholeDisk: MountPlan = {
  args: ["--dev-bind", "/", "/"],
  mountPoints: [],
  links: [],
  missingRoots: [],
};

/**
 * Builds the arguments of bubblewrap 0.5 or newer for `policy`. Capabilities are always dropped: a
 * caller that is root would otherwise keep them inside and could mount the disk writable again.
 *
 * @throws SandboxError `invalid_policy` when the policy needs more mounts than bubblewrap takes.
 */
export function buildBwrapArgs(
  policy: BwrapPolicy,
  given: PathContext,
  options: BwrapOptions,
): BwrapCommand {
  const files = lookedAtOnce(given.files ?? nodeHostFiles);
  const context: PathContext = { ...given, files };
  const plan = hasFullDiskWrite(policy.fileSystem)
    ? wholeDisk
    : planMounts(policy.fileSystem, context, options);
  if (plan.args.length > maxMountWords) {
    throw new SandboxError(
      "invalid_policy",
      `the sandbox policy needs ${plan.args.length} mount arguments, more than the ${maxMountWords} that bubblewrap takes; list folders instead of the files in them`,
    );
  }
  const { commandCwd } = options;
  const canonicalCwd = files.realpath(commandCwd) ?? commandCwd;
  const proc = [
    "--proc",
    "/proc",
    ...(options.isRoot === true
      ? rootOwnedProc.flatMap((path) => ["--ro-bind-try", path, path])
      : []),
  ];
  const setVariables = Object.entries(options.loaderVariables ?? {}).flatMap(([name, value]) => [
    "--setenv",
    name,
    value,
  ]);
  const number = (flag: string, fd: number | undefined): readonly string[] =>
    fd === undefined ? [] : [flag, String(fd)];
  return {
    ...plan,
    args: [
      ...(options.terminal === true ? [] : ["--new-session"]),
      "--die-with-parent",
      ...plan.args,
      "--unshare-user",
      "--unshare-pid",
      "--unshare-ipc",
      ...(policy.network === "enabled" ? [] : ["--unshare-net"]),
      ...(options.mountProc === false ? [] : proc),
      ...(canonicalCwd === nodePath.normalize(commandCwd) ? [] : ["--chdir", canonicalCwd]),
      "--cap-drop",
      "ALL",
      ...number("--seccomp", options.seccompFd),
      ...number("--json-status-fd", options.statusFd),
      ...setVariables,
      "--",
    ],
  };
}
