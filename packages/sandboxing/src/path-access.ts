// Whether a path may be read or written under a policy, for code that touches files outside any sandbox.
import { type AbsolutePath, isInside, resolve } from "@codex-ts/absolute-path";
import { accessAmong, hasFullDiskRead, hasFullDiskWrite, resolveEntries } from "./access.ts";
import { isDeniedByPattern } from "./deny-patterns.ts";
import {
  type ResolveContextOptions,
  type ResolvedContext,
  resolveContext,
} from "./effective-context.ts";
import { canonicalize, type HostFiles, nodeHostFiles } from "./host-files.ts";
import { readableRoots, unreadableRoots, writableRoots } from "./roots.ts";
import type { SandboxContext } from "./sandbox.ts";

interface Question {
  readonly policy: ResolvedContext;
  /** The path as it is spelled, and with links resolved. */
  readonly candidate: AbsolutePath;
  readonly real: AbsolutePath;
  readonly files: HostFiles;
}

/** Null when the answer is no whatever the policy says of the place. */
function questionOf(
  path: string,
  context: SandboxContext,
  options: ResolveContextOptions,
): Question | null {
  if (path.includes("\0")) return null;
  const policy = resolveContext(context, options);
  const files = options.files ?? nodeHostFiles;
  const candidate = resolve(path, context.policyCwd, { home: options.home });
  const real = canonicalize(files, candidate);
  const isDenied = [candidate, real].some((spelling) =>
    isDeniedByPattern(policy.fileSystem, spelling, policy.paths),
  );
  return isDenied ? null : { policy, candidate, real, files };
}

/**
 * Whether `path` (absolute, or relative to the policy's folder) may be written. It must be writable as
 * it is spelled and once links are followed, so a link inside a writable folder opens nothing. Hard
 * links cannot be told apart.
 */
export function isPathWritable(
  path: string,
  context: SandboxContext,
  options: ResolveContextOptions = {},
): boolean {
  const question = questionOf(path, context, options);
  if (question === null) return false;
  const { policy, candidate, real, files } = question;
  const { fileSystem, paths } = policy;
  if (fileSystem.kind !== "restricted") return true;
  if (accessAmong(resolveEntries(fileSystem, paths), candidate) !== "write") return false;
  if (hasFullDiskWrite(fileSystem)) return true;

  const holding = writableRoots(fileSystem, paths).filter(({ root }) => isInside(real, root));
  const closest = holding.toSorted((a, b) => b.root.length - a.root.length)[0];
  if (closest === undefined) return false;
  return !closest.readOnlySubpaths.some(
    (subpath) => isInside(real, subpath) || isInside(real, canonicalize(files, subpath)),
  );
}

/**
 * Whether `path` (absolute, or relative to the policy's folder) may be read, as it is spelled and once
 * links are followed. The system folders that a policy opens with `minimal` do not count: they are for
 * programs to run with.
 */
export function isPathReadable(
  path: string,
  context: SandboxContext,
  options: ResolveContextOptions = {},
): boolean {
  const question = questionOf(path, context, options);
  if (question === null) return false;
  const { policy, candidate, real } = question;
  const { fileSystem, paths } = policy;
  if (hasFullDiskRead(fileSystem)) return true;
  if (accessAmong(resolveEntries(fileSystem, paths), candidate) === "none") return false;
  const closest = (roots: readonly AbsolutePath[]): number =>
    Math.max(-1, ...roots.filter((root) => isInside(real, root)).map((root) => root.length));
  return closest(readableRoots(fileSystem, paths)) > closest(unreadableRoots(fileSystem, paths));
}
