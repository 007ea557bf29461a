import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { functionCall, message, noAnswer, respond } from "@codex-ts/scripted-model";
import { expect, test } from "vitest";
import { cliWorld } from "../testing/cli.ts";
import { parseDuration } from "./run-limits.ts";

const run = (cmd: string, callId: string) =>
  respond([functionCall({ name: "exec_command", args: { cmd }, callId })]);

test.each([
  ["90", 90_000],
  ["1.5s", 1500],
  ["10m", 600_000],
  ["2h", 7_200_000],
  ["0", null],
  ["-1", null],
  ["10 m", null],
  ["1d", null],
  ["999h", null],
])("a duration: %s", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test("--max-turns ends a run whose model wants to go on, and says so in the terminal event", async () => {
  await using world = await cliWorld({
    script: [run("echo one", "c1"), run("echo two", "c2"), respond([message("never asked for")])],
  });
  const { code, events } = await world.run(["exec", "--json", "--max-turns", "2", "go"]);
  expect(events().at(-1)).toEqual({
    type: "turn.failed",
    error: {
      message: "the model wanted to go on after 2 answers, the most that --max-turns allows",
      code: "max_turns",
    },
  });
  expect([code, world.model.requests.length]).toEqual([1, 2]);
});

test("--max-turns leaves a run alone that needs no more", async () => {
  await using world = await cliWorld({ script: [run("echo one", "c1"), respond([message("ok")])] });
  const { code, stdout } = await world.run(["exec", "--max-turns", "2", "go"]);
  expect([code, stdout]).toEqual([0, "ok\n"]);
});

test("--timeout stops the turn and what runs in it", async () => {
  await using world = await cliWorld({ script: [run("sleep 60", "c1")] });
  const started = await world.run(["exec", "--json", "--timeout", "2s", "go"]);
  expect(started.events().at(-1)).toEqual({
    type: "turn.failed",
    error: { message: "the turn was stopped after 2 s, as --timeout asks", code: "timeout" },
  });
  expect(started.code).toBe(1);
  const last = (await world.sessionLines()).at(-1);
  expect(last).toMatchObject({ type: "event_msg", payload: { type: "turn_aborted" } });
});

test("--timeout tells a person on stderr", async () => {
  await using world = await cliWorld({ script: [noAnswer("hang")] });
  const { code, stdout, stderr } = await world.run(["exec", "--timeout", "1", "go"]);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain("Error: the turn was stopped after 1 s, as --timeout asks\n");
});

test("--fail-on-denied fails a run that went on without what was not allowed", async () => {
  const script = [run("rm -rf /tmp/nothing", "c1"), respond([message("fine without")])];
  for (const [flags, code, end] of [
    [[], 0, "turn.completed"],
    [["--fail-on-denied"], 1, "turn.failed"],
  ] as const) {
    await using world = await cliWorld({ script });
    await mkdir(join(world.home, "rules"));
    await writeFile(
      join(world.home, "rules/default.rules"),
      'prefix_rule(pattern=["rm"], decision="forbidden")\n',
    );
    const result = await world.run(["exec", "--json", ...flags, "go"]);
    expect([result.code, result.events().at(-1)?.type]).toEqual([code, end]);
    if (code === 0) continue;
    expect(result.events().at(-1)).toMatchObject({
      error: {
        code: "denied",
        message: expect.stringMatching(/rm -rf .* was not allowed \(--fail-on-denied\)$/),
      },
    });
  }
});

test.each([
  [
    "--timeout",
    "soon",
    /'soon' is no value for --timeout <TIME>: it takes seconds, or a number with s, m or h/,
  ],
  ["--max-turns", "0", /'0' is no value for --max-turns <N>: it takes a whole number from 1 up/],
])("%s %s is wrong usage", async (flag, value, message) => {
  await using world = await cliWorld({ script: [respond([])] });
  const { code, stderr } = await world.run(["exec", flag, value, "go"]);
  expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
});

test("with --json a run that cannot start ends the stream as well", async () => {
  await using world = await cliWorld({ script: [respond([])] });
  const { code, stdout, stderr } = await world.run(["exec", "--json", "-i", "none.png", "go"]);
  expect(JSON.parse(stdout)).toEqual({
    type: "turn.failed",
    error: { message: expect.stringContaining("none.png"), code: "not_started" },
  });
  expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining("none.png")]);
});
