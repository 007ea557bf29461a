import { describe, expect, test } from "vitest";
import {
  type ExecOutput,
  formatExecOutput,
  freeformExecOutput,
  reshapeShellOutput,
  sessionExecOutput,
  structuredExecOutput,
} from "./exec-output.ts";

const wide = { mode: "tokens", limit: 10_000 } as const;
const result: ExecOutput = { exitCode: 0, durationMs: 1260, timedOut: false, output: "hi\n" };

describe("structured results", () => {
  test("are compact JSON with the duration rounded to one decimal", () => {
    expect(structuredExecOutput(result, wide)).toBe(
      '{"output":"hi\\n","metadata":{"exit_code":0,"duration_seconds":1.3}}',
    );
  });

  test("a time-out stands above the output, with the measured duration", () => {
    const timedOut = { ...result, exitCode: 124, timedOut: true, durationMs: 51.4 };
    expect(formatExecOutput(timedOut, wide)).toBe("command timed out after 51 milliseconds\nhi\n");
  });
});

describe("freeform results", () => {
  test("drop a trailing .0 of the wall time", () => {
    expect(freeformExecOutput({ ...result, durationMs: 2000 }, wide)).toBe(
      "Exit code: 0\nWall time: 2 seconds\nOutput:\nhi\n",
    );
    expect(freeformExecOutput({ ...result, durationMs: 120 }, wide)).toBe(
      "Exit code: 0\nWall time: 0.1 seconds\nOutput:\nhi\n",
    );
  });

  test("count the lines only when the cut changed their number", () => {
    const oneLine = { ...result, output: "example output" };
    expect(freeformExecOutput(oneLine, { mode: "tokens", limit: 1 })).toBe(
      "Exit code: 0\nWall time: 1.3 seconds\nOutput:\nex…3 tokens truncated…ut",
    );
    const threeLines = { ...result, output: "a\nbbbbbbbbbb\nc\n" };
    expect(freeformExecOutput(threeLines, { mode: "bytes", limit: 4 })).toBe(
      "Exit code: 0\nWall time: 1.3 seconds\nTotal output lines: 3\nOutput:\na\n…11 chars truncated…c\n",
    );
  });
});

describe("reshapeShellOutput", () => {
  test("turns a structured result into a freeform one", () => {
    expect(reshapeShellOutput(structuredExecOutput(result, wide))).toBe(
      freeformExecOutput(result, wide),
    );
  });

  test("moves the line count up", () => {
    const output = "a\nbbbbbbbbbb\nc\n";
    const structured = structuredExecOutput({ ...result, output }, { mode: "bytes", limit: 4 });
    expect(reshapeShellOutput(structured)).toBe(
      "Exit code: 0\nWall time: 1.3 seconds\nTotal output lines: 3\nOutput:\na\n…11 chars truncated…c\n",
    );
  });

  test.each(["", "plain", "{", "null", '{"output":"x"}', '{"output":1,"metadata":{}}'])(
    "leaves %j alone",
    (text) => {
      expect(reshapeShellOutput(text)).toBe(text);
    },
  );
});

describe("session answers", () => {
  const answer = {
    command: "bash -lc 'echo hi'",
    chunkId: "0a1b2c",
    wallTimeMs: 1234.5,
    notes: [],
    output: "hi\n",
  };

  test("of a process that has ended", () => {
    const state = { kind: "exited", exitCode: 0, signal: null } as const;
    expect(sessionExecOutput({ ...answer, state }, wide)).toBe(
      [
        "Command: bash -lc 'echo hi'",
        "Chunk ID: 0a1b2c",
        "Wall time: 1.2345 seconds",
        "Process exited with code 0",
        "Original token count: 1",
        "Output:",
        "hi\n",
      ].join("\n"),
    );
  });

  test("name the signal that ended the process", () => {
    const state = { kind: "exited", exitCode: 137, signal: "SIGKILL" } as const;
    expect(sessionExecOutput({ ...answer, state }, wide)).toContain(
      "\nProcess exited with code 137 (killed by SIGKILL)\n",
    );
  });

  test("of a running process, with notes and a cut output", () => {
    const state = { kind: "running", sessionId: 1000 } as const;
    const long = { ...answer, state, notes: ["Warning: much"], output: "x".repeat(40) };
    expect(sessionExecOutput(long, { mode: "tokens", limit: 6 })).toBe(
      [
        "Command: bash -lc 'echo hi'",
        "Chunk ID: 0a1b2c",
        "Wall time: 1.2345 seconds",
        "Process running with session ID 1000",
        "Warning: much",
        "Original token count: 10",
        "Output:",
        "Total output lines: 1",
        "",
        `${"x".repeat(12)}…4 tokens truncated…${"x".repeat(12)}`,
      ].join("\n"),
    );
  });
});
