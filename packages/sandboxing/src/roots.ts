// The folders that a policy opens and closes, with links resolved: what every confinement is built from.
import { type AbsolutePath, isInside, join, relativize } from "@codex-ts/absolute-path";
import type { FileSystemSandboxPolicy } from "@codex-ts/protocol";
import {
  accessIndex,
  hasFullDiskRead,
  hasFullDiskWrite,
  type PathContext,
  type ResolvedEntry,
  resolveEntries,
} from "./access.ts";
import { closest, folderOf } from "./ancestors.ts";
import { canonicalize, nodeHostFiles } from "./host-files.ts";
import { protectedSubpaths } from "./protected-paths.ts";

/** A folder (or file) that may be written, but for some paths in it. */
export interface WritableRoot {
  readonly root: AbsolutePath;
  /** Paths below `root` that stay read-only; links are not resolved, so that a link itself can be named. */
  readonly readOnlySubpaths: readonly AbsolutePath[];
}

function isFileSystemRoot(path: AbsolutePath): boolean {
  return folderOf(path) === null;
}

/** The roots that may be read, with links resolved; empty when everything may be read. */
export function readableRoots(
  policy: FileSystemSandboxPolicy,
  context: PathContext,
): readonly AbsolutePath[] {
  if (hasFullDiskRead(policy)) return [];
  const files = context.files ?? nodeHostFiles;
  const entries = resolveEntries(policy, context);
  const accessOf = accessIndex(entries);
  const readable = entries.filter(
    (entry) => entry.access !== "none" && accessOf(entry.path) !== "none",
  );
  return [...new Set(readable.map((entry) => canonicalize(files, entry.path)))];
}

/**
 * The paths that may not be read although something around them may, with links resolved. The file
 * system's root is left out: a policy that starts from "nothing" is expressed by its readable roots.
 */
export function unreadableRoots(
  policy: FileSystemSandboxPolicy,
  context: PathContext,
): readonly AbsolutePath[] {
  if (policy.kind !== "restricted") return [];
  const files = context.files ?? nodeHostFiles;
  if (policy.entries?.every((entry) => entry.access !== "none") !== false) return [];
  const entries = resolveEntries(policy, context);
  const accessOf = accessIndex(entries);
  const denied = entries.filter(
    (entry) => entry.access === "none" && accessOf(entry.path) === "none",
  );
  const paths = denied.map((entry) => canonicalize(files, entry.path));
  return [...new Set(paths.filter((path) => !isFileSystemRoot(path)))];
}

/** Where a closed entry lies below `root`, spelled so that a link on the way stays visible. */
function subpathBelow(
  entry: AbsolutePath,
  root: AbsolutePath,
  rawRoots: readonly AbsolutePath[],
  canonical: (path: AbsolutePath) => AbsolutePath,
): AbsolutePath | null {
  if (entry === root) return null;
  const rebasing = !isFileSystemRoot(root);
  if (rebasing) {
    if (isInside(entry, root)) return entry;
    for (const raw of rawRoots) {
      if (entry === raw) return null;
      if (isInside(entry, raw)) return join(root, relativize(entry, raw));
    }
  }
  const path = canonical(entry);
  return path !== root && isInside(path, root) ? path : null;
}

/** The roots that hold `path`, as it is spelled or as it really is. */
function rootsAround(
  path: AbsolutePath,
  canonical: (path: AbsolutePath) => AbsolutePath,
  rootAt: ReadonlyMap<AbsolutePath, AbsolutePath>,
): ReadonlySet<AbsolutePath> {
  const roots = new Set<AbsolutePath>();
  for (const spelling of new Set([path, canonical(path)])) {
    closest(spelling, (at) => {
      const root = rootAt.get(at);
      if (root !== undefined) roots.add(root);
    });
  }
  return roots;
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
}

/** The roots that may be written, with links resolved; empty when everything may be written. */
export function writableRoots(
  policy: FileSystemSandboxPolicy,
  context: PathContext,
): readonly WritableRoot[] {
  if (hasFullDiskWrite(policy)) return [];
  const files = context.files ?? nodeHostFiles;
  const canonicalPaths = new Map<AbsolutePath, AbsolutePath>();
  const canonical = (path: AbsolutePath): AbsolutePath => {
    const known = canonicalPaths.get(path) ?? canonicalize(files, path);
    canonicalPaths.set(path, known);
    return known;
  };
  const entries = resolveEntries(policy, context);
  const accessOf = accessIndex(entries);
  const access = (entry: ResolvedEntry): string => accessOf(entry.path);

  const rawSpellings = new Map<AbsolutePath, AbsolutePath[]>();
  for (const entry of entries) {
    if (entry.access !== "write" || access(entry) !== "write") continue;
    entryOf(rawSpellings, canonical(entry.path), () => []).push(entry.path);
  }

  const rootAt = new Map<AbsolutePath, AbsolutePath>();
  for (const [root, spellings] of rawSpellings) {
    for (const path of [root, ...spellings]) rootAt.set(path, root);
  }

  const named = new Set<AbsolutePath>();
  const closedIn = new Map<AbsolutePath, AbsolutePath[]>();
  for (const entry of entries) {
    named.add(entry.path);
    const isClosed = entry.access !== "write" && access(entry) !== "write";
    // Without a link on it a path has no other name.
    if (!isClosed && canonical(entry.path) === entry.path) continue;
    for (const root of rootsAround(entry.path, canonical, rootAt)) {
      const subpath = subpathBelow(entry.path, root, rawSpellings.get(root) ?? [], canonical);
      if (subpath === null) continue;
      named.add(subpath);
      if (isClosed) entryOf(closedIn, root, () => []).push(subpath);
    }
  }

  const canonicalCwd = canonical(context.cwd);
  return [...rawSpellings.keys()].map((root) => {
    const defaults = protectedSubpaths(root, { files, missingCodex: root === canonicalCwd });
    const unnamed = defaults.filter((path) => !named.has(path));
    return { root, readOnlySubpaths: [...new Set([...unnamed, ...(closedIn.get(root) ?? [])])] };
  });
}
