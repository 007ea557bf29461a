// What a turn's metadata says of the repository; asked of git itself.
import { execFile } from "node:child_process";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { findRepositoryRoot, readGitInfo } from "./repository.ts";

export interface WorkspaceFacts {
  readonly associated_remote_urls?: Readonly<Record<string, string>>;
  readonly latest_git_commit_hash?: string;
  readonly has_changes?: boolean;
}

/** Our own calls run nothing that a repository's config or hooks could plant. */
const hardened: readonly string[] = [
  "-c",
  "core.fsmonitor=false",
  "-c",
  "core.hooksPath=/dev/null",
  "-c",
  "core.pager=cat",
  "--no-optional-locks",
];

/** The repository around `cwd` and its facts; null outside of one. Needs no git for all but `has_changes`. */
export async function readWorkspaceFacts(
  cwd: AbsolutePath,
  options: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<{ readonly root: AbsolutePath; readonly facts: WorkspaceFacts } | null> {
  const root = await findRepositoryRoot(cwd);
  if (root === null) return null;
  const [info, changed] = await Promise.all([
    readGitInfo(root),
    hasChanges(root, options.env, options.signal),
  ]);
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

async function hasChanges(
  root: AbsolutePath,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal | undefined,
): Promise<boolean | null> {
  return new Promise((done) => {
    execFile(
      "git",
      [...hardened, "status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=dirty"],
      {
        cwd: root,
        env: { ...env, GIT_TERMINAL_PROMPT: "0" },
        timeout: 5000,
        maxBuffer: 16 * 1024 * 1024,
        ...(signal === undefined ? {} : { signal }),
      },
      (error, stdout) => done(error === null ? stdout.length > 0 : null),
    );
  });
}
