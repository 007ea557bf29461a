// A snapshot and its restore, over repositories of many shapes: no byte that the agent did not touch changes.
import { execFileSync } from "node:child_process";
import { copyFile, rm, writeFile } from "node:fs/promises";
import { fromAbsolute, join } from "@codex-ts/absolute-path";
import { expect, test } from "vitest";
import {
  captureGhostSnapshotReport,
  createGhostCommit,
  planGhostRestore,
  pruneGhostCommits,
  restoreGhostCommit,
  restoreToCommit,
} from "./index.ts";
import { contents } from "./testing/contents.ts";
import { makeShape, manyFiles, shapes, write } from "./testing/shapes.ts";

test.each(Object.entries(shapes))(
  "a snapshot and its restore bring every byte back: %s",
  { timeout: 120_000 },
  async (_name, shape) => {
    await using made = await makeShape(shape);
    const { root, env, git } = made;
    const options = { repoPath: root, env };
    const state = async () => ({
      files: await contents(root),
      index: git(root, "ls-files", "--stage"),
    });
    const before = await state();
    const large = "mine.bin" in before.files ? [{ path: "mine.bin", byte_size: 10_485_761 }] : [];
    expect(await captureGhostSnapshotReport(options)).toEqual({
      large_untracked_dirs: [],
      ignored_untracked_files: large,
    });

    const ghost = await createGhostCommit(options);
    expect(await planGhostRestore(ghost, options)).toEqual({ restored: [], removed: [], left: [] });
    const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: root, env, encoding: "latin1" });
    const names = tracked.split("\0").filter((name) => name !== "" && name in before.files);
    for (const name of names) {
      const path = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, "latin1")]);
      await rm(path);
      if (name !== "gone.txt") await writeFile(path, "agent\n");
    }
    await write(root, { "agent.txt": "agent\n", "agent/new.txt": "agent\n" });
    const report = await restoreGhostCommit(ghost, options);
    expect(report.removed).toEqual(expect.arrayContaining(["agent.txt", "agent/new.txt"]));
    expect(await state()).toEqual(before);
    expect(await pruneGhostCommits(options)).toEqual([ghost.id]);
    expect(git(root, "for-each-ref", "refs/codex/snapshots")).toBe("");

    if (ghost.parent === null) return;
    await restoreToCommit(ghost.parent, options);
    const index = git(root, "rev-parse", "--path-format=absolute", "--git-path", "index").trim();
    const copy = join(fromAbsolute(env["HOME"] ?? ""), "index-of-head");
    await copyFile(index, copy);
    env["GIT_INDEX_FILE"] = copy;
    git(root, "read-tree", "--reset", "HEAD");
    expect(git(root, "diff", "--name-only", "--ignore-submodules", "--no-renames")).toBe("");
  },
);

test(
  "a snapshot and its restore bring every byte back: 10,000 files",
  { timeout: 120_000 },
  async () => {
    await using made = await makeShape(manyFiles);
    const { root, env, git } = made;
    await write(root, { "many/1/1": "the person's\n", "many/1/mine": "untracked\n" });
    // Git compares the content of all files; what differs from the commit is compared here.
    const state = async () => ({
      status: git(root, "status", "--porcelain"),
      changed: await contents(join(root, "many/1")),
    });
    const before = await state();
    const options = { repoPath: root, env };
    const ghost = await createGhostCommit(options);
    await write(root, {
      "many/1/1": "agent\n",
      "many/1/mine": "agent\n",
      "many/50/50": "agent\n",
      "many/99/new": "agent\n",
    });
    await rm(join(root, "many/2/2"));
    expect(await restoreGhostCommit(ghost, options)).toEqual({
      restored: ["many/1/1", "many/1/mine", "many/2/2", "many/50/50"],
      removed: ["many/99/new"],
      left: [],
    });
    expect(await state()).toEqual(before);
  },
);
