// Notices that another process has changed the store.
import type { CredentialStore } from "./credential-store.ts";

/** A login that is handed out is at most this far behind the store. */
const lookEveryMs = 500;

export interface StoreWatch {
  /** Looks unless that was done a moment ago; calls in parallel share one look. Does not throw. */
  look(): Promise<void>;
  /** Whether a look would do nothing. */
  isFresh(): boolean;
  /** Looks again and again until what it gives is called. Does not keep the process alive. */
  start(): () => void;
}

export interface StoreWatchOptions {
  readonly store: CredentialStore;
  /** Called with the store's mark; takes over what is stored if the mark is a new one. */
  readonly onMark: (mark: string) => Promise<void>;
  readonly monotonicNow: () => number;
}

export function watchStore({ store, onMark, monotonicNow }: StoreWatchOptions): StoreWatch {
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;

  async function lookNow(): Promise<void> {
    lookedAt = monotonicNow();
    try {
      await onMark(await store.mark());
    } catch {
      // What cannot be looked at, or is half written, is looked at again the next time.
    }
  }

  async function share(): Promise<void> {
    looking ??= lookNow().finally(() => {
      looking = undefined;
    });
    await looking;
  }

  const isFresh = () => monotonicNow() - lookedAt < lookEveryMs;

  return {
    isFresh,

    async look() {
      if (!isFresh() || looking !== undefined) await share();
    },

    start() {
      const stop = store.watch(() => void share());
      // Where the system tells nothing of changes: network disks, keyrings, a home that is not there yet.
      const timer = setInterval(() => void share(), lookEveryMs);
      timer.unref();
      return () => {
        stop();
        clearInterval(timer);
      };
    },
  };
}
