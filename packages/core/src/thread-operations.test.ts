// What happens to a thread besides its turns, seen in one ordered sequence of requests.
import { readFile } from "node:fs/promises";
import {
  functionCall,
  hangingStream,
  message,
  respond,
  type ScriptedModel,
} from "@codex-ts/scripted-model";
import { waitFor } from "@codex-ts/test-support";
import { describe, expect, test } from "vitest";
import type { Thread } from "./index.ts";
import { summaryPrefix } from "./prompts/compaction.ts";
import {
  eventsUntil,
  itemLabel,
  labels,
  lineLabel,
  readLines,
  say,
  threadWorld,
  turnEnded,
} from "./testing/thread-world.ts";

const context = ["developer permissions instructions", "user environment_context"];
const summary = `user ${JSON.stringify(`${summaryPrefix}\nSUMMARY`)}`;
const full = { usage: { input: 260_000, output: 10 } };
const ok = respond([message("ok")]);

function sent(model: ScriptedModel, request: number): readonly string[] {
  return (model.requests.at(request)?.input ?? []).map(itemLabel);
}

function pathOf(thread: Thread): NonNullable<Thread["rolloutPath"]> {
  if (thread.rolloutPath === null) throw new Error("the thread has no session file");
  return thread.rolloutPath;
}

async function rollBack(thread: Thread, turns: number): Promise<readonly string[]> {
  await thread.submit({ type: "thread_rollback", num_turns: turns });
  const ends = new Set(["thread_rolled_back", "error"]);
  return labels(await eventsUntil(thread, (msg) => ends.has(msg.type)));
}

const readOnly = {
  type: "override_turn_context",
  sandbox_policy: { type: "read-only" },
  cwd: "/",
} as const;

describe("a rollback", () => {
  test("takes a turn's context diffs along, and the next turn tells them once", async () => {
    await using world = await threadWorld({ script: [ok] });
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "one");
    await thread.submit(readOnly);
    await say(thread, "two");
    expect(await rollBack(thread, /*turns*/ 1)).toEqual(["token_count", "thread_rolled_back"]);
    await say(thread, "three");
    expect(sent(world.model, /*request*/ -1)).toEqual([
      ...context,
      'user "one"',
      'assistant "ok"',
      ...context,
      'user "three"',
    ]);
  });

  test("of the first turn leaves nothing, and the context is told once", async () => {
    await using world = await threadWorld({ script: [ok] });
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "one");
    await rollBack(thread, /*turns*/ 99);
    await say(thread, "two");
    expect(sent(world.model, /*request*/ -1)).toEqual([...context, 'user "two"']);
  });

  test("over a compaction brings the turns before it back", async () => {
    await using world = await threadWorld({
      script: [ok, ok, respond([message("SUMMARY")]), ok, ok],
    });
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "one");
    await say(thread, "two");
    await thread.submit({ type: "compact" });
    await eventsUntil(thread, turnEnded);
    await say(thread, "three");
    await rollBack(thread, /*turns*/ 2);
    await say(thread, "four");
    expect(sent(world.model, /*request*/ -1)).toEqual([
      ...context,
      'user "one"',
      'assistant "ok"',
      'user "four"',
    ]);
  });

  test.each([
    ["no turns", 0, false],
    ["a running turn", 1, true],
  ])("of %s is refused, and nothing changes", async (_name, turns, isRunning) => {
    await using world = await threadWorld({ script: [hangingStream()] });
    const { thread } = await world.manager.startThread(world.config);
    if (isRunning) {
      await thread.submit({ type: "user_input", items: [{ type: "text", text: "go" }] });
      await waitFor(() => world.model.requests.length === 1);
    }
    await thread.submit({ type: "thread_rollback", num_turns: turns });
    const events = await eventsUntil(thread, (msg) => msg.type === "error");
    expect(events.at(-1)?.msg).toMatchObject({ codex_error_info: "thread_rollback_failed" });
  });

  test("of an ephemeral thread is refused", async () => {
    await using world = await threadWorld({ script: [ok], config: { ephemeral: true } });
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "one");
    expect(await rollBack(thread, /*turns*/ 1)).toEqual(["error"]);
  });
});

