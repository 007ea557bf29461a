import { execFileSync } from "node:child_process";
import {
  chmod,
  lstat,
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join as joinPath } from "node:path";
import { abs, temporaryDirectory } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import {
  captureGhostSnapshotReport,
  createGhostCommit,
  createGhostCommitWithReport,
  planGhostRestore,
  pruneGhostCommits,
  restoreGhostCommit,
  restoreToCommit,
} from "./index.ts";
import { contents } from "./testing/contents.ts";
import { quickRepository } from "./testing/quick-repository.ts";

async function many(root: string, folder: string, count: number): Promise<void> {
  await mkdir(joinPath(root, folder), { recursive: true });
  for (let index = 0; index < count; index += 1) {
    await writeFile(joinPath(root, folder, `weights-${index}.bin`), `${index}`);
  }
}

test("a tracked edit, a deletion, a new file, a forced ignored file and notes all come back", async () => {
  await using repository = await quickRepository({
    "a.txt": "one\n",
    "gone.txt": "here\n",
    ".gitignore": "secret.txt\n",
  });
  const { path } = repository;
  await repository.write({ "a.txt": "edited\n", "notes.md": "mine\n", "secret.txt": "s1\n" });
  await rm(repository.join("gone.txt"));
  const before = await contents(path);
  const ghost = await createGhostCommit({ repoPath: path, forceInclude: ["secret.txt"] });
  expect(ghost).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{40}$/),
    parent: await repository.git("rev-parse", "HEAD"),
    preexisting_untracked_files: ["notes.md"],
    preexisting_untracked_dirs: [],
  });

  await repository.write({
    "a.txt": "agent\n",
    "gone.txt": "back\n",
    "secret.txt": "agent\n",
    "notes.md": "agent\n",
    "later.txt": "agent\n",
  });
  expect(await planGhostRestore(ghost, { repoPath: path })).toEqual({
    restored: ["a.txt", "notes.md", "secret.txt"],
    removed: ["gone.txt", "later.txt"],
    left: [],
  });
  expect(await restoreGhostCommit(ghost, { repoPath: path })).toEqual({
    restored: ["a.txt", "notes.md", "secret.txt"],
    removed: ["gone.txt", "later.txt"],
    left: [],
  });
  expect(await contents(path)).toEqual(before);
  expect(await restoreGhostCommit(ghost, { repoPath: path })).toEqual({
    restored: [],
    removed: [],
    left: [],
  });
});

test("a file above the limit is reported, not recorded, and kept by a restore", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  const { path } = repository;
  await repository.write({ "sub/big.bin": "x".repeat(2000), "small.bin": "x" });
  const { commit, report } = await createGhostCommitWithReport({
    repoPath: path,
    ignore_large_untracked_files: 1000,
  });
  expect(report).toEqual({
    large_untracked_dirs: [],
    ignored_untracked_files: [{ path: "sub/big.bin", byte_size: 2000 }],
  });
  expect(commit.preexisting_untracked_files).toEqual(["small.bin", "sub/big.bin"]);
  expect(await repository.git("ls-tree", "-r", "--name-only", commit.id)).toBe("a.txt\nsmall.bin");
  await restoreGhostCommit(commit, { repoPath: path });
  expect((await lstat(repository.join("sub/big.bin"))).size).toBe(2000);
  const inSub = await captureGhostSnapshotReport({
    repoPath: repository.join("sub"),
    ignore_large_untracked_files: 1000,
  });
  expect(inSub.ignored_untracked_files).toEqual([{ path: "big.bin", byte_size: 2000 }]);
});

test("a forced file goes in whatever its size", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  await repository.write({ "big.bin": "x".repeat(2000) });
  const { commit, report } = await createGhostCommitWithReport({
    repoPath: repository.path,
    ignore_large_untracked_files: 1000,
    forceInclude: ["big.bin"],
  });
  expect(report.ignored_untracked_files).toEqual([]);
  expect(await repository.git("ls-tree", "-r", "--name-only", commit.id)).toBe("a.txt\nbig.bin");
});

