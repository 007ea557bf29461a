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
import { selfAndFolders } from "./ancestors.ts";
import { canonicalize, nodeHostFiles } from "./host-files.ts";
import { protectedSubpaths } from "./protected-paths.ts";

/** A folder (or file) that may be written, but for some paths in it. */
export interface WritableRoot {
  readonly root: AbsolutePath;
  /** Paths below `root` that stay read-only; links are not resolved, so that a link itself can be named. */
  readonly readOnlySubpaths: readonly AbsolutePath[];
}

function isFileSystemRoot(path: AbsolutePath): boolean {
  return join(path, "..") === path;
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
    const root = canonical(entry.path);
    const spellings = rawSpellings.get(root);
    if (spellings === undefined) rawSpellings.set(root, [entry.path]);
    else spellings.push(entry.path);
  }

  const isClosed = (entry: ResolvedEntry): boolean =>
    entry.access !== "write" && access(entry) !== "write";
  // By every folder around them, as they are spelled and as they really are.
  const entriesIn = new Map<AbsolutePath, Set<ResolvedEntry>>();
  for (const entry of entries) {
    for (const path of new Set([entry.path, canonical(entry.path)])) {
      for (const folder of selfAndFolders(path)) {
        const known = entriesIn.get(folder);
        if (known === undefined) entriesIn.set(folder, new Set([entry]));
        else known.add(entry);
      }
    }
  }
  const positions = new Map(entries.map((entry, index) => [entry, index]));
  const order = (entry: ResolvedEntry): number => positions.get(entry) ?? 0;
  const canonicalCwd = canonical(context.cwd);
  return [...rawSpellings].map(([root, rawRoots]) => {
    const around = new Set([root, ...rawRoots].flatMap((path) => [...(entriesIn.get(path) ?? [])]));
    const inside = [...around].toSorted((a, b) => order(a) - order(b));
    const named = new Set(
      inside.flatMap((entry) => [
        entry.path,
        subpathBelow(entry.path, root, rawRoots, canonical) ?? entry.path,
      ]),
    );
    const defaults = protectedSubpaths(root, { files, missingCodex: root === canonicalCwd });
    const subpaths = inside
      .filter(isClosed)
      .map((entry) => subpathBelow(entry.path, root, rawRoots, canonical));
    return {
      root,
      readOnlySubpaths: [
        ...new Set([
          ...defaults.filter((path) => !named.has(path)),
          ...subpaths.filter((path) => path !== null),
        ]),
      ],
    };
  });
}
