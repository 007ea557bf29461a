import type { EventMsg } from "@codex-ts/protocol";
import { describe, expect, test } from "vitest";
import { abortedCommandText, abortedText } from "./aborted-text.ts";
import { createToolRouter } from "./router.ts";
import { createTestSyncTool } from "./test-sync.ts";
import type { Tool, ToolContext } from "./tool.ts";
import { createUpdatePlanTool } from "./update-plan.ts";

const never = new AbortController().signal;

/** Runs one call of a tool that needs nothing but `emit` and `planMode`. */
async function runCall(tool: Tool, args: unknown, parts: Partial<ToolContext> = {}) {
  const events: EventMsg[] = [];
  const context = {
    planMode: false,
    emit: (event: EventMsg) => events.push(event),
    ...parts,
  } as ToolContext;
  const router = createToolRouter({ tools: [tool] });
  const json = typeof args === "string" ? args : JSON.stringify(args);
  const call = {
    callId: "c",
    name: tool.name,
    payload: { kind: "function", arguments: json },
  } as const;
  const item = await router.run(call, context, never);
  return { output: item.type === "tool_search_output" ? null : item.output, events };
}

test("aborted texts round to one decimal, and never down to nothing", () => {
  expect([
    abortedText(/*elapsedMs*/ 0),
    abortedText(/*elapsedMs*/ 1260),
    abortedCommandText(/*elapsedMs*/ 70),
  ]).toEqual([
    "aborted by user after 0.1s",
    "aborted by user after 1.3s",
    "Wall time: 0.1 seconds\naborted by user",
  ]);
});

describe("update_plan", () => {
  const plan = [
    { step: "look", status: "completed" },
    { step: "write", status: "in_progress" },
  ];

  test("shows the plan", async () => {
    expect(await runCall(createUpdatePlanTool(), { explanation: "why", plan })).toEqual({
      output: "Plan updated",
      events: [{ type: "plan_update", explanation: "why", plan }],
    });
    expect((await runCall(createUpdatePlanTool(), { plan: [] })).events).toEqual([
      { type: "plan_update", explanation: null, plan: [] },
    ]);
  });

  test.each([
    ["{", /^failed to parse function arguments: /],
    [{}, /missing field `plan`/],
    [{ plan: [{ step: "a", status: "done" }] }, /`plan\[0\]\.status` must be one of pending/],
    [{ plan: [], extra: 1 }, /unknown field `extra`/],
    [{ plan: [{ step: "a", status: "pending", note: "" }] }, /unknown field `plan\[0\]\.note`/],
    [
      {
        plan: [
          { step: "a", status: "in_progress" },
          { step: "b", status: "in_progress" },
        ],
      },
      /more than one step of `plan` is in progress/,
    ],
  ])("malformed arguments show nothing: %j", async (args, message) => {
    const { output, events } = await runCall(createUpdatePlanTool(), args);
    expect(output).toMatch(message);
    expect(events).toEqual([]);
  });

  test("is not for plan mode", async () => {
    const { output, events } = await runCall(createUpdatePlanTool(), { plan }, { planMode: true });
    expect(output).toMatch(/not available in plan mode/);
    expect(events).toEqual([]);
  });
});

describe("test_sync_tool", () => {
  const meeting = (parts: object = {}) => ({
    kind: "function" as const,
    arguments: JSON.stringify({
      barrier: { id: "b", participants: 2, timeout_ms: 20_000, ...parts },
    }),
  });

  test("calls of one response meet", async () => {
    const router = createToolRouter({ tools: [createTestSyncTool()] });
    const run = (callId: string) =>
      router.run({ callId, name: "test_sync_tool", payload: meeting() }, {} as ToolContext, never);
    expect(await Promise.all([run("1"), run("2")])).toMatchObject([
      { output: "ok" },
      { output: "ok" },
    ]);
  });

  test.each([
    [{ participants: 0 }, "a barrier needs at least one participant"],
    [{ timeout_ms: 0 }, "a barrier needs a timeout above zero"],
    [{ timeout_ms: 5 }, "the barrier b was not complete after 5 ms"],
  ])("%j fails", async (parts, message) => {
    const barrier = { id: "b", participants: 2, ...parts };
    expect((await runCall(createTestSyncTool(), { barrier })).output).toBe(message);
  });

  test("participants have to agree on their number", async () => {
    const abort = new AbortController();
    const router = createToolRouter({ tools: [createTestSyncTool()] });
    const call = (payload: ReturnType<typeof meeting>) =>
      ({ callId: "c", name: "test_sync_tool", payload }) as const;
    const first = router.run(call(meeting()), {} as ToolContext, abort.signal);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const second = await router.run(call(meeting({ participants: 3 })), {} as ToolContext, never);
    expect(second).toMatchObject({ output: "the barrier b is for 2 participants, not 3" });
    abort.abort();
    expect(await first).toMatchObject({ output: expect.stringMatching(/^aborted by user after/) });
  });

  test("sleeps before and after", async () => {
    const { output } = await runCall(createTestSyncTool(), {
      sleep_before_ms: 2,
      sleep_after_ms: 2,
    });
    expect(output).toBe("ok");
  });
});
