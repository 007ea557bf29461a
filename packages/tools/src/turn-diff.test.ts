import { chmod, rename, rm, symlink, writeFile } from "node:fs/promises";
import { temporaryDirectory, temporaryGitRepository } from "@codex-ts/test-support";
import { describe, expect, test } from "vitest";
import { createTurnDiffTracker } from "./turn-diff.ts";

const zero = "0".repeat(40);
/** `git hash-object` of the contents that the tests write. */
const blobs = {
  "one\n": "5626abf0f72e58d7a153368ba57db4c673c0e171",
  "two\n": "f719efd430d52bcfc8566a43b2eb655688d38871",
};

describe("unifiedDiff", () => {
  test("is null when nothing has changed", async () => {
    await using folder = await temporaryDirectory();
    await folder.write({ "a.txt": "one\n" });
    const tracker = createTurnDiffTracker();
    expect(await tracker.unifiedDiff()).toBeNull();
    await tracker.track([folder.join("a.txt"), folder.join("missing.txt")]);
    expect(await tracker.unifiedDiff()).toBeNull();
  });

  test("shows additions, changes and deletions as git does, sorted by path", async () => {
    await using repository = await temporaryGitRepository({
      files: { "src/b.txt": "one\n", "c.txt": "two\n" },
    });
    const paths = ["src/b.txt", "c.txt", "a.txt"].map(repository.join);
    const tracker = createTurnDiffTracker();
    await tracker.track(paths);
    await repository.write({ "src/b.txt": "two\n", "a.txt": "one\n" });
    await rm(repository.join("c.txt"));
    expect(await tracker.unifiedDiff()).toBe(
      [
        "diff --git a/a.txt b/a.txt",
        "new file mode 100644",
        `index ${zero}..${blobs["one\n"]}`,
        "--- /dev/null",
        "+++ b/a.txt",
        "@@ -0,0 +1 @@",
        "+one",
        "diff --git a/c.txt b/c.txt",
        "deleted file mode 100644",
        `index ${blobs["two\n"]}..${zero}`,
        "--- a/c.txt",
        "+++ /dev/null",
        "@@ -1 +0,0 @@",
        "-two",
        "diff --git a/src/b.txt b/src/b.txt",
        `index ${blobs["one\n"]}..${blobs["two\n"]}`,
        "--- a/src/b.txt",
        "+++ b/src/b.txt",
        "@@ -1 +1 @@",
        "-one",
        "+two",
        "",
      ].join("\n"),
    );
    expect(await repository.git("hash-object", "src/b.txt", "a.txt")).toBe(
      `${blobs["two\n"]}\n${blobs["one\n"]}`,
    );
  });

  test("can be applied by git to what was there before", async () => {
    const before = Array.from({ length: 40 }, (_, index) => `line ${index}\n`);
    await using repository = await temporaryGitRepository({ files: { "a.txt": before.join("") } });
    const path = repository.join("a.txt");
    const tracker = createTurnDiffTracker();
    await tracker.track([path]);
    const after = before.with(3, "changed\n").toSpliced(30, 2).join("") + "no line break";
    await writeFile(path, after);
    await chmod(path, 0o755);
    const diff = (await tracker.unifiedDiff()) ?? "";
    expect(diff).toContain("old mode 100644\nnew mode 100755\n");
    await using patches = await temporaryDirectory();
    await patches.write({ "turn.diff": diff });
    await repository.git("checkout", "--", "a.txt");
    await repository.git("apply", patches.join("turn.diff"));
    await repository.git("add", "a.txt");
    await repository.write({ "expected.txt": after });
    const [applied, expected] = [
      await repository.git("rev-parse", ":a.txt"),
      await repository.git("hash-object", "expected.txt"),
    ];
    expect(applied).toBe(expected);
  });

  test("a rename with a change shows both names, a pure rename nothing", async () => {
    await using folder = await temporaryDirectory();
    await folder.write({ "old.txt": "one\n" });
    const [from, to] = [folder.join("old.txt"), folder.join("new.txt")];
    const tracker = createTurnDiffTracker();
    await tracker.track([from, to]);
    await rename(from, to);
    tracker.moved(from, to);
    expect(await tracker.unifiedDiff()).toBeNull();
    await writeFile(to, "two\n");
    expect(await tracker.unifiedDiff()).toBe(
      [
        `diff --git a/${from} b/${to}`,
        `index ${blobs["one\n"]}..${blobs["two\n"]}`,
        `--- a/${from}`,
        `+++ b/${to}`,
        "@@ -1 +1 @@",
        "-one",
        "+two",
        "",
      ].join("\n"),
    );
  });

  test("a move onto another file is a deletion and a change", async () => {
    await using folder = await temporaryDirectory();
    await folder.write({ "a.txt": "two\n", "b.txt": "one\n" });
    const [from, to] = [folder.join("a.txt"), folder.join("b.txt")];
    const tracker = createTurnDiffTracker();
    await tracker.track([from, to]);
    await rename(from, to);
    tracker.moved(from, to);
    const diff = (await tracker.unifiedDiff()) ?? "";
    expect(diff.match(/^(deleted file|--- |\+\+\+ ).*$/gm)).toEqual([
      "deleted file mode 100644",
      `--- a/${from}`,
      "+++ /dev/null",
      `--- a/${to}`,
      `+++ b/${to}`,
    ]);
  });

  test("a new file at the old name of a moved one is shown as well", async () => {
    await using folder = await temporaryDirectory();
    await folder.write({ "a.txt": "one\n" });
    const [from, to] = [folder.join("a.txt"), folder.join("b.txt")];
    const tracker = createTurnDiffTracker();
    await tracker.track([from, to]);
    await rename(from, to);
    tracker.moved(from, to);
    await tracker.track([from]);
    await writeFile(from, "two\n");
    expect(await tracker.unifiedDiff()).toMatch(/^diff --git .*a\.txt b.*a\.txt\nnew file mode/);
  });

  test("an update after an addition is still one new file, a deletion after it nothing", async () => {
    await using folder = await temporaryDirectory();
    const path = folder.join("a.txt");
    const tracker = createTurnDiffTracker();
    await tracker.track([path]);
    await writeFile(path, "one\n");
    await tracker.track([path]);
    await writeFile(path, "two\n");
    expect(await tracker.unifiedDiff()).toContain(
      `new file mode 100644\nindex ${zero}..${blobs["two\n"]}`,
    );
    await rm(path);
    expect(await tracker.unifiedDiff()).toBeNull();
  });

  test("a file that is not UTF-8 differs as a binary file, a link by its target", async () => {
    await using folder = await temporaryDirectory();
    const [data, link] = [folder.join("data"), folder.join("link")];
    await writeFile(data, Uint8Array.from([0xff, 0x00]));
    const tracker = createTurnDiffTracker();
    await tracker.track([data, link]);
    await writeFile(data, Uint8Array.from([0xff, 0x01]));
    await symlink("data", link);
    const diff = (await tracker.unifiedDiff()) ?? "";
    expect(diff).toContain(`Binary files a/${data} and b/${data} differ\n`);
    expect(diff).toContain("new file mode 120000\n");
    expect(diff).toContain("@@ -0,0 +1 @@\n+data\n\\ No newline at end of file\n");
  });
});
