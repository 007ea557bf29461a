import { fromAbsolute } from "@codex-ts/absolute-path";
import type {
  FileSystemAccess,
  FileSystemSandboxEntry,
  FileSystemSandboxPolicy,
  SpecialPath,
} from "@codex-ts/protocol";
import { describe, expect, test } from "vitest";
import {
  hasFullDiskRead,
  hasFullDiskWrite,
  includesPlatformDefaults,
  resolveAccess,
} from "./access.ts";

const cwd = fromAbsolute("/w");
const context = { cwd, home: "/home/kim" };

const at = (path: string, access: FileSystemAccess): FileSystemSandboxEntry => ({
  path: { type: "path", path },
  access,
});
const special = (value: SpecialPath, access: FileSystemAccess): FileSystemSandboxEntry => ({
  path: { type: "special", value },
  access,
});
const restricted = (...entries: readonly FileSystemSandboxEntry[]): FileSystemSandboxPolicy => ({
  kind: "restricted",
  entries,
});

const root: SpecialPath = { kind: "root" };
const here: SpecialPath = { kind: "current_working_directory" };

describe("resolveAccess", () => {
  const nested = restricted(
    special(here, "write"),
    at("/w/docs", "read"),
    at("/w/docs/private", "none"),
    at("/w/docs/private/public", "write"),
  );

  test.each([
    ["/w/a", "write"],
    ["/w/docs/a", "read"],
    ["/w/docs/private/a", "none"],
    ["/w/docs/private/public/a", "write"],
    ["docs/private", "none"],
    ["/elsewhere", "none"],
    ["/wider", "none"],
    ["/w/docs/../docs/private/x", "none"],
    ["/w/a\0b", "none"],
  ] as const)("the most specific entry decides: %j is %s", (path, access) => {
    expect(resolveAccess(nested, path, context)).toBe(access);
  });

  test("for the same path none wins over write over read", () => {
    const policy = restricted(
      at("/a", "read"),
      at("/a", "write"),
      at("/b", "write"),
      at("/b", "none"),
    );
    expect(resolveAccess(policy, "/a", context)).toBe("write");
    expect(resolveAccess(policy, "/b", context)).toBe("none");
  });

  test("special paths and ~ resolve against the policy's folder and home", () => {
    const policy = restricted(
      special({ kind: "project_roots", subpath: "vendor" }, "none"),
      special({ kind: "project_roots" }, "read"),
      special({ kind: "tmpdir" }, "write"),
      special({ kind: "unknown", path: ":future" }, "write"),
      at("~/notes", "write"),
    );
    const withTmp = { ...context, tmpdir: "/var/scratch" };
    expect(resolveAccess(policy, "/w/vendor/x", withTmp)).toBe("none");
    expect(resolveAccess(policy, "/w/x", withTmp)).toBe("read");
    expect(resolveAccess(policy, "/var/scratch/x", withTmp)).toBe("write");
    expect(resolveAccess(policy, "/var/scratch/x", context)).toBe("none");
    expect(resolveAccess(policy, "/var/scratch/x", { ...context, tmpdir: "" })).toBe("none");
    expect(resolveAccess(policy, "~/notes/today", withTmp)).toBe("write");
  });

  test("unrestricted and external policies allow everything", () => {
    expect(resolveAccess({ kind: "unrestricted" }, "/etc/passwd", context)).toBe("write");
    expect(resolveAccess({ kind: "external-sandbox" }, "/etc/passwd", context)).toBe("write");
  });
});

describe("whole-disk predicates", () => {
  test.each([
    ["root write with a read-only child", [special(root, "write"), at("/a", "read")], false],
    ["root write and root none", [special(root, "write"), special(root, "none")], false],
    [
      "a child that is made writable again",
      [special(root, "write"), at("/a", "read"), at("/a", "write")],
      true,
    ],
    [
      "the same target under two spellings",
      [
        special(root, "write"),
        special(here, "read"),
        special({ kind: "project_roots" }, "write"),
        at("/tmp", "read"),
        special({ kind: "slash_tmp" }, "write"),
      ],
      true,
    ],
    [
      "a denied child stays denied",
      [special(root, "write"), at("/a", "none"), at("/a", "write")],
      false,
    ],
    [
      "minimal and unknown entries narrow nothing",
      [
        special(root, "write"),
        special({ kind: "minimal" }, "read"),
        special({ kind: "unknown", path: ":x" }, "none"),
      ],
      true,
    ],
    ["no root entry", [special(here, "write")], false],
  ] as const)("everything is writable: %s", (_name, entries, expected) => {
    expect(hasFullDiskWrite(restricted(...entries))).toBe(expected);
  });

  test("everything is readable only without a denied path", () => {
    expect(hasFullDiskRead(restricted(special(root, "read")))).toBe(true);
    expect(hasFullDiskRead(restricted(special(root, "read"), at("/a", "none")))).toBe(false);
    expect(hasFullDiskRead(restricted(at("/a", "read")))).toBe(false);
    expect(hasFullDiskRead({ kind: "external-sandbox" })).toBe(true);
  });

  test("an unknown write entry alone opens nothing", () => {
    const policy = restricted(special({ kind: "unknown", path: ":future" }, "write"));
    expect({
      read: hasFullDiskRead(policy),
      write: hasFullDiskWrite(policy),
      defaults: includesPlatformDefaults(policy),
      access: resolveAccess(policy, "/w", context),
    }).toEqual({ read: false, write: false, defaults: false, access: "none" });
  });

  test("platform defaults come with minimal, unless everything is readable anyway", () => {
    const minimal = special({ kind: "minimal" }, "read");
    expect(includesPlatformDefaults(restricted(minimal))).toBe(true);
    expect(includesPlatformDefaults(restricted(minimal, special(root, "read")))).toBe(false);
  });
});
