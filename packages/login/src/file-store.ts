import { watch } from "node:fs";
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { type AbsolutePath, basename, fromAbsolute, join, parent } from "@codex-ts/absolute-path";
import { withLockFile } from "@codex-ts/lock-file";
import { nodeCrypto } from "./node-crypto.ts";
import { parseRecord, serializeRecord } from "./auth-dot-json.ts";
import type { CredentialStore } from "./credential-store.ts";
import { LoginError } from "./errors.ts";

/** Only the owner may read and write. Windows has no such modes; there the profile folder protects. */
const privateMode = 0o600;

/** What a save writes, and what those who wait for the lock of the file do. */
const recordFile = /^\.[0-9a-f]{16}\.tmp$/;
const lockLeftover = /^(?:\.renewal)?\.lock(?:\.[0-9a-f]{16})+(?:\.tmp)?$/;

/** A temporary file of this age was left by a process that was killed. */
const abandonedAfterMs = 60_000;
const lockLeftoverAfterMs = 600_000;

/**
 * Keeps the record in `auth.json`. A reader sees the old record or the new one, never a part: a save
 * writes a temporary file beside it, flushes it and renames it. The file is readable by its owner
 * alone; loading takes wider rights away from an older file.
 */
export function createFileStore({
  codexHome,
}: {
  readonly codexHome: AbsolutePath;
}): CredentialStore {
  const path = join(codexHome, "auth.json");

  return {
    label: path,
    address: { mode: "file", codexHome },

    async load() {
      const text = await onFile("read", path, () => readPrivateFile(path));
      return text === null ? null : parseRecord(text, path);
    },

    async save(record) {
      await onFile("written", path, async () => {
        await mkdir(codexHome, { recursive: true, mode: 0o700 });
        const target = await followLinks(path);
        await replaceFile(target, serializeRecord(record));
        // Not before: until they are stored, tokens can be lost.
        await removeTemporaryFiles(target, { olderThanMs: abandonedAfterMs }).catch(() => {});
      });
    },

    async delete() {
      return await onFile("removed", path, async () => {
        const target = await followLinks(path);
        await removeTemporaryFiles(target, { olderThanMs: Number.NEGATIVE_INFINITY });
        const removed = await remove(target);
        await rm(path, { force: true });
        return removed;
      });
    },

    async exclusively(work) {
      let isWorking = false;
      const start = async () => {
        isWorking = true;
        return await work();
      };
      try {
        await mkdir(codexHome, { recursive: true, mode: 0o700 });
        return await withLockFile(`${await followLinks(path)}.lock`, start);
      } catch (cause) {
        if (isWorking) throw cause;
        throw fileError("locked", path, cause);
      }
    },

    async mark() {
      return await onFile("read", path, async () => {
        try {
          const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
          return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
        } catch (error) {
          if (errorCode(error) === "ENOENT") return "";
          throw error;
        }
      });
    },

    watch(onChange) {
      try {
        // The folder: the file itself is another one after every save.
        const watcher = watch(codexHome, { persistent: false }, (_event, name) => {
          if (name === null || name === basename(path)) onChange();
        });
        watcher.on("error", () => watcher.close());
        return () => watcher.close();
      } catch {
        // No such folder yet, or no watches left: whoever wants to know has to look.
        return () => {};
      }
    },
  };
}

async function onFile<T>(done: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw fileError(done, path, cause);
  }
}

function fileError(done: string, path: string, cause: unknown): LoginError {
  const reason = errorCode(cause) ?? "unknown reason";
  return new LoginError("file_access", `${path} cannot be ${done}: ${reason}`, { cause });
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

async function readPrivateFile(path: string): Promise<string | null> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
  try {
    await tighten(file);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

async function tighten(file: FileHandle): Promise<void> {
  if (process.platform === "win32") return;
  const { mode } = await file.stat();
  if ((mode & 0o077) === 0) return;
  try {
    await file.chmod(mode & 0o700);
  } catch {
    // The file of somebody else or a read-only disk: the record can be used all the same.
  }
}

/** The file that `path` leads to, so that a save keeps a symbolic link in place. */
async function followLinks(path: AbsolutePath): Promise<AbsolutePath> {
  try {
    return fromAbsolute(await realpath(path));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return path;
    throw error;
  }
}

async function replaceFile(path: AbsolutePath, text: string): Promise<void> {
  const temporary = `${path}.${nodeCrypto().randomBytes(8).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx", privateMode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await flushFolder(parent(path) ?? path);
}

/** Else a power cut could bring the old file back, and with it tokens that are used up. */
async function flushFolder(path: string): Promise<void> {
  let folder: FileHandle | undefined;
  try {
    folder = await open(path, "r");
    await folder.sync();
  } catch {
    // Windows and some network disks know no such thing.
  } finally {
    await folder?.close();
  }
}

async function removeTemporaryFiles(
  path: AbsolutePath,
  { olderThanMs }: { readonly olderThanMs: number },
): Promise<void> {
  const folder = parent(path) ?? path;
  const name = basename(path);
  for (const entry of await entriesOf(folder)) {
    const middle = entry.startsWith(`${name}.`) ? entry.slice(name.length) : "";
    const limitMs = recordFile.test(middle)
      ? olderThanMs
      : lockLeftover.test(middle)
        ? lockLeftoverAfterMs
        : Number.POSITIVE_INFINITY;
    const temporary = join(folder, entry);
    if (limitMs < Number.POSITIVE_INFINITY && (await ageMsOf(temporary)) >= limitMs) {
      await rm(temporary, { force: true });
    }
  }
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** Both times come from the machine that holds the files, so a test's clock has no part in it. */
async function ageMsOf(path: string): Promise<number> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch {
    return -1;
  }
}

async function remove(path: string): Promise<boolean> {
  try {
    await rm(path);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}
