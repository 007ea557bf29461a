import { type AbsolutePath } from "@codex-ts/absolute-path";
import { type AuthDotJson, parseRecord, serializeRecord } from "./auth-dot-json.ts";
import { createFileStore } from "./file-store.ts";
import { createAutoStore, createKeyringStore } from "./keyring-store.ts";

/** Where one login record is kept. */
export interface CredentialStore {
  /** Names the place in messages, for example the file's path. */
  readonly label: string;
  /** How another process opens the same store; missing where none can. */
  readonly address?: StoreAddress | undefined;
  /** Null when nothing is stored. @throws LoginError `invalid_record`, `file_access` or `keyring_access` */
  load(): Promise<AuthDotJson | null>;
  /** Replaces what is stored, all of it or nothing. @throws LoginError `file_access` or `keyring_access` */
  save(record: AuthDotJson): Promise<void>;
  /** Whether there was something to remove. @throws LoginError `file_access` or `keyring_access` */
  delete(): Promise<boolean>;
  /**
   * Runs work that loads and then saves while nobody else who asks for this does, in no process that
   * shares the store. Not to be called within itself.
   *
   * @throws LoginError `file_access` when the store cannot be had; whatever `work` throws.
   */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /**
   * A text that differs after every change, of this process or another; cheap to ask for. Empty when
   * nothing is stored.
   *
   * @throws LoginError `file_access` or `keyring_access`
   */
  mark(): Promise<string>;
  /**
   * Calls back soon after a change where the place can tell, maybe more often than that, maybe never;
   * gives what ends it. Does not keep the process alive.
   */
  watch(onChange: () => void): () => void;
}

/** What {@link createCredentialStore} makes a store of that processes share. */
export interface StoreAddress {
  readonly mode: Exclude<CredentialStoreMode, "ephemeral">;
  readonly codexHome: AbsolutePath;
}

/** The values of the config key `cli_auth_credentials_store`. */
export type CredentialStoreMode = "file" | "keyring" | "auto" | "ephemeral";

/** The store that the configuration asks for. Nothing is opened before its first use. */
export function createCredentialStore(
  mode: CredentialStoreMode,
  options: { readonly codexHome: AbsolutePath },
): CredentialStore {
  switch (mode) {
    case "file":
      return createFileStore(options);
    case "keyring":
      return createKeyringStore(options);
    case "auto":
      return createAutoStore(options);
    case "ephemeral":
      return createEphemeralStore();
  }
}

/** Keeps the record in memory, for as long as the store itself lives. */
function createEphemeralStore(): CredentialStore {
  const label = "the memory of this process";
  let stored: string | null = null;
  let changes = 0;
  let queue: Promise<unknown> = Promise.resolve();
  return {
    label,
    load: async () => (stored === null ? null : parseRecord(stored, label)),
    save: async (record) => {
      stored = serializeRecord(record);
      changes += 1;
    },
    delete: async () => {
      const removed = stored !== null;
      stored = null;
      return removed;
    },
    exclusively: async (work) => {
      const result = queue.then(work);
      queue = result.catch(() => {});
      return await result;
    },
    mark: async () => (stored === null ? "" : String(changes)),
    watch: () => () => {},
  };
}
