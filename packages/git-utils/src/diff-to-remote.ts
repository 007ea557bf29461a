// How the work tree differs from the nearest commit that a remote knows.
import { devNull } from "node:os";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import {
  askForOverrides,
  currentBranchName,
  defaultBranchName,
  remoteNames,
} from "./information.ts";
import { pathText, splitAtNul } from "./path-text.ts";
import { findRepositoryRoot } from "./repository.ts";
import { type GitCall, type GitOptions, askGit, askGitForText } from "./run-git.ts";
import { inTurns } from "./work-tree-changes.ts";

/** What a work tree has that the nearest commit of a remote has not. */
export interface DiffToRemote {
  /** The commit that a remote has. */
  readonly sha: string;
  /** The unified diff from it to the work tree, untracked files included. */
  readonly diff: string;
  /** Untracked files, seen from the root, that are not in the diff: it has reached its size, or git cannot show them. */
  readonly omitted: readonly string[];
}

/** How large a diff may get. */
export interface DiffToRemoteOptions extends GitOptions {
  /** Bytes of diff from which on further untracked files are left out; 8 MiB by default. */
  readonly maxBytes?: number | undefined;
}

const defaultMaxBytes = 8 * 1024 * 1024;

/**
 * The remote commit that is fewest commits behind HEAD, and the diff to it; null without a repository,
 * a remote branch, or git. Candidates are the current branch, the default branch, and the remote
 * branches that contain HEAD. @throws GitError `aborted`
 */
export async function diffToRemote(
  cwd: AbsolutePath,
  options: DiffToRemoteOptions = {},
): Promise<DiffToRemote | null> {
  const root = await findRepositoryRoot(cwd);
  if (root === null) return null;
  const { env, signal, timeoutMs } = options;
  const call: GitCall = { env, signal, timeoutMs, cwd: root };
  const remotes = await remoteNames(root, call);
  const sha = await nearestRemoteCommit(call, remotes, await candidateBranches(call, remotes));
  if (sha === null) return null;
  const settings = await askForOverrides(call);
  return settings === null
    ? null
    : diffFrom(sha, { ...call, settings }, options.maxBytes ?? defaultMaxBytes);
}

async function candidateBranches(
  call: GitCall,
  remotes: readonly string[],
): Promise<readonly string[]> {
  const [current, byDefault, ...containing] = await Promise.all([
    currentBranchName(call.cwd, call),
    defaultBranchName(call.cwd, call),
    ...remotes.map((remote) =>
      askGitForText(
        [
          "for-each-ref",
          "--format=%(refname:lstrip=3)",
          "--contains=HEAD",
          `refs/remotes/${remote}`,
        ],
        call,
      ),
    ),
  ]);
  const names = [current, byDefault, ...containing.flatMap((listed) => listed?.split("\n") ?? [])];
  return [
    ...new Set(names.filter((name) => name !== null && name !== "" && name !== "HEAD")),
  ] as string[];
}

async function nearestRemoteCommit(
  call: GitCall,
  remotes: readonly string[],
  branches: readonly string[],
): Promise<string | null> {
  const found = await inTurns(branches, /*width*/ 4, async (branch) => {
    for (const remote of remotes) {
      const ref = `refs/remotes/${remote}/${branch}`;
      const sha = await askGitForText(["rev-parse", "--verify", "--quiet", ref], call);
      if (sha === null) continue;
      const distance =
        (await countCommits(`refs/heads/${branch}..HEAD`, call)) ??
        (await countCommits(`${ref}..HEAD`, call));
      return distance === null ? null : { sha, distance };
    }
    return null;
  });
  let nearest: { readonly sha: string; readonly distance: number } | null = null;
  for (const candidate of found) {
    if (candidate !== null && (nearest === null || candidate.distance < nearest.distance)) {
      nearest = candidate;
    }
  }
  return nearest?.sha ?? null;
}

async function countCommits(range: string, call: GitCall): Promise<number | null> {
  const count = await askGitForText(["rev-list", "--count", range, "--"], call);
  return count === null ? null : Number(count);
}

const plainDiff = ["diff", "--no-color", "--no-textconv", "--no-ext-diff"];

async function diffFrom(
  sha: string,
  call: GitCall,
  maxBytes: number,
): Promise<DiffToRemote | null> {
  const [tracked, listed] = await Promise.all([
    askGit([...plainDiff, "--ignore-submodules=dirty", sha, "--"], call),
    askGit(["ls-files", "--others", "--exclude-standard", "-z"], call),
  ]);
  if (tracked === null || tracked.status > 1 || listed?.status !== 0) return null;
  const untracked = splitAtNul(listed.stdout).map(pathText);
  let size = tracked.stdout.length;
  const omitted: string[] = [];
  const pieces = await inTurns(untracked, /*width*/ 4, async (path) => {
    // A name that is not UTF-8 cannot be an argument; a nested repository is no file.
    if (size >= maxBytes || path.startsWith('"') || path.endsWith("/")) {
      omitted.push(path);
      return "";
    }
    const output = await askGit(
      [...plainDiff, "--binary", "--no-index", "--", devNull, path],
      call,
    );
    if (output === null || output.status > 1 || size + output.stdout.length > maxBytes) {
      omitted.push(path);
      return "";
    }
    size += output.stdout.length;
    return output.stdout.toString("utf8");
  });
  return {
    sha,
    diff: tracked.stdout.toString("utf8") + pieces.join(""),
    omitted: omitted.toSorted(),
  };
}
