// What a policy lets be read and written, for code that touches files outside any sandbox.
import { type AbsolutePath, isInside, resolve } from "@codex-ts/absolute-path";
import { accessIndex, hasFullDiskRead, hasFullDiskWrite, resolveEntries } from "./access.ts";
import { denyPatterns } from "./deny-patterns.ts";
import { type ResolveContextOptions, resolveContext } from "./effective-context.ts";
import { canonicalize, nodeHostFiles } from "./host-files.ts";
import { readableRoots, unreadableRoots, writableRoots } from "./roots.ts";
import type { SandboxContext } from "./sandbox.ts";

/**
 * Judges paths by one policy, for as long as the disk stands still: make a new one for each piece of
 * work. Paths are absolute, or relative to the policy's folder.
 */
export interface PathAccess {
  /**
   * Whether `path` may be read, as it is spelled and once links are followed. The system folders that a
   * policy opens with `minimal` do not count: they are for programs to run with.
   */
  mayRead(path: string): boolean;
  /** The same of a path that is known to have no link on it. */
  mayReadReal(path: AbsolutePath): boolean;
  /**
   * Whether `path` may be written, as it is spelled and once links are followed, so that a link inside a
   * writable folder opens nothing. Hard links cannot be told apart.
   */
  mayWrite(path: string): boolean;
  /** The same of a path that is known to have no link on it. */
  mayWriteReal(path: AbsolutePath): boolean;
}

/**
 * Resolves a policy once, to judge many paths by it.
 *
 * @throws SandboxError `invalid_policy` when a denied pattern names too much.
 */
export function pathAccess(
  context: SandboxContext,
  options: ResolveContextOptions = {},
): PathAccess {
  const { fileSystem, paths } = resolveContext(context, options);
  // Roots are taken to stand still; what is asked about is looked at every time.
  const files = options.files ?? nodeHostFiles;
  const patterns = denyPatterns(fileSystem, paths);
  const isDenied = (path: AbsolutePath): boolean => patterns.some(({ test }) => test.test(path));
  const accessOf = accessIndex(resolveEntries(fileSystem, paths));
  const readsAll = hasFullDiskRead(fileSystem);
  const readable = readableRoots(fileSystem, paths);
  const unreadable = unreadableRoots(fileSystem, paths);
  const isConfined = fileSystem.kind === "restricted";
  const writesAll = hasFullDiskWrite(fileSystem);
  const writable = writableRoots(fileSystem, paths);

  const mayReadReal = (real: AbsolutePath): boolean => {
    if (real.includes("\0") || isDenied(real)) return false;
    if (readsAll) return true;
    const closest = (roots: readonly AbsolutePath[]): number =>
      Math.max(-1, ...roots.filter((root) => isInside(real, root)).map((root) => root.length));
    return closest(readable) > closest(unreadable);
  };
  const mayWriteReal = (real: AbsolutePath): boolean => {
    if (real.includes("\0") || isDenied(real)) return false;
    if (writesAll) return true;
    const holding = writable.filter(({ root }) => isInside(real, root));
    const closest = holding.toSorted((a, b) => b.root.length - a.root.length)[0];
    if (closest === undefined) return false;
    return !closest.readOnlySubpaths.some(
      (subpath) => isInside(real, subpath) || isInside(real, canonicalize(files, subpath)),
    );
  };
  /** By its spelling, and then by where it leads. */
  const judge = (
    path: string,
    allowsSpelling: (candidate: AbsolutePath) => boolean,
    allowsReal: (real: AbsolutePath) => boolean,
  ): boolean => {
    if (path.includes("\0")) return false;
    const candidate = resolve(path, context.policyCwd, { home: options.home });
    if (isDenied(candidate) || (isConfined && !allowsSpelling(candidate))) return false;
    return allowsReal(canonicalize(files, candidate));
  };
  return {
    mayRead: (path) =>
      judge(path, (candidate) => readsAll || accessOf(candidate) !== "none", mayReadReal),
    mayReadReal,
    mayWrite: (path) => judge(path, (candidate) => accessOf(candidate) === "write", mayWriteReal),
    mayWriteReal,
  };
}

/**
 * One question to {@link pathAccess}: may `path` be written?
 *
 * @throws SandboxError `invalid_policy` when a denied pattern names too much.
 */
export function isPathWritable(
  path: string,
  context: SandboxContext,
  options: ResolveContextOptions = {},
): boolean {
  return pathAccess(context, options).mayWrite(path);
}

/**
 * One question to {@link pathAccess}: may `path` be read?
 *
 * @throws SandboxError `invalid_policy` when a denied pattern names too much.
 */
export function isPathReadable(
  path: string,
  context: SandboxContext,
  options: ResolveContextOptions = {},
): boolean {
  return pathAccess(context, options).mayRead(path);
}