test("a folder with many untracked files is left out, and kept with the limit off at restore", async () => {
  await using repository = await quickRepository({ "src/a.txt": "a\n" });
  const { path } = repository;
  await many(path, "models", /*count*/ 201);
  await many(path, "src/models", /*count*/ 200);
  const { commit, report } = await createGhostCommitWithReport({ repoPath: path });
  expect(report.large_untracked_dirs).toEqual([
    { path: "models", file_count: 201 },
    { path: "src/models", file_count: 200 },
  ]);
  expect(commit.preexisting_untracked_dirs).toEqual(["models", "src/models"]);
  expect(await repository.git("ls-tree", "-r", "--name-only", commit.id)).toBe("src/a.txt");
  await writeFile(repository.join("models/later.bin"), "new");
  await restoreGhostCommit(commit, { repoPath: path, ignore_large_untracked_dirs: null });
  expect((await readdir(repository.join("models"))).length).toBe(202);
  expect((await readdir(repository.join("src/models"))).length).toBe(200);
  const off = await captureGhostSnapshotReport({
    repoPath: path,
    ignore_large_untracked_dirs: null,
  });
  expect(off.large_untracked_dirs).toEqual([]);
});

test("names of dependency and build folders are in no list, report or removal, unless the list is changed", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  const { path } = repository;
  await many(path, "node_modules/x", /*count*/ 3);
  await many(path, "src/.venv", /*count*/ 3);
  const ghost = await createGhostCommit({ repoPath: path, ignore_large_untracked_dirs: 2 });
  expect([ghost.preexisting_untracked_files, ghost.preexisting_untracked_dirs]).toEqual([[], []]);
  await writeFile(repository.join("node_modules/x/later"), "new");
  const report = await restoreGhostCommit(ghost, { repoPath: path });
  expect(report).toEqual({ restored: [], removed: [], left: [] });
  const all = await createGhostCommit({ repoPath: path, ignored_names: ["node_modules"] });
  expect(all.preexisting_untracked_files).toEqual(
    [0, 1, 2].map((index) => `src/.venv/weights-${index}.bin`),
  );
});

test("without a commit a snapshot has no parent, and brings everything back", async () => {
  await using repository = await quickRepository();
  const { path } = repository;
  await repository.write({ "a.txt": "a\n" });
  const before = await contents(path);
  const ghost = await createGhostCommit({ repoPath: path, message: "before the turn" });
  expect(ghost.parent).toBeNull();
  expect(await repository.git("log", "-1", "--format=%s %an <%ae> %cn <%ce>", ghost.id)).toBe(
    "before the turn Codex Snapshot <snapshot@codex.local> Codex Snapshot <snapshot@codex.local>",
  );
  await repository.write({ "a.txt": "agent\n", "b.txt": "agent\n" });
  await repository.git("add", "--all");
  await restoreGhostCommit(ghost, { repoPath: path });
  expect(await contents(path)).toEqual(before);
});

test("forced paths stay inside the repository and are relative", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  const attempt = (path: string) =>
    createGhostCommit({ repoPath: repository.path, forceInclude: [path] });
  await expect(attempt("../x")).rejects.toMatchObject({ code: "path_escapes_repository" });
  await expect(attempt("/etc/passwd")).rejects.toMatchObject({ code: "path_not_relative" });
});

test("outside of a repository, in a bare one and for an unknown commit there is a typed error", async () => {
  await using folder = await temporaryDirectory();
  await using repository = await quickRepository({ "a.txt": "a\n" });
  const ghost = await createGhostCommit({ repoPath: repository.path });
  await expect(createGhostCommit({ repoPath: folder.path })).rejects.toMatchObject({
    code: "not_a_repository",
  });
  await expect(restoreGhostCommit(ghost, { repoPath: folder.path })).rejects.toMatchObject({
    code: "not_a_repository",
  });
  await expect(createGhostCommit({ repoPath: folder.join("none") })).rejects.toMatchObject({
    code: "not_a_repository",
  });
  execFileSync("git", ["init", "-q", "--bare", folder.join("bare")]);
  await expect(createGhostCommit({ repoPath: folder.join("bare") })).rejects.toMatchObject({
    code: "no_work_tree",
  });
  await expect(restoreToCommit("0123456789", { repoPath: repository.path })).rejects.toMatchObject({
    code: "unknown_commit",
  });
});

test("a restore from a subfolder leaves the files outside of it", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n", "sub/b.txt": "b\n" });
  const ghost = await createGhostCommit({ repoPath: repository.join("sub") });
  await repository.write({
    "a.txt": "x\n",
    "new.txt": "x\n",
    "sub/b.txt": "x\n",
    "sub/new.txt": "x",
  });
  await restoreGhostCommit(ghost, { repoPath: repository.join("sub") });
  expect(await contents(repository.path)).toEqual({
    "a.txt": "x\n",
    "new.txt": "x\n",
    "sub/b.txt": "b\n",
  });
});

