// What planning and applying need of a file system, and the local disk as the default.
import { constants } from "node:fs";
import { chmod, mkdir, open, realpath, rename, rmdir, stat, unlink } from "node:fs/promises";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";

/** A regular file as it was when it was read. */
export interface FileSnapshot {
  readonly bytes: Uint8Array;
  /** Permission bits, such as 0o644. */
  readonly mode: number;
}

/**
 * Reads files. Failures reject with an error whose `code` is the errno name: `ENOENT`, `ENOTDIR`,
 * `EISDIR`, `EACCES` and so on.
 */
export interface FileReader {
  /** The content and mode of a regular file; symbolic links are followed. */
  read(path: AbsolutePath, signal?: AbortSignal): Promise<FileSnapshot>;
  /** The path with every symbolic link resolved; rejects with `ENOENT` when nothing is there. */
  realPath(path: AbsolutePath): Promise<AbsolutePath>;
}

/** Changes files, each step all or nothing. Failures reject as in {@link FileReader}. */
export interface PatchFileSystem extends FileReader {
  /** Writes a file that must not exist yet; without `mode` the process's default applies. */
  create(path: AbsolutePath, bytes: Uint8Array, mode: number | null): Promise<void>;
  /** Writes over the content of an existing file and leaves its mode. */
  overwrite(path: AbsolutePath, bytes: Uint8Array): Promise<void>;
  /** Gives a file a new name in the same folder, in one step, replacing what had that name. */
  rename(from: AbsolutePath, to: AbsolutePath): Promise<void>;
  /** Removes a file or a symbolic link. */
  remove(path: AbsolutePath): Promise<void>;
  /** Creates one folder, whose parent exists. */
  makeDirectory(path: AbsolutePath): Promise<void>;
  /** Removes one empty folder. */
  removeDirectory(path: AbsolutePath): Promise<void>;
}

/** The local disk. */
export function localFiles(): PatchFileSystem {
  return {
    async read(path, signal) {
      const status = await stat(path);
      if (status.isDirectory()) throw systemError("EISDIR", "is a directory");
      if (!status.isFile()) throw systemError("EINVAL", "not a regular file");
      await using file = await open(path, constants.O_RDONLY);
      const bytes = await file.readFile({ signal });
      return { bytes, mode: status.mode & 0o7777 };
    },
    async realPath(path) {
      return fromAbsolute(await realpath(path));
    },
    async create(path, bytes, mode) {
      await using file = await open(path, "wx", 0o666);
      await file.writeFile(bytes);
      if (mode !== null) await chmod(path, mode);
    },
    async overwrite(path, bytes) {
      await using file = await open(path, constants.O_WRONLY | constants.O_TRUNC);
      await file.writeFile(bytes);
    },
    rename,
    remove: unlink,
    makeDirectory: async (path) => {
      await mkdir(path);
    },
    removeDirectory: rmdir,
  };
}

function systemError(code: string, reason: string): Error {
  return Object.assign(new Error(`${code}: ${reason}`), { code });
}

/** A name in `folder` that nobody else uses. */
export function temporaryName(folder: AbsolutePath): AbsolutePath {
  return join(folder, `.apply-patch-${crypto.randomUUID()}`);
}
