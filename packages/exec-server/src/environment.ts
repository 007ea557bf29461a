// The contract of this package: an Environment runs processes and touches files, here or elsewhere.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type {
  CommandSpec,
  ExitStatus,
  SandboxAspect,
  SandboxContext,
  SandboxReport,
  SandboxType,
} from "@codex-ts/sandboxing";

/** How a command is confined. */
export type Confinement =
  | {
      readonly kind: "sandboxed";
      readonly context: SandboxContext;
      /** What must really be enforced: see the sandbox's `PrepareOptions`. */
      readonly require?: readonly SandboxAspect[] | undefined;
    }
  | { readonly kind: "unconfined" };

/** In characters. */
export interface TerminalSize {
  readonly rows: number;
  readonly cols: number;
}

/** A command, and how it is to run. */
export interface StartProcessRequest {
  readonly command: CommandSpec;
  readonly confinement: Confinement;
  /** A terminal, or pipes with standard input closed (the null device). */
  readonly terminal?: TerminalSize | undefined;
}

/** A piece of a process's output; it may end within a character. */
export interface OutputChunk {
  /** A terminal's output is all `stdout`. */
  readonly stream: "stdout" | "stderr";
  readonly bytes: Uint8Array;
}

/** How a process ended. */
export interface ProcessEnd extends ExitStatus {
  /** `code`, or 128 + the signal's number. */
  readonly exitCode: number;
  /** Set when the command itself never ran: what to tell the caller. */
  readonly startFailure: string | null;
}

/** A running process. Disposing it kills its whole process group. */
export interface EnvironmentProcess extends AsyncDisposable {
  readonly pid: number;
  /** What confines it. */
  readonly sandbox: SandboxType;
  /** Whether the sandbox cuts it off from the network. */
  readonly networkDisabled: boolean;
  /**
   * Adds a reader; chunks come in arrival order over both streams. Returns the way to remove it.
   * Output waits for the first reader (a process that writes more than a little waits too); once the
   * last one is removed it is thrown away. While a promise that a reader returned is pending, no
   * reader is given more, and the process waits when its pipe is full.
   */
  onOutput(listener: (chunk: OutputChunk) => void | Promise<void>): () => void;
  /** Writes to the terminal. Rejects with `ExecError` `stdin_closed` for a process with pipes. */
  write(data: string | Uint8Array): Promise<void>;
  /** Does nothing for a process with pipes. */
  resize(size: TerminalSize): void;
  /** Sends a signal to the process group; SIGKILL by default. Does nothing when it has ended. */
  kill(signal?: NodeJS.Signals): void;
  /** Resolves when the process itself has exited. Never rejects. */
  readonly exited: Promise<ProcessEnd>;
  /** Resolves when it has exited and all output is read (or abandoned 2 s after the exit). */
  readonly closed: Promise<ProcessEnd>;
}

/** A name in a folder, and what stands there; links are not followed. */
export interface FolderEntry {
  readonly name: string;
  readonly kind: "file" | "directory" | "link" | "other";
}

/**
 * What stood at a path when it was opened. It stays that, whatever the path comes to mean: so whether it
 * may be read is judged by this `path`, and what is read after that is what was judged.
 */
export interface OpenedFile extends AsyncDisposable {
  /** Where it really is, every link resolved. */
  readonly path: AbsolutePath;
  readonly kind: "file" | "directory" | "other";
  /** Bytes. */
  readonly size: number;
  /** Permission bits, such as 0o644. */
  readonly mode: number;
  /** The content of a file. */
  read(signal?: AbortSignal): Promise<Uint8Array>;
  /** What is in a folder, in no order. */
  list(): Promise<readonly FolderEntry[]>;
}

/** The file operations that tools need. Errors are node:fs errors with their `code`. */
export interface EnvironmentFiles {
  /** Opens a file or a folder, following links. Nothing of it has been read yet. */
  open(path: AbsolutePath): Promise<OpenedFile>;
}

/**
 * A place where commands run and files lie. Disposing of it kills every process that it has
 * started; `start` then rejects with `ExecError` `disposed`.
 */
export interface Environment extends AsyncDisposable {
  /** Names the environment among others. */
  readonly id: string;
  readonly files: EnvironmentFiles;
  /**
   * Rejects with `SandboxError` when the confinement cannot be had or the program cannot start, and
   * with the signal's reason when it aborts before the process is handed over. After that the signal
   * has no say: a process may outlive the call that started it. Kill or dispose it.
   */
  start(request: StartProcessRequest, signal?: AbortSignal): Promise<EnvironmentProcess>;
  /** What commands are confined by here, found out by trying. */
  sandboxReport(signal?: AbortSignal): Promise<SandboxReport>;
  /**
   * Loads and tries, ahead of the first command, what commands confined like this will need. It never
   * rejects: what is wrong shows when a command starts.
   */
  warmUp?(confinement: Confinement): Promise<void>;
}

/** What an environment cannot do. */
export type ExecErrorCode =
  /** The process has pipes and takes no input. */
  | "stdin_closed"
  /** The environment was disposed. */
  | "disposed"
  /** This machine cannot make a terminal. */
  | "terminal_unavailable"
  /** This machine cannot make the pipes. */
  | "pipes_unavailable";

/**
 * Thrown by environments and their processes for what is neither the sandbox's fault nor the file
 * system's.
 */
export class ExecError extends Error {
  override readonly name = "ExecError";
  readonly code: ExecErrorCode;

  constructor(code: ExecErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