test("ignored files are never touched: older, newer, deleted, or no longer ignored", async () => {
  await using repository = await quickRepository({
    ".gitignore": "secret\nlogs/\n",
    "a.txt": "a\n",
  });
  const { path } = repository;
  await repository.write({ secret: "mine", "logs/1": "mine", "logs/2": "mine" });
  const ghost = await createGhostCommit({ repoPath: path });
  await repository.write({ secret: "mine 2", "logs/3": "newer", "x/.gitignore": "!secret\n" });
  await rm(repository.join("logs/2"));
  await repository.write({ ".gitignore": "# nothing is ignored any more\n" });
  await repository.git("add", "--force", "secret");
  await restoreGhostCommit(ghost, { repoPath: path });
  expect(await contents(path)).toEqual({
    ".gitignore": "secret\nlogs/\n",
    "a.txt": "a\n",
    secret: "mine 2",
    "logs/1": "mine",
    "logs/3": "newer",
  });
});

test("a new ignore file that uncovers ignored files does not cost them", async () => {
  await using repository = await quickRepository({ ".gitignore": "*.key\n" });
  await repository.write({ "keys/a.key": "mine" });
  const ghost = await createGhostCommit({ repoPath: repository.path });
  await repository.write({ "keys/.gitignore": "!*.key\n", "keys/new.txt": "agent" });
  const report = await restoreGhostCommit(ghost, { repoPath: repository.path });
  expect(report.removed).toEqual(["keys/.gitignore", "keys/new.txt"]);
  expect(await contents(repository.path)).toEqual({
    ".gitignore": "*.key\n",
    "keys/a.key": "mine",
  });
});

test("staged changes stay in the index, and a rename is undone", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n", "b.txt": "b\n" });
  const { path } = repository;
  await repository.write({ "a.txt": "staged\n" });
  await repository.git("add", "a.txt");
  await repository.write({ "a.txt": "unstaged\n" });
  const ghost = await createGhostCommit({ repoPath: path });
  await repository.git("mv", "b.txt", "c.txt");
  await repository.write({ "a.txt": "agent\n" });
  const index = await repository.git("ls-files", "--stage");
  await restoreGhostCommit(ghost, { repoPath: path });
  expect(await contents(path)).toEqual({ "a.txt": "unstaged\n", "b.txt": "b\n" });
  expect(await repository.git("ls-files", "--stage")).toBe(index);
});

test("what the agent committed is undone in the files; HEAD stays", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  const ghost = await createGhostCommit({ repoPath: repository.path });
  await repository.write({ "a.txt": "agent\n", "new.txt": "agent\n" });
  await repository.git("add", "--all");
  await repository.git("commit", "-qm", "agent");
  const head = await repository.git("rev-parse", "HEAD");
  await restoreGhostCommit(ghost, { repoPath: repository.path });
  expect(await contents(repository.path)).toEqual({ "a.txt": "a\n" });
  expect(await repository.git("rev-parse", "HEAD")).toBe(head);
});

test("an untracked file that the agent staged or untracked is the person's still", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  await repository.write({ "notes.md": "mine\n" });
  const before = await contents(repository.path);
  const ghost = await createGhostCommit({ repoPath: repository.path });
  await repository.git("add", "notes.md");
  await repository.git("rm", "-q", "--cached", "a.txt");
  await restoreGhostCommit(ghost, { repoPath: repository.path });
  expect(await contents(repository.path)).toEqual(before);
});

test("a file of an ignored name stays, even if the agent staged or committed it", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  await repository.write({ ".env": "mine\n", "dist/x": "mine\n" });
  const before = await contents(repository.path);
  const ghost = await createGhostCommit({ repoPath: repository.path });
  await repository.git("add", "dist/x");
  await repository.git("commit", "-qm", "agent");
  await repository.git("add", ".env");
  await restoreGhostCommit(ghost, { repoPath: repository.path });
  expect(await contents(repository.path)).toEqual(before);
});

