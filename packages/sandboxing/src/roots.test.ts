import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import type {
  FileSystemAccess,
  FileSystemSandboxEntry,
  FileSystemSandboxPolicy,
} from "@codex-ts/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fromSandboxPolicy } from "./legacy-policy.ts";
import { readableRoots, unreadableRoots, writableRoots } from "./roots.ts";

let base: AbsolutePath;
beforeEach(() => {
  base = fromAbsolute(realpathSync(mkdtempSync(`${tmpdir()}/codex-ts-roots-`)));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const folder = (...parts: readonly string[]): AbsolutePath => {
  const path = join(base, ...parts);
  mkdirSync(path, { recursive: true });
  return path;
};
const at = (path: string, access: FileSystemAccess): FileSystemSandboxEntry => ({
  path: { type: "path", path },
  access,
});
const policyOf = (...entries: readonly FileSystemSandboxEntry[]): FileSystemSandboxPolicy => ({
  kind: "restricted",
  entries,
});
const rootEntry = (access: FileSystemAccess): FileSystemSandboxEntry => ({
  path: { type: "special", value: { kind: "root" } },
  access,
});

describe("writableRoots", () => {
  test("a root and a denied path under the same link both come out without it", () => {
    const real = folder("real");
    const link = join(base, "link");
    symlinkSync(real, link);
    const policy = policyOf(at(link, "write"), at(join(link, "secret"), "none"));
    const context = { cwd: link };
    expect(writableRoots(policy, context)).toEqual([
      { root: real, readOnlySubpaths: [join(real, ".codex"), join(real, "secret")] },
    ]);
    expect(unreadableRoots(policy, context)).toEqual([join(real, "secret")]);
  });

  test("protected subpaths are those that exist, and .codex of the current folder", () => {
    const cwd = folder("ws");
    const other = folder("other");
    folder("ws", ".git");
    folder("other", ".agents");
    expect(writableRoots(policyOf(at(cwd, "write"), at(other, "write")), { cwd })).toEqual([
      { root: cwd, readOnlySubpaths: [join(cwd, ".git"), join(cwd, ".codex")] },
      { root: other, readOnlySubpaths: [join(other, ".agents")] },
    ]);
  });

  test("a .git file protects what it points to, before itself", () => {
    const cwd = folder("ws");
    const gitDir = folder("repo", "worktrees", "ws");
    writeFileSync(join(cwd, ".git"), `  gitdir: ../repo/worktrees/ws \n`);
    expect(writableRoots(policyOf(at(cwd, "write")), { cwd })).toEqual([
      { root: cwd, readOnlySubpaths: [gitDir, join(cwd, ".git"), join(cwd, ".codex")] },
    ]);
  });

  test.each(["no colon here", "gitdir:", "gitdir: ../gone", ""])(
    "a .git file that points nowhere (%j) is protected alone",
    (text) => {
      const cwd = folder("ws");
      writeFileSync(join(cwd, ".git"), text);
      expect(writableRoots(policyOf(at(cwd, "write")), { cwd })).toEqual([
        { root: cwd, readOnlySubpaths: [join(cwd, ".git"), join(cwd, ".codex")] },
      ]);
    },
  );

  test(".codex that is a link is protected as the link, not as its target", () => {
    const cwd = folder("ws");
    folder("ws", "decoy");
    symlinkSync("decoy", join(cwd, ".codex"));
    expect(writableRoots(policyOf(at(cwd, "write")), { cwd })).toEqual([
      { root: cwd, readOnlySubpaths: [join(cwd, ".codex")] },
    ]);
  });

  test.each([".", "inside", "../outside"])(
    "a denied link that leads to %j is kept as it is spelled",
    (target) => {
      const cwd = folder("ws");
      folder("ws", "inside");
      folder("outside");
      symlinkSync(target, join(cwd, "door"));
      const policy = policyOf(at(cwd, "write"), at(join(cwd, "door"), "none"));
      const [root] = writableRoots(policy, { cwd });
      expect(root?.readOnlySubpaths).toEqual([join(cwd, ".codex"), join(cwd, "door")]);
    },
  );

  test("an explicit write entry takes the default protection away", () => {
    const cwd = folder("ws");
    folder("ws", ".codex");
    const policy = policyOf(at(cwd, "write"), at(join(cwd, ".codex"), "write"));
    expect(writableRoots(policy, { cwd })).toEqual([
      { root: cwd, readOnlySubpaths: [] },
      { root: join(cwd, ".codex"), readOnlySubpaths: [] },
    ]);
  });

  test("a read entry with a write entry for the same path closes nothing", () => {
    const cwd = folder("ws");
    const policy = policyOf(
      at(cwd, "write"),
      at(join(cwd, "a"), "read"),
      at(join(cwd, "a"), "write"),
    );
    expect(writableRoots(policy, { cwd })).toEqual([
      { root: cwd, readOnlySubpaths: [join(cwd, ".codex")] },
      { root: join(cwd, "a"), readOnlySubpaths: [] },
    ]);
  });

  test("$TMPDIR that is a link comes out as its target", () => {
    const cwd = folder("ws");
    const scratch = folder("scratch");
    symlinkSync(scratch, join(base, "tmp-link"));
    const { fileSystem } = fromSandboxPolicy(
      { type: "workspace-write", exclude_slash_tmp: true },
      { cwd, tmpdir: join(base, "tmp-link") },
    );
    const roots = writableRoots(fileSystem, { cwd, tmpdir: join(base, "tmp-link") });
    expect(roots.map(({ root }) => root)).toEqual([cwd, scratch]);
  });

  test("nothing is listed when everything is writable", () => {
    expect(writableRoots({ kind: "unrestricted" }, { cwd: base })).toEqual([]);
    expect(writableRoots(policyOf(rootEntry("write")), { cwd: base })).toEqual([]);
  });
});

describe("readableRoots and unreadableRoots", () => {
  test("a policy that starts from nothing is known by its readable roots alone", () => {
    const docs = folder("docs");
    const policy = policyOf(rootEntry("none"), at(docs, "read"));
    expect(readableRoots(policy, { cwd: base })).toEqual([docs]);
    expect(unreadableRoots(policy, { cwd: base })).toEqual([]);
  });

  test("each root is listed once, and one that a closer entry denies is not", () => {
    const docs = folder("docs");
    symlinkSync(docs, join(base, "again"));
    const policy = policyOf(
      at(docs, "read"),
      at(join(base, "again"), "read"),
      at(join(base, "gone"), "read"),
      at(join(base, "gone"), "none"),
    );
    expect(readableRoots(policy, { cwd: base })).toEqual([docs]);
    expect(unreadableRoots(policy, { cwd: base })).toEqual([join(base, "gone")]);
  });
});
