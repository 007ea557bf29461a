// The background processes of a session.
import type { ProcessSession } from "./process-session.ts";

/** How many processes may be in the store; before one more comes in, one is ended. */
export const MAX_PROCESSES = 64;
/** These many, the last used, are never ended to make room. */
const PROTECTED_PROCESSES = 8;
const FIRST_ID = 1000;

/** Stand-ins for clock and random ids. */
export interface ProcessStoreOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now?: (() => number) | undefined;
  /** Makes the id of one answer: six hexadecimal digits. */
  readonly newChunkId?: (() => string) | undefined;
}

/**
 * Processes that outlive their turn, by session id. It belongs to the session: disposing ends all of
 * them for good.
 */
export interface ProcessStore extends AsyncDisposable {
  readonly now: () => number;
  readonly newChunkId: () => string;
  /** The number of processes in the store, those that have ended unnoticed too. */
  readonly size: number;
  /** A session id that was never given before. */
  newId(): number;
  /** Takes in a process, and ends one that has long been left alone when the store is full. */
  add(session: ProcessSession): void;
  /** Finds a process; that counts as a use. */
  get(id: number): ProcessSession | undefined;
  remove(id: number): void;
  /** Ends every process. Resolves when they have ended and the client knows. */
  closeAll(): Promise<void>;
}

/** Makes the empty store of a session. */
export function createProcessStore(options: ProcessStoreOptions = {}): ProcessStore {
  /** By id, the least recently used first. */
  const sessions = new Map<number, ProcessSession>();
  let nextId = FIRST_ID;
  let isDisposed = false;

  const closeAll = async (): Promise<void> => {
    const all = [...sessions.values()];
    sessions.clear();
    await Promise.all(all.map((session) => session.stop()));
  };
  const use = (session: ProcessSession): void => {
    sessions.delete(session.id);
    sessions.set(session.id, session);
  };
  return {
    now: options.now ?? (() => performance.now()),
    newChunkId:
      options.newChunkId ??
      (() => process.getBuiltinModule("node:crypto").randomBytes(3).toString("hex")),
    get size() {
      return sessions.size;
    },
    newId() {
      nextId += 1;
      return nextId - 1;
    },
    add(session) {
      if (isDisposed) {
        void session.stop();
        return;
      }
      if (sessions.size >= MAX_PROCESSES && !sessions.has(session.id)) {
        const pruned = sessionToPrune([...sessions.values()]);
        if (pruned !== undefined) {
          sessions.delete(pruned.id);
          void pruned.stop();
        }
      }
      use(session);
    },
    get(id) {
      const session = sessions.get(id);
      if (session !== undefined) use(session);
      return session;
    },
    remove: (id) => {
      sessions.delete(id);
    },
    closeAll,
    async [Symbol.asyncDispose]() {
      isDisposed = true;
      await closeAll();
    },
  };
}

/**
 * Which of the sessions gives way, given the least recently used first: one that has ended before one
 * that runs, but none of the last used.
 */
export function sessionToPrune<T extends { readonly end: unknown }>(
  sessions: readonly T[],
): T | undefined {
  const candidates = sessions.slice(0, -PROTECTED_PROCESSES);
  return candidates.find((session) => session.end !== null) ?? candidates[0];
}
