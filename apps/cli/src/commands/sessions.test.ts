// `codex-ts sessions`, as a person and a script use it.
import { readFile } from "node:fs/promises";
import nodePath from "node:path";
import { functionCall, message, respond } from "@codex-ts/scripted-model";
import { beforeAll, expect, test } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { cliWorld } from "../testing/cli.ts";

beforeAll(builtCli, buildTimeoutMs);

test("a session is listed, named, read, exported, archived and brought back", async () => {
  await using world = await cliWorld({
    script: [
      respond([functionCall({ name: "exec_command", args: { cmd: "echo out" }, callId: "c1" })]),
      respond([message("All **done**.")]),
      respond([message("Other.")]),
    ],
  });
  await world.run(["exec", "first work"]);
  await world.run(["exec", "second work"]);
  const json = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await world.run(["sessions", ...args, "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    return JSON.parse(stdout) as {
      sessions: { id: string; name: string | null; preview: string }[];
      next_cursor: string | null;
    };
  };
  const page = await json("list", "--limit", "1");
  expect(page.sessions.map(({ preview }) => preview)).toEqual(["second work"]);
  const rest = await json("list", "--limit", "1", "--cursor", page.next_cursor ?? "");
  expect(rest).toMatchObject({ sessions: [{ preview: "first work" }], next_cursor: null });
  const id = rest.sessions[0]?.id ?? "";

  await world.run(["sessions", "name", id, "the first"]);
  expect((await json("list", "--search", "THE FIRST")).sessions).toMatchObject([
    { id, name: "the first" },
  ]);
  const listed = await world.run(["sessions", "list", "--here"]);
  expect(listed.stdout.split("\n")).toEqual([
    expect.stringMatching(/^now +(second work|the first: first work)$/),
    expect.stringContaining("-"),
    expect.stringMatching(/^now +(second work|the first: first work)$/),
    expect.stringContaining("-"),
    "",
  ]);

  const shown = await world.run(["sessions", "show", "the first"]);
  expect(shown.stdout).toContain("user\nfirst work");
  expect(shown.stdout).toContain("exec_command echo out\n  out");
  expect(shown.stdout).toContain("assistant\nAll **done**.");

  const file = nodePath.join(world.repository, "out.html");
  const written = await world.run(["sessions", "export", "the first", "-o", "out.html"]);
  expect(written.stderr).toBe(`Written to ${file}\n`);
  expect(await readFile(file, "utf8")).toContain("All <strong>done</strong>.");
  const markdown = await world.run(["sessions", "export", id]);
  expect(markdown.stdout).toMatch(/^# first work\n/);

  await world.run(["sessions", "archive", "the first"]);
  expect((await json("list")).sessions.map(({ preview }) => preview)).toEqual(["second work"]);
  expect((await json("list", "--archived")).sessions).toMatchObject([{ id }]);
  await world.run(["sessions", "archive", "--undo", id]);
  expect((await json("list")).sessions).toHaveLength(2);
}, 60_000);

test("what cannot be found is named, with the way to look for it", async () => {
  await using world = await cliWorld({ script: [respond([message("ok")])] });
  const empty = await world.run(["sessions", "list"]);
  expect(empty).toMatchObject({ code: 0, stdout: "" });
  expect(empty.stderr).toMatch(/^There are no sessions below .* yet\.\n$/);
  const unknown = await world.run(["sessions", "show", "nothing like it"]);
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toMatch(/called "nothing like it"; see codex-ts sessions list/);
  const cursor = await world.run(["sessions", "list", "--cursor", "x"]);
  expect(cursor.stderr).toContain("is not a page token");
});
