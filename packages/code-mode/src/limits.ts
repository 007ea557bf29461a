/** What a session of scripts may use. */
export interface CodeModeLimits {
  /** Cells that are running at once, or whose result nobody has asked for; 16. */
  readonly cells: number;
  /** UTF-8 bytes of one script; 1 MiB. */
  readonly sourceBytes: number;
  /** Items of output of one cell; 4096. */
  readonly outputItems: number;
  /** UTF-8 bytes of all output of one cell; 8 MiB. */
  readonly outputBytes: number;
  /** UTF-8 bytes of all stored values of the session; 1 MiB. */
  readonly storedBytes: number;
  /** How long a cell may run with nobody waiting for it, in ms; 30 minutes. */
  readonly unattendedMs: number;
  /** Tool calls of one cell in flight; 256. */
  readonly pendingCalls: number;
  /** UTF-8 bytes of the arguments of one cell's tool calls in flight; 2 MiB. */
  readonly pendingCallBytes: number;
  /** UTF-8 bytes of one tool's result as JSON; 16 MiB. */
  readonly resultBytes: number;
  /** Bytes of the engine's memory, at least 16 MiB; 64 MiB. */
  readonly memoryBytes: number;
}

/** The limits of a service that is given none. */
export const defaultLimits: CodeModeLimits = {
  cells: 16,
  sourceBytes: 1024 * 1024,
  outputItems: 4096,
  outputBytes: 8 * 1024 * 1024,
  storedBytes: 1024 * 1024,
  unattendedMs: 30 * 60 * 1000,
  pendingCalls: 256,
  pendingCallBytes: 2 * 1024 * 1024,
  resultBytes: 16 * 1024 * 1024,
  memoryBytes: 64 * 1024 * 1024,
};
