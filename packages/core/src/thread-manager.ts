// Starts, resumes, forks and ends threads, and finds the sessions of earlier ones. All that this takes
// is loaded when it is first asked for something: a program that imports the engine need not run it.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { ThreadId } from "@codex-ts/protocol";
import type { ListThreadsOptions, ThreadPage } from "@codex-ts/rollout";
import type { ForkSnapshotMode } from "./fork.ts";
import { CoreError, type StartedThread, type Thread } from "./thread.ts";
import type { ThreadConfig, ThreadManagerOptions } from "./thread-config.ts";
import type { Threads } from "./threads.ts";

/** A session, by its file, its id, or the name that it was given last. */
export type SessionReference =
  | AbsolutePath
  | { readonly id: ThreadId }
  | {
      readonly name: string;
      /** Only sessions whose last turn was in this folder. */
      readonly cwd?: AbsolutePath;
    };

/** How much of a session the fork begins with. */
export interface ForkOptions {
  /** `committed` by default. */
  readonly snapshot?: ForkSnapshotMode | undefined;
  /** Cuts a committed fork before this message of the person, counted from 0. */
  readonly beforeUserMessage?: number | undefined;
}

/** The threads of one program. Managers are independent of each other: nothing is global. */
export class ThreadManager implements AsyncDisposable {
  readonly #options: ThreadManagerOptions;
  #loading: Promise<Threads> | undefined;
  #threads: Threads | undefined;

  constructor(options: ThreadManagerOptions) {
    this.#options = options;
  }

  /** Starts a new thread. Its session file appears with the first user message. */
  async startThread(config: ThreadConfig): Promise<StartedThread> {
    return (await this.#load()).startThread(config);
  }

  /**
   * Goes on with a session; new lines are appended to its file. A running thread of that session is
   * shut down first.
   *
   * @throws CoreError `session_not_found`, `rollout_unreadable`, or `session_init_failed` when the file
   * can be read and not written
   */
  async resumeThread(config: ThreadConfig, session: SessionReference): Promise<StartedThread> {
    return (await this.#load()).resumeThread(config, session);
  }

  /**
   * Starts a new thread with what a session holds; the session stays as it is. Nothing is told to the
   * model before the fork's first turn, and then only what differs from what the session had told.
   *
   * @throws CoreError `session_not_found` or `rollout_unreadable`
   */
  async forkThread(
    config: ThreadConfig,
    session: SessionReference,
    options: ForkOptions = {},
  ): Promise<StartedThread> {
    return (await this.#load()).forkThread(config, session, options);
  }

  /** A running thread. @throws CoreError `thread_not_found` */
  getThread(id: ThreadId): Thread {
    const thread = this.#threads?.findThread(id);
    if (thread === undefined) {
      throw new CoreError("thread_not_found", `there is no running thread ${id}`);
    }
    return thread;
  }

  /** The ids of the running threads. */
  listThreadIds(): readonly ThreadId[] {
    return this.#threads?.listThreadIds() ?? [];
  }

  /** Forgets a thread without shutting it down. */
  removeThread(id: ThreadId): boolean {
    return this.#threads?.removeThread(id) ?? false;
  }

  /**
   * The sessions of the home, running or not, newest first, a page at a time.
   *
   * @throws RolloutError `invalid_cursor` or `unreadable`
   */
  async listThreads(options: Omit<ListThreadsOptions, "codexHome"> = {}): Promise<ThreadPage> {
    return (await this.#load()).listThreads(options);
  }

  /** Gives a session a name, whether it runs or not. @throws RolloutError `blank_name` or `write_failed` */
  async nameThread(id: ThreadId, name: string): Promise<void> {
    await (await this.#load()).nameThread(id, name);
  }

  /**
   * Takes a session out of the listing; a running thread of it is shut down first. Gives its new path.
   *
   * @throws CoreError `session_not_found`
   * @throws RolloutError
   */
  async archiveThread(id: ThreadId): Promise<AbsolutePath> {
    return (await this.#load()).archiveThread(id);
  }

  /** Brings an archived session back to the listing. @throws CoreError `session_not_found` */
  async unarchiveThread(id: ThreadId): Promise<AbsolutePath> {
    return (await this.#load()).unarchiveThread(id);
  }

  /** Shuts all threads down. */
  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#loading)?.[Symbol.asyncDispose]();
  }

  #load(): Promise<Threads> {
    this.#loading ??= import("./threads.ts").then(({ Threads }) => {
      this.#threads = new Threads(this.#options);
      return this.#threads;
    });
    return this.#loading;
  }
}
