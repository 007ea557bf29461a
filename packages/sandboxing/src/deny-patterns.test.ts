import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import type { FileSystemSandboxPolicy } from "@codex-ts/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { resolveAccess } from "./access.ts";
import { expandPatterns, patternSource } from "./deny-patterns.ts";
import { isPathReadable, isPathWritable } from "./path-access.ts";
import { SandboxError } from "./sandbox.ts";

let ws: AbsolutePath;
beforeEach(() => {
  ws = fromAbsolute(realpathSync(mkdtempSync(`${tmpdir()}/codex-ts-patterns-`)));
});
afterEach(() => rmSync(ws, { recursive: true, force: true }));

const make = (...paths: readonly string[]): void => {
  for (const path of paths) {
    mkdirSync(join(ws, path, ".."), { recursive: true });
    writeFileSync(join(ws, path), "");
  }
};
const denying = (...patterns: readonly string[]): FileSystemSandboxPolicy => ({
  kind: "restricted",
  entries: [
    { path: { type: "special", value: { kind: "root" } }, access: "read" },
    { path: { type: "special", value: { kind: "current_working_directory" } }, access: "write" },
    ...patterns.map(
      (pattern) => ({ path: { type: "glob_pattern", pattern }, access: "none" }) as const,
    ),
  ],
});
const deniedPaths = (...patterns: readonly string[]): readonly string[] =>
  (expandPatterns(denying(...patterns), { cwd: ws }).entries ?? []).flatMap(({ path }) =>
    path.type === "path" ? [path.path.slice(ws.length + 1)] : [],
  );

describe("a pattern", () => {
  test.each([
    ["/a/*.pem", "/a/x.pem", true],
    ["/a/*.pem", "/a/.pem", true],
    ["/a/*.pem", "/a/b/x.pem", false],
    ["/a/**/.env", "/a/.env", true],
    ["/a/**/.env", "/a/b/c/.env", true],
    ["/a/**/.env", "/a/b/x.env", false],
    ["/a/**", "/a/b/c", true],
    ["/a/file?.txt", "/a/file1.txt", true],
    ["/a/file?.txt", "/a/file/.txt", false],
    ["/a/[a-c]x", "/a/bx", true],
    ["/a/[!a-c]x", "/a/bx", false],
    ["/a/[]]x", "/a/]x", true],
    ["/a/x+(y)|z$", "/a/x+(y)|z$", true],
    ["/a/x.y", "/a/xzy", false],
  ])("%s names %s: %s", (pattern, path, expected) => {
    expect(new RegExp(`^${patternSource(pattern)}$`, "s").test(path)).toBe(expected);
  });

  test("comes to the paths that exist, and not to what lies in them", () => {
    make(".env", "a/b/.env", "a/secrets/key", "a/c.pem", "a/other");
    symlinkSync("a/other", join(ws, "link.pem"));
    expect(deniedPaths("**/.env", "a/secrets", "**/*.pem")).toEqual([
      ".env",
      "a/b/.env",
      "a/secrets",
      "a/c.pem",
      "link.pem",
    ]);
  });

  test("that names too much is refused, and the error says what to do", () => {
    make(...Array.from({ length: 501 }, (_, index) => `many/${index}.key`));
    const attempt = (): unknown => expandPatterns(denying("**/*.key"), { cwd: ws });
    expect(attempt).toThrow(SandboxError);
    expect(attempt).toThrow(
      "the denied pattern **/*.key names more than 500 files: deny the folders that they are in, or start the pattern with a folder",
    );
  });
});

describe("access", () => {
  const context = () => ({
    policy: { type: "read-only" } as const,
    policyCwd: ws,
    fileSystem: denying("**/.env", "keys/**"),
  });

  test("to what a pattern names is none, whether it exists or not, and by any name", () => {
    make("a/.env", "plain", "keys/id");
    symlinkSync("a/.env", join(ws, "door"));
    const answers = ["a/.env", "later/.env", "door", "keys/id", "plain", "/etc/passwd"].map(
      (path) => [path, isPathReadable(path, context()), isPathWritable(path, context())],
    );
    expect(answers).toEqual([
      ["a/.env", false, false],
      ["later/.env", false, false],
      ["door", false, false],
      ["keys/id", false, false],
      ["plain", true, true],
      ["/etc/passwd", true, false],
    ]);
    expect(resolveAccess(denying("**/.env"), "x/.env", { cwd: ws })).toBe("none");
  });

  test("to listed reads ends where they end, through links too", () => {
    make("open/file", "open/shut/file", "elsewhere");
    symlinkSync("../elsewhere", join(ws, "open/out"));
    const listed = {
      ...context(),
      fileSystem: {
        kind: "restricted",
        entries: [
          { path: { type: "path", path: join(ws, "open") }, access: "read" },
          { path: { type: "path", path: join(ws, "open/shut") }, access: "none" },
        ],
      },
    } as const;
    expect(
      ["open/file", "open/shut/file", "open/out", "elsewhere", "/etc/passwd", "a\0b"].map((path) =>
        isPathReadable(path, listed),
      ),
    ).toEqual([true, false, false, false, false, false]);
  });
});
