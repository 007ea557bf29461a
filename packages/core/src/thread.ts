// The face of a thread.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { Event, EventOf, Op, ThreadId } from "@codex-ts/protocol";

/**
 * A running thread. Ops are handled one after another; events come in the order in which things
 * happened, each after what it tells of is on disk. Disposing shuts the thread down.
 */
export interface Thread extends AsyncDisposable {
  readonly id: ThreadId;
  /** Where the session file is or will be; null for an ephemeral thread. */
  readonly rolloutPath: AbsolutePath | null;
  /** Hands in an op and resolves to its id (for an op that starts a turn: the turn's id). */
  submit(op: Op): Promise<string>;
  /** The events, once: one reader. Ends after `shutdown_complete`. */
  events(): AsyncIterableIterator<Event>;
  /** Stops the turn, ends background processes, flushes and closes the session file. */
  shutdown(): Promise<void>;
}

export interface StartedThread {
  readonly thread: Thread;
  readonly configured: EventOf<"session_configured">;
}

export type CoreErrorCode =
  | "thread_not_found"
  | "rollout_unreadable"
  | "session_init_failed"
  | "thread_closed";

export class CoreError extends Error {
  override readonly name = "CoreError";
  readonly code: CoreErrorCode;

  constructor(code: CoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
