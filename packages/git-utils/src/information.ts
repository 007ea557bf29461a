// What git knows of a repository. All answers may be missing: without a repository, without git, or
// when git takes longer than five seconds (see GitOptions.timeoutMs).
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { GitInfo } from "@codex-ts/protocol";
import { withoutCredentials } from "./repository.ts";
import { readRepositorySettings } from "./repository-settings.ts";
import { GitError } from "./errors.ts";
import {
  type GitCall,
  type GitOptions,
  type GitSetting,
  askGit,
  askGitForText,
  informationTimeoutMs,
} from "./run-git.ts";

/** {@link readRepositorySettings} for questions: null where git cannot say. */
export async function askForOverrides(call: GitCall): Promise<readonly GitSetting[] | null> {
  try {
    const settings = await readRepositorySettings(call.cwd, {
      ...call,
      timeoutMs: call.timeoutMs ?? informationTimeoutMs,
    });
    return settings.overrides;
  } catch (error) {
    if (error instanceof GitError && error.code === "aborted") throw error;
    return null;
  }
}

/**
 * The commit, branch and `origin` URL, as git says; null outside of a repository. Absent parts are
 * left out: no commit yet, a detached head, no such remote. Credentials in the URL are removed.
 * `readGitInfo` reads the same from files, without a process.
 * @throws GitError `aborted`
 */
export async function collectGitInfo(
  cwd: AbsolutePath,
  options: GitOptions = {},
): Promise<GitInfo | null> {
  const call = { ...options, cwd };
  const [commit, branch, url] = await Promise.all([
    headCommitHash(cwd, options),
    // Git answers this in every repository: with nothing when HEAD is detached.
    askGitForText(["branch", "--show-current"], call),
    askGitForText(["remote", "get-url", "origin"], call),
  ]);
  if (branch === null) return null;
  return {
    ...(commit === null ? {} : { commit_hash: commit }),
    ...(branch === "" ? {} : { branch }),
    ...(url === null || url === "" ? {} : { repository_url: withoutCredentials(url) }),
  };
}

/** The id of the commit of HEAD; null before the first. @throws GitError `aborted` */
export async function headCommitHash(
  cwd: AbsolutePath,
  options: GitOptions = {},
): Promise<string | null> {
  return askGitForText(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], { ...options, cwd });
}

/**
 * Whether files are changed or untracked; null when git cannot say. Changes inside of a submodule do not
 * count: to look at them, git would follow the submodule's own configuration. @throws GitError `aborted`
 */
export async function hasChanges(
  cwd: AbsolutePath,
  options: GitOptions = {},
): Promise<boolean | null> {
  const call = { ...options, cwd };
  const settings = await askForOverrides(call);
  if (settings === null) return null;
  const output = await askGit(
    ["status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=dirty"],
    { ...call, settings },
  );
  return output?.status === 0 ? output.stdout.length > 0 : null;
}

/**
 * The fetch URL of each remote, sorted by the remote's name, without credentials; null when there are
 * none. @throws GitError `aborted`
 */
export async function remoteUrls(
  cwd: AbsolutePath,
  options: GitOptions = {},
): Promise<Readonly<Record<string, string>> | null> {
  const listed = await askGitForText(["remote", "-v"], { ...options, cwd });
  const urls = (listed ?? "").split("\n").flatMap((line) => {
    const [, name, url] = /^([^\t ]+)[\t ]+(.*) \(fetch\)(?: \[[^\]]*\])?$/.exec(line) ?? [];
    return name === undefined || url === undefined
      ? []
      : [[name, withoutCredentials(url)] as const];
  });
  if (urls.length === 0) return null;
  return Object.fromEntries(urls.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The branch that HEAD is on, with or without commits; null when detached. @throws GitError `aborted` */
export async function currentBranchName(
  cwd: AbsolutePath,
  options: GitOptions = {},
): Promise<string | null> {
  const branch = await askGitForText(["branch", "--show-current"], { ...options, cwd });
  return branch === null || branch.trim() === "" ? null : branch;
}

/** The names of the remotes, `origin` first. @throws GitError `aborted` */
export async function remoteNames(
  cwd: AbsolutePath,
  options: GitOptions = {},
): Promise<readonly string[]> {
  const listed = await askGitForText(["remote"], { ...options, cwd });
  return withFirst((listed ?? "").split("\n").filter(Boolean), ["origin"]);
}

/** How hard to look for the default branch. */
export interface DefaultBranchOptions extends GitOptions {
  /**
   * Whether a remote whose default branch is not known here may be asked over the network; false by
   * default.
   */
  readonly askRemotes?: boolean | undefined;
}

/**
 * The branch that work starts from: what a remote (`origin` first) calls its head, else a local `main`
 * or `master`; null when there is none of these. @throws GitError `aborted`
 */
export async function defaultBranchName(
  cwd: AbsolutePath,
  options: DefaultBranchOptions = {},
): Promise<string | null> {
  const call = { ...options, cwd };
  const remotes = await remoteNames(cwd, options);
  for (const remote of remotes) {
    const prefix = `refs/remotes/${remote}/`;
    const target = await askGitForText(["symbolic-ref", "--quiet", `${prefix}HEAD`], call);
    if (target?.startsWith(prefix) === true) return target.slice(prefix.length);
  }
  for (const remote of options.askRemotes === true ? remotes : []) {
    const shown = await askGitForText(["remote", "show", remote], {
      ...call,
      variables: { GIT_ALLOW_PROTOCOL: "file:git:http:https:ssh" },
    });
    const branch = /^\s*HEAD branch: (\S+)\s*$/m.exec(shown ?? "")?.[1];
    if (branch !== undefined && branch !== "(unknown)") return branch;
  }
  for (const name of ["main", "master"]) {
    const found = await askGit(["rev-parse", "--verify", "--quiet", `refs/heads/${name}`], call);
    if (found?.status === 0) return name;
  }
  return null;
}

/** The local branches, sorted, with `main` and `master` in front. @throws GitError `aborted` */
export async function localBranches(
  cwd: AbsolutePath,
  options: GitOptions = {},
): Promise<readonly string[]> {
  const listed = await askGitForText(
    ["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads"],
    { ...options, cwd },
  );
  return withFirst((listed ?? "").split("\n").filter(Boolean).toSorted(), ["main", "master"]);
}

/** One commit of a list. */
export interface CommitSummary {
  readonly sha: string;
  /** When it was committed, in seconds since 1970. */
  readonly timestamp: number;
  /** The message's first line. */
  readonly subject: string;
}

/** The last commits of HEAD, newest first; `limit` 0 means all. @throws GitError `aborted` */
export async function recentCommits(
  cwd: AbsolutePath,
  limit: number,
  options: GitOptions = {},
): Promise<readonly CommitSummary[]> {
  const count = limit > 0 ? ["-n", String(Math.trunc(limit))] : [];
  const listed = await askGitForText(
    ["log", ...count, "--no-color", "--no-show-signature", "--pretty=format:%H%x1f%ct%x1f%s"],
    { ...options, cwd },
  );
  return (listed ?? "").split("\n").flatMap((line) => {
    const [sha, seconds, ...subject] = line.split("\u001f");
    const timestamp = Number(seconds);
    if (sha === undefined || seconds === undefined || !Number.isFinite(timestamp)) return [];
    return [{ sha, timestamp, subject: subject.join("\u001f") }];
  });
}

/** The names with those of `first` that occur in front, in their order. */
function withFirst(names: readonly string[], first: readonly string[]): readonly string[] {
  return [
    ...first.filter((name) => names.includes(name)),
    ...names.filter((name) => !first.includes(name)),
  ];
}
