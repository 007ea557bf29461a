// Empty folders that stand on the host, while commands run, for protected paths that do not exist.
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import nodePath from "node:path";
import { type AbsolutePath, isAbsolutePath } from "@codex-ts/absolute-path";
import type { Caretaker } from "./caretaker.ts";
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
  /** Removes the folders when this process is killed. Without it the next sweep does. */
  readonly caretaker?: Caretaker | undefined;
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? "");
}

/** For changes that cost nothing but tidiness when they fail. */
function attempt(change: () => void): void {
  try {
    change();
  } catch {
    // What cannot be removed stays.
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
  const { registry, pid, caretaker } = options;
  const held = new Map<AbsolutePath, number>();
  // Two sandboxes of one process hold their folders apart.
  const noteName = `${pid}.${crypto.randomUUID()}`;

  const notesName = (path: AbsolutePath): string =>
    process
      .getBuiltinModule("node:crypto")
      .createHash("sha256")
      .update(path)
      .digest("hex")
      .slice(0, 32);
  const noteFolder = (path: AbsolutePath): string | null =>
    registry === null ? null : nodePath.join(registry, notesName(path));
  const guard = (path: AbsolutePath): void =>
    caretaker?.guard(path, registry === null ? null : notesName(path));
  const unguard = (path: AbsolutePath): void =>
    caretaker?.release(path, registry === null ? null : notesName(path));

  const hasLiveHolder = (folder: string): boolean =>
    listFolder(folder).some((name) => isAlive(Number.parseInt(name, 10)));

  const writeNote = (path: AbsolutePath): void => {
    const folder = noteFolder(path);
    if (folder === null) return;
    // Without the note another process may take the folder for the user's own, and protect it.
    attempt(() => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(nodePath.join(folder, noteName), path, { mode: 0o600 });
    });
  };
  const removeNote = (path: AbsolutePath): void => {
    const folder = noteFolder(path);
    if (folder === null) return;
    attempt(() => unlinkSync(nodePath.join(folder, noteName)));
    attempt(() => rmdirSync(folder));
  };

  /** Removes a mount point that nobody holds, and what is noted of it. Never recursive. */
  const clear = (paths: readonly string[], folder: string | null): void => {
    for (const path of paths) attempt(() => rmdirSync(path));
    if (folder === null) return;
    for (const name of listFolder(folder)) attempt(() => unlinkSync(nodePath.join(folder, name)));
    attempt(() => rmdirSync(folder));
  };

  const release = (path: AbsolutePath): void => {
    const count = (held.get(path) ?? 1) - 1;
    if (count > 0) {
      held.set(path, count);
      return;
    }
    held.delete(path);
    removeNote(path);
    const folder = noteFolder(path);
    if (folder === null || !hasLiveHolder(folder)) clear([path], folder);
    unguard(path);
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
          if (!held.has(path)) {
            const isShared = isHeld(path);
            writeNote(path);
            guard(path);
            try {
              mkdirSync(path, { mode: 0o755 });
            } catch (error) {
              const exists = hasCode(error, "EEXIST");
              if (!exists || !isShared) {
                unguard(path);
                removeNote(path);
              }
              if (!exists) throw error;
              // Made by somebody else in the meantime, who does not hold it as we do: it is theirs.
              if (!isShared) continue;
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
        if (!hasLiveHolder(folder)) clear(paths.filter(isAbsolutePath), folder);
      }
    },
  };
}
