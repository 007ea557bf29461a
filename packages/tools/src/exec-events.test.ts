import type { EventMsg } from "@codex-ts/protocol";
import { abs } from "@codex-ts/test-support";
import { describe, expect, test } from "vitest";
import { type ExecEvents, execEvents, unrunEnd } from "./exec-events.ts";

function recorded(): { readonly events: ExecEvents; readonly sent: EventMsg[] } {
  const sent: EventMsg[] = [];
  const events = execEvents(
    {
      callId: "c",
      turnId: "t",
      command: ["true"],
      cwd: abs("/"),
      parsedCommand: [],
      source: "agent",
    },
    (event) => sent.push(event),
  );
  return { events, sent };
}

function chunks(sent: readonly EventMsg[]): string[] {
  return sent.flatMap((event) =>
    event.type === "exec_command_output_delta"
      ? [`${event.stream}: ${Buffer.from(event.chunk, "base64").toString("latin1")}`]
      : [],
  );
}

describe("execEvents", () => {
  test("begin and end are sent once", () => {
    const { events, sent } = recorded();
    events.begin();
    events.begin();
    events.end(unrunEnd("no", "declined"));
    events.end(unrunEnd("again", "declined"));
    events.begin();
    expect(sent).toMatchObject([
      { type: "exec_command_begin" },
      { type: "exec_command_end", stderr: "no", status: "declined", exit_code: -1 },
    ]);
  });

  test("the duration is in whole seconds and nanoseconds", () => {
    const { events, sent } = recorded();
    events.end({ ...unrunEnd("", "declined"), durationMs: 2500.25 });
    expect(sent).toMatchObject([{ duration: { secs: 2, nanos: 500_250_000 } }]);
  });

  test("a character that comes in two reads is sent whole, invalid bytes in one piece", () => {
    const { events, sent } = recorded();
    events.output("stdout", Buffer.from("a\xe2\x82", "latin1"));
    events.output("stderr", Buffer.from("\xff\xfe\xfd", "latin1"));
    events.output("stdout", Buffer.from("\xacb", "latin1"));
    expect(chunks(sent)).toEqual(["stdout: a", "stderr: \xff\xfe\xfd", "stdout: \xe2\x82\xacb"]);
  });

  test("an unfinished character is sent with the end", () => {
    const { events, sent } = recorded();
    events.output("stdout", Buffer.from("\xe2\x82", "latin1"));
    expect(sent).toEqual([]);
    events.end(unrunEnd("", "declined"));
    expect(chunks(sent)).toEqual(["stdout: \xe2\x82"]);
  });

  test("events hold at most 8192 bytes and are cut between characters", () => {
    const { events, sent } = recorded();
    events.output("stdout", Buffer.from("é".repeat(5000)));
    events.output("stdout", Buffer.from(`x${"é".repeat(4096)}`));
    expect(chunks(sent).map((chunk) => chunk.length - "stdout: ".length)).toEqual([
      8192, 1808, 8191, 2,
    ]);
  });

  test("after 10000 events one notice ends the stream", () => {
    const { events, sent } = recorded();
    for (let index = 0; index < 10_005; index += 1) events.output("stdout", Buffer.from("x"));
    expect(sent).toHaveLength(10_001);
    expect(chunks(sent).at(-1)).toMatch(/further output is not shown/);
  });
});
