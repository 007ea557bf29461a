import { chmod, open, readFile, writeFile } from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import type { EventMsg, Op } from "@codex-ts/protocol";
import { hangingStream, message, respond } from "@codex-ts/scripted-model";
import { abs, temporaryDirectory } from "@codex-ts/test-support";
import type { Skill } from "@codex-ts/skills";
import { describe, expect, test } from "vitest";
import type { Thread, ThreadConfig } from "./index.ts";
import { eventsUntil, say, threadWorld } from "./testing/thread-world.ts";

const now = (): Date => new Date("2026-05-04T08:00:00.900Z");

async function withThread(
  config: Partial<ThreadConfig>,
  use: (thread: Thread, home: string) => Promise<void>,
): Promise<void> {
  await using home = await temporaryDirectory();
  await using world = await threadWorld({ script: [respond([message("ok")])], config });
  const host = { codexHome: join(abs(home.path), "new"), now };
  const { thread } = await world.manager.startThread({ ...world.config, host });
  await use(thread, host.codexHome);
}

/** What a thread says to an op, with the id that the op was given. */
async function answer(thread: Thread, op: Op, type: EventMsg["type"]): Promise<EventMsg> {
  const id = await thread.submit(op);
  const event = (await eventsUntil(thread, (msg) => msg.type === type)).at(-1);
  expect(event?.id).toBe(id);
  if (event === undefined) throw new Error("the thread has ended");
  return event.msg;
}

const find = (offset: number, log_id: number): Op => ({
  type: "get_history_entry_request",
  offset,
  log_id,
});

describe("the history of prompts", () => {
  test("is added to in the order of the ops and read back, over threads of one home", async () => {
    await using world = await threadWorld({ script: [respond([message("ok")])] });
    const config = { ...world.config, host: { now } };
    const { thread, configured } = await world.manager.startThread(config);
    expect([configured.history_log_id, configured.history_entry_count]).toEqual([0, 0]);
    await thread.submit({ type: "add_to_history", text: "one" });
    await thread.submit({ type: "add_to_history", text: "two\nlines" });
    const entry = { conversation_id: thread.id, ts: 1_777_881_600, text: "two\nlines" };
    expect(
      await answer(thread, find(/*offset*/ 1, /*log_id*/ 0), "get_history_entry_response"),
    ).toEqual({
      type: "get_history_entry_response",
      offset: 1,
      log_id: 0,
      entry,
    });
    const next = await world.manager.startThread(config);
    const { history_log_id: logId, history_entry_count: count } = next.configured;
    expect([logId > 0, count]).toEqual([true, 2]);
    const known = await answer(
      next.thread,
      find(/*offset*/ 1, logId),
      "get_history_entry_response",
    );
    expect(known).toMatchObject({ entry });
    const other = await answer(
      next.thread,
      find(/*offset*/ 1, logId + 1),
      "get_history_entry_response",
    );
    expect(other).toMatchObject({ entry: null });
    const none = await answer(next.thread, find(/*offset*/ 2, logId), "get_history_entry_response");
    expect(none).toMatchObject({ entry: null });
  });

  test("is whole when the thread is shut down right after the ops", () =>
    withThread({}, async (thread, home) => {
      for (const text of ["a", "b", "c"]) await thread.submit({ type: "add_to_history", text });
      await thread.shutdown();
      const lines = (await readFile(`${home}/history.jsonl`, "utf8")).trimEnd().split("\n");
      expect(lines.map((line) => (JSON.parse(line) as { text: string }).text)).toEqual([
        "a",
        "b",
        "c",
      ]);
    }));

  test("keeps nothing where it is switched off", () =>
    withThread({ promptHistory: { persistence: "none" } }, async (thread, home) => {
      await thread.submit({ type: "add_to_history", text: "secret" });
      await thread.shutdown();
      await expect(readFile(`${home}/history.jsonl`)).rejects.toThrow("ENOENT");
    }));

  test("stays below its limit", () =>
    withThread(
      { promptHistory: { persistence: "save-all", maxBytes: 1 } },
      async (thread, home) => {
        await thread.submit({ type: "add_to_history", text: "old" });
        await thread.submit({ type: "add_to_history", text: "new" });
        await thread.shutdown();
        expect(await readFile(`${home}/history.jsonl`, "utf8")).not.toContain("old");
      },
    ));

  test("that cannot be written is a warning, and no turn fails of it", async () => {
    await using home = await temporaryDirectory();
    const file = home.join("a-file");
    await writeFile(file, "");
    await using world = await threadWorld({
      script: [respond([message("ok")])],
      config: { ephemeral: true },
    });
    const config = { ...world.config, host: { codexHome: abs(file) } };
    const { thread } = await world.manager.startThread(config);
    const op: Op = { type: "add_to_history", text: "x" };
    expect(await answer(thread, op, "warning")).toEqual({
      type: "warning",
      message: expect.stringContaining(`${file}/history.jsonl`) as string,
    });
    expect((await say(thread, "hi")).at(-1)?.msg).toMatchObject({ last_agent_message: "ok" });
  });
});

