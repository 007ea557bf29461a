import { readFile, readdir, utimes } from "node:fs/promises";
import { temporaryDirectory } from "@codex-ts/test-support";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseApplyOutput } from "./apply-output.ts";
import { applyGitPatch, extractPathsFromPatch, stagePaths } from "./index.ts";
import { pathBytes, pathText } from "./path-text.ts";
import { quickRepository } from "./testing/quick-repository.ts";

const added =
  "diff --git a/hello.txt b/hello.txt\nnew file mode 100644\n--- /dev/null\n+++ b/hello.txt\n@@ -0,0 +1,2 @@\n+hello\n+world\n";

function change(path: string, from: string, to: string): string {
  return `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}\n@@ -1 +1 @@\n-${from}\n+${to}\n`;
}

test("an added file is applied, and reverting brings back the original", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  const cwd = repository.path;
  const result = await applyGitPatch({ cwd, diff: added });
  expect(result).toMatchObject({
    exit_code: 0,
    applied_paths: ["hello.txt"],
    skipped_paths: [],
    conflicted_paths: [],
  });
  expect(result.cmd_for_log).toMatch(/^\(cd \S+ && git apply --3way \S+patch\.diff\)$/);
  expect(await readFile(repository.join("hello.txt"), "utf8")).toBe("hello\nworld\n");
  const reverted = await applyGitPatch({ cwd, diff: added, revert: true });
  expect(reverted).toMatchObject({ exit_code: 0, applied_paths: ["hello.txt"] });
  expect(await readdir(cwd)).toEqual([".git", "a.txt"]);
});

test("a change is applied and reverted to the original bytes", async () => {
  await using repository = await quickRepository({ "a b/ü.txt": "old\n" });
  const cwd = repository.path;
  const diff = change("a b/ü.txt", "old", "new");
  const applied = await applyGitPatch({ cwd: repository.join("a b"), diff });
  expect(applied).toMatchObject({ exit_code: 0, applied_paths: ["a b/ü.txt"] });
  expect(await readFile(repository.join("a b/ü.txt"), "utf8")).toBe("new\n");
  expect((await applyGitPatch({ cwd, diff, revert: true })).exit_code).toBe(0);
  expect(await readFile(repository.join("a b/ü.txt"), "utf8")).toBe("old\n");
});

test("a conflict and a file that is missing in the index are told", async () => {
  await using repository = await quickRepository({ "a.txt": "one\n" });
  const cwd = repository.path;
  const blob = await repository.git("rev-parse", "HEAD:a.txt");
  await repository.write({ "a.txt": "two\n" });
  await repository.git("commit", "-qam", "two");
  const diff = change("a.txt", "one", "three").replace(
    "--- ",
    `index ${blob.slice(0, 7)}..2bdf67a 100644\n--- `,
  );
  expect(await applyGitPatch({ cwd, diff })).toMatchObject({
    exit_code: 1,
    applied_paths: [],
    conflicted_paths: ["a.txt"],
  });
  const missing = await applyGitPatch({ cwd, diff: change("none.txt", "a", "b") });
  expect(missing).toMatchObject({ applied_paths: [], skipped_paths: ["none.txt"] });
  expect(missing.exit_code).not.toBe(0);
});

test("a file that was written anew with the same content still takes a patch", async () => {
  await using repository = await quickRepository({ "a.txt": "one\n" });
  await utimes(repository.join("a.txt"), 1, 1);
  const diff = change("a.txt", "one", "two");
  expect((await applyGitPatch({ cwd: repository.path, diff })).exit_code).toBe(0);
});

test("a preflight changes and stages nothing, and logs --check", async () => {
  await using repository = await quickRepository({ "a.txt": "one\n" });
  const cwd = repository.path;
  const good = await applyGitPatch({ cwd, diff: change("a.txt", "one", "two"), preflight: true });
  expect(good.exit_code).toBe(0);
  expect(good.cmd_for_log).toContain("git apply --check ");
  const bad = await applyGitPatch({ cwd, diff: change("a.txt", "no", "two"), preflight: true });
  expect(bad).toMatchObject({ exit_code: 1, skipped_paths: ["a.txt"], applied_paths: [] });
  expect(await repository.git("status", "--porcelain")).toBe("");
});

