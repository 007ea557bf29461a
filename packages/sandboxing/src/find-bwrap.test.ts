import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findSystemBwrap } from "./find-bwrap.ts";
import { findExecutable } from "./find-executable.ts";

let base: AbsolutePath;
let workspace: AbsolutePath;
beforeEach(() => {
  base = fromAbsolute(realpathSync(mkdtempSync(`${tmpdir()}/codex-ts-find-`)));
  workspace = join(base, "ws");
  mkdirSync(workspace);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function program(folder: string, name: string, mode = 0o755): AbsolutePath {
  mkdirSync(join(base, folder), { recursive: true });
  const path = join(base, folder, name);
  writeFileSync(path, "#!/bin/sh\n");
  chmodSync(path, mode);
  return path;
}

describe("findSystemBwrap", () => {
  test("each entry of PATH is looked at, not PATH as a whole", () => {
    const found = program("b", "bwrap");
    expect(findSystemBwrap(`${join(base, "a")}:${join(base, "b")}:/nowhere`, workspace)).toBe(
      found,
    );
  });

  test("a file that cannot be executed is passed over, and so is a folder", () => {
    program("a", "bwrap", /*mode*/ 0o644);
    mkdirSync(join(base, "b", "bwrap"), { recursive: true });
    const found = program("c", "bwrap");
    const path = ["a", "b", "c"].map((folder) => join(base, folder)).join(":");
    expect(findSystemBwrap(path, workspace)).toBe(found);
  });

  test("the workspace cannot supply it: not directly, by a relative entry, or by a link", () => {
    program("ws/bin", "bwrap");
    symlinkSync(join(workspace, "bin"), join(base, "door"));
    const path = `${join(workspace, "bin")}:bin:${join(base, "door")}`;
    expect(findSystemBwrap(path, workspace)).toBeNull();
    const found = program("system", "bwrap");
    expect(findSystemBwrap(`${path}:${join(base, "system")}`, workspace)).toBe(found);
  });

  test("links are resolved", () => {
    const real = program("real", "bubblewrap");
    mkdirSync(join(base, "bin"));
    symlinkSync(real, join(base, "bin", "bwrap"));
    expect(findSystemBwrap(join(base, "bin"), workspace)).toBe(real);
  });

  test("no PATH and no readable workspace mean none", () => {
    const found = program("a", "bwrap");
    expect(findSystemBwrap(/*searchPath*/ undefined, workspace)).toBeNull();
    expect(findSystemBwrap(join(base, "a"), join(base, "gone"))).toBeNull();
    expect(findSystemBwrap(join(base, "a"), workspace)).toBe(found);
  });
});

describe("findExecutable", () => {
  test("a name is looked for in PATH, a path is taken from the folder", () => {
    const tool = program("bin", "tool");
    const options = { searchPath: `${join(base, "a")}:${join(base, "bin")}`, cwd: base };
    expect(findExecutable("tool", options)).toEqual({ found: true, path: tool });
    expect(findExecutable("bin/tool", { ...options, searchPath: "" })).toEqual({
      found: true,
      path: tool,
    });
    expect(findExecutable(tool, { ...options, searchPath: "" })).toEqual({
      found: true,
      path: tool,
    });
    expect(findExecutable("other", options)).toEqual({ found: false, problem: "missing" });
  });

  test("what is there but cannot be executed is told apart", () => {
    program("bin", "data", /*mode*/ 0o644);
    const options = { searchPath: join(base, "bin"), cwd: base };
    expect(findExecutable("data", options)).toEqual({ found: false, problem: "not_executable" });
    expect(findExecutable("./bin", options)).toEqual({ found: false, problem: "not_executable" });
  });

  test("without PATH the system's folders are searched", () => {
    expect(findExecutable("sh", { searchPath: undefined, cwd: base }).found).toBe(true);
  });
});
