import { execFileSync } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { temporaryDirectory } from "@codex-ts/test-support";
import { afterAll, expect, test } from "vitest";
import { createListDirTool } from "./list-dir.ts";
import type { ToolContext } from "./tool.ts";
import { localTestEnvironment, type TestTurn, testTurn } from "./tool-context.fixture.ts";

const local = await localTestEnvironment();
afterAll(() => local[Symbol.asyncDispose]());

const tool = createListDirTool();

async function newTurn(parts: Partial<ToolContext> = {}): Promise<TestTurn> {
  return testTurn(await temporaryDirectory(), { environment: local.environment, ...parts });
}

async function list(turn: TestTurn, args: object = {}): Promise<string> {
  return String(await turn.run(tool, { dir_path: turn.folder.path, ...args }));
}

test("shows folders, links and others by their marks, what is in a folder right below it", async () => {
  await using turn = await newTurn();
  await turn.folder.write({ "a/inner/deep/x": "", "a/file": "", "a-b": "", z: "" });
  await symlink("a", turn.folder.join("link"));
  execFileSync("mkfifo", [turn.folder.join("pipe")]);
  expect(await list(turn)).toBe(
    [
      `Absolute path: ${turn.folder.path}`,
      "a/",
      "  file",
      "  inner/",
      "a-b",
      "link@",
      "pipe?",
      "z",
    ].join("\n"),
  );
  expect(await list(turn, { depth: 1 })).toMatch(/\na\/\na-b\n/);
});

test("shows a page, and says that there is more", async () => {
  await using turn = await newTurn();
  const names = Array.from({ length: 40 }, (_, index) => `f${String(index).padStart(2, "0")}`);
  await turn.folder.write(Object.fromEntries(names.map((name) => [name, ""])));
  expect((await list(turn)).split("\n").slice(1)).toEqual([
    ...names.slice(0, 25),
    "More than 25 entries found",
  ]);
  expect((await list(turn, { offset: 39 })).split("\n").slice(1)).toEqual(["f38", "f39"]);
  const huge = { limit: Number.MAX_SAFE_INTEGER, depth: Number.MAX_SAFE_INTEGER };
  expect((await list(turn, huge)).split("\n").slice(1)).toEqual(names);
});

test("an empty folder is its header alone", async () => {
  await using turn = await newTurn();
  expect(await list(turn)).toBe(`Absolute path: ${turn.folder.path}`);
});

test.each([
  [{ dir_path: "src" }, /must be an absolute path/],
  [{ offset: 0 }, /offset must be at least 1/],
  [{ limit: 0 }, /limit must be at least 1/],
  [{ depth: 0 }, /depth must be at least 1/],
  [{ offset: 9 }, /offset 9 is past the last of 1 entries/],
  [{ dir_path: "/nowhere/at/all" }, /failed to read directory.*ENOENT/],
])("%j is refused", async (args, message) => {
  await using turn = await newTurn();
  await turn.folder.write({ file: "" });
  expect(await list(turn, args)).toMatch(message);
});

test("what commands may not read is not listed, by name or by link", async () => {
  await using secret = await temporaryDirectory();
  await secret.write({ key: "" });
  await using turn = await newTurn({
    sandboxPolicy: {
      type: "read-only",
      access: { type: "restricted", include_platform_defaults: true },
    },
  });
  await mkdir(turn.folder.join("open"));
  await symlink(secret.path, turn.folder.join("shut"));
  expect(await list(turn, { dir_path: turn.folder.join("open") })).toMatch(/^Absolute path/);
  for (const path of [secret.path, turn.folder.join("shut")]) {
    expect(await list(turn, { dir_path: path })).toMatch(/does not let .* be read/);
  }
});
