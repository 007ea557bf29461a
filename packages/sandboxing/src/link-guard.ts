// No mount can hold a symbolic link in place, so links to protected paths are looked at afterwards.
import {
  existsSync,
  lstatSync,
  readlinkSync,
  realpathSync,
  renameSync,
  symlinkSync,
} from "node:fs";
import nodePath from "node:path";
import type { AbsolutePath } from "@codex-ts/absolute-path";

interface LinkState {
  readonly path: AbsolutePath;
  readonly target: string;
  /** Where its folder really was. */
  readonly folder: string | null;
}

export interface LinkGuard {
  /** Puts back the links that have changed, and tells which, in sentences for people. */
  restore(): readonly string[];
}

function readTarget(path: AbsolutePath): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

function realFolder(path: AbsolutePath): string | null {
  try {
    return realpathSync(nodePath.dirname(path));
  } catch {
    return null;
  }
}

function freeName(path: AbsolutePath): string {
  for (let number = 1; ; number += 1) {
    const name = `${path}.replaced-${number}`;
    if (!existsSync(name)) return name;
  }
}

function restoreLink({ path, target, folder }: LinkState): string | null {
  if (readTarget(path) === target) return null;
  try {
    // This runs unconfined: a folder that was swapped must not have it done somewhere else.
    if (realFolder(path) !== folder) throw new Error("its folder is not where it was");
    let kept = "";
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) {
      const name = freeName(path);
      renameSync(path, name);
      kept = `; what stood in its place is kept as ${name}`;
    }
    symlinkSync(target, path);
    return `a command replaced the protected link ${path}: it leads to ${target} again${kept}`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `a command replaced the protected link ${path}, which led to ${target}, and it cannot be put back: ${reason}`;
  }
}

/** Remembers where `links` lead now. */
export function guardLinks(links: readonly AbsolutePath[]): LinkGuard {
  const states = links.flatMap((path) => {
    const target = readTarget(path);
    return target === null ? [] : [{ path, target, folder: realFolder(path) }];
  });
  return {
    restore: () => states.map(restoreLink).filter((message) => message !== null),
  };
}
