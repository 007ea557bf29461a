// What a turn's metadata says of the repository; whether something changed is asked of git itself.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { hasChanges } from "./information.ts";
import { findRepositoryRoot, readGitInfo } from "./repository.ts";
import type { Environment } from "./run-git.ts";

/** A repository in the shape of a turn's metadata. What git does not say is absent. */
export interface WorkspaceFacts {
  /** Remote name → URL without credentials; `origin` alone. */
  readonly associated_remote_urls?: Readonly<Record<string, string>>;
  readonly latest_git_commit_hash?: string;
  readonly has_changes?: boolean;
}

/**
 * The repository around `cwd` and its facts; null outside of one. Needs no git for all but
 * `has_changes`. @throws GitError `aborted`
 */
export async function readWorkspaceFacts(
  cwd: AbsolutePath,
  options: {
    readonly env: Environment;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<{ readonly root: AbsolutePath; readonly facts: WorkspaceFacts } | null> {
  const root = await findRepositoryRoot(cwd);
  if (root === null) return null;
  const [info, changed] = await Promise.all([readGitInfo(root), hasChanges(root, options)]);
  return {
    root,
    facts: {
      ...(info?.repository_url === undefined
        ? {}
        : { associated_remote_urls: { origin: info.repository_url } }),
      ...(info?.commit_hash === undefined ? {} : { latest_git_commit_hash: info.commit_hash }),
      ...(changed === null ? {} : { has_changes: changed }),
    },
  };
}
