import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "@codex-ts/absolute-path";
import { findSystemBwrap } from "@codex-ts/sandboxing";
import { describe, expect, test } from "vitest";
import type { EnvironmentProcess, ProcessEnd } from "./environment.ts";
import {
  collect,
  eventually,
  isRunning,
  kinds,
  makeEnvironment,
  type TestEnvironment,
} from "./test-environment.fixture.ts";

const isLinux = process.platform === "linux";

interface Run {
  readonly end: ProcessEnd;
  readonly stdout: string;
  readonly stderr: string;
}

async function runArgv(
  made: TestEnvironment,
  argv: readonly [string, ...string[]],
  extra: Parameters<TestEnvironment["request"]>[1] = {},
): Promise<Run> {
  await using running = await made.environment.start(made.request(argv, extra));
  const output = collect(running);
  const end = await running.closed;
  return { end, stdout: output.stdout, stderr: output.stderr };
}

const shell = (made: TestEnvironment, script: string): Promise<Run> =>
  runArgv(made, ["bash", "-c", script]);

const ended = (code: number): ProcessEnd => ({
  code,
  signal: null,
  exitCode: code,
  startFailure: null,
});

describe.each(kinds)("a %s process with pipes", (kind) => {
  test("prints on two streams and ends with its code", async () => {
    await using made = makeEnvironment(kind);
    expect(await shell(made, "echo out; echo err >&2; exit 3")).toEqual({
      end: ended(/*code*/ 3),
      stdout: "out\n",
      stderr: "err\n",
    });
  });

  test("has no standard input, and its output can be opened again by name", async () => {
    await using made = makeEnvironment(kind);
    const run = await shell(
      made,
      "cat; echo a > /dev/stdout; echo b > /dev/stderr; echo c >> /proc/self/fd/1; test -p /dev/stdout && echo pipe",
    );
    expect(run).toEqual({ end: ended(/*code*/ 0), stdout: "a\nc\npipe\n", stderr: "b\n" });
  });

  test("Node.js programs run children of their own, and are heard", async () => {
    await using made = makeEnvironment(kind);
    const inner = `console.log("inner"); console.error("inner error")`;
    const outer = `
      const { execFileSync, spawn } = require("node:child_process");
      process.stdout.write(execFileSync(process.execPath, ["-e", ${JSON.stringify(inner)}], { stdio: ["ignore", "pipe", "ignore"] }));
      const child = spawn(process.execPath, ["-e", ${JSON.stringify(inner)}]);
      child.stdout.on("data", (data) => process.stdout.write("async " + data));
      child.on("close", (code) => console.log("closed", code));
    `;
    const run = await runArgv(made, [process.execPath, "-e", outer]);
    expect(run).toEqual({
      end: ended(/*code*/ 0),
      stdout: "inner\nasync inner\nclosed 0\n",
      stderr: "",
    });
  });

  test("much output arrives whole and in order", async () => {
    await using made = makeEnvironment(kind);
    const run = await shell(made, "seq 1 200000");
    expect(run.stdout.length).toBe(1_288_895);
    expect(run.stdout.endsWith("199999\n200000\n")).toBe(true);
  });

  test.skipIf(!isLinux)("a kill ends it and what it has started", async () => {
    await using made = makeEnvironment(kind);
    await using running = await made.environment.start(
      made.request(["bash", "-c", "sleep 1000 & sleep 1000 & echo up; wait"]),
    );
    const output = collect(running);
    await output.until(/up/);
    const started = descendantsOf(running.pid);
    expect(started.length).toBeGreaterThanOrEqual(2);
    running.kill();
    expect(await running.closed).toEqual({
      code: null,
      signal: "SIGKILL",
      exitCode: 137,
      startFailure: null,
    });
    running.kill();
    await eventually(() => !started.some(isRunning));
  });

  test("a program that is not there is told as such", async () => {
    await using made = makeEnvironment(kind);
    const failure = await runArgv(made, ["no-such-program"]).then(
      ({ end }) => ({ message: end.startFailure, exitCode: end.exitCode }),
      (error: unknown) => ({
        message: error instanceof Error ? error.message : "",
        exitCode: 127,
      }),
    );
    expect(failure).toEqual({ message: "command not found: no-such-program", exitCode: 127 });
  });

  test("disposing the environment leaves nothing running", async () => {
    const made = makeEnvironment(kind);
    const running = await made.environment.start(made.request(["bash", "-c", "sleep 1000 & wait"]));
    const { pid } = running;
    await made[Symbol.asyncDispose]();
    expect(await running.closed).toMatchObject({ signal: "SIGKILL", exitCode: 137 });
    await eventually(() => !isRunning(pid));
    await expect(made.environment.start(made.request(["true"]))).rejects.toMatchObject({
      code: "disposed",
    });
  });
});

