import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { functionCall, message, respond } from "@codex-ts/scripted-model";
import { hermeticGitEnv } from "@codex-ts/test-support";
import { beforeAll, expect, test } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { cliWorld } from "../testing/cli.ts";

beforeAll(builtCli, buildTimeoutMs);

test("what a turn of exec did to files is taken back, once", async () => {
  const change = functionCall({
    name: "exec_command",
    args: { cmd: "echo agent > a.txt; echo new > new.txt" },
    callId: "c1",
  });
  await using world = await cliWorld({ script: [respond([change]), respond([message("ok")])] });
  const file = join(world.repository, "a.txt");
  await writeFile(file, "mine\n");
  const git = (...args: string[]) =>
    execFileSync("git", args, {
      cwd: world.repository,
      env: { ...process.env, ...hermeticGitEnv },
      encoding: "utf8",
    });
  git("add", "a.txt");
  git("commit", "-qm", "First");
  const ran = await world.run([
    "exec",
    "--enable",
    "undo",
    "-s",
    "danger-full-access",
    "change it",
  ]);
  expect([ran.code, await readFile(file, "utf8")]).toEqual([0, "agent\n"]);

  const undone = await world.run(["sessions", "undo"]);
  expect([undone.code, undone.stdout]).toEqual([
    0,
    expect.stringMatching(
      /^Went back to the snapshot [0-9a-f]{7}: brought back a\.txt; removed new\.txt\.\n$/,
    ),
  ]);
  expect([await readFile(file, "utf8"), git("status", "--porcelain")]).toEqual(["mine\n", ""]);

  const again = await world.run(["sessions", "undo", "--json"]);
  expect([again.code, JSON.parse(again.stdout)]).toEqual([
    1,
    {
      id: expect.any(String),
      success: false,
      message:
        "There is no snapshot to go back to. Snapshots are made while the feature `undo` is on.",
    },
  ]);
});
