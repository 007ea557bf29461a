// A run in a real terminal: what a person sees while it goes on, and what is left when it is over.
import { writeFile } from "node:fs/promises";
import nodePath from "node:path";
import { functionCall, hangingStream, message, respond } from "@codex-ts/scripted-model";
import { beforeAll, expect, test } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { type CliWorld, cliWorld } from "../testing/cli.ts";
import { type TerminalPane, terminalPane } from "../testing/terminal-pane.ts";

beforeAll(builtCli, buildTimeoutMs);

function runIn(
  world: CliWorld,
  args: readonly string[],
  more: { readonly columns?: number; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<TerminalPane> {
  return terminalPane({
    command: [process.execPath, world.cli.entry, "exec", ...args],
    env: { ...world.env, ...more.env },
    cwd: world.repository,
    columns: more.columns ?? 80,
    rows: 50,
  });
}

const run = (cmd: string) => functionCall({ name: "exec_command", args: { cmd }, callId: "c1" });

/** Waits until the test has seen what it came for. */
const waiting = (flag: string): string =>
  `echo 待つ 日本語 && while [ ! -e ${flag} ]; do sleep 0.1; done`;

test.each([80, 24])(
  "a line tells which command runs, and is gone without a trace at %i columns",
  async (columns) => {
    await using world = await cliWorld({
      script: [respond([run(waiting("go"))]), respond([message("Done 完了.")])],
    });
    await using pane = await runIn(world, ["-s", "workspace-write", "wait"], { columns });
    const during = await pane.shows(/^\d+s echo 待つ/m);
    expect(during.split("\n").filter((line) => /^\d+s /.test(line))).toHaveLength(1);
    await writeFile(nodePath.join(world.repository, "go"), "");
    const after = await pane.ended();
    expect(after).not.toMatch(/^\d+s /m);
    expect(after).toContain("Done 完了.");
    expect(after).toContain(" succeeded");
  },
);

test("a line tells that the model thinks; Ctrl-C ends the turn and takes the line away", async () => {
  await using world = await cliWorld({ script: [hangingStream()] });
  await using pane = await runIn(world, ["think"]);
  await pane.shows(/^\d+s thinking$/m);
  await pane.press("C-c");
  const after = await pane.ended();
  expect(after).not.toContain("thinking");
  expect(after).toContain("turn interrupted");
});

test.each([
  [{ NO_COLOR: "1" }, false, true],
  [{}, true, true],
  [{ TERM: "dumb" }, false, false],
])("%j: colours %s, line %s", async (env, hasColours, hasLine) => {
  await using world = await cliWorld({
    script: [respond([run(waiting("go"))]), respond([message("Done.")])],
  });
  await using pane = await runIn(world, ["-s", "workspace-write", "wait"], { env });
  await pane.shows(hasLine ? /^\d+s echo/m : "while [ ! -e go ]");
  await writeFile(nodePath.join(world.repository, "go"), "");
  expect(/^\d+s /m.test(await pane.ended())).toBe(false);
  expect((await pane.colouredScreen()).includes("\u001b[3")).toBe(hasColours);
});
