import { createRulebook } from "@codex-ts/exec-policy";
import type { SandboxPolicy } from "@codex-ts/protocol";
import { isAlive, temporaryDirectory, waitFor } from "@codex-ts/test-support";
import { afterAll, describe, expect, test } from "vitest";
import { createExecCommandTool } from "./exec-command.ts";
import { incompleteSuffixLength } from "./output-buffer.ts";
import { createProcessStore, sessionToPrune } from "./process-store.ts";
import { createToolRouter } from "./router.ts";
import type { ToolContext } from "./tool.ts";
import { type TestTurn, localTestEnvironment, testTurn } from "./tool-context.fixture.ts";
import { createWriteStdinTool } from "./write-stdin.ts";

const execCommand = createExecCommandTool({
  allowLoginShell: true,
  additionalPermissions: false,
  approveInside: false,
  rules: createRulebook(),
});
const writeStdin = createWriteStdinTool();
const local = await localTestEnvironment();
afterAll(() => local[Symbol.asyncDispose]());

const turnWith = async (parts: Partial<ToolContext> = {}): Promise<TestTurn> =>
  testTurn(await temporaryDirectory(), {
    environment: local.environment,
    allowLoginShell: false,
    ...parts,
  });

/** Runs `cmd` and takes the answer apart. */
async function exec(turn: TestTurn, cmd: string, args: object = {}): Promise<Answer> {
  return parse(await turn.run(execCommand, { cmd, ...args }));
}

async function write(turn: TestTurn, args: object): Promise<Answer> {
  return parse(await turn.run(writeStdin, args, { callId: "call-2" }));
}

interface Answer {
  readonly text: string;
  readonly output: string | undefined;
  readonly exitCode: number | undefined;
  readonly sessionId: number | undefined;
  readonly wallTime: number;
}

