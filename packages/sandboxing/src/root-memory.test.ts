import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import type { FileSystemSandboxPolicy } from "@codex-ts/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRootMemory, type RootMemory } from "./root-memory.ts";

let base: AbsolutePath;
let ws: AbsolutePath;
let memory: RootMemory;
beforeEach(() => {
  base = fromAbsolute(realpathSync(mkdtempSync(`${tmpdir()}/codex-ts-roots-`)));
  ws = join(base, "ws");
  mkdirSync(ws);
  memory = createRootMemory();
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const writing = (...paths: readonly string[]): FileSystemSandboxPolicy => ({
  kind: "restricted",
  entries: [ws, ...paths].map((path) => ({ path: { type: "path", path }, access: "write" })),
});
/** The writable folders that are left, and what is told. */
const hold = (...paths: readonly string[]) => {
  const { policy, moved } = memory.hold(writing(...paths), { cwd: ws });
  const left = (policy.entries ?? []).map(({ path }) => (path.type === "path" ? path.path : ""));
  return { left, moved };
};

test("a folder that stays what it was stays writable, made again or not", () => {
  const root = join(base, "root");
  mkdirSync(root);
  expect(hold(root)).toEqual({ left: [ws, root], moved: [] });
  rmSync(root, { recursive: true });
  mkdirSync(root);
  expect(hold(root)).toEqual({ left: [ws, root], moved: [] });
});

test("one that has become a link is left out, and told", () => {
  const root = join(ws, "root");
  mkdirSync(root);
  hold(root);
  rmSync(root, { recursive: true });
  symlinkSync(base, root);
  expect(hold(root)).toEqual({
    left: [ws],
    moved: [
      `the writable folder ${root} was ${root} at first and leads to ${base} now: commands cannot write to it; start again if that is what you want`,
    ],
  });
});

test("a link that a person had made is followed, until it leads elsewhere", () => {
  const [target, link] = [join(base, "target"), join(base, "link")];
  mkdirSync(target);
  symlinkSync("target", link);
  expect(hold(link)).toEqual({ left: [ws, link], moved: [] });
  rmSync(link);
  symlinkSync("/", link);
  expect(hold(link).left).toEqual([ws]);
});

test("one that was missing inside the workspace never counts by itself, one outside does", () => {
  const [inside, outside] = [join(ws, "later"), join(base, "later")];
  hold(inside, outside);
  symlinkSync(base, inside);
  mkdirSync(outside);
  expect(hold(inside, outside)).toEqual({ left: [ws, outside], moved: [] });
});

test("policies that confine no files are left alone", () => {
  const policy = { kind: "unrestricted" } as const;
  expect(memory.hold(policy, { cwd: ws })).toEqual({ policy, moved: [] });
});
