// Empty folders that stand on the host, while commands run, for protected paths that do not exist.
import { createHash, randomUUID } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import nodePath from "node:path";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { SandboxError } from "./sandbox.ts";

export interface MountPoints {
  /** Whether `path` is an empty folder that a command holds in place. */
  isHeld(path: AbsolutePath): boolean;
  /**
   * Makes the folders, where they are missing, and keeps them until the hold is disposed: the last hold
   * of a folder that was made here removes it, unless something has been put into it.
   */
  hold(paths: readonly AbsolutePath[]): Disposable;
  /** Removes the folders that a process left behind that has ended without doing so. */
  sweep(): void;
}

export interface MountPointsOptions {
  /**
   * A folder where processes tell each other which mount points they hold; one file for each process
   * and path. Without it only this process is looked at.
   */
  readonly registry: AbsolutePath | null;
  readonly pid: number;
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? "");
}

/** Runs `change`, and takes the named failures for success. */
function unless(codes: readonly string[], change: () => void): void {
  try {
    change();
  } catch (error) {
    if (!hasCode(error, ...codes)) throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, "EPERM");
  }
}

function listFolder(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

export function createMountPoints(options: MountPointsOptions): MountPoints {
  const { registry, pid } = options;
  const held = new Map<AbsolutePath, number>();
  // Two sandboxes of one process hold their folders apart.
  const noteName = `${pid}.${randomUUID()}`;

  const noteFolder = (path: AbsolutePath): string | null =>
    registry === null
      ? null
      : nodePath.join(registry, createHash("sha256").update(path).digest("hex").slice(0, 32));

  const hasLiveHolder = (folder: string): boolean =>
    listFolder(folder).some((name) => isAlive(Number.parseInt(name, 10)));

  /** A registry that cannot be written (a full disk, a read-only home) costs the note, not the command. */
  const writeNote = (path: AbsolutePath): void => {
    const folder = noteFolder(path);
    if (folder === null) return;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(nodePath.join(folder, noteName), path, { mode: 0o600 });
    } catch {
      // Without the note another process may take the folder for the user's own, and protect it.
    }
  };

  const removeFolder = (path: string): void => {
    // Never recursive: what somebody has put there stays.
    unless(["ENOTEMPTY", "EEXIST", "ENOENT", "ENOTDIR", "EBUSY", "EACCES", "EPERM", "EROFS"], () =>
      rmdirSync(path),
    );
  };

  /** Drops the notes of processes that have ended, and the folder that held them. */
  const forget = (folder: string): void => {
    for (const name of listFolder(folder)) {
      unless(["ENOENT"], () => unlinkSync(nodePath.join(folder, name)));
    }
    removeFolder(folder);
  };

  const release = (path: AbsolutePath): void => {
    const count = (held.get(path) ?? 1) - 1;
    if (count > 0) {
      held.set(path, count);
      return;
    }
    held.delete(path);
    const folder = noteFolder(path);
    if (folder !== null) {
      unless(["ENOENT", "EACCES", "EPERM", "EROFS"], () =>
        unlinkSync(nodePath.join(folder, noteName)),
      );
      if (hasLiveHolder(folder)) return;
    }
    removeFolder(path);
    if (folder !== null) forget(folder);
  };

  const isHeld = (path: AbsolutePath): boolean => {
    if (held.has(path)) return true;
    const folder = noteFolder(path);
    return folder !== null && hasLiveHolder(folder);
  };

  return {
    isHeld,
    hold(paths) {
      const mine: AbsolutePath[] = [];
      const dispose = (): void => {
        for (const path of mine.splice(0).toReversed()) release(path);
      };
      try {
        for (const path of paths) {
          const shared = isHeld(path);
          if (!held.has(path)) {
            writeNote(path);
            try {
              mkdirSync(path, { mode: 0o755 });
            } catch (error) {
              // Made by somebody else in the meantime: it is theirs, unless they hold it as we do.
              if (!hasCode(error, "EEXIST")) throw error;
              if (!shared) {
                const folder = noteFolder(path);
                if (folder !== null) {
                  unless(["ENOENT"], () => unlinkSync(nodePath.join(folder, noteName)));
                  removeFolder(folder);
                }
                continue;
              }
            }
          }
          held.set(path, (held.get(path) ?? 0) + 1);
          mine.push(path);
        }
      } catch (error) {
        dispose();
        throw new SandboxError(
          "setup_failed",
          "the sandbox cannot protect a path that does not exist: the empty folder for it cannot be made",
          { cause: error },
        );
      }
      return { [Symbol.dispose]: dispose };
    },
    sweep() {
      if (registry === null) return;
      for (const name of listFolder(registry)) {
        const folder = nodePath.join(registry, name);
        const paths = listFolder(folder).flatMap((note) => {
          try {
            return [readFileSync(nodePath.join(folder, note), "utf8")];
          } catch {
            return [];
          }
        });
        if (hasLiveHolder(folder)) continue;
        for (const path of new Set(paths)) removeFolder(path);
        forget(folder);
      }
    },
  };
}
