// The caretaker, with the death of its process played by the end of its pipe.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createCaretaker } from "./caretaker.ts";
import { createMountPoints } from "./mount-points.ts";
import { loadNativeCalls } from "./native-calls.ts";

const native = process.platform === "linux" ? await loadNativeCalls() : null;

let base: AbsolutePath;
beforeEach(() => {
  base = fromAbsolute(realpathSync(mkdtempSync(`${tmpdir()}/codex-ts-caretaker-`)));
  mkdirSync(join(base, "ws with spaces"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/** The mount points of an agent with this number, and the end of that agent. */
function agent(pid: number, registry: AbsolutePath | null) {
  const caretaker = createCaretaker({
    registry,
    pid,
    startShell(script, words) {
      const pipe = native?.openPipe();
      if (pipe === undefined) return null;
      const child = spawn("/bin/sh", ["-c", script, "sh", ...words], {
        stdio: [pipe.readFd, "ignore", "ignore"],
      });
      child.unref();
      return pipe.writeFd;
    },
  });
  const points = createMountPoints({ registry, pid, caretaker });
  return { points, caretaker, die: () => caretaker[Symbol.dispose]() };
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition() && waited < 20_000; waited += 10) await sleep(10);
}

/** A process that has ended: its number is nobody's. */
const dead = 4_194_303;

describe.skipIf(native === null)("the caretaker", () => {
  const ws = () => join(base, "ws with spaces");
  const registry = () => join(base, "notes");
  const left = () => readdirSync(ws()).toSorted();

  test.each([true, false])(
    "removes what was held when its process ends (notes: %s)",
    async (notes) => {
      const { points, die } = agent(dead, notes ? registry() : null);
      points.hold([join(ws(), ".codex"), join(ws(), "kept")]);
      const released = points.hold([join(ws(), "released")]);
      released[Symbol.dispose]();
      writeFileSync(join(ws(), "kept", "file"), "");
      expect(left()).toEqual([".codex", "kept"]);
      die();
      await until(() => left().length === 1);
      expect(left()).toEqual(["kept"]);
      await until(() => !notes || readdirSync(registry()).length === 0);
      expect(notes ? readdirSync(registry()) : []).toEqual([]);
    },
  );

  test("leaves alone what another process holds as well, and waits for commands", async () => {
    const first = agent(dead, registry());
    const second = agent(process.pid, registry());
    const path = join(ws(), ".codex");
    const held = second.points.hold([path]);
    first.points.hold([path, join(ws(), "mine")]);
    const command = spawn("sleep", ["1000"], { stdio: "ignore" });
    first.caretaker.commandStarted(command.pid ?? 0);
    first.die();
    await sleep(200);
    expect(left()).toEqual([".codex", "mine"]);
    command.kill("SIGKILL");
    await until(() => left().length === 1);
    expect(left()).toEqual([".codex"]);
    held[Symbol.dispose]();
    expect(left()).toEqual([]);
    second.die();
  });
});
