import { mkdirSync } from "node:fs";
import { join } from "@codex-ts/absolute-path";
import { describe, expect, test } from "vitest";
import type { EnvironmentProcess } from "./environment.ts";
import {
  type Collected,
  collect,
  eventually,
  isRunning,
  type Kind,
  kinds,
  makeEnvironment,
  type TestEnvironment,
} from "./test-environment.fixture.ts";

const size = { rows: 30, cols: 100 };

async function start(
  made: TestEnvironment,
  argv: readonly [string, ...string[]],
): Promise<{ readonly running: EnvironmentProcess; readonly output: Collected }> {
  const running = await made.environment.start(made.request(argv, { terminal: size }));
  return { running, output: collect(running) };
}

/** An interactive shell, once it has shown that it listens. */
async function startShell(made: TestEnvironment): ReturnType<typeof start> {
  const started = await start(made, ["bash", "--norc", "--noprofile", "--noediting", "-i"]);
  await started.running.write("PS1=; echo rea''dy\n");
  await started.output.until(/ready/);
  return started;
}

const isConfined = (kind: Kind): boolean => kind !== "unconfined";

describe.skipIf(process.platform === "win32").each(kinds)("a %s terminal", (kind) => {
  test("is one on all three descriptors, has its size, and can be resized", async () => {
    await using made = makeEnvironment(kind);
    const { running, output } = await startShell(made);
    await running.write("test -t 0 && test -t 1 && test -t 2 && echo te''rminal; stty size\n");
    await output.until(/terminal\r\n30 100/);
    running.resize({ rows: 10, cols: 40 });
    await running.write("stty size; exit 3\n");
    await output.until(/10 40/);
    expect(await running.closed).toEqual({
      code: 3,
      signal: null,
      exitCode: 3,
      startFailure: null,
    });
    expect(output.stderr).toBe("");
  });

  test("Ctrl-C interrupts what runs in front, and the shell goes on", async () => {
    await using made = makeEnvironment(kind);
    const { running, output } = await startShell(made);
    await running.write(
      `bash -c 'trap "echo cau""ght; exit 7" INT; echo ar""med; while :; do sleep 0.02; done'\n`,
    );
    await output.until(/armed/);
    await running.write("\u0003");
    await output.until(/caught/);
    await running.write("echo co''de $?; exit\n");
    await output.until(/code 7/);
    expect((await running.closed).exitCode).toBe(0);
  });

  test("job control works", async () => {
    await using made = makeEnvironment(kind);
    const { running, output } = await startShell(made);
    await running.write("sleep 1000 &\njobs; kill %1; wait %1; echo en''ded $?; exit\n");
    await output.until(/Running\s+sleep 1000/);
    await output.until(/ended 143/);
    expect(output.text).not.toContain("no job control");
    expect((await running.closed).exitCode).toBe(0);
  });

  test("the end of input ends a program that reads", async () => {
    await using made = makeEnvironment(kind);
    const { running, output } = await start(made, ["cat"]);
    await running.write(Buffer.from("line\n\u0004"));
    expect((await running.closed).exitCode).toBe(0);
    expect(output.text).toBe("line\r\nline\r\n");
    await expect(running.write("late")).rejects.toMatchObject({ code: "stdin_closed" });
    running.resize(size);
  });

  test("a program that lets go of its terminal before it ends is not hung up", async () => {
    await using made = makeEnvironment(kind);
    const script = "echo started; exec <&- >&- 2>&-; sleep 0.3; exit 5";
    const { running, output } = await start(made, ["bash", "-c", script]);
    expect((await running.closed).exitCode).toBe(5);
    expect(output.text).toBe("started\r\n");
  });

  test("the policy binds what runs in it", async () => {
    await using made = makeEnvironment(kind);
    mkdirSync(join(made.cwd, "sub"));
    const { running, output } = await start(made, [
      "bash",
      "-c",
      "touch sub/inside && echo inside; touch ../outside && echo outside; echo x > /dev/tcp/127.0.0.1/9",
    ]);
    await running.closed;
    expect(output.text.includes("inside\r\n")).toBe(true);
    expect(output.text.includes("outside\r\n")).toBe(!isConfined(kind));
    expect(output.text.includes("Operation not permitted")).toBe(isConfined(kind));
  });

  test("what is written much at once arrives whole", async () => {
    await using made = makeEnvironment(kind);
    const { running, output } = await start(made, [
      "bash",
      "-c",
      "stty raw -echo; echo go; head -c 100000 | wc -c",
    ]);
    await output.until(/go/);
    await running.write("x".repeat(100_000));
    await running.closed;
    expect(output.text.replaceAll(/\s+/g, " ").trim()).toBe("go 100000");
  });

  test("disposing it ends its jobs too, each a group of its own", async () => {
    await using made = makeEnvironment(kind);
    const { running, output } = await startShell(made);
    await running.write("sleep 1000 & echo j''ob $!\n");
    const job = Number((await output.until(/job (\d+)/))[1]);
    await running[Symbol.asyncDispose]();
    expect(await running.closed).toMatchObject({ signal: "SIGKILL", exitCode: 137 });
    // Inside bubblewrap processes have numbers of their own.
    if (kind !== "bwrap") await eventually(() => !isRunning(job));
    await eventually(() => !isRunning(running.pid));
  });
});
