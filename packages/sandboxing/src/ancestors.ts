// Walks from a path to the top: with many folders in a policy that is what keeps every lookup short.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { parent } from "@codex-ts/absolute-path";

const slash = "/";

/** The folder around `path`, null at the top. As {@link parent}, and quick where paths have slashes. */
export function folderOf(path: AbsolutePath): AbsolutePath | null {
  if (!path.startsWith(slash)) return parent(path);
  if (path.length === 1) return null;
  const end = path.lastIndexOf(slash);
  return (end === 0 ? slash : path.slice(0, end)) as AbsolutePath;
}

/** What `look` gives for `path` or else for the closest folder around it; undefined when for none. */
export function closest<T>(
  path: AbsolutePath,
  look: (path: AbsolutePath) => T | undefined,
): T | undefined {
  for (let at: AbsolutePath | null = path; at !== null; at = folderOf(at)) {
    const found = look(at);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The root of the file system that `path` lies in. */
export function topOf(path: AbsolutePath): AbsolutePath {
  return path.startsWith(slash) ? (slash as AbsolutePath) : (selfAndFolders(path).at(-1) ?? path);
}

/** `path` and every folder around it, from the inside out. */
export function selfAndFolders(path: AbsolutePath): readonly AbsolutePath[] {
  const all: AbsolutePath[] = [];
  closest(path, (at) => void all.push(at));
  return all;
}
