import { execFileSync } from "node:child_process";
import { fromAbsolute, join } from "@codex-ts/absolute-path";
import { temporaryDirectory, temporaryGitRepository } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import { findRepositoryRoot, readGitInfo, readWorkspaceFacts } from "./index.ts";

function git(cwd: string, ...args: string[]): string {
  return execFileSync("git", args, { cwd, encoding: "utf8" }).trim();
}

test("outside of a repository there is no git info", async () => {
  await using folder = await temporaryDirectory();
  const path = fromAbsolute(folder.path);
  expect(await readGitInfo(path)).toBeUndefined();
  expect(await readWorkspaceFacts(path, { env: process.env })).toBeNull();
});

test("head, branch and origin are what git says, loose and packed, without credentials", async () => {
  await using repository = await temporaryGitRepository({ files: { "a.txt": "a\n" } });
  const root = fromAbsolute(repository.path);
  git(root, "checkout", "-q", "-b", "feature/x");
  git(root, "remote", "add", "origin", "https://kim:secret@git.example/team/app.git");
  const expected = {
    commit_hash: git(root, "rev-parse", "HEAD"),
    branch: "feature/x",
    repository_url: "https://git.example/team/app.git",
  };
  expect(await readGitInfo(join(root, "deep/below"))).toEqual(expected);
  git(root, "pack-refs", "--all");
  expect(await readGitInfo(root)).toEqual(expected);
});

test("a detached head has a commit and no branch", async () => {
  await using repository = await temporaryGitRepository({ files: { "a.txt": "a\n" } });
  const root = fromAbsolute(repository.path);
  git(root, "checkout", "-q", "--detach");
  expect(await readGitInfo(root)).toEqual({ commit_hash: git(root, "rev-parse", "HEAD") });
});

test("a worktree has its own head and the repository's remotes", async () => {
  await using repository = await temporaryGitRepository({ files: { "a.txt": "a\n" } });
  await using elsewhere = await temporaryDirectory();
  const root = fromAbsolute(repository.path);
  git(root, "remote", "add", "origin", "git@git.example:team/app.git");
  const worktree = join(fromAbsolute(elsewhere.path), "tree");
  git(root, "worktree", "add", "-q", "-b", "other", worktree);
  expect(await findRepositoryRoot(worktree)).toBe(worktree);
  expect(await readGitInfo(worktree)).toEqual({
    commit_hash: git(root, "rev-parse", "HEAD"),
    branch: "other",
    repository_url: "git@git.example:team/app.git",
  });
});

test("workspace facts tell a changed work tree from a clean one", async () => {
  await using repository = await temporaryGitRepository({ files: { "a.txt": "a\n" } });
  const root = fromAbsolute(repository.path);
  const clean = await readWorkspaceFacts(root, { env: process.env });
  expect(clean).toEqual({
    root,
    facts: { latest_git_commit_hash: git(root, "rev-parse", "HEAD"), has_changes: false },
  });
  execFileSync("touch", ["new"], { cwd: root });
  const changed = await readWorkspaceFacts(root, { env: process.env });
  expect(changed?.facts.has_changes).toBe(true);
});
