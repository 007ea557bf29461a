// What is left of our commands when this process is killed without a chance to clean up.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { eventually, kinds } from "./test-environment.fixture.ts";

const fixture = fileURLToPath(new URL("./parent-death.fixture.ts", import.meta.url));

/** The processes whose environment holds `mark`. */
function marked(mark: string): readonly number[] {
  return readdirSync("/proc").flatMap((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, "utf8").includes(mark)
        ? [Number(name)]
        : [];
    } catch {
      return [];
    }
  });
}

describe.skipIf(process.platform !== "linux")("when this process is killed", () => {
  test.each(kinds.flatMap((kind) => [[kind, "pipes"] as const, [kind, "terminal"] as const]))(
    "nothing stays behind of a %s command with %s",
    async (kind, channel) => {
      const mark = `CODEX_TS_TEST_MARK=${crypto.randomUUID()}`;
      const parent = spawn(
        process.execPath,
        ["--conditions=@codex-ts/source", fixture, kind, channel, mark],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      try {
        const [line] = (await once(createInterface(parent.stdout), "line")) as [string];
        expect(line).toBe("up");
        // The shell, its child, and that one's child.
        await eventually(() => marked(mark).length >= 3);
        parent.kill("SIGKILL");
        await once(parent, "exit");
        await eventually(() => marked(mark).length === 0);
      } finally {
        parent.kill("SIGKILL");
        for (const pid of marked(mark)) process.kill(pid, "SIGKILL");
      }
    },
  );

  test("nothing stays behind when it ends by itself without disposing anything", async () => {
    const mark = `CODEX_TS_TEST_MARK=${crypto.randomUUID()}`;
    const parent = spawn(
      process.execPath,
      ["--conditions=@codex-ts/source", fixture, "unconfined", "leave", mark],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const [line] = (await once(createInterface(parent.stdout), "line")) as [string];
    await once(parent, "exit");
    expect(line).toBe("up");
    await eventually(() => marked(mark).length === 0);
  });
});
