import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { guardLinks } from "./link-guard.ts";
import { createMountPoints } from "./mount-points.ts";
import { SandboxError } from "./sandbox.ts";

let base: AbsolutePath;
beforeEach(() => {
  base = fromAbsolute(realpathSync(mkdtempSync(`${tmpdir()}/codex-ts-host-`)));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

describe("mount points", () => {
  const make = (pid: number = process.pid) =>
    createMountPoints({ registry: join(base, "registry"), pid });

  test("the last hold removes the folder", () => {
    const points = make();
    const path = join(base, ".codex");
    const first = points.hold([path]);
    const second = points.hold([path]);
    expect([existsSync(path), points.isHeld(path)]).toEqual([true, true]);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect([existsSync(path), points.isHeld(path)]).toEqual([true, true]);
    second[Symbol.dispose]();
    expect([existsSync(path), points.isHeld(path)]).toEqual([false, false]);
    expect(readdirSync(join(base, "registry"))).toEqual([]);
  });

  test("what somebody put into it stays", () => {
    const path = join(base, ".codex");
    const hold = make().hold([path]);
    writeFileSync(join(path, "config.toml"), "");
    hold[Symbol.dispose]();
    expect(readdirSync(path)).toEqual(["config.toml"]);
  });

  test("a folder that was there before is not removed, and not held", () => {
    const points = make();
    const path = join(base, ".codex");
    mkdirSync(path);
    const hold = points.hold([path]);
    expect(points.isHeld(path)).toBe(false);
    hold[Symbol.dispose]();
    expect(existsSync(path)).toBe(true);
  });

  test("another holder's folder is shared, and the last of both removes it", () => {
    const [one, other] = [make(), make()];
    const path = join(base, ".codex");
    const first = one.hold([path]);
    expect(other.isHeld(path)).toBe(true);
    const second = other.hold([path]);
    first[Symbol.dispose]();
    expect(existsSync(path)).toBe(true);
    second[Symbol.dispose]();
    expect(existsSync(path)).toBe(false);
  });

  test("what a process left that is gone is swept away", async () => {
    const child = spawn("true");
    await new Promise((resolve) => child.once("exit", resolve));
    const path = join(base, ".codex");
    make(child.pid).hold([path]);
    const points = make();
    expect([existsSync(path), points.isHeld(path)]).toEqual([true, false]);
    points.sweep();
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(join(base, "registry"))).toEqual([]);
  });

  test("a folder that cannot be made is an error, and leaves nothing behind", () => {
    const points = make();
    const good = join(base, "good");
    const bad = join(base, "missing", "folder");
    expect(() => points.hold([good, bad])).toThrow(SandboxError);
    expect(existsSync(good)).toBe(false);
  });

  test("works without a registry", () => {
    const points = createMountPoints({ registry: null, pid: process.pid });
    const path = join(base, ".codex");
    const hold = points.hold([path]);
    expect(points.isHeld(path)).toBe(true);
    hold[Symbol.dispose]();
    expect(existsSync(path)).toBe(false);
  });
});

describe("link guard", () => {
  test("links that did not change are left alone", () => {
    const link = join(base, ".codex");
    symlinkSync("target", link);
    expect(guardLinks([link]).restore()).toEqual([]);
    expect(readlinkSync(link)).toBe("target");
  });

  test("a link that was replaced is put back, and its replacement kept", () => {
    const link = join(base, ".codex");
    symlinkSync("target", link);
    const guard = guardLinks([link]);
    unlinkSync(link);
    mkdirSync(link);
    writeFileSync(join(link, "config.toml"), "planted");
    expect(guard.restore()).toEqual([
      `a command replaced the protected link ${link}: it leads to target again; what stood in its place is kept as ${link}.replaced-1`,
    ]);
    expect(readlinkSync(link)).toBe("target");
    expect(readdirSync(`${link}.replaced-1`)).toEqual(["config.toml"]);
  });

  test("a link that leads elsewhere or is gone is put back", () => {
    const links = [join(base, "a"), join(base, "b")];
    for (const link of links) symlinkSync("target", link);
    const guard = guardLinks(links);
    for (const link of links) unlinkSync(link);
    symlinkSync("elsewhere", join(base, "a"));
    expect(guard.restore()).toHaveLength(2);
    expect(links.map((link) => readlinkSync(link))).toEqual(["target", "target"]);
  });
});