test("a new file that must not be removed is left and named", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  const ghost = await createGhostCommit({ repoPath: repository.path });
  await repository.write({ "agent.txt": "", "mine.txt": "" });
  const report = await restoreGhostCommit(ghost, {
    repoPath: repository.path,
    mayRemove: (path) => path !== "mine.txt",
  });
  expect(report).toEqual({ restored: [], removed: ["agent.txt"], left: ["mine.txt"] });
});

test("a link or folder in a file's place is undone without following it", async () => {
  await using outside = await temporaryDirectory();
  await outside.write({ "x.txt": "outside\n" });
  await using repository = await quickRepository({ "src/x.txt": "x\n", "file.txt": "file\n" });
  const before = await contents(repository.path);
  const ghost = await createGhostCommit({ repoPath: repository.path });
  await rename(repository.join("src"), repository.join("moved"));
  await symlink(outside.path, repository.join("src"));
  await rm(repository.join("file.txt"));
  await repository.write({ "file.txt/inner": "agent" });
  await restoreGhostCommit(ghost, { repoPath: repository.path });
  expect(await contents(repository.path)).toEqual(before);
  expect(await contents(outside.path)).toEqual({ "x.txt": "outside\n" });
});

test("a nested repository that was there stays, and one that was not is removed", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  const { path } = repository;
  execFileSync("git", ["init", "-q", repository.join("vendor/old")]);
  await repository.write({ "vendor/old/f": "mine" });
  const before = await contents(path);
  const ghost = await createGhostCommit({ repoPath: path });
  expect(ghost.preexisting_untracked_dirs).toEqual(["vendor/old"]);
  execFileSync("git", ["init", "-q", repository.join("cloned")]);
  await repository.write({ "cloned/f": "agent" });
  const report = await restoreGhostCommit(ghost, { repoPath: path });
  expect(report.removed).toEqual(["cloned"]);
  expect(await contents(path)).toEqual(before);
});

test("a snapshot outlives garbage collection until it is pruned", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  const { path } = repository;
  await repository.write({ "n.txt": "1" });
  const kept = await createGhostCommit({ repoPath: path });
  await repository.write({ "n.txt": "2" });
  const dropped = await createGhostCommit({ repoPath: path });
  await repository.git("gc", "-q", "--prune=now");
  expect(await repository.git("cat-file", "-t", dropped.id)).toBe("commit");
  expect(await pruneGhostCommits({ repoPath: path, except: [kept.id] })).toEqual([dropped.id]);
  await repository.git("gc", "-q", "--prune=now");
  await expect(restoreGhostCommit(dropped, { repoPath: path })).rejects.toMatchObject({
    code: "unknown_commit",
  });
  await restoreGhostCommit(kept, { repoPath: path });
  expect(await contents(path)).toEqual({ "a.txt": "a\n", "n.txt": "1" });
});

test("a snapshot that was made by git's own commands is restored through git's conversions", async () => {
  await using repository = await quickRepository({
    ".gitattributes": "*.txt text eol=crlf\n",
    "a.txt": "one\r\ntwo\r\n",
  });
  await repository.write({ "a.txt": "agent\r\n" });
  const head = await repository.git("rev-parse", "HEAD");
  expect(await restoreToCommit(head, { repoPath: repository.path })).toEqual({
    restored: ["a.txt"],
    removed: [],
    left: [],
  });
  expect(await readFile(repository.join("a.txt"), "utf8")).toBe("one\r\ntwo\r\n");
});

test("a snapshot that is cancelled says so", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  const stop = new AbortController();
  stop.abort();
  await expect(
    createGhostCommit({ repoPath: repository.path, signal: stop.signal }),
  ).rejects.toMatchObject({ code: "aborted" });
  await expect(
    createGhostCommit({ repoPath: repository.path, timeoutMs: 1 }),
  ).rejects.toMatchObject({ code: "timed_out" });
});

test("executable bits and links come back", async () => {
  await using repository = await quickRepository({ "run.sh": "#!/bin/sh\n" });
  await chmod(repository.join("run.sh"), 0o755);
  await symlink("run.sh", repository.join("link"));
  const before = await contents(repository.path);
  const ghost = await createGhostCommit({ repoPath: repository.path });
  await chmod(repository.join("run.sh"), 0o644);
  await rm(repository.join("link"));
  await writeFile(repository.join("link"), "file");
  await restoreGhostCommit(ghost, { repoPath: abs(repository.path) });
  expect(await contents(repository.path)).toEqual(before);
});
