// Reviews from the command line: what is reviewed, what is printed, what is refused.
import { readFile, writeFile } from "node:fs/promises";
import nodePath from "node:path";
import { message, respond } from "@codex-ts/scripted-model";
import { beforeAll, describe, expect, test } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { type CliWorld, cliWorld } from "../testing/cli.ts";

beforeAll(builtCli, buildTimeoutMs);

const report = {
  findings: [
    {
      title: "[P1] Keep the sign",
      body: "A negative number loses it.",
      confidence_score: 0.9,
      priority: 1,
      code_location: {
        absolute_file_path: "/w/sum.ts",
        line_range: { start: 2, end: 3 },
      },
    },
  ],
  overall_correctness: "patch is incorrect",
  overall_explanation: "One thing breaks.",
  overall_confidence_score: 0.8,
};
const rendered =
  "One thing breaks.\n\nReview comment:\n\n- [P1] Keep the sign — /w/sum.ts:2-3\n  A negative number loses it.";

function reviewWorld(): Promise<CliWorld> {
  return cliWorld({ script: [respond([message(JSON.stringify(report))])] });
}

/** What the reviewer was asked. */
function question({ model }: CliWorld): string {
  return JSON.stringify(model.requests[0]?.input.at(-1));
}

test("a person reads the report, and what it is of", async () => {
  await using world = await reviewWorld();
  await writeFile(nodePath.join(world.repository, "a.txt"), "b\n");
  const { code, stdout, stderr } = await world.run(["review", "--uncommitted"]);
  expect([code, stdout]).toEqual([0, `${rendered}\n`]);
  expect(stderr).toContain("\nuser\ncurrent changes\n");
  expect(question(world)).toMatch(/staged|uncommitted|untracked/i);
});

test("a program gets the report as the message of the turn", async () => {
  await using world = await reviewWorld();
  const file = nodePath.join(world.home, "review.md");
  const run = await world.run(["exec", "review", "--json", "-o", file, "--base", "main"]);
  expect([run.code, run.stderr]).toEqual([0, ""]);
  const events = run.events();
  expect(events.map(({ type }) => type)).toEqual([
    "thread.started",
    "turn.started",
    "item.completed",
    "turn.completed",
  ]);
  // What the reviewer has used.
  const usage = { input_tokens: 100, cached_input_tokens: 0, output_tokens: 10 };
  expect(events.at(-1)).toMatchObject({ usage, turn_usage: usage });
  expect(events[2]).toMatchObject({ item: { type: "agent_message", text: rendered } });
  expect(await readFile(file, "utf8")).toBe(rendered);
  expect(question(world)).toContain("main");
});

test.each([
  [["--commit", "HEAD"], "commit HEAD"],
  [["--commit", "0123456789abcdef", "--title", "Mend it"], "commit 0123456: Mend it"],
  [["--base", "trunk"], "changes against 'trunk'"],
  [["  look for races \n"], "look for races"],
])("%j is %j in the head of the run", async (args, words) => {
  await using world = await reviewWorld();
  const { code, stderr } = await world.run(["exec", "review", ...args]);
  expect(code).toBe(0);
  expect(stderr).toContain(`\nuser\n${words}\n`);
});

test("instructions come from standard input as well", async () => {
  await using world = await reviewWorld();
  await world.run(["exec", "review", "-"], { stdin: "look at the locks\n" });
  expect(question(world)).toContain("look at the locks");
});

test("the thread goes on where the review has ended", async () => {
  await using world = await cliWorld({
    script: [respond([message(JSON.stringify(report))]), respond([message("mended")])],
  });
  await world.run(["exec", "review", "--uncommitted"]);
  const { code, stdout } = await world.run(["exec", "resume", "--last", "mend it"]);
  expect([code, stdout]).toEqual([0, "mended\n"]);
  expect(JSON.stringify(world.model.requests.at(-1)?.input)).toContain("Keep the sign");
});

describe("wrong usage", () => {
  test.each([
    [["--uncommitted", "--base", "main"], 2, "cannot be used with"],
    [["--commit", "HEAD", "--base", "main"], 2, "cannot be used with"],
    [["--uncommitted", "a prompt"], 2, "--uncommitted and a PROMPT exclude each other"],
    [["--title", "x"], 2, "--title goes with --commit"],
    [["--uncommitted", "-i", "a.png"], 2, "a review takes no --image"],
    [[], 1, "what is to be reviewed? Give --uncommitted, --base BRANCH or --commit SHA"],
    [["   "], 1, "the instructions for the review are empty"],
  ])("%j", async (args, exitCode, text) => {
    await using world = await reviewWorld();
    const { code, stdout, stderr } = await world.run(["exec", "review", ...args]);
    expect([code, stdout]).toEqual([exitCode, ""]);
    expect(stderr).toMatch(/^(Reading .*\n)?Error: /);
    expect(stderr).toContain(text);
    expect(await world.sessionFiles()).toEqual([]);
  });
});
