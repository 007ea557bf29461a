import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import nodePath from "node:path";
import { Readable } from "node:stream";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { applyPatchFlag, runApplyPatchCommand } from "./index.ts";

let cwd: AbsolutePath;

beforeEach(async () => {
  cwd = fromAbsolute(await mkdtemp(nodePath.join(tmpdir(), "apply-patch-")));
});

afterEach(async () => {
  await rm(cwd, { recursive: true, force: true });
});

async function run(args: readonly string[], stdin: string | Uint8Array = "") {
  let stdout = "";
  let stderr = "";
  const exitCode = await runApplyPatchCommand({
    args,
    stdin: Readable.from([stdin].filter((part) => part.length > 0)),
    cwd,
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
  });
  return { exitCode, stdout, stderr };
}

const addPatch = "*** Begin Patch\n*** Add File: a\n+x\n*** End Patch\n";

test.each([
  ["as the argument", [addPatch], ""],
  ["on standard input", [], addPatch],
  ["after the flag", [applyPatchFlag, addPatch], ""],
])("a patch %s is applied and its files are listed", async (_, args, stdin) => {
  expect(await run(args, stdin)).toEqual({
    exitCode: 0,
    stdout: "Success. Updated the following files:\nA a\n",
    stderr: "",
  });
  expect(await readFile(join(cwd, "a"), "utf8")).toBe("x\n");
});

test("a bad envelope names the marker that is missing", async () => {
  expect(await run(["hello"])).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: "Invalid patch: the first line of a patch must be '*** Begin Patch'.\n",
  });
  expect(await run(["*** Begin Patch\nhello"])).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: "Invalid patch: the last line of a patch must be '*** End Patch'.\n",
  });
});

test("a bad section names its line", async () => {
  expect(await run(["*** Begin Patch\n*** Update File: a\n@@\nfoo\n*** End Patch"])).toEqual({
    exitCode: 1,
    stdout: "",
    stderr:
      "Invalid patch, line 4: 'foo' cannot stand in a chunk; every line starts with ' ' (context), '+' (added) or '-' (removed).\n",
  });
});

test("a patch that fails half-way leaves no file behind", async () => {
  await writeFile(join(cwd, "u"), "x\n");
  const patch =
    "*** Begin Patch\n*** Add File: a\n+x\n*** Update File: u\n@@\n-one\n-two\n+three\n*** End Patch";
  expect(await run([patch])).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: `Error: cannot find these lines in ${join(cwd, "u")}:\none\ntwo\n`,
  });
  expect(await readdir(cwd)).toEqual(["u"]);
});

test("a patch without sections says that nothing was modified", async () => {
  expect(await run(["*** Begin Patch\n*** End Patch"])).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: "The patch has no sections: no files were modified.\n",
  });
});

test("an empty standard input prints the usage", async () => {
  expect(await run([])).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: "Usage: apply_patch 'PATCH'\n       apply_patch < PATCH-FILE\n",
  });
});

test("more than one argument is refused", async () => {
  expect(await run([addPatch, "more"])).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: "Error: apply_patch takes exactly one argument, the patch.\n",
  });
});

test("input that is not UTF-8, and the flag without a patch, ask for UTF-8", async () => {
  const expected = {
    exitCode: 1,
    stdout: "",
    stderr: "Error: apply_patch needs a patch in UTF-8.\n",
  };
  expect(await run([], Buffer.from([0x2a, 0xff, 0x0a]))).toEqual(expected);
  expect(await run([applyPatchFlag])).toEqual(expected);
});
