// Keeps the record in the operating system's keyring: Keychain, Credential Manager, Secret Service.
import { realpath } from "node:fs/promises";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { nodeCrypto } from "./node-crypto.ts";
import { parseRecord, serializeRecordCompact } from "./auth-dot-json.ts";
import type { CredentialStore, StoreAddress } from "./credential-store.ts";
import { LoginError } from "./errors.ts";
import { createFileStore } from "./file-store.ts";

/** One entry of a keyring. Each call may have to wait for the person to unlock it. */
export interface KeyringEntry {
  /** Null when there is no such entry. */
  read(): Promise<string | null>;
  write(text: string): Promise<void>;
  /** Whether there was something to remove. */
  remove(): Promise<boolean>;
}

export interface KeyringStoreOptions {
  readonly codexHome: AbsolutePath;
  /** The entry of the system's own keyring by default. */
  readonly openEntry?: ((account: string) => Promise<KeyringEntry>) | undefined;
}

/** What the released Codex CLI calls its entries; both programs use the same ones. */
const service = "Codex Auth";
const label = `the entry "${service}" of the system's keyring`;

/**
 * The account of the home's entry: `cli|` and the first 16 hexadecimal digits of the SHA-256 of the
 * home's path, links resolved where that is possible.
 */
export async function keyringAccount(codexHome: string): Promise<string> {
  const path = await realpath(codexHome).catch(() => codexHome);
  return `cli|${nodeCrypto().createHash("sha256").update(path).digest("hex").slice(0, 16)}`;
}

/**
 * Keeps the record in the keyring alone: a save also removes an `auth.json` that is there, and a delete
 * removes both.
 */
export function createKeyringStore(options: KeyringStoreOptions): CredentialStore {
  const file = createFileStore(options);
  const entry = lazyEntry(options);

  return {
    label,
    address: addressOf("keyring", options),

    async load() {
      const text = await onKeyring("read", async () => await (await entry()).read());
      return text === null ? null : parseRecord(text, label);
    },

    async save(record) {
      const text = serializeRecordCompact(record);
      await onKeyring("written", async () => await (await entry()).write(text));
      // What the file still holds is no longer anybody's login, but that the login is stored counts.
      await file.delete().catch(() => false);
    },

    async delete() {
      return await deleteAll([
        async () => await onKeyring("cleared", async () => await (await entry()).remove()),
        async () => await file.delete(),
      ]);
    },

    exclusively: async (work) => await file.exclusively(work),

    async mark() {
      const text = await onKeyring("read", async () => await (await entry()).read());
      return text === null ? "" : nodeCrypto().createHash("sha256").update(text).digest("hex");
    },

    // A keyring tells nobody of its changes.
    watch: () => () => {},
  };
}

/**
 * Keeps the record in the keyring where there is one, and in `auth.json` where there is none: on a
 * server, say. What the keyring holds goes before the file.
 */
export function createAutoStore(options: KeyringStoreOptions): CredentialStore {
  const keyring = createKeyringStore(options);
  const file = createFileStore(options);
  return {
    label: `${keyring.label} or ${file.label}`,
    address: addressOf("auto", options),

    async load() {
      const stored = await keyring.load().catch(passOverKeyring);
      return stored ?? (await file.load());
    },

    async save(record) {
      try {
        await keyring.save(record);
      } catch (error) {
        passOverKeyring(error);
        await file.save(record);
      }
    },

    async delete() {
      const entry = lazyEntry(options);
      return await deleteAll([
        async () => await onKeyring("cleared", async () => await (await entry()).remove()),
        async () => await file.delete(),
      ]);
    },

    exclusively: async (work) => await file.exclusively(work),

    async mark() {
      const entryMark = await keyring.mark().catch(() => "");
      return `${entryMark} ${await file.mark()}`;
    },

    watch: (onChange) => file.watch(onChange),
  };
}

/** An entry of the caller's own is in this process alone. */
function addressOf(
  mode: StoreAddress["mode"],
  { codexHome, openEntry }: KeyringStoreOptions,
): StoreAddress | undefined {
  return openEntry === undefined ? { mode, codexHome } : undefined;
}

/** A keyring that cannot be used is none; a record in it that cannot be read is an error all the same. */
function passOverKeyring(error: unknown): null {
  if (error instanceof LoginError && error.code === "keyring_access") return null;
  throw error;
}

/** Removes from every place, and fails only where nothing was removed and a place could not be looked at. */
async function deleteAll(places: readonly (() => Promise<boolean>)[]): Promise<boolean> {
  const failures: unknown[] = [];
  let removed = false;
  for (const remove of places) {
    try {
      removed = (await remove()) || removed;
    } catch (error) {
      failures.push(error);
    }
  }
  if (!removed && failures.length > 0) throw failures[0];
  return removed;
}

function lazyEntry({ codexHome, openEntry = openSystemEntry }: KeyringStoreOptions) {
  let opened: Promise<KeyringEntry> | undefined;
  return async (): Promise<KeyringEntry> => {
    opened ??= keyringAccount(codexHome).then(openEntry);
    try {
      return await opened;
    } catch (error) {
      // The keyring may be there by the next time.
      opened = undefined;
      throw error;
    }
  };
}

/**
 * Loads the native module; only homes that ask for a keyring pay for it. On Linux the kernel's own key
 * store would do in its place, but that forgets everything when the machine restarts.
 */
async function openSystemEntry(account: string): Promise<KeyringEntry> {
  const { AsyncEntry } = await import("@napi-rs/keyring");
  const entry = new AsyncEntry(service, account, { linux: { store: "secret-service" } });
  return {
    read: async () => await entry.getPassword(),
    write: async (text) => await entry.setPassword(text),
    remove: async () => await entry.deletePassword(),
  };
}

async function onKeyring<T>(done: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LoginError(
      "keyring_access",
      `${label} cannot be ${done}: ${reason}; unlock the keyring, or set cli_auth_credentials_store = "file" in config.toml`,
      { cause },
    );
  }
}
