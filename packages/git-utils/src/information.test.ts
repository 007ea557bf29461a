import { execFileSync } from "node:child_process";
import { chmod, mkdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { temporaryDirectory, temporaryGitRepository, waitFor } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import {
  applyGitPatch,
  captureGhostSnapshotReport,
  collectGitInfo,
  createGhostCommit,
  type CreateGhostCommitOptions,
  createSymlink,
  currentBranchName,
  defaultBranchName,
  diffToRemote,
  type GhostCommit,
  type GitOptions,
  hasChanges,
  headCommitHash,
  localBranches,
  mergeBaseWithHead,
  planGhostRestore,
  pruneGhostCommits,
  readWorkspaceFacts,
  recentCommits,
  remoteNames,
  remoteUrls,
  resolveTrustRoot,
  restoreGhostCommit,
  restoreToCommit,
  stagePaths,
} from "./index.ts";
import { quickRepository } from "./testing/quick-repository.ts";

/** A repository with one pushed commit, and the bare one that it was pushed to. */
async function pushedRepository() {
  const remote = await temporaryDirectory();
  execFileSync("git", ["init", "-q", "--bare", "-b", "main", remote.path]);
  const repository = await quickRepository({ "a.txt": "a\n" });
  await repository.git("remote", "add", "origin", remote.path);
  await repository.git("push", "-q", "-u", "origin", "main");
  return {
    ...repository,
    remote,
    async [Symbol.asyncDispose]() {
      await repository[Symbol.asyncDispose]();
      await remote[Symbol.asyncDispose]();
    },
  };
}

test("outside of a repository every question has an empty answer", async () => {
  await using folder = await temporaryDirectory();
  const { path } = folder;
  expect([
    await collectGitInfo(path),
    await headCommitHash(path),
    await hasChanges(path),
    await remoteUrls(path),
    await currentBranchName(path),
    await defaultBranchName(path),
    await localBranches(path),
    await recentCommits(path, /*limit*/ 3),
    await diffToRemote(path),
    await resolveTrustRoot(path),
  ]).toEqual([null, null, null, null, null, null, [], [], null, null]);
});

test("without git the questions have empty answers, and all else says what is missing", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  const repoPath = repository.path;
  const options = { env: { PATH: repository.join("nowhere") } };
  expect([
    await collectGitInfo(repoPath, options),
    await hasChanges(repoPath, options),
    await headCommitHash(repoPath, options),
    await currentBranchName(repoPath, options),
    await defaultBranchName(repoPath, options),
    await localBranches(repoPath, options),
    await remoteNames(repoPath, options),
    await remoteUrls(repoPath, options),
    await recentCommits(repoPath, /*limit*/ 1, options),
    await diffToRemote(repoPath, options),
  ]).toEqual([null, null, null, null, null, [], [], null, [], null]);
  const ghost = await createGhostCommit({ repoPath });
  for (const attempt of thatChange({ ...options, repoPath }, ghost)) {
    await expect(attempt()).rejects.toMatchObject({ code: "git_not_found", name: "GitError" });
  }
  const facts = await readWorkspaceFacts(repoPath, options);
  expect(facts?.facts).toEqual({
    latest_git_commit_hash: await repository.git("rev-parse", "HEAD"),
  });
});

/** What does not answer with nothing when it cannot be done. */
function thatChange(options: CreateGhostCommitOptions, ghost: GhostCommit) {
  const { repoPath: cwd } = options;
  const diff = "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-a\n+b\n";
  return [
    () => createGhostCommit(options),
    () => captureGhostSnapshotReport(options),
    () => planGhostRestore(ghost, options),
    () => restoreGhostCommit(ghost, options),
    () => restoreToCommit(ghost.id, options),
    () => pruneGhostCommits(options),
    () => applyGitPatch({ ...options, cwd, diff }),
    () => stagePaths(cwd, diff, options),
    () => mergeBaseWithHead(cwd, "main", options),
  ];
}

