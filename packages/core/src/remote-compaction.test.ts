import { developerMessage, userMessage } from "@codex-ts/protocol";
import {
  compacted,
  functionCall,
  httpError,
  message,
  respond,
  type ScriptedItem,
} from "@codex-ts/scripted-model";
import { expect, test } from "vitest";
import { summaryPrefix } from "./prompts/compaction.ts";
import {
  eventsUntil,
  itemLabel,
  labels,
  say,
  threadWorld,
  turnEnded,
} from "./testing/thread-world.ts";

const full = { usage: { input: 260_000, output: 10 } };
const opaque = (text: string) => ({ type: "compaction", encrypted_content: text });
const context = ["developer permissions instructions", "user environment_context"];
const answered = (text: string) => respond([message(text)]);

test("the service shortens the history; the next request, a second time and a resume go on from that", async () => {
  await using world = await threadWorld({
    compactsHistories: true,
    script: [
      respond([message("long work")], full),
      compacted([userMessage("one"), developerMessage("stale"), opaque("FIRST")]),
      respond([message("ok")], full),
      compacted([userMessage("one"), userMessage("two"), opaque("SECOND")]),
      answered("bye"),
      answered("again"),
    ],
  });
  const { thread } = await world.manager.startThread(world.config);
  await say(thread, "one");
  const events = labels(await say(thread, "two"));
  expect(events.filter((label) => /Compaction|compacted|warning|task/.test(label))).toEqual([
    "task_started",
    "item_started ContextCompaction",
    "item_completed ContextCompaction",
    "context_compacted",
    "task_complete",
  ]);
  const [, asked, next] = world.model.requests;
  expect(asked?.url).toBe("/v1/responses/compact");
  expect(Object.keys(asked?.body ?? {})).toEqual([
    "model",
    "input",
    "instructions",
    "tools",
    "parallel_tool_calls",
    "reasoning",
  ]);
  expect(asked?.headers["session_id"]).toBe(thread.id);
  expect(asked?.input.map(itemLabel)).toEqual([...context, 'user "one"', 'assistant "long work"']);
  const first = ['user "one"', "compaction", ...context, 'user "two"'];
  expect(next?.input.map(itemLabel)).toEqual(first);

  await say(thread, "three");
  expect(world.model.requests[3]?.input.map(itemLabel)).toEqual([...first, 'assistant "ok"']);
  const second = ['user "one"', 'user "two"', "compaction", ...context, 'user "three"'];
  expect(world.model.requests[4]?.input.map(itemLabel)).toEqual(second);
  expect(JSON.stringify(world.model.requests[4]?.input)).not.toContain("FIRST");

  await thread.shutdown();
  const { thread: resumed } = await world.manager.resumeThread(world.config, { id: thread.id });
  await say(resumed, "four");
  expect(world.model.requests[5]?.input.map(itemLabel)).toEqual([
    ...second,
    'assistant "bye"',
    'user "four"',
  ]);
});

test("plan, AGENTS.md text and last request are there word for word, whatever the service made of them", async () => {
  const plan = { plan: [{ step: "Build the boat", status: "in_progress" }] };
  await using world = await threadWorld({
    compactsHistories: true,
    config: { userInstructions: "Never sink." },
    script: [
      respond([functionCall({ name: "update_plan", args: plan, callId: "c1" })], full),
      compacted([
        userMessage("# AGENTS.md instructions for /w\n\n<INSTRUCTIONS>\nstale\n</INSTRUCTIONS>"),
        opaque("E"),
      ]),
      respond([message("done")], full),
      compacted([opaque("F")]),
      answered("ok"),
    ],
  });
  const { thread } = await world.manager.startThread(world.config);
  await say(thread, "Cross the sea");
  const behind = (index: number): readonly string[] =>
    (world.model.requests[index]?.input ?? []).map(itemLabel);
  const planned = expect.stringContaining(JSON.stringify(JSON.stringify(plan)).slice(1, -1));
  const instructed = expect.stringContaining("AGENTS.md instructions");
  expect(behind(/*index*/ 2)).toEqual([
    "developer permissions instructions",
    instructed,
    'user "Cross the sea"',
    "compaction",
    planned,
  ]);
  expect(JSON.stringify(world.model.requests[2]?.input)).toContain("Never sink.");
  expect(JSON.stringify(world.model.requests[2]?.input)).not.toContain("stale");
  await say(thread, "And back");
  expect(behind(/*index*/ 4)).toEqual([
    'user "Cross the sea"',
    "compaction",
    planned,
    "developer permissions instructions",
    instructed,
    'user "And back"',
  ]);
});

test("when it fails there is one error, and the history is as it was", async () => {
  await using world = await threadWorld({
    compactsHistories: true,
    script: [
      answered("hello"),
      httpError(/*status*/ 403, { error: { message: "not for you" } }),
      answered("ok"),
    ],
  });
  const { thread } = await world.manager.startThread(world.config);
  await say(thread, "one");
  await thread.submit({ type: "compact" });
  const events = await eventsUntil(thread, turnEnded);
  const errors = events.filter(({ msg }) => msg.type === "error").map(({ msg }) => msg);
  expect(errors).toEqual([
    {
      type: "error",
      message: expect.stringMatching(/^The service could not compact the history: .*not for you/),
      codex_error_info: "other",
    },
  ]);
  await say(thread, "two");
  expect(world.model.requests[2]?.input.map(itemLabel)).toEqual([
    ...context,
    'user "one"',
    'assistant "hello"',
    'user "two"',
  ]);
});

test("a service that knows no such request is asked for a summary like any model", async () => {
  await using world = await threadWorld({
    compactsHistories: true,
    script: [
      respond([message("long work")], full),
      httpError(/*status*/ 404),
      answered("SUMMARY"),
      answered("ok"),
    ],
  });
  const { thread } = await world.manager.startThread(world.config);
  await say(thread, "one");
  await say(thread, "two");
  expect(world.model.requests[3]?.input.map(itemLabel)).toEqual([
    'user "one"',
    `user ${JSON.stringify(`${summaryPrefix}\nSUMMARY`)}`,
    ...context,
    'user "two"',
  ]);
});

test("a history that does not fit loses its oldest items until it does", async () => {
  const tooLong = httpError(/*status*/ 400, {
    error: { code: "context_length_exceeded", message: "too long" },
  });
  const items: readonly ScriptedItem[] = [message("long work")];
  await using world = await threadWorld({
    compactsHistories: true,
    script: [respond(items, full), tooLong, tooLong, compacted([opaque("E")]), answered("ok")],
  });
  const { thread } = await world.manager.startThread(world.config);
  await say(thread, "one");
  expect(labels(await say(thread, "two"))).toContain("background_event");
  const sent = world.model.requests.slice(1, 4).map(({ input }) => input.map(itemLabel));
  expect(sent.map((input) => input.length)).toEqual([4, 3, 2]);
  expect(sent[2]).toEqual(['user "one"', 'assistant "long work"']);
});
