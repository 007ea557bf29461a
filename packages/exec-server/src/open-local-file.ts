// Opens a file of this machine so that what is read is what was looked at.
import { constants, type Dirent, type Stats } from "node:fs";
import { type FileHandle, lstat, open, readdir, readlink, realpath } from "node:fs/promises";
import { type AbsolutePath, fromAbsolute } from "@codex-ts/absolute-path";
import type { FolderEntry, OpenedFile } from "./environment.ts";

// A named pipe must not make us wait, nor a terminal become ours. Windows has no such flags.
const openFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/** The path under which Linux shows an open descriptor; null elsewhere, and without /proc. */
async function descriptorPath(file: FileHandle): Promise<string | null> {
  const path = `/proc/self/fd/${file.fd}`;
  return readlink(path).then(
    () => path,
    () => null,
  );
}

/** Where the open file is: its own path, asked of the descriptor where that can be. */
async function pathOf(
  status: Stats,
  asked: AbsolutePath,
  descriptor: string | null,
): Promise<AbsolutePath> {
  const real = descriptor === null ? await realpath(asked) : await readlink(descriptor);
  const there = await lstat(real);
  if (there.dev !== status.dev || there.ino !== status.ino) {
    throw Object.assign(new Error(`ESTALE: ${asked} was replaced while it was opened`), {
      code: "ESTALE",
    });
  }
  return fromAbsolute(real);
}

function kindOf(entry: Stats | Dirent): FolderEntry["kind"] {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "directory";
  return entry.isSymbolicLink() ? "link" : "other";
}

/** See {@link OpenedFile}; the caller disposes it. Rejects with an error of node:fs. */
export async function openLocalFile(path: AbsolutePath): Promise<OpenedFile> {
  const file = await open(path, openFlags);
  try {
    const status = await file.stat();
    const descriptor = await descriptorPath(file);
    const real = await pathOf(status, path, descriptor);
    return {
      path: real,
      kind: status.isFile() ? "file" : status.isDirectory() ? "directory" : "other",
      size: status.size,
      mode: status.mode & 0o7777,
      read: (signal) => file.readFile({ signal }),
      async list() {
        const entries = await readdir(descriptor ?? real, { withFileTypes: true });
        return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
      },
      [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}