/** Children, their children, and so on. */
function descendantsOf(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 4).split(" ")[0]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // Not a process, or one that has ended meanwhile.
    }
  }
  const below = (parent: number): readonly number[] =>
    (children.get(parent) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}

describe("the end of a process", () => {
  test("what stays behind with the pipes is waited for, two seconds long, and killed on dispose", async () => {
    await using made = makeEnvironment("unconfined");
    const running = await made.environment.start(
      made.request(["bash", "-c", "sleep 1000 & printf 'hello %s' $!"]),
    );
    const output = collect(running);
    expect(await running.exited).toEqual(ended(/*code*/ 0));
    expect(await running.closed).toEqual(ended(/*code*/ 0));
    expect(output.stdout).toMatch(/^hello \d+$/);
    const left = Number(output.stdout.split(" ")[1]);
    expect(isRunning(left)).toBe(true);
    await running[Symbol.asyncDispose]();
    await eventually(() => !isRunning(left));
  });

  test("disposing the environment kills what ended processes left behind", async () => {
    const made = makeEnvironment("unconfined");
    const running = await made.environment.start(
      made.request(["bash", "-c", "sleep 1000 >/dev/null 2>&1 & echo $!"]),
    );
    const output = collect(running);
    await running.closed;
    const left = Number(output.stdout);
    expect(isRunning(left)).toBe(true);
    await made[Symbol.asyncDispose]();
    await eventually(() => !isRunning(left));
  });

  test("a signal has its number in the exit code", async () => {
    await using made = makeEnvironment("unconfined");
    await using running = await made.environment.start(made.request(["sleep", "1000"]));
    running.kill("SIGTERM");
    expect(await running.exited).toEqual({
      code: null,
      signal: "SIGTERM",
      exitCode: 143,
      startFailure: null,
    });
  });

  test.skipIf(!kinds.includes("bwrap"))("a sandbox that does not start says so", async () => {
    const tools = mkdtempSync(`${tmpdir()}/codex-ts-tools-`);
    const broken = `${tools}/broken`;
    const real = findSystemBwrap(process.env["PATH"], "/");
    const script = `#!/bin/sh\n[ -e ${broken} ] || exec ${real} "$@"\necho "bwrap: it is broken" >&2; exit 1\n`;
    writeFileSync(`${tools}/bwrap`, script, { mode: 0o755 });
    await using made = makeEnvironment("bwrap", { searchPath: tools });
    try {
      expect((await shell(made, "exit 5")).end).toEqual(ended(/*code*/ 5));
      writeFileSync(broken, "");
      expect((await shell(made, "exit 5")).end).toEqual({
        ...ended(/*code*/ 1),
        startFailure: "the sandbox could not start: it is broken",
      });
    } finally {
      rmSync(tools, { recursive: true });
    }
  });

  test.skipIf(!kinds.includes("bwrap"))(
    "a program that the policy does not show is not found",
    async () => {
      await using made = makeEnvironment("bwrap");
      const { end } = await runArgv(made, ["/bin/true"], {
        confinement: {
          kind: "sandboxed",
          context: {
            policy: { type: "read-only" },
            policyCwd: made.cwd,
            fileSystem: {
              kind: "restricted",
              entries: [{ path: { type: "path", path: made.cwd }, access: "read" }],
            },
          },
        },
      });
      expect(end).toEqual({
        code: 1,
        signal: null,
        exitCode: 127,
        startFailure: "command not found: /bin/true",
      });
    },
  );
});