describe("a fork", () => {
  test("tells only what differs from what its source had told", async () => {
    await using world = await threadWorld({ script: [ok] });
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "one");
    const { thread: fork, configured } = await world.manager.forkThread(
      { ...world.config, approvalPolicy: "on-request" },
      pathOf(thread),
    );
    expect(configured).toMatchObject({ session_id: fork.id, forked_from_id: thread.id });
    expect(world.model.requests).toHaveLength(1);
    await say(fork, "two");
    expect(sent(world.model, /*request*/ -1)).toEqual([
      ...context,
      'user "one"',
      'assistant "ok"',
      "developer permissions instructions",
      'user "two"',
    ]);
    const [meta, source] = await readLines(fork);
    expect([meta, source]).toMatchObject([
      { type: "session_meta", payload: { id: fork.id, forked_from_id: thread.id } },
      { type: "session_meta", payload: { id: thread.id } },
    ]);
  });

  test("before a message of the person has what came before it, and the source stays", async () => {
    await using world = await threadWorld({ script: [ok] });
    const { thread } = await world.manager.startThread(world.config);
    for (const text of ["one", "two", "three"]) await say(thread, text);
    const before = await readFile(pathOf(thread), "utf8");
    const { thread: fork } = await world.manager.forkThread(world.config, pathOf(thread), {
      beforeUserMessage: 1,
    });
    await say(fork, "other");
    expect(sent(world.model, /*request*/ -1)).toEqual([
      ...context,
      'user "one"',
      'assistant "ok"',
      'user "other"',
    ]);
    expect(await readFile(pathOf(thread), "utf8")).toBe(before);
  });

  test("in mid-turn: committed leaves the turn out, interrupted ends it with the one marker", async () => {
    await using world = await threadWorld({ script: [ok, hangingStream([message("half")]), ok] });
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "one");
    const turnId = await thread.submit({
      type: "user_input",
      items: [{ type: "text", text: "two" }],
    });
    await eventsUntil(
      thread,
      (msg) => msg.type === "raw_response_item" && itemLabel(msg.item) === 'assistant "half"',
    );
    const { thread: committed } = await world.manager.forkThread(world.config, pathOf(thread));
    const { thread: interrupted } = await world.manager.forkThread(world.config, pathOf(thread), {
      snapshot: "interrupted",
    });
    const forkedLines = (await readLines(interrupted)).map(lineLabel);
    expect(forkedLines.slice(-2)).toEqual(["user turn_aborted", "event turn_aborted"]);
    expect((await readLines(interrupted)).at(-1)?.payload).toEqual({
      type: "turn_aborted",
      turn_id: turnId,
      reason: "interrupted",
    });
    await say(committed, "three");
    await say(interrupted, "three");
    expect([sent(world.model, /*request*/ 2), sent(world.model, /*request*/ 3)]).toEqual([
      [...context, 'user "one"', 'assistant "ok"', 'user "three"'],
      [
        ...context,
        'user "one"',
        'assistant "ok"',
        'user "two"',
        'assistant "half"',
        "user turn_aborted",
        'user "three"',
      ],
    ]);

    await thread.submit({ type: "interrupt" });
    await eventsUntil(thread, turnEnded);
    const live = (await readLines(thread)).find((line) => lineLabel(line) === "user turn_aborted");
    const forked = (await readLines(interrupted)).find(
      (line) => lineLabel(line) === "user turn_aborted",
    );
    expect(forked?.payload).toEqual(live?.payload);
    const { thread: again } = await world.manager.forkThread(world.config, pathOf(thread), {
      snapshot: "interrupted",
    });
    expect((await readLines(again)).map(lineLabel)).toHaveLength(
      (await readLines(thread)).length + 1,
    );
  });
});

test("second compaction, resume and fork: one ordered sequence of requests", async () => {
  await using world = await threadWorld({
    script: [
      respond([functionCall({ name: "update_plan", args: { plan: [] }, callId: "p1" })]),
      ok,
      respond([message("SUMMARY")]),
      ok,
      ok,
      ok,
      respond([message("SUMMARY")]),
      ok,
    ],
  });
  const { thread } = await world.manager.startThread({
    ...world.config,
    userInstructions: "be brief",
  });
  const config = { ...world.config, userInstructions: "be brief" };
  await say(thread, "one");
  await thread.submit({ type: "compact" });
  await eventsUntil(thread, turnEnded);
  await say(thread, "two");
  const { thread: resumed } = await world.manager.resumeThread(config, pathOf(thread));
  await say(resumed, "three");
  const { thread: fork } = await world.manager.forkThread(config, { id: resumed.id });
  await say(fork, "four");
  await fork.submit({ type: "compact" });
  await eventsUntil(fork, turnEnded);
  const { thread: last } = await world.manager.resumeThread(config, pathOf(fork));
  await say(last, "five");

  const told = ["developer permissions instructions", "user AGENTS"];
  const label = (each: string): string =>
    each.startsWith('user "# AGENTS') ? "user AGENTS" : each;
  const requests = world.model.requests.map(({ input }) => input.map(itemLabel).map(label));
  const first = [...told, 'user "one"'];
  const second = ['user "one"', summary, ...told, 'user "two"'];
  expect(requests[0]).toEqual(first);
  expect(requests[3]).toEqual(second);
  expect(requests[4]).toEqual([...second, 'assistant "ok"', 'user "three"']);
  expect(requests[5]).toEqual([...(requests[4] ?? []), 'assistant "ok"', 'user "four"']);
  expect(requests[7]).toEqual([
    'user "one"',
    'user "two"',
    'user "three"',
    'user "four"',
    summary,
    ...told,
    'user "five"',
  ]);
  // The plan survives both summaries word for word, and so do the instructions.
  const text = JSON.stringify(world.model.requests[7]?.input);
  expect(text).toContain(JSON.stringify(JSON.stringify({ plan: [] })).slice(1, -1));
  expect(text).toContain("be brief");
});

