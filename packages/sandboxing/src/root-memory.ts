// Where the writable folders of policies were when they were first seen. A command may replace one that
// lies in another by a link that leads out, or make one that was missing: the next command must not be
// given what the link leads to.
import { type AbsolutePath, isInside } from "@codex-ts/absolute-path";
import type { FileSystemSandboxPolicy } from "@codex-ts/protocol";
import { type PathContext, resolveEntryPath } from "./access.ts";
import { canonicalize, followedKind, nodeHostFiles } from "./host-files.ts";

export interface RootMemory {
  /**
   * The policy without the writable folders that are not where they were, and those that were missing at
   * first where commands can make them (what is around them is writable anyway). `moved` is told of the
   * former, in sentences for people.
   */
  hold(
    policy: FileSystemSandboxPolicy,
    context: PathContext,
  ): { readonly policy: FileSystemSandboxPolicy; readonly moved: readonly string[] };
}

interface Sighting {
  readonly real: AbsolutePath;
  /** It did not exist, in a folder that commands may write to. */
  readonly couldBeMade: boolean;
}

export function createRootMemory(): RootMemory {
  const sightings = new Map<AbsolutePath, Sighting>();
  return {
    hold(policy, context) {
      if (policy.kind !== "restricted" || policy.entries === undefined)
        return { policy, moved: [] };
      const files = context.files ?? nodeHostFiles;
      const roots = policy.entries.flatMap((entry) => {
        const path = entry.access === "write" ? resolveEntryPath(entry.path, context) : null;
        return path === null ? [] : [{ entry, path, real: canonicalize(files, path) }];
      });
      const dropped = new Set<unknown>();
      const moved: string[] = [];
      for (const { entry, path, real } of roots) {
        const known = sightings.get(path);
        if (known === undefined) {
          const isMissing = followedKind(files, path) === null;
          const couldBeMade =
            isMissing && roots.some((other) => other.real !== real && isInside(real, other.real));
          sightings.set(path, { real, couldBeMade });
          continue;
        }
        if (known.couldBeMade) {
          dropped.add(entry);
        } else if (known.real !== real) {
          dropped.add(entry);
          moved.push(
            `the writable folder ${path} was ${known.real} at first and leads to ${real} now: commands cannot write to it; start again if that is what you want`,
          );
        }
      }
      if (dropped.size === 0) return { policy, moved };
      const entries = policy.entries.filter((entry) => !dropped.has(entry));
      return { policy: { ...policy, entries }, moved };
    },
  };
}
