// What a SandboxContext amounts to once everything in it is taken together.
import type { PathContext } from "./access.ts";
import { expandPatterns } from "./deny-patterns.ts";
import { effectiveFileSystem, effectiveNetwork } from "./effective.ts";
import { type HostFiles, lookedAtOnce, nodeHostFiles } from "./host-files.ts";
import { fromSandboxPolicy, type SplitPolicy } from "./legacy-policy.ts";
import type { SandboxContext } from "./sandbox.ts";

/** Both halves of a policy as they bind a command, and what their paths mean. */
export interface ResolvedContext extends SplitPolicy {
  /** Each path of the disk is looked at once with these: they are for one piece of work. */
  readonly paths: PathContext;
}

/** What the paths of a policy are resolved with. */
export interface ResolveContextOptions {
  /** `TMPDIR` of the command. */
  readonly tmpdir?: string | undefined;
  /** What a leading `~` means. */
  readonly home?: string | undefined;
  /** The disk; this machine's when missing. */
  readonly files?: HostFiles | undefined;
}

/**
 * The policies that bind a command: the context's finer halves where it has them, grants on top.
 *
 * @throws SandboxError `invalid_policy` when a denied pattern names too much.
 */
export function resolveContext(
  context: SandboxContext,
  options: ResolveContextOptions = {},
): ResolvedContext {
  const files = lookedAtOnce(options.files ?? nodeHostFiles);
  const paths: PathContext = { cwd: context.policyCwd, ...options, files };
  const split = fromSandboxPolicy(context.policy, paths);
  return {
    fileSystem: expandPatterns(
      effectiveFileSystem(context.fileSystem ?? split.fileSystem, context.additionalPermissions),
      paths,
    ),
    network: effectiveNetwork(context.network ?? split.network, context.additionalPermissions),
    paths,
  };
}
