import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import nodePath from "node:path";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  PatchApplyError,
  type PatchFileSystem,
  applyPatch,
  applyPlan,
  localFiles,
  parsePatch,
  planPatch,
} from "./index.ts";

let root: AbsolutePath;

beforeEach(async () => {
  root = fromAbsolute(await mkdtemp(nodePath.join(tmpdir(), "apply-patch-")));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function tree(): Promise<Record<string, string | null>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const contents = entries.map(async (entry) => {
    const path = nodePath.join(entry.parentPath, entry.name);
    const name = nodePath.relative(root, path);
    return [name, entry.isDirectory() ? null : await readFile(path, "utf8")] as const;
  });
  return Object.fromEntries(await Promise.all(contents));
}

function errno(code: string): Error {
  return Object.assign(new Error(`${code}: refused by the test`), { code });
}

/** The local disk, but `refuse` decides which steps the system refuses and with what. */
function refusingFiles(
  refuse: (step: keyof PatchFileSystem, path: AbsolutePath) => string | null,
): PatchFileSystem {
  const files = localFiles();
  const check = (step: keyof PatchFileSystem, path: AbsolutePath) => {
    const code = refuse(step, path);
    if (code !== null) throw errno(code);
  };
  return {
    ...files,
    async create(path, bytes, mode) {
      check("create", path);
      await files.create(path, bytes, mode);
    },
    async overwrite(path, bytes) {
      check("overwrite", path);
      await files.overwrite(path, bytes);
    },
    async rename(from, to) {
      check("rename", to);
      await files.rename(from, to);
    },
    async remove(path) {
      check("remove", path);
      await files.remove(path);
    },
  };
}

const bigPatch = `*** Begin Patch
*** Add File: new/deep/a
+a
*** Update File: u
@@
-u
+U
*** Delete File: d
*** Update File: m
*** Move to: moved/m
@@
-m
+M
*** Add File: last
+last
*** End Patch`;

async function writeBigTree(): Promise<Record<string, string | null>> {
  for (const name of ["u", "d", "m"]) await writeFile(join(root, name), `${name}\n`);
  return await tree();
}

test("a patch leaves the new contents and nothing else", async () => {
  await writeBigTree();
  const { summary } = await applyPatch(bigPatch, { cwd: root });
  expect(await tree()).toEqual({
    new: null,
    "new/deep": null,
    "new/deep/a": "a\n",
    u: "U\n",
    moved: null,
    "moved/m": "M\n",
    last: "last\n",
  });
  expect(summary).toBe(
    "Success. Updated the following files:\nA new/deep/a\nA last\nM u\nM moved/m\nD d\n",
  );
});

test.each(["create", "rename"] as const)(
  "when the last %s fails, everything is as it was and the error says why",
  async (failing) => {
    const before = await writeBigTree();
    let created = 0;
    const files = refusingFiles((step, path) => {
      if (step === "create") created += 1;
      if (failing === "create") return step === "create" && created === 4 ? "ENOSPC" : null;
      return step === "rename" && path === join(root, "last") ? "EIO" : null;
    });
    const code = failing === "create" ? "ENOSPC" : "EIO";
    await expect(applyPatch(bigPatch, { cwd: root, files })).rejects.toThrow(
      new PatchApplyError(
        "write_failed",
        join(root, "last"),
        `cannot write ${join(root, "last")}: ${code}: refused by the test`,
      ),
    );
    expect(await tree()).toEqual(before);
  },
);

test.each(["rename", "remove"] as const)(
  "when the %s of a deletion fails, everything is as it was",
  async (failing) => {
    const before = await writeBigTree();
    let refusals = 0;
    const files = refusingFiles((step, path) => {
      const isAside = nodePath.basename(path).startsWith(".apply-patch-");
      if (step !== failing || !isAside || refusals > 0) return null;
      refusals += 1;
      return "EPERM";
    });
    await expect(applyPatch(bigPatch, { cwd: root, files })).rejects.toThrow(
      new PatchApplyError(
        "delete_failed",
        join(root, "d"),
        `cannot delete ${join(root, "d")}: EPERM: refused by the test`,
      ),
    );
    expect(await tree()).toEqual(before);
  },
);

test("when undoing fails too, the error names the files that keep their new state", async () => {
  await writeBigTree();
  let hasFailed = false;
  const files = refusingFiles((step, path) => {
    if (step === "rename" && path === join(root, "last")) hasFailed = true;
    return hasFailed && (path === join(root, "last") || path === join(root, "u")) ? "EIO" : null;
  });
  const failure = await applyPatch(bigPatch, { cwd: root, files }).catch(
    (error: unknown) => error as PatchApplyError,
  );
  expect(failure).toMatchObject({ code: "rollback_failed", kept: [join(root, "u")] });
  expect((failure as PatchApplyError).message).toContain(
    `these files keep their new state: ${join(root, "u")}`,
  );
  expect(await tree()).toEqual({ d: "d\n", m: "m\n", u: "U\n" });
});

test("an abort on the way undoes what was done", async () => {
  const before = await writeBigTree();
  const plan = await planPatch(parsePatch(bigPatch), root, localFiles());
  const controller = new AbortController();
  const files = refusingFiles((step, path) => {
    if (step === "rename" && path === join(root, "u")) controller.abort();
    return null;
  });
  await expect(applyPlan(plan, files, controller.signal)).rejects.toThrow(
    expect.objectContaining({ name: "AbortError" }),
  );
  expect(await tree()).toEqual(before);
});

test.each([
  ["was edited", async () => await writeFile(join(root, "u"), "user\n")],
  ["was removed", async () => await rm(join(root, "u"))],
  ["appeared", async () => await writeFile(join(root, "last"), "user\n")],
])("a file that %s since the plan was made is not touched", async (_, interfere) => {
  await writeBigTree();
  const plan = await planPatch(parsePatch(bigPatch), root, localFiles());
  await interfere();
  const before = await tree();
  await expect(applyPlan(plan)).rejects.toThrow(
    expect.objectContaining({ code: "changed_on_disk" }),
  );
  expect(await tree()).toEqual(before);
});

test("permission bits stay, also through a move and an add over a file", async () => {
  for (const name of ["u", "m", "a"]) {
    await writeFile(join(root, name), `${name}\n`);
    await chmod(join(root, name), 0o754);
  }
  await applyPatch(
    "*** Begin Patch\n*** Update File: u\n@@\n-u\n+U\n*** Update File: m\n*** Move to: n\n*** Add File: a\n+A\n*** End Patch",
    { cwd: root },
  );
  for (const name of ["u", "n", "a"]) {
    expect((await stat(join(root, name))).mode & 0o777).toBe(0o754);
  }
});

test("a file in a folder that takes no new files is written in place", async () => {
  await writeFile(join(root, "u"), "u\n");
  const { ino } = await stat(join(root, "u"));
  const files = refusingFiles((step) => (step === "create" ? "EACCES" : null));
  const patch = "*** Begin Patch\n*** Update File: u\n@@\n-u\n+U\n*** End Patch";
  await applyPatch(patch, { cwd: root, files });
  expect(await tree()).toEqual({ u: "U\n" });
  expect((await stat(join(root, "u"))).ino).toBe(ino);
});

test("a mounted file, which cannot be replaced, is written in place", async () => {
  await writeFile(join(root, "u"), "u\n");
  const files = refusingFiles((step) => (step === "rename" ? "EBUSY" : null));
  const patch = "*** Begin Patch\n*** Update File: u\n@@\n-u\n+U\n*** End Patch";
  await applyPatch(patch, { cwd: root, files });
  expect(await tree()).toEqual({ u: "U\n" });
});

test("what was written in place is undone in place", async () => {
  for (const name of ["u", "v"]) await writeFile(join(root, name), `${name}\n`);
  const files = refusingFiles((step, path) => {
    if (step === "create") return "EACCES";
    return step === "overwrite" && path === join(root, "v") ? "EIO" : null;
  });
  const patch =
    "*** Begin Patch\n*** Update File: u\n@@\n-u\n+U\n*** Update File: v\n@@\n-v\n+V\n*** End Patch";
  const failure = await applyPatch(patch, { cwd: root, files }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "rollback_failed", kept: [join(root, "v")] });
  expect(await tree()).toEqual({ u: "u\n", v: "v\n" });
});

test("a folder that cannot be made is an error that names the file", async () => {
  await writeFile(join(root, "f"), "f\n");
  const patch = "*** Begin Patch\n*** Add File: f/a\n+x\n*** End Patch";
  await expect(applyPatch(patch, { cwd: root })).rejects.toThrow(
    expect.objectContaining({ code: "write_failed", path: join(root, "f/a") }),
  );
  expect(await tree()).toEqual({ f: "f\n" });
});

test("two patches at once in two folders do not meet", async () => {
  const patch = "*** Begin Patch\n*** Add File: a\n+x\n*** End Patch";
  const folders = [join(root, "one"), join(root, "two")];
  for (const folder of folders) await mkdir(folder);
  await Promise.all(folders.map((cwd) => applyPatch(patch, { cwd })));
  expect(await tree()).toEqual({ one: null, "one/a": "x\n", two: null, "two/a": "x\n" });
});