describe("skills", () => {
  const skill = (name: string): Skill => ({
    name,
    description: `does ${name}`,
    path: abs(`/s/${name}/SKILL.md`),
    folder: abs(`/s/${name}`),
    scope: "user",
    interface: { displayName: name.toUpperCase(), iconSmall: abs("/s/icon.png") },
    tools: [{ type: "mcp", value: "server" }],
    allowsImplicitUse: true,
    products: [],
  });
  const listed = (name: string, enabled: boolean) => ({
    name,
    description: `does ${name}`,
    interface: { display_name: name.toUpperCase(), icon_small: "/s/icon.png" },
    dependencies: { tools: [{ type: "mcp", value: "server" }] },
    path: `/s/${name}/SKILL.md`,
    scope: "user",
    enabled,
  });

  test("are listed for the folder of the next turn, those that are switched off and broken too", () =>
    withThread(
      {
        listSkills: async (cwd) => ({
          skills: [
            { skill: skill("on"), enabled: true },
            { skill: skill("off"), enabled: false },
          ],
          problems: [
            { severity: "error", path: join(cwd, "x"), line: 3, message: "no name" },
            { severity: "warning", path: join(cwd, "y"), line: null, message: "odd" },
          ],
        }),
      },
      async (thread) => {
        const { cwd } = thread.settings;
        expect(await answer(thread, { type: "list_skills" }, "list_skills_response")).toEqual({
          type: "list_skills_response",
          skills: [
            {
              cwd,
              skills: [listed("on", /*enabled*/ true), listed("off", /*enabled*/ false)],
              errors: [{ path: `${cwd}/x`, message: "line 3: no name" }],
            },
          ],
        });
      },
    ));

  test("are those that turns are offered where nothing more is known, in the folders asked for", () =>
    withThread({ skills: async (cwd) => [skill(cwd.slice(1))] }, async (thread) => {
      const op: Op = { type: "list_skills", cwds: ["/a", "/b"], force_reload: true };
      expect(await answer(thread, op, "list_skills_response")).toEqual({
        type: "list_skills_response",
        skills: ["a", "b"].map((name) => ({
          cwd: `/${name}`,
          skills: [listed(name, /*enabled*/ true)],
          errors: [],
        })),
      });
    }));

  test("that cannot be listed are an empty list and a warning", () =>
    withThread({ listSkills: () => Promise.reject(new Error("no disk")) }, async (thread) => {
      await thread.submit({ type: "list_skills" });
      const isAnswer = (msg: EventMsg): boolean => msg.type === "list_skills_response";
      const events = (await eventsUntil(thread, isAnswer)).map(({ msg }) => msg);
      expect(events.slice(-2)).toEqual([
        { type: "warning", message: "no disk" },
        { type: "list_skills_response", skills: [] },
      ]);
    }));
});

describe("the person's configuration", () => {
  test("is read again by whoever gave the thread its settings, before the next op", async () => {
    let skills: readonly Skill[] = [];
    const found = { name: "late", description: "d", tools: [] } as unknown as Skill;
    await withThread(
      {
        skills: async () => skills,
        reloadUserConfig: async () => void (skills = [found]),
      },
      async (thread) => {
        await thread.submit({ type: "reload_user_config" });
        const listing = await answer(thread, { type: "list_skills" }, "list_skills_response");
        expect(listing).toMatchObject({ skills: [{ skills: [{ name: "late" }] }] });
      },
    );
  });

  test.each([
    ["cannot be read", () => Promise.reject(new Error("line 3")), "stays as it was: line 3"],
    ["is nobody's to read", undefined, "start it anew"],
  ])("that %s is an error that says so", (_, reloadUserConfig, words) =>
    withThread({ reloadUserConfig }, async (thread) => {
      const event = await answer(thread, { type: "reload_user_config" }, "error");
      expect(event).toMatchObject({ message: expect.stringContaining(words) as string });
    }),
  );
});

test("an op that nobody knows is refused by name, and the turn goes on", async () => {
  await using world = await threadWorld({ script: [hangingStream()] });
  const { thread } = await world.manager.startThread(world.config);
  await thread.submit({ type: "user_input", items: [{ type: "text", text: "hi" }] });
  const op = { type: "list_mcp_tools" } as unknown as Op;
  expect(await answer(thread, op, "error")).toEqual({
    type: "error",
    message: 'a thread of this version does not answer the op "list_mcp_tools"',
    codex_error_info: "bad_request",
  });
  await thread.submit({ type: "interrupt" });
  const last = (await eventsUntil(thread, ({ type }) => type === "turn_aborted")).at(-1);
  expect(last?.msg).toMatchObject({ reason: "interrupted" });
});

/** Whether permissions bind this process: they do not bind a superuser. */
async function mayWriteAnyway(path: string): Promise<boolean> {
  const file = await open(path, "r+").catch(() => null);
  await file?.close();
  return file !== null;
}

test("a session whose file may be read and not written is not resumed, and the way out is named", async (context) => {
  await using world = await threadWorld({ script: [respond([message("ok")])] });
  const { thread } = await world.manager.startThread(world.config);
  await say(thread, "hi");
  const path = thread.rolloutPath;
  if (path === null) throw new Error("the thread has no session file");
  await thread.shutdown();
  await chmod(path, 0o400);
  if (await mayWriteAnyway(path)) context.skip("the superuser may write it anyway");
  await expect(world.manager.resumeThread(world.config, path)).rejects.toMatchObject({
    code: "session_init_failed",
    message: expect.stringMatching(/cannot go on with .*; make the file yours/) as string,
  });
  const { thread: copy } = await world.manager.resumeThread(
    { ...world.config, ephemeral: true },
    path,
  );
  expect((await say(copy, "more")).at(-1)?.msg).toMatchObject({ last_agent_message: "ok" });
});
