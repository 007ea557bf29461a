// No mount can hold a symbolic link in place, so links to protected paths are looked at afterwards.
import { existsSync, lstatSync, readlinkSync, renameSync, symlinkSync } from "node:fs";
import type { AbsolutePath } from "@codex-ts/absolute-path";

interface LinkState {
  readonly path: AbsolutePath;
  readonly target: string;
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

function freeName(path: AbsolutePath): string {
  for (let number = 1; ; number += 1) {
    const name = `${path}.replaced-${number}`;
    if (!existsSync(name)) return name;
  }
}

function restoreLink({ path, target }: LinkState): string | null {
  if (readTarget(path) === target) return null;
  try {
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
    return target === null ? [] : [{ path, target }];
  });
  return {
    restore: () => states.map(restoreLink).filter((message) => message !== null),
  };
}