test("whatever is cancelled while git runs ends at once, with git, and says so", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  await using folder = await temporaryDirectory();
  const repoPath = repository.path;
  const ghost = await createGhostCommit({ repoPath });
  const started = folder.join("started");
  const hanging = `#!/bin/sh\necho $$ > '${started}.new' && mv '${started}.new' '${started}'\nexec sleep 600\n`;
  await folder.write({ "bin/git": hanging });
  await chmod(folder.join("bin/git"), 0o755);
  const env = { PATH: `${folder.join("bin")}:${process.env["PATH"]}` };
  const questions = (options: GitOptions) => [
    () => collectGitInfo(repoPath, options),
    () => hasChanges(repoPath, options),
    () => defaultBranchName(repoPath, options),
    () => diffToRemote(repoPath, options),
    () => readWorkspaceFacts(repoPath, { ...options, env }),
  ];
  const count = questions({}).length + thatChange({ repoPath }, ghost).length;
  for (let index = 0; index < count; index += 1) {
    const stop = new AbortController();
    const options = { env, signal: stop.signal };
    const attempts = [...questions(options), ...thatChange({ ...options, repoPath }, ghost)];
    const outcome = attempts[index]?.().catch((error: unknown) => error);
    const pid = Number(await waitFor(() => readFile(started, "utf8").catch(() => null)));
    stop.abort();
    expect(await outcome).toMatchObject({ code: "aborted", name: "GitError" });
    await waitFor(() => !isAlive(pid));
    await rm(started, { force: true });
  }
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("git info leaves out what is absent", async () => {
  await using repository = await quickRepository();
  expect(await collectGitInfo(repository.path)).toEqual({ branch: "main" });
  await repository.write({ "a.txt": "a\n" });
  await repository.git("add", "a.txt");
  await repository.git("commit", "-qm", "One");
  await repository.git("remote", "add", "origin", "https://kim:secret@git.example/a.git");
  const commit = await repository.git("rev-parse", "HEAD");
  expect(await collectGitInfo(repository.path)).toEqual({
    commit_hash: commit,
    branch: "main",
    repository_url: "https://git.example/a.git",
  });
  await repository.git("checkout", "-q", "--detach");
  await repository.git("remote", "remove", "origin");
  expect(await collectGitInfo(repository.path)).toEqual({ commit_hash: commit });
  expect(await currentBranchName(repository.path)).toBeNull();
});

test("commits come newest first, up to the limit", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  await repository.git("commit", "-qm", "Second: \u00fcber", "--allow-empty");
  await repository.git("commit", "-qm", "Third", "--allow-empty");
  const all = await recentCommits(repository.path, /*limit*/ 0);
  expect(all.map(({ subject }) => subject)).toEqual(["Third", "Second: \u00fcber", "First commit"]);
  expect(all[0]).toEqual({
    sha: await repository.git("rev-parse", "HEAD"),
    timestamp: 1_767_323_045,
    subject: "Third",
  });
  expect(await recentCommits(repository.path, /*limit*/ 2)).toEqual(all.slice(0, 2));
});

test("branches are sorted with main and master in front; remotes with origin in front", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  for (const name of ["alpha", "master", "zeta"]) await repository.git("branch", name);
  expect(await localBranches(repository.path)).toEqual(["main", "master", "alpha", "zeta"]);
  await repository.git("remote", "add", "backup", "https://kim@git.example/b.git");
  await repository.git("remote", "add", "origin", "git@git.example:a.git");
  expect(await remoteNames(repository.path)).toEqual(["origin", "backup"]);
  expect(await remoteUrls(repository.path)).toEqual({
    backup: "https://git.example/b.git",
    origin: "git@git.example:a.git",
  });
  expect(await defaultBranchName(repository.path)).toBe("main");
});

test("the default branch is what the remote calls its head, and is asked of it only if allowed", async () => {
  await using repository = await pushedRepository();
  const { path } = repository;
  await repository.git("checkout", "-qb", "trunk/one");
  await repository.git("push", "-q", "origin", "trunk/one");
  execFileSync("git", [
    "-C",
    repository.remote.path,
    "symbolic-ref",
    "HEAD",
    "refs/heads/trunk/one",
  ]);
  expect(await defaultBranchName(path)).toBe("main");
  expect(await defaultBranchName(path, { askRemotes: true })).toBe("trunk/one");
  await repository.git("remote", "set-head", "origin", "trunk/one");
  expect(await defaultBranchName(path)).toBe("trunk/one");
});

test("the diff to the remote is empty for a clean pushed repository, and has tracked and untracked changes", async () => {
  await using repository = await pushedRepository();
  const { path } = repository;
  const sha = await repository.git("rev-parse", "HEAD");
  expect(await diffToRemote(path)).toEqual({ sha, diff: "", omitted: [] });
  await repository.write({
    "a.txt": "tracked\n",
    "\u00fcber new.txt": "untracked\n",
    big: "x".repeat(9000),
  });
  const found = await diffToRemote(path, { maxBytes: 5000 });
  expect(found).toEqual({ sha, diff: expect.any(String), omitted: ["big"] });
  expect(found?.diff).toContain("+tracked");
  expect(found?.diff).toContain("+untracked");
});

