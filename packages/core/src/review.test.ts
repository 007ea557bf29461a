import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Event, ReviewTarget } from "@codex-ts/protocol";
import { readRollout } from "@codex-ts/rollout";
import { functionCall, hangingStream, message, respond } from "@codex-ts/scripted-model";
import { expect, test } from "vitest";
import type { Thread } from "./index.ts";
import { reviewInstructions } from "./prompts/review.ts";
import {
  eventsUntil,
  itemLabel,
  labels,
  say,
  threadWorld,
  turnEnded,
} from "./testing/thread-world.ts";

const output = {
  findings: [
    {
      title: "[P1] Keep the sign",
      body: "A negative number loses it.\nTry -1.",
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
  "One thing breaks.\n\nReview comment:\n\n- [P1] Keep the sign — /w/sum.ts:2-3\n  A negative number loses it.\n  Try -1.";
const uncommitted = { type: "uncommittedChanges" } as const;

async function review(thread: Thread, target: ReviewTarget): Promise<readonly Event[]> {
  await thread.submit({ type: "review", review_request: { target } });
  return eventsUntil(thread, turnEnded);
}

test("a reviewer of its own looks at the change; the thread learns of the result alone", async () => {
  await using world = await threadWorld({
    script: [
      respond([message("hi there")]),
      respond([functionCall({ name: "exec_command", args: { cmd: "echo x" }, callId: "c1" })]),
      respond([message(`Here it is: ${JSON.stringify(output)}`)]),
      respond([message("will do")]),
    ],
    config: {
      reviewModel: "gpt-5.4",
      developerInstructions: "be brief",
      userInstructions: "be kind",
    },
  });
  const { thread } = await world.manager.startThread(world.config);
  await say(thread, "hello");
  const events = await review(thread, uncommitted);
  expect(labels(events)).toEqual(
    [
      "task_started",
      "entered_review_mode",
      "item_started UserMessage",
      "item_completed UserMessage",
      "user_message",
      "exec_command_begin",
      "exec_command_output_delta",
      "exec_command_end",
      "token_count",
      "raw user user_action",
      "exited_review_mode",
      `raw assistant ${JSON.stringify(rendered)}`,
      "item_started AgentMessage",
      "item_completed AgentMessage",
      "agent_message",
      "task_complete",
    ].map((label) => expect.stringContaining(label)),
  );
  const turnId = events[0]?.id;
  expect(events.every(({ id }) => id === turnId)).toBe(true);
  expect(events.find(({ msg }) => msg.type === "exited_review_mode")?.msg).toEqual({
    type: "exited_review_mode",
    review_output: output,
  });
  expect(events.at(-1)?.msg).toMatchObject({ last_agent_message: rendered });

  const [, first, second] = world.model.requests;
  expect(first?.headers["x-openai-subagent"]).toBe("review");
  expect(first?.body).toMatchObject({ model: "gpt-5.4", instructions: reviewInstructions });
  expect(JSON.stringify(first?.input)).not.toMatch(/be brief|be kind|hello|hi there/);
  expect(second?.input.map(itemLabel)).toEqual([
    ...(first?.input ?? []).map(itemLabel),
    "call c1",
    "output c1",
  ]);

  await say(thread, "please mend it");
  const told = world.model.requests.at(-1)?.input ?? [];
  expect(told.slice(-4).map(itemLabel)).toEqual([
    'assistant "hi there"',
    expect.stringContaining("user_action"),
    `assistant ${JSON.stringify(rendered)}`,
    'user "please mend it"',
  ]);
  expect(JSON.stringify(told)).not.toContain('"c1"');

  await thread.shutdown();
  const { threads } = await world.manager.listThreads();
  expect(threads.map(({ id }) => id)).toEqual([thread.id]);
  const ofReviews = await world.manager.listThreads({ sources: ["subagent"] });
  expect(ofReviews.threads.map(({ meta }) => meta.source)).toEqual([{ subagent: "review" }]);
  const path = ofReviews.threads[0]?.path;
  if (path === undefined) throw new Error("the review has no session file");
  const { items, skipped } = await readRollout(path);
  expect(skipped).toBe(0);
  expect(items.some((line) => JSON.stringify(line).includes('"call_id":"c1"'))).toBe(true);

  const { thread: resumed } = await world.manager.resumeThread(world.config, { id: thread.id });
  await say(resumed, "and now");
  expect(world.model.requests.at(-1)?.input.slice(0, told.length)).toEqual(told);
});

test("a session may begin with a review, and is listed by it", async () => {
  await using world = await threadWorld({ script: [respond([message("Looks fine.")])] });
  const { thread } = await world.manager.startThread(world.config);
  const events = await review(thread, { type: "custom", instructions: " Look at sum.ts. " });
  expect(events.find(({ msg }) => msg.type === "exited_review_mode")?.msg).toMatchObject({
    review_output: { findings: [], overall_explanation: "Looks fine." },
  });
  await thread.shutdown();
  const { threads } = await world.manager.listThreads();
  expect(threads.map(({ preview }) => preview)).toEqual(["Look at sum.ts."]);
});

test("an interrupted review says so, before the turn's end and to the model", async () => {
  await using world = await threadWorld({ script: [hangingStream(), respond([message("ok")])] });
  const { thread } = await world.manager.startThread(world.config);
  await thread.submit({ type: "review", review_request: { target: uncommitted } });
  await world.model.waitForRequests(/*count*/ 1);
  await expect(thread.steer([{ type: "text", text: "hurry" }])).rejects.toMatchObject({
    code: "turn_not_steerable",
  });
  await thread.submit({ type: "interrupt" });
  const events = await eventsUntil(thread, turnEnded);
  expect(labels(events).slice(-3)).toEqual([
    expect.stringContaining("user_action"),
    "exited_review_mode",
    "turn_aborted",
  ]);
  await say(thread, "go on");
  const input = world.model.requests.at(-1)?.input.map(itemLabel) ?? [];
  expect(input.slice(0, 2)).toEqual(["user user_action", "user turn_aborted"]);
  expect(JSON.stringify(world.model.requests.at(-1)?.input[0])).toContain("was stopped before");
});

test("against a branch the reviewer is told where the two parted", async () => {
  await using world = await threadWorld({ script: [respond([message("fine")])] });
  const { cwd } = world.config;
  const git = (...args: readonly string[]): string =>
    execFileSync("git", ["-c", "user.name=n", "-c", "user.email=e", ...args], {
      cwd,
      encoding: "utf8",
    }).trim();
  git("init", "--quiet", "--initial-branch=main");
  const commit = (text: string): void => {
    writeFileSync(join(cwd, "a.txt"), text);
    git("add", ".");
    git("commit", "--quiet", "--message", text);
  };
  commit("one");
  const parted = git("rev-parse", "HEAD");
  git("checkout", "--quiet", "-b", "work");
  commit("two");
  const { thread } = await world.manager.startThread(world.config);
  const events = await review(thread, { type: "baseBranch", branch: "main" });
  expect(world.model.requests[0]?.input.map(itemLabel).at(-1)).toContain(`git diff ${parted}`);
  expect(events.find(({ msg }) => msg.type === "entered_review_mode")?.msg).toEqual({
    type: "entered_review_mode",
    target: { type: "baseBranch", branch: "main" },
    user_facing_hint: "changes against 'main'",
  });
});

test("a review without anything to go by is refused, and the thread goes on", async () => {
  await using world = await threadWorld({ script: [respond([message("ok")])] });
  const { thread } = await world.manager.startThread(world.config);
  const target = { type: "custom", instructions: "  " } as const;
  await thread.submit({ type: "review", review_request: { target } });
  const [, refused] = await eventsUntil(thread, ({ type }) => type === "error");
  expect(refused?.msg).toMatchObject({ type: "error", codex_error_info: "bad_request" });
  expect(labels(await say(thread, "hi")).at(-1)).toBe("task_complete");
});
