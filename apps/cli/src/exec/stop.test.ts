// Signals, closed pipes and sudden death: how a run ends, and that it leaves nothing running.
import { once } from "node:events";
import { functionCall, hangingStream, message, respond } from "@codex-ts/scripted-model";
import { isAlive, waitFor } from "@codex-ts/test-support";
import { readFile } from "node:fs/promises";
import { spawn } from "node:child_process";
import nodePath from "node:path";
import { describe, expect, test, beforeAll } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { type CliWorld, cliWorld, type RunningCli } from "../testing/cli.ts";

beforeAll(builtCli, buildTimeoutMs);

/** A command that says which processes it consists of and then never ends, whatever it is told. */
const stubborn = `trap '' TERM INT HUP; sleep 300 & echo $$ $! > pids; wait; while :; do sleep 300; done`;

const longCommand = respond([
  functionCall({
    name: "exec_command",
    args: { cmd: stubborn, yield_time_ms: 30_000 },
    callId: "c1",
  }),
]);

/** Starts a run and waits until its command runs; the ids are those inside the command's PID namespace, if it has one. */
async function runningCommand(world: CliWorld, ...args: readonly string[]): Promise<RunningCli> {
  const run = world.start(["exec", "--json", ...args, "go"]);
  await waitFor(
    async () => {
      const text = await readFile(nodePath.join(world.repository, "pids"), "utf8").catch(() => "");
      return text.trim().split(" ").length === 2;
    },
    { describe: "the command runs" },
  );
  return run;
}

/** Every process whose environment names this world's home: the run's own and its commands'. */
async function processesOf(world: CliWorld): Promise<readonly number[]> {
  const { readdir } = await import("node:fs/promises");
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    names.map(async (name) => {
      const environment = await readFile(`/proc/${name}/environ`, "latin1").catch(() => "");
      return environment.includes(world.home) && isAlive(Number(name)) ? [Number(name)] : [];
    }),
  );
  return found.flat();
}

const nothingLeft = (world: CliWorld): Promise<unknown> =>
  waitFor(async () => (await processesOf(world)).length === 0, {
    describe: "no process of the run is left",
  });

describe.each(["workspace-write", "danger-full-access"])("with the sandbox %s", (sandbox) => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)(
    "%s stops the turn: turn.failed is the last line, exit code %d, nothing is left",
    async (signal, code) => {
      await using world = await cliWorld({ script: [longCommand, respond([message("ok")])] });
      const { child, done } = await runningCommand(world, "-s", sandbox);
      expect((await processesOf(world)).length).toBeGreaterThan(1);
      child.kill(signal);
      const run = await done;
      expect(run.events().slice(-2)).toEqual([
        expect.objectContaining({
          type: "item.completed",
          item: expect.objectContaining({ type: "command_execution", status: "failed" }) as unknown,
        }),
        { type: "turn.failed", error: { message: "turn interrupted", code: "interrupted" } },
      ]);
      expect([run.code, run.signal]).toEqual([code, null]);
      await nothingLeft(world);
    },
  );

  test("SIGKILL leaves no process either", async () => {
    await using world = await cliWorld({ script: [longCommand] });
    const { child, done } = await runningCommand(world, "-s", sandbox);
    child.kill("SIGKILL");
    expect((await done).signal).toBe("SIGKILL");
    await nothingLeft(world);
  });
});

test("a signal while the model is silent stops the turn as well, and the session goes on later", async () => {
  await using world = await cliWorld({ script: [hangingStream(), respond([message("ok")])] });
  const { child, done } = world.start(["exec", "--json", "go"]);
  await world.model.waitForRequests(/*count*/ 1);
  child.kill("SIGINT");
  const run = await done;
  expect(run.code).toBe(130);
  expect(run.events().at(-1)).toEqual({
    type: "turn.failed",
    error: { message: "turn interrupted", code: "interrupted" },
  });
  const resumed = await world.run(["exec", "resume", "--last", "again"]);
  expect(resumed.stdout).toBe("ok\n");
  expect(JSON.stringify(world.model.requests[1]?.input)).toContain("<turn_aborted>");
});

test("in human mode an interruption is one line, and stdout stays empty", async () => {
  await using world = await cliWorld({ script: [hangingStream()] });
  const { child, done } = world.start(["exec", "go"]);
  await world.model.waitForRequests(/*count*/ 1);
  child.kill("SIGTERM");
  const run = await done;
  expect([run.code, run.stdout]).toEqual([143, ""]);
  expect(run.stderr).toMatch(/^turn interrupted$/m);
});

describe("a reader of stdout", () => {
  const chatty = [
    respond([functionCall({ name: "exec_command", args: { cmd: "seq 1 30000" }, callId: "c1" })]),
    respond([functionCall({ name: "exec_command", args: { cmd: "seq 1 30000" }, callId: "c2" })]),
    respond([message("done")]),
  ];

  test("that goes away does not hurt the run", async () => {
    await using world = await cliWorld({ script: chatty });
    const { child, done } = world.start(["exec", "--json", "-o", "last.txt", "go"]);
    await once(child.stdout, "data");
    child.stdout.destroy();
    const run = await done;
    expect([run.code, run.signal]).toEqual([0, null]);
    expect(run.stderr).not.toContain("EPIPE");
    expect(await readFile(nodePath.join(world.repository, "last.txt"), "utf8")).toBe("done");
  });

  test("that stops reading gets every line when it goes on", async () => {
    await using world = await cliWorld({ script: chatty });
    const child = spawn(process.execPath, [world.cli.entry, "exec", "--json", "go"], {
      cwd: world.repository,
      env: { ...world.env },
      stdio: ["ignore", "pipe", "ignore"],
    });
    await world.model.waitForRequests(/*count*/ 3);
    const ended = once(child, "close");
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    expect(await ended).toEqual([0, null]);
    const lines = Buffer.concat(chunks).toString().trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { readonly type: string }).type).at(-1)).toBe(
      "turn.completed",
    );
  });

  test("that never reads can still stop the run with a signal", async () => {
    await using world = await cliWorld({ script: chatty });
    const child = spawn(process.execPath, [world.cli.entry, "exec", "--json", "go"], {
      cwd: world.repository,
      env: { ...world.env },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const exited = once(child, "exit");
    await world.model.waitForRequests(/*count*/ 3);
    child.kill("SIGTERM");
    const [code, signal] = (await exited) as [number | null, NodeJS.Signals | null];
    expect(code === 143 || signal === "SIGTERM").toBe(true);
    child.stdout.destroy();
    await nothingLeft(world);
  });
});
