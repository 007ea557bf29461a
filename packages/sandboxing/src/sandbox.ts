// The contract of this package: a Sandbox prepares commands, a Launcher starts them.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type {
  FileSystemSandboxPolicy,
  NetworkSandboxPolicy,
  PermissionProfile,
  SandboxPolicy,
} from "@codex-ts/protocol";

/** What confines a command. */
export type SandboxType = "none" | "bwrap" | "landlock" | "seatbelt";

/** A command as it would run bare. `env` is the whole environment, nothing is inherited. */
export interface CommandSpec {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: AbsolutePath;
  readonly env: Readonly<Record<string, string>>;
}

/** What a command may do. */
export interface SandboxContext {
  readonly policy: SandboxPolicy;
  /** The folder that special paths and the workspace resolve against: the session's, not the command's. */
  readonly policyCwd: AbsolutePath;
  /** Replaces the file-system half of `policy` where a caller has a finer one. */
  readonly fileSystem?: FileSystemSandboxPolicy | undefined;
  /** Replaces the network half of `policy`. */
  readonly network?: NetworkSandboxPolicy | undefined;
  /** Granted on top, for this command. */
  readonly additionalPermissions?: PermissionProfile | undefined;
}

/**
 * Where a descriptor of the child comes from: nothing, an open descriptor of ours, bytes to read, or a
 * file that the child opens itself, for reading and writing. A terminal that is opened so becomes the
 * controlling terminal of the child's session.
 */
export type StdioSource =
  | "ignore"
  | { readonly fd: number }
  | { readonly data: Uint8Array }
  | { readonly open: string };

/** A process to start. `env` is the whole environment. */
export interface LaunchRequest {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Descriptors 0, 1, 2, 3 … of the child. The caller keeps and closes its own ends. */
  readonly stdio: readonly StdioSource[];
}

/** How a process ended. */
export interface ExitStatus {
  /** The exit code, or null when a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that has been started. */
export interface LaunchedProcess {
  readonly pid: number;
  /** Resolves when the process itself has exited; never rejects. */
  readonly exited: Promise<ExitStatus>;
}

/** Starts processes, each as the leader of a new session and process group. */
export interface Launcher {
  /** Rejects with a {@link SandboxError} `command_not_found` or `spawn_failed`. */
  launch(request: LaunchRequest): Promise<LaunchedProcess>;
}

/** How one prepared command ended, as far as the sandbox can tell. */
export type SandboxOutcome =
  | { readonly kind: "ran" }
  | { readonly kind: "setup_failed"; readonly message: string }
  | { readonly kind: "command_not_found"; readonly message: string };

/** A command wrapped for its sandbox. Dispose it when the process has ended. */
export interface PreparedCommand extends AsyncDisposable {
  readonly sandbox: SandboxType;
  readonly launcher: Launcher;
  /** What to launch: the sandbox's program with the command behind it, or the command itself. */
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What descriptors from 3 on must be. Needed until the launch is done. */
  readonly extraStdio: readonly StdioSource[];
  /** Whether the network is cut off for this command, and by this command's own confinement. */
  readonly networkDisabled: boolean;
  /** Call after the exit: tells a sandbox that could not start from a command that failed. */
  outcome(exit: ExitStatus, stderrTail: string): Promise<SandboxOutcome>;
}

/**
 * `file_attributes`: modes, owners and times of files that may not be written. `protected_paths`: `.git`,
 * `.agents` and `.codex` in writable folders. `local_ipc`: Unix sockets, shared memory and keyrings of
 * other programs. `devices`: devices, and settings of the kernel.
 */
export const sandboxAspects = [
  "file_writes",
  "file_attributes",
  "protected_paths",
  "file_reads",
  "network",
  "local_ipc",
  "processes",
  "devices",
] as const;
/** One thing that a sandbox can enforce; see {@link sandboxAspects}. */
export type SandboxAspect = (typeof sandboxAspects)[number];

/** Whether one aspect is enforced. */
export interface AspectReport {
  readonly enforced: boolean;
  /** What enforces it, or why nothing does. */
  readonly by: string;
}

/** What the sandbox of this machine enforces, found out by trying. */
export interface SandboxReport {
  /** What confines commands here. */
  readonly step: SandboxType;
  readonly aspects: Readonly<Record<SandboxAspect, AspectReport>>;
  /** For people: what is missing and the way to get it (`install bubblewrap …`). Empty when all is well. */
  readonly warnings: readonly string[];
  /** The command that would give this machine a better step; null when there is none to give. */
  readonly repair: string | null;
}

/** What one command needs of its sandbox. */
export interface PrepareOptions {
  /** The command gets a terminal of its own: job control must work. */
  readonly terminal?: boolean | undefined;
  /**
   * What of the policy must really be enforced: on a machine that does not, `prepare` rejects with
   * `aspect_not_enforced`. What the policy allows anyway needs no enforcement.
   */
  readonly require?: readonly SandboxAspect[] | undefined;
}

/** Confines commands on this machine. Dispose it when no command is left. */
export interface Sandbox extends AsyncDisposable {
  /** Probes once and remembers. */
  report(signal?: AbortSignal): Promise<SandboxReport>;
  /**
   * Wraps a command. A policy that asks for no confinement gives the command back as it is; one that
   * the machine cannot enforce rejects with a {@link SandboxError} `sandbox_unavailable`, and one whose
   * required aspects it does not enforce with `aspect_not_enforced`.
   */
  prepare(
    command: CommandSpec,
    context: SandboxContext,
    options?: PrepareOptions,
  ): Promise<PreparedCommand>;
  /** Wraps nothing: for commands that a person allowed to run unconfined. */
  prepareUnconfined(command: CommandSpec): PreparedCommand;
}

/** Why a command was not started. */
export type SandboxErrorCode =
  /** The machine cannot enforce the policy at all. */
  | "sandbox_unavailable"
  /** The confinement could not be put up. */
  | "setup_failed"
  /** Something that the caller requires is not enforced here. */
  | "aspect_not_enforced"
  /** The program is not there, or cannot be executed. */
  | "command_not_found"
  /** The system could not start the process. */
  | "spawn_failed"
  /** A policy that contradicts itself, or names more than can be confined. */
  | "invalid_policy";

/** Thrown when a command cannot be confined or started. The message says what is missing. */
export class SandboxError extends Error {
  override readonly name = "SandboxError";
  readonly code: SandboxErrorCode;

  constructor(code: SandboxErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
