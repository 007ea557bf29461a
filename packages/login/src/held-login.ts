// The login in use: held in memory, read from the store one access after another, kept up to date with
// what other processes do.
import type { AuthDotJson } from "./auth-dot-json.ts";
import { accountOf, fingerprintOf } from "./codex-auth.ts";
import type { AuthChange, AuthEvent, GuardedReload } from "./contract.ts";
import type { CredentialStore } from "./credential-store.ts";
import {
  type Snapshot,
  environmentSnapshot,
  hostSnapshot,
  recordSnapshot,
  storedSnapshot,
} from "./snapshot.ts";
import { watchStore } from "./store-watch.ts";
import { untilAborted } from "./until-aborted.ts";

export interface HeldLoginOptions {
  readonly store: CredentialStore;
  /** An API key that goes before everything else. */
  readonly environmentKey: string | undefined;
  readonly monotonicNow: () => number;
  /** Called when another login takes the place of the one in use, before anybody else hears of it. */
  readonly onReplaced: () => void;
}

export interface UnsavedLogin {
  readonly record: AuthDotJson;
  /** The fingerprint of what is stored in its place. */
  readonly replaces: string;
}

/** Methods whose name ends in `InTurn` are for work that {@link HeldLogin.inTurn} runs. */
export interface HeldLogin {
  /** Runs what reads or replaces the login one after another. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** As it is held; read when that was never done. */
  current(): Promise<Snapshot>;
  /** At most half a second behind the store. */
  latest(signal?: AbortSignal): Promise<Snapshot>;
  currentInTurn(): Promise<Snapshot>;
  replaceInTurn(next: Snapshot): void;
  /** Reads anew, whatever is there. */
  reloadInTurn(): Promise<AuthChange>;
  /** Reads anew, and takes it over if it is for the same account. */
  reloadSameAccountInTurn(): Promise<GuardedReload>;
  guardedReload(): Promise<GuardedReload>;
  /**
   * Takes over tokens that the store did not take, and tries again to store them whenever it is read,
   * until something else than what they replace is stored.
   */
  keepUnsavedInTurn(unsaved: UnsavedLogin): Promise<void>;
  /** The login that a host application has set; it goes before what is stored. */
  hostLogin: AuthDotJson | null;
  onChange(listener: (event: AuthEvent) => void): () => void;
  stopWatching(): void;
}

export function createHeldLogin(options: HeldLoginOptions): HeldLogin {
  const { store, environmentKey, monotonicNow, onReplaced } = options;
  const listeners = new Set<(event: AuthEvent) => void>();
  let snapshot: Snapshot | undefined;
  let hostLogin: AuthDotJson | null = null;
  let unsaved: UnsavedLogin | null = null;
  let firstLoad: Promise<Snapshot> | undefined;
  let rereading: Promise<GuardedReload> | undefined;
  let endWatch: (() => void) | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work);
    queue = result.catch(() => {});
    return await result;
  }

  async function load(): Promise<Snapshot> {
    if (environmentKey !== undefined) return environmentSnapshot(environmentKey);
    if (hostLogin !== null) return hostSnapshot(hostLogin);
    return unsaved === null ? await storedSnapshot(store) : await loadUnsaved(unsaved);
  }

  async function loadUnsaved({ record, replaces }: UnsavedLogin): Promise<Snapshot> {
    const isSaved = await store
      .exclusively(async () => {
        const stored = await store.load();
        if (stored !== null && fingerprintOf(stored) === replaces) await store.save(record);
        return true;
      })
      .catch(() => false);
    if (isSaved) {
      unsaved = null;
      return await storedSnapshot(store);
    }
    const mark = await store.mark().catch(() => null);
    return recordSnapshot(record, store.label, mark);
  }

  function replaceInTurn(next: Snapshot): void {
    const before = snapshot;
    snapshot = next;
    if (before?.fingerprint === next.fingerprint) return;
    onReplaced();
    if (before === undefined) return;
    const accountChanged = accountIn(before) !== accountIn(next);
    for (const listener of listeners) listener({ auth: next.auth, accountChanged });
  }

  async function currentInTurn(): Promise<Snapshot> {
    return (snapshot ??= await load());
  }

  async function current(): Promise<Snapshot> {
    if (snapshot !== undefined) return snapshot;
    firstLoad ??= inTurn(currentInTurn).finally(() => {
      firstLoad = undefined;
    });
    return await firstLoad;
  }

  const watch = watchStore({
    store,
    monotonicNow,
    async onMark(mark) {
      const held = await current();
      if (held.origin === "fixed" || mark === held.origin.mark) return;
      await inTurn(async () => {
        if (snapshot === held) replaceInTurn(await load());
      });
    },
  });

  async function reloadSameAccountInTurn(): Promise<GuardedReload> {
    const before = await currentInTurn();
    let loaded: Snapshot;
    try {
      loaded = await load();
    } catch {
      return "skipped";
    }
    if (before.auth?.kind !== "chatgpt" || loaded.auth === null) return "skipped";
    if (loaded.fingerprint === before.fingerprint) {
      replaceInTurn(loaded);
      return "unchanged";
    }
    const account = accountIn(before);
    if (account === null || accountIn(loaded) !== account) return "skipped";
    replaceInTurn(loaded);
    return "changed";
  }

  function stopWatching(): void {
    endWatch?.();
    endWatch = undefined;
  }

  return {
    inTurn,
    current,
    currentInTurn,
    replaceInTurn,
    reloadSameAccountInTurn,

    async latest(signal) {
      const held = await current();
      if (held.origin === "fixed" || watch.isFresh()) return held;
      await untilAborted(watch.look(), signal);
      return await current();
    },

    async reloadInTurn() {
      const before = snapshot;
      const after = await load();
      replaceInTurn(after);
      return {
        changed: before?.fingerprint !== after.fingerprint,
        accountChanged: accountIn(before) !== accountIn(after),
      };
    },

    async guardedReload() {
      rereading ??= current()
        .then(async () => await inTurn(reloadSameAccountInTurn))
        .catch((): GuardedReload => "skipped")
        .finally(() => {
          rereading = undefined;
        });
      return await rereading;
    },

    async keepUnsavedInTurn(login) {
      unsaved = login;
      replaceInTurn(await load());
    },

    get hostLogin() {
      return hostLogin;
    },
    set hostLogin(record) {
      hostLogin = record;
    },

    onChange(listener) {
      listeners.add(listener);
      endWatch ??= watch.start();
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) stopWatching();
      };
    },

    stopWatching() {
      listeners.clear();
      stopWatching();
    },
  };
}

function accountIn(snapshot: Snapshot | undefined): string | null {
  return snapshot?.auth ? accountOf(snapshot.auth) : null;
}