describe("output", () => {
  test("waits for the first reader, and is thrown away after the last", async () => {
    await using made = makeEnvironment("unconfined");
    await using running = await made.environment.start(
      made.request([
        "bash",
        "-c",
        "echo one; read -r -t 60 < <(while ! [ -e go ]; do sleep 0.05; done; echo); echo two",
      ]),
    );
    await sleep(100);
    const seen: string[] = [];
    const remove = running.onOutput(({ bytes }) => {
      seen.push(Buffer.from(bytes).toString());
    });
    await eventually(() => seen.length > 0);
    remove();
    writeFileSync(join(made.cwd, "go"), "");
    await running.closed;
    expect(seen).toEqual(["one\n"]);
  });

  test("every reader gets every chunk from when it came", async () => {
    await using made = makeEnvironment("unconfined");
    await using running = await made.environment.start(made.request(["echo", "hi"]));
    const [first, second] = [collect(running), collect(running)];
    await running.closed;
    expect([first.stdout, second.stdout]).toEqual(["hi\n", "hi\n"]);
  });

  test("a reader that is not done keeps the process waiting, and loses nothing", async () => {
    await using made = makeEnvironment("unconfined");
    await using running = await made.environment.start(
      made.request(["bash", "-c", "head -c 3000000 /dev/zero; touch done"]),
    );
    const gate = Promise.withResolvers<void>();
    let bytes = 0;
    let chunks = 0;
    running.onOutput((chunk) => {
      bytes += chunk.bytes.length;
      chunks += 1;
      return gate.promise;
    });
    await eventually(() => chunks > 0);
    await sleep(200);
    expect(existsSync(join(made.cwd, "done"))).toBe(false);
    expect(bytes).toBeLessThan(1_000_000);
    gate.resolve();
    await running.closed;
    expect(bytes).toBe(3_000_000);
  });

  test("without any reader the process waits, and can still be killed", async () => {
    await using made = makeEnvironment("unconfined");
    const running = await made.environment.start(made.request(["yes"]));
    await sleep(100);
    await running[Symbol.asyncDispose]();
    expect((await running.closed).signal).toBe("SIGKILL");
  });
});

describe("starting", () => {
  test("an aborted signal rejects, before and during the start, and nothing is left running", async () => {
    await using made = makeEnvironment("unconfined");
    const request = made.request(["sleep", "1000"]);
    await expect(
      made.environment.start(request, AbortSignal.abort(new Error("early"))),
    ).rejects.toThrow("early");
    const controller = new AbortController();
    const starting = made.environment.start(request, controller.signal);
    controller.abort(new Error("late"));
    await expect(starting).rejects.toThrow("late");
  });

  test("once it is handed over, the signal has no say", async () => {
    await using made = makeEnvironment("unconfined");
    const controller = new AbortController();
    await using running = await made.environment.start(
      made.request(["bash", "-c", "sleep 0.2; echo alive"]),
      controller.signal,
    );
    controller.abort();
    const output = collect(running);
    expect(await running.closed).toEqual(ended(/*code*/ 0));
    expect(output.stdout).toBe("alive\n");
  });

  test("standard input is closed, and there is no terminal to resize", async () => {
    await using made = makeEnvironment("unconfined");
    await using running = await made.environment.start(made.request(["sleep", "1000"]));
    await expect(running.write("x")).rejects.toMatchObject({ code: "stdin_closed" });
    running.resize({ rows: 1, cols: 1 });
  });

  test("what the sandbox refuses is an error of the start", async () => {
    await using made = makeEnvironment("landlock", { nativeCalls: false });
    await expect(made.environment.start(made.request(["true"]))).rejects.toMatchObject({
      name: "SandboxError",
      code: "sandbox_unavailable",
    });
  });

  test.each(kinds)("%s commands run after a warm-up as they do without", async (kind) => {
    await using made = makeEnvironment(kind);
    await made.environment.warmUp?.(made.request(["true"]).confinement);
    expect((await shell(made, "echo warm")).stdout).toBe("warm\n");
  });

  test("without the C library, named pipes do", async () => {
    await using made = makeEnvironment("unconfined", { nativeCalls: false });
    const run = await shell(made, "echo a > /dev/stdout; echo b > /dev/stderr; exit 4");
    expect(run).toEqual({ end: ended(/*code*/ 4), stdout: "a\n", stderr: "b\n" });
    await expect(
      made.environment.start(made.request(["true"], { terminal: { rows: 24, cols: 80 } })),
    ).rejects.toMatchObject({ code: "terminal_unavailable" });
  });

  test("two environments side by side do not end each other's processes", async () => {
    await using one = makeEnvironment("unconfined");
    const other = makeEnvironment("unconfined");
    await using kept = await one.environment.start(
      one.request(["bash", "-c", "echo up; sleep 1000"]),
    );
    await other.environment.start(other.request(["sleep", "1000"]));
    await other[Symbol.asyncDispose]();
    await collect(kept).until(/up/);
    expect(isRunning(kept.pid)).toBe(true);
  });
});