function parse(answer: unknown): Answer {
  const text = String(answer);
  const number = (pattern: RegExp): number | undefined => {
    const found = pattern.exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  return {
    text,
    output: /\nOutput:\n([^]*)$/.exec(text)?.[1],
    exitCode: number(/^Process exited with code (-?\d+)/m),
    sessionId: number(/^Process running with session ID (\d+)$/m),
    wallTime: number(/^Wall time: ([\d.]+) seconds$/m) ?? Number.NaN,
  };
}

/** A process that runs until it is told to stop, and says so first. */
const untilKilled = "echo $$; exec sleep 60";
/** Runs `script` once there is a file `go`. */
const afterGo = (script: string): string => `until [ -e go ]; do sleep 0.01; done; ${script}`;

describe("exec_command", () => {
  test("answers as soon as the command has ended", async () => {
    await using turn = await turnWith({
      processes: createProcessStore({ newChunkId: () => "0a1b2c" }),
    });
    const { text, wallTime } = await exec(turn, "sleep 0.05; echo hi", { yield_time_ms: 31_415 });
    expect(text.replace(/(?<=^Wall time: ).*$/m, "…")).toBe(
      [
        "Command: /bin/bash -c 'sleep 0.05; echo hi'",
        "Chunk ID: 0a1b2c",
        "Wall time: …",
        "Process exited with code 0",
        "Original token count: 1",
        "Output:",
        "hi\n",
      ].join("\n"),
    );
    expect(wallTime).toBeLessThan(15);
    expect(turn.context.processes.size).toBe(0);
  });

  test("tells of begin, output and end, once each, with the process id", async () => {
    await using turn = await turnWith();
    await exec(turn, "printf out; printf err >&2; exit 17");
    const facts = {
      call_id: "call-1",
      process_id: "1000",
      turn_id: "turn-1",
      command: ["/bin/bash", "-c", "printf out; printf err >&2; exit 17"],
      cwd: turn.folder.path,
      parsed_cmd: [{ type: "unknown", cmd: "printf out; printf err >&2; exit 17" }],
      source: "unified_exec_startup",
    };
    const deltas = turn.eventsOf("exec_command_output_delta");
    expect(turn.events.filter((event) => event.type !== "exec_command_output_delta")).toEqual([
      { type: "exec_command_begin", ...facts },
      {
        type: "exec_command_end",
        ...facts,
        stdout: expect.stringMatching(/^(outerr|errout)$/),
        stderr: "",
        aggregated_output: expect.stringMatching(/^(outerr|errout)$/),
        exit_code: 17,
        duration: { secs: 0, nanos: expect.any(Number) },
        formatted_output: expect.stringMatching(/^(outerr|errout)$/),
        status: "failed",
      },
    ]);
    expect(deltas.every(({ stream }) => stream === "stdout")).toBe(true);
  });

  test("a command that goes on is answered with a session id; a poll brings the rest", async () => {
    await using turn = await turnWith();
    const first = await exec(turn, afterGo("echo ready"), { yield_time_ms: 10 });
    expect(first).toMatchObject({ sessionId: 1000, output: "", exitCode: undefined });
    expect(turn.eventsOf("exec_command_end")).toEqual([]);
    await turn.folder.write({ go: "" });
    const second = await write(turn, { session_id: 1000, yield_time_ms: 800 });
    expect(second).toMatchObject({ sessionId: undefined, output: "ready\n", exitCode: 0 });
    expect(turn.eventsOf("exec_command_end")).toMatchObject([
      { call_id: "call-1", aggregated_output: "ready\n", exit_code: 0, status: "completed" },
    ]);
    expect(turn.eventsOf("terminal_interaction")).toEqual([
      { type: "terminal_interaction", call_id: "call-1", process_id: "1000", stdin: "" },
    ]);
  });

  test("the end of a process is told between turns, without a poll", async () => {
    await using turn = await turnWith();
    await exec(turn, afterGo("echo late"), { yield_time_ms: 10 });
    await turn.folder.write({ go: "" });
    await waitFor(() => turn.eventsOf("exec_command_end").length > 0);
    expect(turn.eventsOf("exec_command_end")).toMatchObject([{ aggregated_output: "late\n" }]);
    expect(await write(turn, { session_id: 1000 })).toMatchObject({
      output: "late\n",
      exitCode: 0,
    });
    expect(turn.eventsOf("exec_command_end")).toHaveLength(1);
  });

  test("a signal is named", async () => {
    await using turn = await turnWith();
    expect((await exec(turn, "kill -KILL $$")).text).toContain(
      "\nProcess exited with code 137 (killed by SIGKILL)\n",
    );
  });

  test("max_output_tokens cuts the output, and the count is that of the whole", async () => {
    await using turn = await turnWith();
    const { text, sessionId } = await exec(turn, "seq 1 100", { max_output_tokens: 6 });
    expect(text).toMatch(/\nOriginal token count: 73\nOutput:\nTotal output lines: 100\n\n1\n2\n/);
    expect(text).toContain("tokens truncated");
    expect(sessionId).toBeUndefined();
  });

  test("the turn's own limit holds beside it", async () => {
    await using turn = await turnWith({ truncation: { mode: "bytes", limit: 8 } });
    expect((await exec(turn, "seq 1 100")).output).toBe(
      "Total output lines: 100\n\n1\n2\n…71 tokens truncated…100\n",
    );
  });

  test("standard input is closed without a terminal, and one with it", async () => {
    await using turn = await turnWith();
    const script = "test -t 0 && echo terminal || { cat; echo no terminal; }";
    expect((await exec(turn, script)).output).toBe("no terminal\n");
    expect((await exec(turn, script, { tty: true })).output?.trim()).toBe("terminal");
  });

  test("pagers, colours and locales are forced, other variables are the turn's", async () => {
    await using turn = await turnWith({
      childEnv: { PATH: "/usr/bin:/bin", NO_COLOR: "0", OTHER: "x" },
    });
    const { output } = await exec(turn, 'echo "$NO_COLOR $TERM $PAGER $CODEX_CI $OTHER $PATH"');
    expect(output).toBe("1 dumb cat 1 x /usr/bin:/bin\n");
  });

  test("workdir is taken against the turn's folder", async () => {
    await using turn = await turnWith();
    await turn.folder.write({ "sub/file": "" });
    expect((await exec(turn, "pwd", { workdir: "sub" })).output).toBe(
      `${turn.folder.join("sub")}\n`,
    );
  });

  test("a shell can be named; one that is none is the plain shell", async () => {
    await using turn = await turnWith();
    await exec(turn, "true", { shell: "/bin/sh" });
    await exec(turn, "true", { shell: "bash" });
    await exec(turn, "true", { shell: "/opt/no-such-shell" });
    const commands = turn.eventsOf("exec_command_begin").map(({ command }) => command[0]);
    expect(commands).toEqual(["/bin/sh", expect.stringMatching(/\/bash$/), "/bin/sh"]);
  });

  test("a call that is turned down begins and ends as declined", async () => {
    await using turn = await turnWith({ approvalPolicy: "untrusted" });
    turn.decisions.push("denied");
    expect((await exec(turn, "touch x")).text).toBe("exec command rejected by user");
    expect(turn.events.map(({ type }) => type)).toEqual(["exec_command_begin", "exec_command_end"]);
    expect(turn.eventsOf("exec_command_end")).toMatchObject([
      { status: "declined", exit_code: -1 },
    ]);
    expect(turn.context.processes.size).toBe(0);
  });

  test("what the sandbox stops may run again without it, under one begin and one end", async () => {
    const sandboxPolicy: SandboxPolicy = { type: "read-only" };
    await using turn = await turnWith({ sandboxPolicy, approvalPolicy: "on-failure" });
    turn.decisions.push("approved");
    expect(await exec(turn, "echo x > written && cat written")).toMatchObject({
      exitCode: 0,
      output: "x\n",
    });
    expect(turn.questions).toMatchObject([
      { reason: expect.stringMatching(/without the sandbox/) },
    ]);
    expect(turn.eventsOf("exec_command_begin")).toHaveLength(1);
    expect(turn.eventsOf("exec_command_end")).toMatchObject([
      { exit_code: 0, aggregated_output: "x\n" },
    ]);
  });

  test("what the sandbox stops is told to the model under on-request", async () => {
    await using turn = await turnWith({ sandboxPolicy: { type: "read-only" } });
    const { exitCode, output } = await exec(turn, "echo x > written");
    expect(exitCode).toBeGreaterThan(0);
    expect(output).toMatch(/read-only|permission denied/i);
  });

  test("a patch in the command is applied as one", async () => {
    await using turn = await turnWith();
    const cmd =
      "apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: a.txt\n+x\n*** End Patch\nEOF\n";
    const { text } = await exec(turn, cmd, { yield_time_ms: 1 });
    expect(text).toMatch(
      /^Exit code: 0\nWall time: [\d.]+ seconds\nOutput:\nSuccess\. .*\nA a\.txt\nWarning: /,
    );
    expect(turn.eventsOf("exec_command_begin")).toEqual([]);
  });

  test("bytes that are no UTF-8 pass to the client as they are", async () => {
    await using turn = await turnWith();
    await exec(
      turn,
      String.raw`printf '\xff'; sleep 0.1; printf 'ab\xe2\x82'; sleep 0.1; printf '\xac'`,
    );
    const chunks = turn
      .eventsOf("exec_command_output_delta")
      .map(({ chunk }) => Buffer.from(chunk, "base64"));
    expect(Buffer.concat(chunks).toString("hex")).toBe("ff6162e282ac");
    expect(chunks.map(incompleteSuffixLength)).toEqual(chunks.map(() => 0));
  });
});

describe("a command that cannot start", () => {
  test.each([{}, { tty: true }])("is told in one line: %j", async (args) => {
    await using turn = await turnWith();
    const { text } = await exec(turn, "true", { workdir: "no/such/folder", ...args });
    expect(text).toMatch(/^the command could not be started: .*no\/such\/folder/);
    expect(turn.eventsOf("exec_command_end")).toHaveLength(1);
  });
});

describe("an interrupt", () => {
  test("leaves the process alive, to be found again", async () => {
    const abort = new AbortController();
    await using turn = await turnWith();
    const running = turn.run(execCommand, { cmd: untilKilled }, { signal: abort.signal });
    await waitFor(() => turn.eventsOf("exec_command_output_delta").length > 0);
    abort.abort();
    expect(await running).toMatch(/^Wall time: \d+\.\d seconds\naborted by user$/);
    const session = turn.context.processes.get(/*id*/ 1000);
    const pid = Number(await session?.takeUnread());
    expect([session?.end, isAlive(pid)]).toEqual([null, true]);
    await turn.context.processes.closeAll();
    expect([session?.end?.signal, isAlive(pid)]).toEqual(["SIGTERM", false]);
  });

  test("while a person is asked starts nothing", async () => {
    const abort = new AbortController();
    await using turn = await turnWith({
      approvalPolicy: "untrusted",
      askApproval: async () => {
        abort.abort();
        return "abort";
      },
    });
    expect(await turn.run(execCommand, { cmd: "touch x" }, { signal: abort.signal })).toMatch(
      /aborted by user$/,
    );
    expect(turn.events).toEqual([]);
  });
});

describe("write_stdin", () => {
  test("talks to a program in a terminal until its end of input", async () => {
    await using turn = await turnWith();
    const script = "while read line; do echo got $line; done; exit 3";
    const first = await exec(turn, script, { tty: true, yield_time_ms: 250 });
    expect(first.sessionId).toBe(1000);
    const answered = await write(turn, { session_id: 1000, chars: "hello\n", yield_time_ms: 1000 });
    expect(answered).toMatchObject({ sessionId: 1000, output: expect.stringContaining("hello") });
    const ended = await write(turn, { session_id: 1000, chars: "\u0004", yield_time_ms: 20_000 });
    expect(ended).toMatchObject({ exitCode: 3, sessionId: undefined });
    expect((await write(turn, { session_id: 1000, chars: "more" })).text).toMatch(
      /^write_stdin failed: there is no process with session ID 1000/,
    );
    expect(turn.eventsOf("terminal_interaction").map(({ stdin }) => stdin)).toEqual([
      "hello\n",
      "\u0004",
    ]);
  });

  test("control characters reach the program", async () => {
    await using turn = await turnWith();
    await exec(turn, "sleep 60", { tty: true, yield_time_ms: 300 });
    const { exitCode } = await write(turn, {
      session_id: 1000,
      chars: "\u0003",
      yield_time_ms: 20_000,
    });
    expect(exitCode).toBe(130);
  });

  test("without a terminal there is nothing to write to", async () => {
    await using turn = await turnWith();
    await exec(turn, untilKilled, { yield_time_ms: 250 });
    expect((await write(turn, { session_id: 1000, chars: "x" })).text).toMatch(
      /the standard input of this process is closed; run exec_command with tty=true/,
    );
    expect(turn.eventsOf("terminal_interaction")).toEqual([]);
  });

  test("each answer has only what is new", async () => {
    await using turn = await turnWith();
    const script = "while read line; do echo got $line; done";
    const first = await exec(turn, script, { tty: true, yield_time_ms: 250 });
    const answers = [first.output];
    for (const chars of ["a\n", "b\n"]) {
      answers.push((await write(turn, { session_id: 1000, chars, yield_time_ms: 400 })).output);
    }
    const session = turn.context.processes.get(/*id*/ 1000);
    await turn.context.processes.closeAll();
    answers.push(await session?.takeUnread());
    expect(answers.join("").match(/got \w/g)).toEqual(["got a", "got b"]);
    expect(answers.join("")).toBe(await session?.transcript());
  });

  test("calls of one response for one process are made in their order", async () => {
    await using turn = await turnWith();
    await exec(turn, "while read line; do echo got $line; done", { tty: true, yield_time_ms: 250 });
    const router = createToolRouter({ tools: [writeStdin] });
    const signal = new AbortController().signal;
    await Promise.all(
      ["1", "2", "3"].map((digit) =>
        router.run(
          {
            callId: digit,
            name: "write_stdin",
            payload: {
              kind: "function",
              arguments: JSON.stringify({
                session_id: 1000,
                chars: `${digit}\n`,
                yield_time_ms: 250,
              }),
            },
          },
          turn.context,
          signal,
        ),
      ),
    );
    await turn.context.processes.closeAll();
    const [end] = turn.eventsOf("exec_command_end");
    expect(end?.aggregated_output.match(/got \d/g)).toEqual(["got 1", "got 2", "got 3"]);
  });
});

describe("the process store", () => {
  test("counts ids up from 1000", () => {
    const store = createProcessStore();
    expect([store.newId(), store.newId(), store.newId()]).toEqual([1000, 1001, 1002]);
  });

  test("closing ends every process and tells of it", async () => {
    await using turn = await turnWith();
    await exec(turn, untilKilled, { yield_time_ms: 250 });
    await exec(turn, untilKilled, { yield_time_ms: 250 });
    await waitFor(() => turn.eventsOf("exec_command_output_delta").length === 2);
    const pids = turn
      .eventsOf("exec_command_output_delta")
      .map(({ chunk }) => Number(Buffer.from(chunk, "base64").toString()));
    expect(pids.every(isAlive)).toBe(true);
    await turn.context.processes.closeAll();
    expect(pids.some(isAlive)).toBe(false);
    const ends = turn
      .eventsOf("exec_command_end")
      .map(({ process_id, exit_code }) => `${process_id} ${exit_code}`);
    expect(ends.toSorted()).toEqual(["1000 143", "1001 143"]);
    expect(turn.context.processes.size).toBe(0);
  });

  test("a process that starts when the session is over is ended at once", async () => {
    await using turn = await turnWith();
    await turn.context.processes[Symbol.asyncDispose]();
    expect(await exec(turn, "sleep 60", { yield_time_ms: 30_000 })).toMatchObject({
      exitCode: 143,
    });
  });

  test("makes room by ending one that has ended, else the least used, but never the last used", () => {
    const sessions = (ended: readonly number[]) =>
      Array.from({ length: 10 }, (_, index) => ({ index, end: ended.includes(index) ? {} : null }));
    expect(sessionToPrune(sessions([1]))?.index).toBe(1);
    expect(sessionToPrune(sessions([]))?.index).toBe(0);
    expect(sessionToPrune(sessions([2, 3, 9]))?.index).toBe(0);
    expect(sessionToPrune(sessions([]).slice(0, 8))).toBeUndefined();
  });
});