test("what is typed during a compaction is a turn of its own behind it", async () => {
  await using world = await threadWorld({
    script: [ok, respond([message("SUMMARY")], { delayMs: 50 }), ok],
  });
  const { thread } = await world.manager.startThread(world.config);
  await say(thread, "one");
  const compaction = await thread.submit({ type: "compact" });
  const typed = await thread.submit({
    type: "user_input",
    items: [{ type: "text", text: "two" }],
  });
  await expect(thread.steer([{ type: "text", text: "three" }])).rejects.toMatchObject({
    code: "turn_not_steerable",
  });
  const events = [
    ...(await eventsUntil(thread, turnEnded)),
    ...(await eventsUntil(thread, turnEnded)),
  ];
  expect(events.flatMap(({ id, msg }) => (turnEnded(msg) ? [[id, msg.type]] : []))).toEqual([
    [compaction, "task_complete"],
    [typed, "task_complete"],
  ]);
  expect(sent(world.model, /*request*/ -1)).toEqual([
    'user "one"',
    summary,
    ...context,
    'user "two"',
  ]);
});

describe("steering", () => {
  test("input that no answer had taken up when the turn was stopped is told in the next", async () => {
    await using world = await threadWorld({ script: [hangingStream(), ok] });
    const { thread } = await world.manager.startThread(world.config);
    const turnId = await thread.submit({
      type: "user_input",
      items: [{ type: "text", text: "one" }],
    });
    await waitFor(() => world.model.requests.length === 1);
    expect(await thread.steer([{ type: "text", text: "two" }], turnId)).toBe(turnId);
    await thread.submit({ type: "interrupt" });
    await eventsUntil(thread, turnEnded);
    await say(thread, "three");
    expect(sent(world.model, /*request*/ -1)).toEqual([
      ...context,
      'user "one"',
      "user turn_aborted",
      'user "two"',
      'user "three"',
    ]);
  });

  test("it is kept in the session when the thread ends first", async () => {
    await using world = await threadWorld({ script: [hangingStream(), ok] });
    const { thread } = await world.manager.startThread(world.config);
    await thread.submit({ type: "user_input", items: [{ type: "text", text: "one" }] });
    await waitFor(() => world.model.requests.length === 1);
    await thread.submit({ type: "user_input", items: [{ type: "text", text: "two" }] });
    await thread.shutdown();
    const { thread: resumed } = await world.manager.resumeThread(world.config, pathOf(thread));
    await say(resumed, "three");
    expect(sent(world.model, /*request*/ -1).slice(-3)).toEqual([
      "user turn_aborted",
      'user "two"',
      'user "three"',
    ]);
  });

  test("a user turn that joins a running one leaves its settings alone", async () => {
    await using world = await threadWorld({
      script: [respond([message("a")], { delayMs: 50 }), ok],
    });
    const { thread } = await world.manager.startThread(world.config);
    await thread.submit({ type: "user_input", items: [{ type: "text", text: "one" }] });
    await waitFor(() => world.model.requests.length === 1);
    await thread.submit({
      type: "user_turn",
      items: [{ type: "text", text: "two" }],
      cwd: "/",
      approval_policy: "never",
      sandbox_policy: { type: "read-only" },
      model: "gpt-5.1-codex",
      final_output_json_schema: null,
    });
    await eventsUntil(thread, turnEnded);
    expect(thread.settings).toMatchObject({ cwd: world.config.cwd, model: "gpt-5.2-codex" });
    expect(sent(world.model, /*request*/ -1).at(-1)).toBe('user "two"');
  });

  test.each([
    ["no turn", [{ type: "text", text: "x" }], undefined, "no_active_turn"],
    ["no input", [], undefined, "bad_input"],
  ] as const)("without %s is an error", async (_name, items, turnId, code) => {
    await using world = await threadWorld({ script: [ok] });
    const { thread } = await world.manager.startThread(world.config);
    await expect(thread.steer(items, turnId)).rejects.toMatchObject({ code });
  });

  test("another turn than the running one is an error that names both", async () => {
    await using world = await threadWorld({ script: [hangingStream()] });
    const { thread } = await world.manager.startThread(world.config);
    const turnId = await thread.submit({
      type: "user_input",
      items: [{ type: "text", text: "one" }],
    });
    await expect(thread.steer([{ type: "text", text: "x" }], "other")).rejects.toThrow(
      `turn ${turnId} is running, not turn other`,
    );
  });
});

