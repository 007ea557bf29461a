import {
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import nodePath from "node:path";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PatchApplyError, applyPlan, localFiles, parsePatch, planPatch } from "./index.ts";

let root: AbsolutePath;

beforeEach(async () => {
  root = fromAbsolute(await mkdtemp(nodePath.join(tmpdir(), "apply-patch-")));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function plan(...lines: readonly string[]) {
  const patch = parsePatch(["*** Begin Patch", ...lines, "*** End Patch"].join("\n"));
  return await planPatch(patch, root, localFiles());
}

async function changesOf(...lines: readonly string[]) {
  return Object.fromEntries((await plan(...lines)).changes);
}

async function planFailure(...lines: readonly string[]): Promise<PatchApplyError> {
  try {
    await plan(...lines);
  } catch (error) {
    if (error instanceof PatchApplyError) return error;
    throw error;
  }
  throw new Error("the patch was accepted");
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

test("changes are the wire's: added content, deleted content, and a diff with one line of context", async () => {
  await writeFile(join(root, "u"), "1\n2\n3\n4\n5\n6\n7\n8\n9");
  await writeFile(join(root, "d"), "gone\n");
  await writeFile(join(root, "m"), "m\n");
  const planned = await plan(
    "*** Add File: a",
    "+new",
    "*** Update File: u",
    "@@",
    "-2",
    "+two",
    "@@",
    "-8",
    "-9",
    "+eight",
    "*** Update File: m",
    "*** Move to: sub/n",
    "@@",
    "-m",
    "+n",
    "*** Delete File: d",
  );
  expect([...planned.changes]).toEqual([
    [join(root, "a"), { type: "add", content: "new\n" }],
    [
      join(root, "u"),
      {
        type: "update",
        unified_diff:
          "@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n@@ -7,3 +7,2 @@\n 7\n-8\n-9\n\\ No newline at end of file\n+eight\n",
        move_path: null,
      },
    ],
    [
      join(root, "m"),
      { type: "update", unified_diff: "@@ -1 +1 @@\n-m\n+n\n", move_path: join(root, "sub/n") },
    ],
    [join(root, "d"), { type: "delete", content: "gone\n" }],
  ]);
  expect(planned.touched).toEqual(["a", "u", "m", "sub/n", "d"].map((name) => join(root, name)));
});

test("planning writes nothing", async () => {
  await writeFile(join(root, "u"), "x\n");
  await plan("*** Add File: s/a", "+a", "*** Update File: u", "@@", "-x", "+y");
  expect(await exists(join(root, "s"))).toBe(false);
  expect(await readFile(join(root, "u"), "utf8")).toBe("x\n");
});

test("paths may be absolute or lead out of the folder, and touched says where", async () => {
  const folder = join(root, "w");
  await mkdir(folder);
  const patch = parsePatch(
    `*** Begin Patch\n*** Add File: ../x\n*** Add File: ${join(root, "y")}\n*** End Patch`,
  );
  const planned = await planPatch(patch, folder, localFiles());
  expect(planned.touched).toEqual([join(root, "x"), join(root, "y")]);
});

test("two updates of a file are one change from its first to its last state", async () => {
  await writeFile(join(root, "u"), "a\nb\n");
  expect(
    await changesOf(
      "*** Update File: u",
      "@@",
      "-a",
      "+A",
      "*** Update File: u",
      "@@",
      "-A",
      "+AA",
      " b",
    ),
  ).toEqual({
    [join(root, "u")]: {
      type: "update",
      unified_diff: "@@ -1,2 +1,2 @@\n-a\n+AA\n b\n",
      move_path: null,
    },
  });
});

test("an update after an add is an add", async () => {
  expect(await changesOf("*** Add File: a", "+x", "*** Update File: a", "@@", "-x", "+y")).toEqual({
    [join(root, "a")]: { type: "add", content: "y\n" },
  });
});

test("an add over a file is an add, an add after a delete is an update", async () => {
  await writeFile(join(root, "a"), "old\n");
  expect(await changesOf("*** Add File: a", "+new")).toEqual({
    [join(root, "a")]: { type: "add", content: "new\n" },
  });
  expect(await changesOf("*** Delete File: a", "*** Add File: a", "+new")).toEqual({
    [join(root, "a")]: {
      type: "update",
      unified_diff: "@@ -1 +1 @@\n-old\n+new\n",
      move_path: null,
    },
  });
});

test("a file that is added and deleted again is no change", async () => {
  const planned = await plan("*** Add File: a", "+x", "*** Delete File: a");
  expect(planned.changes.size).toBe(0);
  expect([planned.writes, planned.removals]).toEqual([[], []]);
});

test("a file that moves twice is one move", async () => {
  await writeFile(join(root, "a"), "x\n");
  expect(
    await changesOf(
      "*** Update File: a",
      "*** Move to: b",
      "*** Update File: b",
      "*** Move to: c",
      "@@",
      "-x",
      "+y",
    ),
  ).toEqual({
    [join(root, "a")]: {
      type: "update",
      unified_diff: "@@ -1 +1 @@\n-x\n+y\n",
      move_path: join(root, "c"),
    },
  });
});

test("a file that is added anew where another moved away is shown beside it", async () => {
  await writeFile(join(root, "a"), "x\n");
  expect(await changesOf("*** Update File: a", "*** Move to: b", "*** Add File: a", "+y")).toEqual({
    [join(root, "a")]: { type: "update", unified_diff: "@@ -1 +1 @@\n-x\n+y\n", move_path: null },
    [join(root, "b")]: { type: "add", content: "x\n" },
  });
});

test("a binary file that is deleted is described, a Latin-1 file is shown as text", async () => {
  await writeFile(join(root, "b"), Buffer.from([0, 1, 0xff, 0]));
  await writeFile(join(root, "l"), Buffer.from("caf\xe9\n", "latin1"));
  expect(await changesOf("*** Delete File: b", "*** Delete File: l")).toEqual({
    [join(root, "b")]: { type: "delete", content: "Binary file, 4 bytes\n" },
    [join(root, "l")]: { type: "delete", content: "caf\u00e9\n" },
  });
});

test("an update through a symbolic link changes the file behind it and keeps the link", async () => {
  await writeFile(join(root, "target"), "x\n");
  await symlink("target", join(root, "link"));
  await applyPlan(await plan("*** Update File: link", "@@", "-x", "+y"));
  expect(await readlink(join(root, "link"))).toBe("target");
  expect(await readFile(join(root, "target"), "utf8")).toBe("y\n");
});

test("deleting a symbolic link keeps the file behind it", async () => {
  await writeFile(join(root, "target"), "x\n");
  await symlink("target", join(root, "link"));
  await applyPlan(await plan("*** Delete File: link"));
  expect(await exists(join(root, "link"))).toBe(false);
  expect(await readFile(join(root, "target"), "utf8")).toBe("x\n");
});

test("a link that is deleted and added again becomes a file of its own", async () => {
  await writeFile(join(root, "target"), "x\n");
  await symlink("target", join(root, "link"));
  await applyPlan(await plan("*** Delete File: link", "*** Add File: link", "+y"));
  expect((await lstat(join(root, "link"))).isSymbolicLink()).toBe(false);
  expect(await readFile(join(root, "link"), "utf8")).toBe("y\n");
  expect(await readFile(join(root, "target"), "utf8")).toBe("x\n");
});

test("a move onto an alias of the file is a plain update", async () => {
  await mkdir(join(root, "real"));
  await writeFile(join(root, "real/f"), "x\n");
  await symlink("real", join(root, "alias"));
  await symlink("real/f", join(root, "link"));
  for (const [destination, before, after] of [
    ["alias/f", "x", "y"],
    ["link", "y", "z"],
  ]) {
    const planned = await plan(
      "*** Update File: real/f",
      `*** Move to: ${destination}`,
      "@@",
      `-${before}`,
      `+${after}`,
    );
    await applyPlan(planned);
    expect(await readFile(join(root, "real/f"), "utf8")).toBe(`${after}\n`);
  }
});

test("a move of a link onto its own target keeps the file and drops the link", async () => {
  await writeFile(join(root, "target"), "x\n");
  await symlink("target", join(root, "link"));
  await applyPlan(await plan("*** Update File: link", "*** Move to: target", "@@", "-x", "+y"));
  expect(await exists(join(root, "link"))).toBe(false);
  expect(await readFile(join(root, "target"), "utf8")).toBe("y\n");
});

test("sections that reach one file by two names build on each other", async () => {
  await writeFile(join(root, "target"), "x\n");
  await symlink("target", join(root, "link"));
  await applyPlan(
    await plan(
      "*** Update File: link",
      "@@",
      "-x",
      "+y",
      "*** Update File: target",
      "@@",
      "-y",
      "+z",
    ),
  );
  expect(await readFile(join(root, "target"), "utf8")).toBe("z\n");
});

test("lines that are not found are listed with their file", async () => {
  await writeFile(join(root, "u"), "x\n");
  expect(await planFailure("*** Update File: u", "@@", " a", "-b", "+c")).toEqual(
    new PatchApplyError(
      "lines_not_found",
      join(root, "u"),
      `cannot find these lines in ${join(root, "u")}:\na\nb`,
    ),
  );
});

test("a context that is not found is named with its file", async () => {
  await writeFile(join(root, "u"), "x\n");
  const failure = await planFailure("*** Update File: u", "@@ fn f", "-b");
  expect(failure.message).toBe(`cannot find the context 'fn f' in ${join(root, "u")}`);
});

test("a file that cannot be read is named with the system's reason", async () => {
  await mkdir(join(root, "d"));
  const missing = await planFailure("*** Update File: no/file", "@@", "-b");
  expect(missing.message).toBe(
    `cannot read ${join(root, "no/file")}, which the patch would update: ENOENT: no such file or directory`,
  );
  const folder = await planFailure("*** Delete File: d");
  expect(folder.message).toBe(
    `cannot read ${join(root, "d")}, which the patch would delete: EISDIR: is a directory`,
  );
  const over = await planFailure("*** Add File: d", "+x");
  expect([over.code, over.message]).toEqual([
    "write_failed",
    `cannot write ${join(root, "d")}: EISDIR: is a directory`,
  ]);
});

test("planning stops when the signal is aborted", async () => {
  const patch = parsePatch("*** Begin Patch\n*** Add File: a\n*** End Patch");
  await expect(planPatch(patch, root, localFiles(), AbortSignal.abort())).rejects.toThrow(
    expect.objectContaining({ name: "AbortError" }),
  );
});
