// The face of a thread.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { Event, EventOf, Op, ThreadId, TraceContext, UserInput } from "@codex-ts/protocol";
import type { AgentStatus } from "./agent-status.ts";
import type { SessionSettings } from "./turn-context.ts";

/** The settings of a thread that its turns may change. */
export type ThreadSettings = SessionSettings;

export interface SubmitOptions {
  /**
   * The W3C trace context that led to the op; the caller's current span by default. An invalid one is
   * ignored with a warning.
   */
  readonly trace?: TraceContext | undefined;
}

/**
 * A running thread. Ops are handled one after another; events come in the order in which things
 * happened, each after what it tells of is on disk. Disposing shuts the thread down.
 */
export interface Thread extends AsyncDisposable {
  readonly id: ThreadId;
  /** Where the session file is or will be; null for an ephemeral thread. */
  readonly rolloutPath: AbsolutePath | null;
  /** Hands in an op and resolves to its id (for an op that starts a turn: the turn's id). */
  submit(op: Op, options?: SubmitOptions): Promise<string>;
  /**
   * Adds input to the running turn and gives that turn's id; nothing of the settings changes.
   *
   * @throws CoreError `no_active_turn`, `other_active_turn`, `turn_not_steerable` or `bad_input`
   */
  steer(items: readonly UserInput[], expectedTurnId?: string): Promise<string>;
  /** The settings that the next turn will have. */
  readonly settings: ThreadSettings;
  /** What the thread is doing, as its events so far tell. */
  readonly status: AgentStatus;
  /** Brings everything announced so far to the disk. @throws RolloutError `write_failed` */
  flush(): Promise<void>;
  /** The events, once: one reader. Ends after `shutdown_complete`. */
  events(): AsyncIterableIterator<Event>;
  /** Stops the turn, ends background processes, flushes and closes the session file. */
  shutdown(): Promise<void>;
}

/** A thread and its first event. */
export interface StartedThread {
  readonly thread: Thread;
  readonly configured: EventOf<"session_configured">;
}

/** What a thread or its manager cannot do. */
export type CoreErrorCode =
  /** No running thread has the id. */
  | "thread_not_found"
  /** No session has the id or the name. */
  | "session_not_found"
  /** A session file cannot be read, or is none. */
  | "rollout_unreadable"
  /** No turn is running that could be steered. */
  | "no_active_turn"
  /** Another turn than the expected one is running. */
  | "other_active_turn"
  /** The running turn is a review or a compaction, which takes no input. */
  | "turn_not_steerable"
  /** The input is empty. */
  | "bad_input"
  /** A session's file cannot be written. */
  | "session_init_failed"
  /** The thread was shut down. */
  | "thread_closed";

/** Thrown for calls that a thread or its manager refuses; the message says why. */
export class CoreError extends Error {
  override readonly name = "CoreError";
  readonly code: CoreErrorCode;

  constructor(code: CoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
