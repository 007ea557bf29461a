import { writeFileSync } from "node:fs";
import { abs, isAlive, temporaryDirectory, waitFor } from "@codex-ts/test-support";
import { afterAll, describe, expect, test } from "vitest";
import { type OneShotRequest, runToEnd } from "./one-shot-command.ts";
import { localTestEnvironment } from "./tool-context.fixture.ts";

const never = new AbortController().signal;
const local = await localTestEnvironment();
const { environment } = local;
afterAll(() => local[Symbol.asyncDispose]());

function request(script: string, parts: Partial<OneShotRequest> = {}): OneShotRequest {
  return {
    command: {
      argv: ["/bin/bash", "-c", script],
      cwd: abs("/tmp"),
      env: { PATH: process.env["PATH"] ?? "" },
    },
    confinement: { kind: "unconfined" },
    timeoutMs: 20_000,
    onOutput: () => {},
    now: () => performance.now(),
    ...parts,
  };
}

describe("runToEnd", () => {
  test("keeps both streams, apart and together in the order of arrival", async () => {
    await using folder = await temporaryDirectory();
    const script = [
      "echo one",
      "until [ -e seen-stdout ]; do sleep 0.01; done; echo two >&2",
      "until [ -e seen-stderr ]; do sleep 0.01; done; echo three; exit 3",
    ].join("\n");
    const seen: string[] = [];
    const command = { ...request(script).command, cwd: folder.path };
    const result = await runToEnd(
      environment,
      request(script, {
        command,
        onOutput: (stream, bytes) => {
          seen.push(`${stream}: ${Buffer.from(bytes).toString()}`);
          writeFileSync(folder.join(`seen-${stream}`), "");
        },
      }),
      never,
    );
    expect(result).toEqual({
      exitCode: 3,
      signal: null,
      stdout: "one\nthree\n",
      stderr: "two\n",
      output: "one\ntwo\nthree\n",
      durationMs: expect.any(Number),
      timedOut: false,
      isAborted: false,
      sandbox: "none",
      networkDisabled: false,
      startFailure: null,
    });
    expect(seen).toEqual(["stdout: one\n", "stderr: two\n", "stdout: three\n"]);
  });

  test("at the time limit the command is stopped: exit code 124, with what it printed", async () => {
    const result = await runToEnd(
      environment,
      request("yes | head -400; sleep 30", { timeoutMs: 200 }),
      never,
    );
    expect(result).toMatchObject({ exitCode: 124, timedOut: true, output: "y\n".repeat(400) });
    expect(result.durationMs).toBeLessThan(20_000);
  });

  test("the whole process group is stopped, whoever ignores the first signal", async () => {
    const result = await runToEnd(
      environment,
      request("trap '' TERM; sleep 60 & echo $!; wait; sleep 60", { timeoutMs: 300 }),
      never,
    );
    const grandchild = Number(result.stdout);
    expect(grandchild).toBeGreaterThan(0);
    await waitFor(() => !isAlive(grandchild));
  });

  test("a detached process that holds the pipes does not hold up the answer", async () => {
    const started = performance.now();
    const result = await runToEnd(
      environment,
      request("setsid sleep 20 & echo $!; sleep 20", { timeoutMs: 200 }),
      never,
    );
    expect(performance.now() - started).toBeLessThan(9000);
    process.kill(Number(result.stdout));
  });

  test("an exit with the pipes still held is answered after the drain wait", async () => {
    const started = performance.now();
    const result = await runToEnd(environment, request("printf hello; sleep 30 & disown"), never);
    expect(result).toMatchObject({ exitCode: 0, stdout: "hello" });
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  test("an abort stops it like the time limit does, and says so", async () => {
    const abort = new AbortController();
    const running = runToEnd(
      environment,
      request("echo begun; sleep 30", { onOutput: () => abort.abort() }),
      abort.signal,
    );
    expect(await running).toMatchObject({
      exitCode: 143,
      signal: "SIGTERM",
      output: "begun\n",
      isAborted: true,
      timedOut: false,
    });
  });

  test("a signal is told by its name and by the exit code", async () => {
    expect(await runToEnd(environment, request("kill -SEGV $$"), never)).toMatchObject({
      exitCode: 139,
      signal: "SIGSEGV",
    });
  });

  test("much output keeps its beginning and its end", async () => {
    const result = await runToEnd(environment, request("seq 1 400000"), never);
    expect(result.output).toMatch(/^1\n2\n[^]*\n\[\.\.\. \d+ bytes of output omitted \.\.\.\]\n/);
    expect(result.output.endsWith("\n399999\n400000\n")).toBe(true);
    expect(Buffer.byteLength(result.output)).toBeLessThan(1024 * 1024 + 100);
  });
});
