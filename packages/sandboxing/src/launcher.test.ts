import { spawnSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inspectMachine } from "./machine.ts";
import { type ExitStatus, type Launcher, SandboxError, type StdioSource } from "./sandbox.ts";
import { openUnnamedFile, readFromStart } from "./scratch-file.ts";

const searchPath = process.env["PATH"] ?? "/usr/bin:/bin";
const isUnix = process.platform !== "win32";
const platform = process.platform;
const machines = {
  native: await inspectMachine({ platform, nativeCalls: true }),
  node: await inspectMachine({ platform, nativeCalls: false }),
};

test.skipIf(platform !== "linux")("the C library is called on Linux", () => {
  expect(machines.native.native).not.toBeNull();
  expect(machines.node.native).toBeNull();
});

let base: AbsolutePath;
beforeEach(() => {
  base = fromAbsolute(realpathSync(mkdtempSync(`${tmpdir()}/codex-ts-launch-`)));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

describe.skipIf(!isUnix).each(["native", "node"] as const)("the %s launcher", (kind) => {
  const launcher: Launcher = machines[kind].launcher;

  async function run(
    argv: readonly [string, ...string[]],
    options: {
      readonly cwd?: string;
      readonly env?: Readonly<Record<string, string>>;
      readonly extra?: readonly StdioSource[];
    } = {},
  ): Promise<{ readonly exit: ExitStatus; readonly text: string; readonly pid: number }> {
    const output = openUnnamedFile();
    try {
      const { pid, exited } = await launcher.launch({
        argv,
        cwd: options.cwd ?? base,
        env: options.env ?? { PATH: searchPath },
        stdio: ["ignore", { fd: output }, { fd: output }, ...(options.extra ?? [])],
      });
      return { exit: await exited, text: readFromStart(output), pid };
    } finally {
      closeSync(output);
    }
  }
  const shell = (script: string, options: Parameters<typeof run>[1] = {}) =>
    run(["sh", "-c", script], options);

  test("a process gets its folder, its environment and nothing else of ours", async () => {
    const { exit, text } = await shell(`pwd; env | grep -v -E '^(PWD|SHLVL|_|OLDPWD)='`, {
      env: { PATH: searchPath, A: "ä=b c", EMPTY: "" },
    });
    expect(exit).toEqual({ code: 0, signal: null });
    expect(text.trim().split("\n").toSorted()).toEqual(
      [base, `PATH=${searchPath}`, "A=ä=b c", "EMPTY="].toSorted(),
    );
  });

  test("it leads a session and a group of its own, and reads nothing", async () => {
    const { text, pid } = await shell(`ps -o pgid=,sid= -p $$; cat`);
    expect(text.trim().split(/\s+/)).toEqual([String(pid), String(pid)]);
  });

  test("exit codes and signals are told", async () => {
    expect((await shell("exit 42")).exit).toEqual({ code: 42, signal: null });
    expect((await shell("kill -ABRT $$")).exit).toEqual({ code: null, signal: "SIGABRT" });
    expect((await shell("kill -KILL $$")).exit).toEqual({ code: null, signal: "SIGKILL" });
  });

  test("a broken pipe ends a program, as it would outside", async () => {
    const { text } = await shell(`(yes; echo "ended with $?" >&2) | head -1`);
    expect(text.trim().split("\n").toSorted()).toEqual(["ended with 141", "y"]);
  });

  test("bytes to read, and descriptors of ours, arrive where they are wanted", async () => {
    writeFileSync(join(base, "file"), "from a file");
    const fd = openSync(join(base, "file"), "r");
    try {
      const { text } = await shell("cat <&3; echo; cat <&4; echo; cat <&5; echo end", {
        extra: [{ data: Buffer.from("from memory") }, { fd }, { data: new Uint8Array() }],
      });
      expect(text).toBe("from memory\nfrom a file\nend\n");
    } finally {
      closeSync(fd);
    }
  });

  test("a file that the process opens itself", async () => {
    writeFileSync(join(base, "file"), "old");
    const { exit } = await shell("printf new >&3", { extra: [{ open: join(base, "file") }] });
    expect(exit.code).toBe(0);
    expect((await shell("cat file")).text).toBe("new");
  });

  test("low descriptor numbers are carried over in any order", async () => {
    // As a program of its own, whose standard descriptors can be swapped for each other.
    const script = `
      import { inspectMachine } from ${JSON.stringify(new URL("./machine.ts", import.meta.url).href)};
      const { launcher } = await inspectMachine({ platform: process.platform, nativeCalls: ${kind === "native"} });
      const { exited } = await launcher.launch({
        argv: ["sh", "-c", "echo out; echo err >&2"], cwd: "/", env: { PATH: process.env.PATH },
        stdio: ["ignore", { fd: 2 }, { fd: 1 }],
      });
      await exited;
    `;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ["--conditions=@codex-ts/source", "--input-type=module", "--eval", script],
      { encoding: "utf8" },
    );
    expect({ stdout, stderr }).toEqual({ stdout: "err\n", stderr: "out\n" });
  });

  test("programs are found in PATH, or by a path from the folder", async () => {
    mkdirSync(join(base, "bin"));
    writeFileSync(join(base, "bin", "tool"), '#!/bin/sh\necho "$0 $1"\n', { mode: 0o755 });
    expect((await run(["tool", "x"], { env: { PATH: join(base, "bin") } })).text).toContain(
      "tool x",
    );
    expect((await run(["bin/tool", "y"])).text).toContain("tool y");
  });

  test("a script without an interpreter line is the shell's", async () => {
    writeFileSync(join(base, "script"), 'echo "got $1"\n', { mode: 0o755 });
    expect((await run(["./script", "it"])).text).toBe("got it\n");
  });

  test("what cannot be started is an error that says why", async () => {
    writeFileSync(join(base, "data"), "");
    const failure = async (argv: readonly [string, ...string[]], cwd?: string) =>
      run(argv, cwd === undefined ? {} : { cwd }).then(
        () => null,
        (error: unknown) => {
          if (!(error instanceof SandboxError)) throw error;
          return { code: error.code, message: error.message };
        },
      );
    expect(await failure(["no-such-program"])).toEqual({
      code: "command_not_found",
      message: "command not found: no-such-program",
    });
    expect(await failure(["./data"])).toEqual({
      code: "command_not_found",
      message: "./data cannot be executed: it is not an executable file",
    });
    expect(await failure(["sh"], join(base, "gone"))).toEqual({
      code: "spawn_failed",
      message: `the command cannot be started: there is no folder ${join(base, "gone")}`,
    });
    expect(await failure(["sh", "a\0b"])).toMatchObject({ code: "spawn_failed" });
    expect(await failure(["sh", "-c", "x".repeat(4_000_000)])).toMatchObject({
      code: "spawn_failed",
      message: expect.stringContaining("argument list too long"),
    });
  });

  test("many processes at once are all told apart", async () => {
    const codes = Array.from({ length: 30 }, (_, index) => index);
    const runs = await Promise.all(codes.map((code) => shell(`exit ${code}`)));
    expect(runs.map(({ exit }) => exit.code)).toEqual(codes);
    expect(process.listenerCount("SIGCHLD")).toBe(0);
  });

  test.skipIf(platform !== "linux")("no descriptor stays open", async () => {
    await shell("true");
    const before = readdirSync("/proc/self/fd").length;
    for (let round = 0; round < 20; round += 1) {
      await shell("true", { extra: [{ data: Buffer.from("x") }] });
      await run(["no-such-program"]).catch(() => undefined);
    }
    expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(before);
  });
});
