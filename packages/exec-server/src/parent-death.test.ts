// What is left of our commands when this process is killed without a chance to clean up.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { eventually, type Kind, kinds } from "./test-environment.fixture.ts";

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

interface Parent {
  readonly process: ChildProcess;
  /** The protected folders that stand in its workspace for its commands. */
  mountPoints(): readonly string[];
  /** Stands in the environment of the command and of all that it starts. */
  readonly mark: string;
}

/** Runs the fixture until its command is up; what is left of both is removed afterwards. */
async function withParent(
  kind: Kind,
  channel: "pipes" | "terminal" | "leave",
  use: (parent: Parent) => Promise<void>,
  children: "attached" | "detached" = "attached",
): Promise<void> {
  const mark = `CODEX_TS_TEST_MARK=${crypto.randomUUID()}`;
  const folder = mkdtempSync(`${tmpdir()}/codex-ts-parent-`);
  const parent = spawn(
    process.execPath,
    ["--conditions=@codex-ts/source", fixture, kind, channel, mark, children],
    { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, TMPDIR: folder } },
  );
  try {
    const [line] = (await once(createInterface(parent.stdout), "line")) as [string];
    expect(line).toBe("up");
    await use({
      process: parent,
      mark,
      mountPoints: () =>
        readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
          path.endsWith("/.codex"),
        ),
    });
  } finally {
    parent.kill("SIGKILL");
    for (const pid of marked(mark)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.skipIf(process.platform !== "linux")("when this process is killed", () => {
  test.each(kinds.flatMap((kind) => [[kind, "pipes"] as const, [kind, "terminal"] as const]))(
    "nothing stays behind of a %s command with %s",
    async (kind, channel) => {
      await withParent(kind, channel, async (parent) => {
        // The shell, its child, and that one's child.
        await eventually(() => marked(parent.mark).length >= 3);
        expect(parent.mountPoints()).toHaveLength(kind === "bwrap" ? 1 : 0);
        parent.process.kill("SIGKILL");
        await once(parent.process, "exit");
        await eventually(() => marked(parent.mark).length === 0);
        await eventually(() => parent.mountPoints().length === 0);
        expect([marked(parent.mark), parent.mountPoints()]).toEqual([[], []]);
      });
    },
  );

  test.runIf(kinds.includes("bwrap"))(
    "bubblewrap takes with it what was forked twice into a session of its own",
    async () => {
      await withParent(
        "bwrap",
        "pipes",
        async (parent) => {
          await eventually(() => marked(parent.mark).length >= 5);
          parent.process.kill("SIGKILL");
          await once(parent.process, "exit");
          await eventually(() => marked(parent.mark).length === 0);
          await eventually(() => parent.mountPoints().length === 0);
          expect([marked(parent.mark), parent.mountPoints()]).toEqual([[], []]);
        },
        "detached",
      );
    },
  );

  test("nothing stays behind when it ends by itself without disposing anything", async () => {
    await withParent("unconfined", "leave", async (parent) => {
      await eventually(() => parent.process.signalCode);
      await eventually(() => marked(parent.mark).length === 0);
      expect(marked(parent.mark)).toEqual([]);
    });
  });
});