test("a reviewer that changes is told, and sticks", async () => {
  await using world = await threadWorld({
    script: [ok],
    config: { approvalPolicy: "on-request" },
  });
  const { thread } = await world.manager.startThread(world.config);
  await say(thread, "one");
  await thread.submit({
    type: "user_turn",
    items: [{ type: "text", text: "two" }],
    cwd: world.config.cwd,
    approval_policy: "on-request",
    approvals_reviewer: "guardian_subagent",
    sandbox_policy: world.config.sandboxPolicy,
    model: world.config.model,
    final_output_json_schema: null,
  });
  await eventsUntil(thread, turnEnded);
  expect(thread.settings.approvalsReviewer).toBe("guardian_subagent");
  expect(sent(world.model, /*request*/ -1).slice(-2)).toEqual([
    "developer permissions instructions",
    'user "two"',
  ]);
});

test("names, status, archive: a session is found by what it is called", async () => {
  await using world = await threadWorld({ script: [ok] });
  const { manager, config } = world;
  const { thread } = await manager.startThread(config);
  await say(thread, "one");
  expect(thread.status).toEqual({ completed: "ok" });
  await thread.submit({ type: "set_thread_name", name: "  first work " });
  const [named] = await eventsUntil(thread, (msg) => msg.type === "thread_name_updated");
  expect(named?.msg).toEqual({
    type: "thread_name_updated",
    thread_id: thread.id,
    thread_name: "first work",
  });
  await thread.submit({ type: "set_thread_name", name: " " });
  const [refused] = await eventsUntil(thread, (msg) => msg.type === "error");
  expect(refused?.msg).toMatchObject({ codex_error_info: "bad_request" });

  const { thread: resumed, configured } = await manager.resumeThread(config, {
    name: "first work",
  });
  expect(configured).toMatchObject({ session_id: thread.id, thread_name: "first work" });
  expect(thread.status).toBe("shutdown");
  const { threads } = await manager.listThreads();
  expect(threads.map(({ id, name, preview }) => [id, name, preview])).toEqual([
    [thread.id, "first work", "one"],
  ]);
  await manager.archiveThread(resumed.id);
  expect((await manager.listThreads()).threads).toEqual([]);
  await expect(manager.resumeThread(config, { id: thread.id })).rejects.toMatchObject({
    code: "session_not_found",
  });
  await manager.unarchiveThread(thread.id);
  expect((await manager.listThreads()).threads).toHaveLength(1);
});

test("instructions that another folder has are told when the thread goes there", async () => {
  await using world = await threadWorld({ script: [ok] });
  const { mkdir, writeFile } = await import("node:fs/promises");
  const there = `${world.config.cwd}/there`;
  await mkdir(`${there}/.git`, { recursive: true });
  await writeFile(`${there}/AGENTS.md`, "use tabs");
  const { thread } = await world.manager.startThread(world.config);
  await say(thread, "one");
  await thread.submit({ type: "override_turn_context", cwd: there });
  await say(thread, "two");
  await thread.submit({ type: "override_turn_context", cwd: world.config.cwd });
  await say(thread, "three");
  const texts = (world.model.requests.at(-1)?.input ?? []).flatMap((item) =>
    item.type === "message" && item.role === "user"
      ? item.content.flatMap((part) => (part.type === "input_text" ? [part.text] : []))
      : [],
  );
  const instructions = texts.filter((text) => text.startsWith("# AGENTS.md"));
  expect(instructions).toEqual([
    `# AGENTS.md instructions for ${there}\n\n<INSTRUCTIONS>\nuse tabs\n</INSTRUCTIONS>`,
    `# AGENTS.md instructions for ${world.config.cwd}\n\n<INSTRUCTIONS>\n(There are none here; earlier ones no longer apply.)\n</INSTRUCTIONS>`,
  ]);
});

test("a history that no longer fits a smaller model is summarised by the one before", async () => {
  await using world = await threadWorld({
    script: [respond([message("long")], full), respond([message("SUMMARY")]), ok],
    lookUpModel: (model, info) =>
      model === "small" ? { ...info, slug: "small", context_window: 50_000 } : info,
  });
  const { thread } = await world.manager.startThread(world.config);
  await say(thread, "one");
  await thread.submit({ type: "override_turn_context", model: "small" });
  await say(thread, "two");
  expect(world.model.requests.map(({ body }) => (body as { model: string }).model)).toEqual([
    "gpt-5.2-codex",
    "gpt-5.2-codex",
    "small",
  ]);
  expect(sent(world.model, /*request*/ -1)[0]).toBe('user "one"');
});
