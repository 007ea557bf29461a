// What Landlock can hold a command to.
import nodePath from "node:path";
import { type AbsolutePath, isInside, join } from "@codex-ts/absolute-path";
import { hasFullDiskRead, hasFullDiskWrite, type PathContext } from "./access.ts";
import type { BwrapPolicy } from "./bwrap-args.ts";
import { canonicalize, followedKind, nodeHostFiles } from "./host-files.ts";
import { protectedSubpaths } from "./protected-paths.ts";
import { writableRoots } from "./roots.ts";

export type LandlockPlan =
  | {
      readonly kind: "possible";
      /** Folders and files that may be written; everything may be read. */
      readonly writable: readonly AbsolutePath[];
      readonly cutNetwork: boolean;
      /** Paths that the policy protects and Landlock cannot. */
      readonly unprotected: readonly AbsolutePath[];
    }
  | { readonly kind: "refused"; readonly reason: string };

/** Files that programs write to without changing anything. */
const harmlessDevices: readonly string[] = [
  "/dev/null",
  "/dev/zero",
  "/dev/full",
  "/dev/random",
  "/dev/urandom",
  "/dev/tty",
  "/dev/ptmx",
  "/dev/pts",
];

/**
 * Landlock only ever opens folders, it cannot close a part of one again: policies that deny reading, or
 * list read-only folders in writable ones, are refused. The protected subpaths of a writable root are
 * the exception; they are reported, and stay writable.
 */
export function planLandlock(policy: BwrapPolicy, context: PathContext): LandlockPlan {
  const files = context.files ?? nodeHostFiles;
  const cutNetwork = policy.network === "restricted";
  const devices = harmlessDevices
    .map((path) => join(context.cwd, path))
    .filter((path) => followedKind(files, path) !== null);
  if (hasFullDiskWrite(policy.fileSystem)) {
    const root = nodePath.parse(context.cwd).root as AbsolutePath;
    return { kind: "possible", writable: [root], cutNetwork, unprotected: [] };
  }
  if (!hasFullDiskRead(policy.fileSystem)) {
    return { kind: "refused", reason: "the policy limits what may be read" };
  }
  const roots = writableRoots(policy.fileSystem, context).filter(
    ({ root }) => followedKind(files, root) !== null,
  );
  const unprotected: AbsolutePath[] = [];
  // A folder in one that is opened is open: naming it would only let it be swapped for a link.
  const outermost = roots.filter(
    ({ root }) => !roots.some((other) => other.root !== root && isInside(root, other.root)),
  );
  for (const { root, readOnlySubpaths } of roots) {
    const defaults = [
      ...protectedSubpaths(root, { files, missingCodex: true }),
      ...protectedSubpaths(context.cwd, { files, missingCodex: true }).map((path) =>
        canonicalize(files, path),
      ),
    ];
    for (const subpath of readOnlySubpaths) {
      if (!isInside(subpath, root)) continue;
      if (!defaults.includes(subpath) && !defaults.includes(canonicalize(files, subpath))) {
        return { kind: "refused", reason: `the policy keeps ${subpath} read-only in ${root}` };
      }
      unprotected.push(subpath);
    }
  }
  return {
    kind: "possible",
    writable: [...outermost.map(({ root }) => root), ...devices],
    cutNetwork,
    unprotected: [...new Set(unprotected)],
  };
}