test("an unpushed commit is in the diff; a branch off a pushed feature branch differs from that", async () => {
  await using repository = await pushedRepository();
  const first = await repository.git("rev-parse", "HEAD");
  await repository.git("checkout", "-qb", "feature");
  await repository.git("commit", "-qm", "pushed", "--allow-empty");
  await repository.git("push", "-q", "origin", "feature");
  const sha = await repository.git("rev-parse", "HEAD");
  await repository.git("checkout", "-qb", "local");
  await repository.write({ "a.txt": "edited\n" });
  const onLocal = await diffToRemote(repository.path);
  expect(onLocal?.sha).toBe(sha);
  expect(onLocal?.diff).toContain("+edited");
  await repository.git("checkout", "-q", "main");
  await repository.git("commit", "-qam", "unpushed");
  const onMain = await diffToRemote(repository.path);
  expect(onMain?.sha).toBe(first);
  expect(onMain?.diff).toContain("+edited");
});

test("the merge base is where two branches part, with the upstream when it is ahead", async () => {
  await using repository = await pushedRepository();
  const { path } = repository;
  const first = await repository.git("rev-parse", "HEAD");
  await repository.git("checkout", "-qb", "feature");
  await repository.git("commit", "-qm", "on feature", "--allow-empty");
  await repository.git("checkout", "-q", "main");
  await repository.git("commit", "-qm", "on main", "--allow-empty");
  expect(await mergeBaseWithHead(path, "feature")).toBe(first);
  expect(await mergeBaseWithHead(path, "none")).toBeNull();
  expect(await mergeBaseWithHead(path, "--help")).toBeNull();

  await repository.git("push", "-q", "origin", "main");
  const pushed = await repository.git("rev-parse", "HEAD");
  await repository.git("checkout", "-qb", "work");
  await repository.git("branch", "-q", "--force", "main", first);
  expect(await mergeBaseWithHead(path, "main")).toBe(pushed);
});

test("without a commit there is no merge base, and outside of a repository an error", async () => {
  await using repository = await quickRepository();
  await using folder = await temporaryDirectory();
  expect(await mergeBaseWithHead(repository.path, "main")).toBeNull();
  await expect(mergeBaseWithHead(folder.path, "main")).rejects.toMatchObject({
    code: "not_a_repository",
  });
});

test("the trust root of a worktree is the main one; a submodule stands for itself", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  await using folder = await temporaryDirectory();
  const linked = folder.join("linked");
  await repository.git("worktree", "add", "-q", linked);
  await mkdir(join(linked, "deep/er"), { recursive: true });
  expect(await resolveTrustRoot(join(linked, "deep/er"))).toBe(repository.path);
  expect(await resolveTrustRoot(join(linked, "a.txt"))).toBe(repository.path);
  await symlink(repository.path, folder.join("alias"));
  expect(await resolveTrustRoot(folder.join("alias"))).toBe(repository.path);

  await folder.write({
    "pointed/.git": `gitdir: ${repository.path}/.git/worktrees/gone\n`,
    "module/.git": `gitdir: ${repository.path}/.git/modules/module\n`,
    "broken/.git": "nothing\n",
  });
  expect(await resolveTrustRoot(folder.join("pointed"))).toBe(repository.path);
  expect(await resolveTrustRoot(folder.join("module"))).toBe(folder.join("module"));
  expect(await resolveTrustRoot(folder.join("broken"))).toBeNull();
});

test("a cancelled question fails, a slow one has no answer", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  await expect(
    headCommitHash(repository.path, { signal: AbortSignal.abort() }),
  ).rejects.toMatchObject({ code: "aborted" });
  await mkdir(repository.join("bin"));
  await writeFile(repository.join("bin/git"), "#!/bin/sh\nexec sleep 60\n", { mode: 0o755 });
  const env = { PATH: `${repository.join("bin")}:${process.env["PATH"]}` };
  expect(await headCommitHash(repository.path, { env, timeoutMs: 200 })).toBeNull();
});

test("variables that redirect git do not reach it", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  await using other = await temporaryGitRepository({ files: { "b.txt": "b\n" }, branch: "other" });
  const env = {
    ...process.env,
    GIT_DIR: other.join(".git"),
    GIT_WORK_TREE: other.path,
    GIT_INDEX_FILE: other.join("nowhere"),
  };
  expect(await currentBranchName(repository.path, { env })).toBe("main");
  expect(await hasChanges(repository.path, { env })).toBe(false);
});

test("a symbolic link is made to what the text says", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ "real/x": "x" });
  await createSymlink(folder.join("real"), "real", folder.join("link"));
  expect(await readlink(folder.join("link"))).toBe("real");
});
