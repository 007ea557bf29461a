import { userMessage } from "@codex-ts/protocol";
import {
  failedResponse,
  functionCall,
  httpError,
  message,
  respond,
} from "@codex-ts/scripted-model";
import { expect, test } from "vitest";
import { compactedHistory } from "./compacted-history.ts";
import { compactionPrompt, summaryPrefix } from "./prompts/compaction.ts";
import { itemLabel, labels, say, threadWorld } from "./testing/thread-world.ts";

const summary = `user ${JSON.stringify(`${summaryPrefix}\nSUMMARY`)}`;
const full = { usage: { input: 260_000, output: 10 } };

test("before a turn: the summary takes the history's place, and the context is told anew", async () => {
  await using world = await threadWorld({
    script: [
      respond([message("long work")], full),
      respond([message("SUMMARY")]),
      respond([message("ok")]),
      respond([message("bye")]),
    ],
  });
  const { thread } = await world.manager.startThread(world.config);
  await say(thread, "one");
  const events = labels(await say(thread, "two"));
  expect(events).toContain("context_compacted");
  expect(events.filter((label) => label === "task_started")).toHaveLength(1);
  const [, ask, next] = world.model.requests;
  expect(ask?.body).toMatchObject({ tools: [], parallel_tool_calls: false });
  expect(ask?.input.slice(2).map(itemLabel)).toEqual([
    'user "one"',
    'assistant "long work"',
    `user ${JSON.stringify(compactionPrompt)}`,
  ]);
  const compacted = [
    'user "one"',
    summary,
    "developer permissions instructions",
    "user environment_context",
    'user "two"',
  ];
  expect(next?.input.map(itemLabel)).toEqual(compacted);

  await thread.shutdown();
  if (thread.rolloutPath === null) throw new Error("the thread has no session file");
  const { thread: resumed } = await world.manager.resumeThread(world.config, thread.rolloutPath);
  await say(resumed, "three");
  expect(world.model.requests[3]?.input.map(itemLabel)).toEqual([
    ...compacted,
    'assistant "ok"',
    'user "three"',
  ]);
});

test("in mid-turn: the context stands before the last message, and the turn goes on", async () => {
  await using world = await threadWorld({
    script: [
      respond([functionCall({ name: "update_plan", args: { plan: [] }, callId: "c1" })], full),
      respond([message("SUMMARY")]),
      respond([message("done")]),
    ],
  });
  const { thread } = await world.manager.startThread(world.config);
  const events = await say(thread, "go");
  expect(world.model.requests[2]?.input.map(itemLabel)).toEqual([
    "developer permissions instructions",
    "user environment_context",
    'user "go"',
    summary,
  ]);
  expect(events.at(-1)?.msg).toMatchObject({ type: "task_complete", last_agent_message: "done" });
});

test("a request for a summary that does not fit loses its oldest items", async () => {
  await using world = await threadWorld({
    script: [
      respond([message("long work")], full),
      failedResponse({ code: "context_length_exceeded", message: "full" }),
      respond([message("SUMMARY")]),
      respond([message("ok")]),
    ],
  });
  const { thread } = await world.manager.startThread(world.config);
  await say(thread, "one");
  const events = await say(thread, "two");
  expect(world.model.requests[2]?.input).toHaveLength(
    (world.model.requests[1]?.input.length ?? 0) - 1,
  );
  expect(labels(events)).toContain("background_event");
});

test("without a summary the turn ends, and its message is not recorded", async () => {
  await using world = await threadWorld({
    script: [
      respond([message("long work")], full),
      httpError(/*status*/ 400, { error: { message: "no" } }),
      respond([message("SUMMARY")]),
      respond([message("ok")]),
    ],
  });
  const { thread } = await world.manager.startThread(world.config);
  await say(thread, "one");
  const failed = await say(thread, "two");
  expect(labels(failed)).not.toContain("item_started UserMessage");
  expect(failed.at(-1)?.msg).toMatchObject({ type: "task_complete", last_agent_message: null });
  await say(thread, "three");
  expect(world.model.requests.at(-1)?.input.map(itemLabel)).not.toContain('user "two"');
});

test("the newest messages survive within their budget, earlier summaries do not", () => {
  const long = "x".repeat(100_000);
  const said = (text: string) => ({ item: userMessage(text), origin: "user" }) as const;
  const kept = compactedHistory({
    entries: [
      said("oldest"),
      { item: userMessage(`${summaryPrefix}\nearlier`), origin: "summary" },
      { item: userMessage("<environment_context>\n</environment_context>"), origin: "context" },
      said(long),
      said("newest"),
    ],
    summary: "S",
    context: [],
    lastRequestTokens: 1000,
  });
  expect(kept.slice(1)).toEqual([
    said("newest"),
    {
      item: userMessage("S", "The user's last request has not been answered yet."),
      origin: "summary",
    },
  ]);
  expect(JSON.stringify(kept[0])).toContain("tokens truncated");
});
