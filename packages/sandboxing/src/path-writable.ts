// Whether a path may be written under a policy, for code that writes files outside any sandbox.
import { isInside, resolve } from "@codex-ts/absolute-path";
import { accessAmong, hasFullDiskWrite, resolveEntries } from "./access.ts";
import { type ResolveContextOptions, resolveContext } from "./effective-context.ts";
import { canonicalize, nodeHostFiles } from "./host-files.ts";
import { writableRoots } from "./roots.ts";
import type { SandboxContext } from "./sandbox.ts";

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
  const { fileSystem, paths } = resolveContext(context, options);
  if (fileSystem.kind !== "restricted") return true;
  if (path.includes("\0")) return false;
  const files = options.files ?? nodeHostFiles;
  const candidate = resolve(path, context.policyCwd, { home: options.home });
  if (accessAmong(resolveEntries(fileSystem, paths), candidate) !== "write") return false;
  if (hasFullDiskWrite(fileSystem)) return true;

  const real = canonicalize(files, candidate);
  const holding = writableRoots(fileSystem, paths).filter(({ root }) => isInside(real, root));
  const closest = holding.toSorted((a, b) => b.root.length - a.root.length)[0];
  if (closest === undefined) return false;
  return !closest.readOnlySubpaths.some(
    (subpath) => isInside(real, subpath) || isInside(real, canonicalize(files, subpath)),
  );
}