test.skipIf(!isLinux)("two hundred commands leave no descriptor open", async () => {
  await using made = makeEnvironment(kinds.includes("bwrap") ? "bwrap" : "unconfined");
  const unconfined = { confinement: { kind: "unconfined" } } as const;
  const round = async (index: number): Promise<void> => {
    const terminal = index % 3 === 0 ? { terminal: { rows: 24, cols: 80 } } : {};
    const extra = index % 4 === 0 ? terminal : { ...unconfined, ...terminal };
    await runArgv(made, index % 10 === 9 ? ["no-such-program"] : ["true"], extra).catch(
      () => undefined,
    );
  };
  // What is loaded and started once comes before the count.
  for (let index = 0; index < 12; index += 1) await round(index);
  const count = (): number => readdirSync("/proc/self/fd").length;
  const before = count();
  for (let batch = 0; batch < 10; batch += 1) {
    await Promise.all(Array.from({ length: 20 }, (_, index) => round(index)));
  }
  await eventually(() => count() <= before);
  expect(count()).toBeLessThanOrEqual(before);
});

test("a file is opened once, and stays what was opened whatever its path comes to mean", async () => {
  await using made = makeEnvironment("unconfined");
  const { files } = made.environment;
  const path = join(made.cwd, "file");
  const link = join(made.cwd, "link");
  writeFileSync(path, "text", { mode: 0o640 });
  symlinkSync("file", link);
  await using file = await files.open(link);
  renameSync(path, join(made.cwd, "moved"));
  writeFileSync(path, "something else");
  const { kind, size, mode } = file;
  expect({ at: file.path, kind, size, mode, text: String(Buffer.from(await file.read())) }).toEqual(
    {
      at: path,
      kind: "file",
      size: 4,
      mode: 0o640,
      text: "text",
    },
  );
});

test("a folder lists its entries by kind, and errors are those of the file system", async () => {
  await using made = makeEnvironment("unconfined");
  const { files } = made.environment;
  mkdirSync(join(made.cwd, "folder"));
  writeFileSync(join(made.cwd, "file"), "");
  symlinkSync("file", join(made.cwd, "link"));
  // Nobody writes to it: opening it must not wait for that.
  execFileSync("mkfifo", [join(made.cwd, "pipe")]);
  await using folder = await files.open(made.cwd);
  const entries = await folder.list();
  expect(folder.kind).toBe("directory");
  expect(Object.fromEntries(entries.map(({ name, kind }) => [name, kind]))).toEqual({
    folder: "directory",
    file: "file",
    link: "link",
    pipe: "other",
  });
  await using pipe = await files.open(join(made.cwd, "pipe"));
  expect(pipe.kind).toBe("other");
  await expect(files.open(join(made.cwd, "gone"))).rejects.toMatchObject({ code: "ENOENT" });
  await expect(folder.read()).rejects.toMatchObject({ code: "EISDIR" });
});

test("a process knows how it is confined", async () => {
  const found: Pick<EnvironmentProcess, "sandbox" | "networkDisabled">[] = [];
  for (const kind of kinds) {
    await using made = makeEnvironment(kind);
    await using running = await made.environment.start(made.request(["true"]));
    found.push({ sandbox: running.sandbox, networkDisabled: running.networkDisabled });
    expect((await made.environment.sandboxReport()).step).toBe(
      kind === "landlock" ? "landlock" : kinds.includes("bwrap") ? "bwrap" : "landlock",
    );
  }
  expect(found).toEqual(
    kinds.map((kind) => ({
      sandbox: kind === "unconfined" ? "none" : kind,
      networkDisabled: kind !== "unconfined",
    })),
  );
});
