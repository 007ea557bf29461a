import { type AbsolutePath } from "@codex-ts/absolute-path";
import { type AuthDotJson, parseRecord, serializeRecord } from "./auth-dot-json.ts";
import { LoginError } from "./errors.ts";
import { createFileStore } from "./file-store.ts";

/** Where one login record is kept. */
export interface CredentialStore {
  /** Names the place in messages, for example the file's path. */
  readonly label: string;
  /** Null when nothing is stored. @throws LoginError `invalid_record` or `file_access` */
  load(): Promise<AuthDotJson | null>;
  /** Replaces what is stored, all of it or nothing. @throws LoginError `file_access` */
  save(record: AuthDotJson): Promise<void>;
  /** Whether there was something to remove. @throws LoginError `file_access` */
  delete(): Promise<boolean>;
  /**
   * Runs work that loads and then saves while nobody else who asks for this does, in no process that
   * shares the store. Not to be called within itself.
   *
   * @throws LoginError `file_access` when the store cannot be had; whatever `work` throws.
   */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

/** The values of the config key `cli_auth_credentials_store`. */
export type CredentialStoreMode = "file" | "keyring" | "auto" | "ephemeral";

/**
 * The store that the configuration asks for.
 *
 * @throws LoginError `unsupported_store` for `keyring` and `auto`.
 */
export function createCredentialStore(
  mode: CredentialStoreMode,
  options: { readonly codexHome: AbsolutePath },
): CredentialStore {
  if (mode === "file") return createFileStore(options);
  if (mode === "ephemeral") return createEphemeralStore();
  throw new LoginError(
    "unsupported_store",
    `cli_auth_credentials_store = "${mode}" is not available in this version; use "file" or "ephemeral"`,
  );
}

/** Keeps the record in memory, for as long as the store itself lives. */
function createEphemeralStore(): CredentialStore {
  const label = "the memory of this process";
  let stored: string | null = null;
  let queue: Promise<unknown> = Promise.resolve();
  return {
    label,
    load: async () => (stored === null ? null : await parseRecord(stored, label)),
    save: async (record) => {
      stored = serializeRecord(record);
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
  };
}