test("a diff of several files with one bad part adds no file", async () => {
  await using repository = await quickRepository({ "a.txt": "one\n" });
  const cwd = repository.path;
  const result = await applyGitPatch({ cwd, diff: added + change("none.txt", "a", "b") });
  expect(result.exit_code).not.toBe(0);
  expect(result.skipped_paths).toContain("none.txt");
  expect(await readdir(cwd)).toEqual([".git", "a.txt"]);
});

test("settings for the call come from CODEX_APPLY_GIT_CFG and are in the log", async () => {
  await using repository = await quickRepository({ "a.txt": "one\n" });
  const result = await applyGitPatch({
    cwd: repository.path,
    diff: change("a.txt", "one", "two"),
    env: {
      ...process.env,
      CODEX_APPLY_GIT_CFG: "core.autocrlf=false, apply.whitespace=nowarn,bad",
    },
  });
  expect(result.exit_code).toBe(0);
  expect(result.cmd_for_log).toContain(
    "git -c 'core.autocrlf=false' -c 'apply.whitespace=nowarn' apply --3way",
  );
});

test("a patch outside of a repository is an error", async () => {
  await using folder = await temporaryDirectory();
  await expect(applyGitPatch({ cwd: folder.path, diff: added })).rejects.toMatchObject({
    code: "not_a_repository",
  });
});

test("a patch cannot reach outside of the repository", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  const diff = added.replaceAll("hello.txt", "../escaped.txt");
  const result = await applyGitPatch({ cwd: repository.path, diff });
  expect(result.exit_code).not.toBe(0);
  expect(result.applied_paths).toEqual([]);
});

test("the paths of a diff: quoted, C-escaped, with blanks, without the empty side", () => {
  const diff = [
    "diff --git a/a.txt b/a.txt",
    'diff --git "a/caf\\303\\251 \\"x\\".txt" "b/caf\\303\\251 \\"x\\".txt"',
    "diff --git a/two words.txt b/two words.txt",
    "diff --git a/old name.txt b/new.txt",
    'diff --git a/plain.txt "b/tab\\there.txt"',
    "diff --git /dev/null b/added.txt",
    " diff --git a/not b/not",
  ].join("\n");
  expect(extractPathsFromPatch(diff)).toEqual([
    "a.txt",
    "added.txt",
    'café "x".txt',
    "new.txt",
    "old name.txt",
    "plain.txt",
    "tab\there.txt",
    "two words.txt",
  ]);
});

test("staging takes the files of the diff that exist", async () => {
  await using repository = await quickRepository({ "a.txt": "a\n" });
  await repository.write({ "a.txt": "b\n", "other.txt": "o\n" });
  await stagePaths(repository.path, change("a.txt", "a", "b") + change("none.txt", "a", "b"));
  expect(await repository.git("status", "--porcelain")).toBe("M  a.txt\n?? other.txt");
});

test("git's words mark the paths of the diff; conflicted beats applied beats skipped", () => {
  const output = [
    "Checking patch a.txt...",
    "error: patch failed: a.txt:1",
    "Falling back to three-way merge...",
    "Applied patch to 'a.txt' with conflicts.",
    "U a.txt",
    "Applied patch b.txt cleanly.",
    "error: b.txt: patch does not apply",
    "Checking patch c.txt...",
    "error: repository lacks the necessary blob to perform 3-way merge.",
    'error: "sp\\303\\251cial.txt": does not exist in index',
    "error: e.bin: already exists in working directory",
    "warning: Cannot merge binary files: f.bin (ours vs. theirs)",
    "error: cannot apply binary patch to 'g.bin' without full index line",
    "error: not-in-the-diff.txt: does not exist in index",
  ].join("\n");
  const paths = ["a.txt", "b.txt", "c.txt", "spécial.txt", "e.bin", "f.bin", "g.bin", "silent.txt"];
  expect(parseApplyOutput(output, paths, /*allApplied*/ false)).toEqual({
    applied: ["b.txt"],
    skipped: ["c.txt", "e.bin", "g.bin", "spécial.txt"],
    conflicted: ["a.txt", "f.bin"],
  });
  expect(parseApplyOutput("", ["silent.txt"], /*allApplied*/ true).applied).toEqual(["silent.txt"]);
});

test("any name survives being written as text and read again", () => {
  fc.assert(
    fc.property(fc.uint8Array({ min: 1, max: 255, minLength: 1, maxLength: 40 }), (bytes) => {
      const text = pathText(bytes);
      expect(text).toBe(text.toWellFormed());
      expect([...pathBytes(text)]).toEqual([...bytes]);
    }),
  );
});
