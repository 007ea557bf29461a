import nodePath from "node:path";
import { describe, expect, test } from "vitest";
import {
  AbsolutePathError,
  basename,
  expandHome,
  fromAbsolute,
  isAbsolutePath,
  isInside,
  join,
  parent,
  parseAbsolutePath,
  relativize,
  resolve,
} from "./index.ts";

const base = fromAbsolute("/base/dir");
const home = "/home/kim";

describe("resolve", () => {
  test("an absolute path ignores the base", () => {
    expect(resolve("/etc/hosts", base)).toBe("/etc/hosts");
  });

  test("a relative path is joined to the base and normalised without touching the disk", () => {
    expect(resolve("file.txt", base)).toBe("/base/dir/file.txt");
    expect(resolve("./a/../b/./c", base)).toBe("/base/dir/b/c");
    expect(resolve("../../../..", base)).toBe("/");
  });

  test("home is expanded before the base is looked at", () => {
    expect(resolve("~", base, { home })).toBe(home);
    expect(resolve("~/code", base, { home })).toBe("/home/kim/code");
    expect(resolve("~//code", base, { home })).toBe("/home/kim/code");
  });
});

describe("expandHome", () => {
  test("~user is left alone", () => {
    expect(expandHome("~root/x", { home })).toBe("~root/x");
  });

  test("nothing is expanded without a known home", () => {
    expect(expandHome("~/x")).toBe("~/x");
    expect(expandHome("~/x", { home: "" })).toBe("~/x");
  });
});

describe("parseAbsolutePath", () => {
  test("a relative path without a base is an error that says so", () => {
    expect(() => parseAbsolutePath("x/y")).toThrow(
      new AbsolutePathError(
        "relative_without_base",
        "x/y",
        'the path "x/y" is relative, and there is no base folder to resolve it against; use an absolute path',
      ),
    );
  });

  test("~ without a known home counts as relative", () => {
    expect(() => parseAbsolutePath("~/x")).toThrow(/no base folder/);
  });

  test("an empty path and a NUL byte are refused", () => {
    expect(() => parseAbsolutePath("", { base })).toThrow(AbsolutePathError);
    expect(() => parseAbsolutePath("/a\0b")).toThrow(/NUL/);
  });
});

test("fromAbsolute resolves relative input against the current folder", () => {
  expect(fromAbsolute("x")).toBe(nodePath.join(process.cwd(), "x"));
  expect(fromAbsolute("x", { cwd: "/w" })).toBe("/w/x");
});

test("join: an absolute segment replaces what stands before it", () => {
  expect(join(base, "a", "/b", "c")).toBe("/b/c");
});

test("parent is null at the root", () => {
  expect(parent(base)).toBe("/base");
  expect(parent(fromAbsolute("/"))).toBeNull();
});

test("basename and relativize", () => {
  expect(basename(base)).toBe("dir");
  expect(relativize(fromAbsolute("/base/other"), base)).toBe("../other");
  expect(relativize(base, base)).toBe(".");
});

test("isInside compares components, not characters", () => {
  expect(isInside(fromAbsolute("/a/bc"), fromAbsolute("/a/b"))).toBe(false);
  expect(isInside(fromAbsolute("/a/b/c"), fromAbsolute("/a/b"))).toBe(true);
  expect(isInside(fromAbsolute("/a"), fromAbsolute("/a"))).toBe(true);
  expect(isInside(fromAbsolute("/a"), fromAbsolute("/"))).toBe(true);
});

test("isAbsolutePath asks for the normalised form", () => {
  expect(isAbsolutePath("/a/b")).toBe(true);
  expect(isAbsolutePath("/a/../b")).toBe(false);
  expect(isAbsolutePath("a")).toBe(false);
});

test("every spelling comes out as Node's own resolve gives it", () => {
  const names = ["", ".", "..", "a", ".b", "..c", "d.", "...", " ", "~"];
  for (const first of names) {
    for (const second of names) {
      for (const path of [
        first,
        `${first}/${second}`,
        `/${first}/${second}`,
        `/${first}//${second}/`,
      ]) {
        for (const folder of ["/", "/base", "/base/dir"].map((at) => fromAbsolute(at))) {
          const expected = nodePath.resolve(folder, path);
          expect([path, join(folder, path)]).toEqual([path, expected]);
          expect([path, resolve(path, folder)]).toEqual([path, expected]);
          expect([path, fromAbsolute(path, { cwd: folder })]).toEqual([path, expected]);
          expect([path, join(folder, "x", path)]).toEqual([
            path,
            nodePath.resolve(folder, "x", path),
          ]);
        }
        expect([path, isAbsolutePath(path)]).toEqual([path, nodePath.resolve(path) === path]);
      }
    }
  }
});
