import { appendFile, mkdir, readFile } from "node:fs/promises";
import nodePath from "node:path";
import { customToolCall, functionCall, message, respond } from "@codex-ts/scripted-model";
import { beforeAll, expect, test } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { type CliResult, type CliWorld, cliWorld } from "../testing/cli.ts";

beforeAll(builtCli, buildTimeoutMs);

const prompts = (world: CliWorld): readonly string[] =>
  (world.model.requests.at(-1)?.input ?? []).flatMap((item) =>
    item.type === "message" && item.role === "user" && item.content[0]?.type === "input_text"
      ? [item.content[0].text].filter((text) => !text.startsWith("<"))
      : [],
  );

function threadId(run: CliResult): string {
  const [first] = run.events();
  if (first?.type !== "thread.started") throw new Error(run.stderr);
  return first.thread_id;
}

test("by id, by --last, behind the prompt, with the prompt on stdin: one file, the whole history", async () => {
  await using world = await cliWorld({ script: [respond([message("ok")])] });
  const id = threadId(await world.run(["exec", "--json", "one"]));
  await world.run(["exec", "resume", id, "two"]);
  await world.run(["exec", "resume", "--last", "three"]);
  await world.run(["exec", "four", "resume", "--last"]);
  await world.run(["exec", "resume", "--last", "-"], { stdin: "five" });
  const last = await world.run(["exec", "--json", "resume", "six", "--last"]);
  expect(threadId(last)).toBe(id);
  expect(prompts(world)).toEqual(["one", "two", "three", "four", "five", "six"]);
  expect(await world.sessionFiles()).toHaveLength(1);
});

test("a resumed run sends what the run before it sent, then the answer, then the prompt", async () => {
  await using world = await cliWorld({
    script: [
      respond([
        functionCall({ name: "exec_command", args: { cmd: "echo out" }, callId: "c1" }),
        customToolCall({
          name: "apply_patch",
          input: "*** Begin Patch\n*** Add File: b.txt\n+b\n*** End Patch\n",
          callId: "c2",
        }),
      ]),
      respond([message("ok")]),
    ],
  });
  await world.run(["exec", "--yolo", "one"]);
  await world.run(["exec", "--yolo", "resume", "--last", "two"]);
  const [, second, third] = world.model.requests.map(({ body, input }) => ({ body, input }));
  const { input: _second, ...settings } = (second?.body ?? {}) as Record<string, unknown>;
  const { input: _third, ...resumedSettings } = (third?.body ?? {}) as Record<string, unknown>;
  expect(settings).not.toEqual({});
  expect(resumedSettings).toEqual(settings);
  expect(third?.input).toEqual([
    ...(second?.input ?? []),
    { type: "message", role: "assistant", content: [{ type: "output_text", text: "ok" }] },
    { type: "message", role: "user", content: [{ type: "input_text", text: "two" }] },
  ]);
});

test("--last means this folder, with --all every folder; a session moves to where it was last", async () => {
  await using world = await cliWorld({ script: [respond([message("ok")])] });
  const [a, b] = ["a", "b"].map((name) => nodePath.join(world.repository, name));
  if (a === undefined || b === undefined) throw new Error("no folders");
  await mkdir(a);
  await mkdir(b);
  await world.run(["exec", "in a"], { cwd: a });
  await world.run(["exec", "in b"], { cwd: b });
  await world.run(["exec", "resume", "--last", "again in a"], { cwd: a });
  expect(prompts(world)).toEqual(["in a", "again in a"]);
  await world.run(["exec", "resume", "--last", "again in b"], { cwd: b });
  await world.run(["exec", "resume", "--last", "--all", "b from a"], { cwd: a });
  expect(prompts(world)).toEqual(["in b", "again in b", "b from a"]);
  await world.run(["exec", "resume", "--last", "still b"], { cwd: a });
  expect(prompts(world)).toEqual(["in b", "again in b", "b from a", "still b"]);
});

test("--last means the provider of the run", async () => {
  await using world = await cliWorld({
    script: [respond([message("ok")])],
    tables: '[model_providers.other]\nname = "Other"\nbase_url = "http://127.0.0.1:9/v1"',
  });
  await world.run(["exec", "one"]);
  const run = await world.run(["exec", "-c", "model_provider=other", "resume", "--last", "two"]);
  expect([run.code, world.model.requests.length]).toEqual([1, 1]);
  expect(run.stderr).toMatch(/^Error: there is no session/m);
});

test("by name; one of another folder needs --all, an unknown id or name starts nothing", async () => {
  await using world = await cliWorld({ script: [respond([message("ok")])] });
  const id = threadId(await world.run(["exec", "--json", "one"]));
  await appendFile(
    nodePath.join(world.home, "session_index.jsonl"),
    `${JSON.stringify({ id, thread_name: "my work", updated_at: "2026-01-01T00:00:00Z" })}\n`,
  );
  await world.run(["exec", "resume", "my work", "two"]);
  expect(prompts(world)).toEqual(["one", "two"]);
  const folder = nodePath.join(world.repository, "folder");
  await mkdir(folder);
  const elsewhere = await world.run(["exec", "resume", "my work", "three"], { cwd: folder });
  expect([elsewhere.code, elsewhere.stderr]).toEqual([
    1,
    expect.stringContaining("add --all") as string,
  ]);
  await world.run(["exec", "resume", "--all", "my work", "three"], { cwd: folder });
  expect(prompts(world)).toEqual(["one", "two", "three"]);

  const unknown = "01234567-89ab-7def-8123-456789abcdef";
  const byId = await world.run(["exec", "resume", unknown, "x"]);
  expect([byId.code, byId.stderr]).toEqual([
    1,
    expect.stringContaining(`no rollout found for thread id ${unknown}`) as string,
  ]);
  const byName = await world.run(["exec", "resume", "no such name", "x"]);
  expect(byName.code).toBe(1);
  expect(byName.stderr).toContain('"no such name"');
  expect(await world.sessionFiles()).toHaveLength(1);
});

test("flags of the resuming run win over the saved session, and the model is told", async () => {
  await using world = await cliWorld({ script: [respond([message("ok")])] });
  await world.run(["exec", "one"]);
  const run = await world.run(
    ["exec", "resume", "--last", "-m", "gpt-5.1-codex", "-s", "workspace-write", "two"],
    {},
  );
  expect(run.stderr).toMatch(/^model: gpt-5\.1-codex$/m);
  expect(run.stderr).toMatch(/^sandbox: workspace-write/m);
  expect(world.model.requests[1]?.body).toMatchObject({ model: "gpt-5.1-codex" });
  expect(JSON.stringify(world.model.requests[1]?.input)).toContain("<model_switch>");
});

test("a damaged line in a session costs that line alone", async () => {
  await using world = await cliWorld({ script: [respond([message("ok")])] });
  await world.run(["exec", "one"]);
  const [file = ""] = await world.sessionFiles();
  await appendFile(file, '{"timestamp":"2026-01-01T00:00:00.000Z","type":"event_ms');
  const run = await world.run(["exec", "resume", "--last", "two"]);
  expect([run.code, run.stdout]).toEqual([0, "ok\n"]);
  expect(prompts(world)).toEqual(["one", "two"]);
  await world.run(["exec", "resume", "--last", "three"]);
  expect(prompts(world)).toEqual(["one", "two", "three"]);
  expect((await readFile(file, "utf8")).endsWith("\n")).toBe(true);
});
