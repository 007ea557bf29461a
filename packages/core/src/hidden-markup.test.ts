import type { CollaborationMode, Event, EventMsg, Op } from "@codex-ts/protocol";
import {
  brokenStream,
  functionCall,
  message,
  rawStream,
  type Reply,
  respond,
  type ScriptedItem,
} from "@codex-ts/scripted-model";
import { expect, test } from "vitest";
import type { Thread } from "./index.ts";
import {
  eventsUntil,
  readLines,
  say,
  threadWorld,
  type ThreadWorld,
  turnEnded,
} from "./testing/thread-world.ts";

const MODEL = "gpt-5.2-codex";
const planMode: CollaborationMode = {
  mode: "plan",
  settings: { model: MODEL, reasoning_effort: null, developer_instructions: "Plan only." },
};
const PLAN = "<proposed_plan>\n# Plan\n</proposed_plan>\n";
const CITATION =
  "<oai-mem-citation><citation_entries>\nMEMORY.md:1-3|note=[why]\n</citation_entries></oai-mem-citation>";
const cited = {
  entries: [{ path: "MEMORY.md", lineStart: 1, lineEnd: 3, note: "why" }],
  rolloutIds: [],
};

/** The text in the given pieces. */
function inDeltas(id: string, ...deltas: readonly string[]): ScriptedItem {
  const { item } = message(deltas.join(""), { id });
  return {
    item,
    deltas: deltas.map((delta) => ({ type: "response.output_text.delta", delta })),
  };
}

async function inPlanMode(world: ThreadWorld, thread: Thread, text: string) {
  const op: Op = {
    type: "user_turn",
    items: [{ type: "text", text }],
    cwd: world.config.cwd,
    approval_policy: "never",
    sandbox_policy: { type: "danger-full-access" },
    model: MODEL,
    final_output_json_schema: null,
    collaboration_mode: planMode,
  };
  await thread.submit(op);
  return eventsUntil(thread, turnEnded);
}

type Told = readonly [type: EventMsg["type"], ...unknown[]];

/** What a person is told of the model's words and plans. */
function told(events: readonly Event[]): readonly Told[] {
  return events.flatMap(({ id, msg }): readonly Told[] => {
    const named = (itemId: string): string => itemId.replace(id, "turn");
    switch (msg.type) {
      case "item_started":
      case "item_completed": {
        const { item } = msg;
        if (item.type === "Plan") return [[msg.type, named(item.id), item.text]];
        if (item.type !== "AgentMessage") return [];
        return [[msg.type, item.id, item.content.map(({ text }) => text).join("|")]];
      }
      case "agent_message_content_delta":
      case "plan_delta":
        return [[msg.type, named(msg.item_id), msg.delta]];
      case "agent_message":
        return [[msg.type, msg.message, msg.memory_citation]];
      case "task_complete":
        return [[msg.type, msg.last_agent_message]];
      default:
        return [];
    }
  });
}

async function planTurn(...script: readonly Reply[]) {
  await using world = await threadWorld({ script, streamMaxRetries: 1 });
  const { thread } = await world.manager.startThread(world.config);
  const events = await inPlanMode(world, thread, "plan it");
  const lines = await readLines(thread);
  return { events: told(events), lines };
}

test("in plan mode a plan is an item of its own, and the message is what stands around it", async () => {
  const raw = ["Before\n<prop", "osed_plan>\n# Pl", "an\n</proposed_plan>\nAfter"];
  const { events, lines } = await planTurn(respond([inDeltas("m1", ...raw)]));
  expect(events).toEqual([
    ["item_started", "m1", ""],
    ["agent_message_content_delta", "m1", "Before\n"],
    ["item_started", "turn-plan", ""],
    ["plan_delta", "turn-plan", "# Pl"],
    ["plan_delta", "turn-plan", "an\n"],
    ["agent_message_content_delta", "m1", "After"],
    ["item_completed", "turn-plan", "# Plan\n"],
    ["item_completed", "m1", "Before\nAfter"],
    ["agent_message", "Before\nAfter", null],
    ["task_complete", "Before\nAfter"],
  ]);
  const kept = lines.flatMap(({ type, payload }): readonly unknown[] => {
    if (type === "event_msg" && payload.type === "item_completed") return [payload.item];
    return type === "response_item" && payload.type === "message" && payload.role === "assistant"
      ? [payload.content]
      : [];
  });
  expect(kept).toEqual([
    { type: "Plan", id: expect.stringMatching(/-plan$/) as string, text: "# Plan\n" },
    [{ type: "output_text", text: raw.join("") }],
  ]);
});

test("in plan mode a message begins with the first word that can be seen, and is none without one", async () => {
  const { events } = await planTurn(
    respond([
      inDeltas("m1", "\n", " ", "Hello", "\n"),
      inDeltas("m2", `\n\n${PLAN}`, "\n"),
      inDeltas("m3", " \n"),
    ]),
  );
  expect(events).toEqual([
    ["item_started", "m1", ""],
    ["agent_message_content_delta", "m1", "\n Hello"],
    ["agent_message_content_delta", "m1", "\n"],
    ["item_completed", "m1", "\n Hello\n"],
    ["agent_message", "\n Hello\n", null],
    ["item_started", "turn-plan", ""],
    ["plan_delta", "turn-plan", "# Plan\n"],
    ["item_completed", "turn-plan", "# Plan\n"],
    ["task_complete", "\n Hello\n"],
  ]);
});

test("a plan that is not closed ends with its message", async () => {
  const { events } = await planTurn(respond([inDeltas("m1", "<proposed_plan>\n# Plan\n- a")]));
  expect(events).toEqual([
    ["item_started", "turn-plan", ""],
    ["plan_delta", "turn-plan", "# Plan\n- a"],
    ["item_completed", "turn-plan", "# Plan\n- a"],
    ["task_complete", null],
  ]);
});

test("a message that did not stream is taken apart when it comes", async () => {
  const { item } = message(`a\n${PLAN}b${CITATION}`, { id: "m1" });
  const { events } = await planTurn(
    rawStream(
      [
        { type: "response.created", response: { id: "r1" } },
        { type: "response.output_item.done", output_index: 0, item },
        { type: "response.completed", response: { id: "r1" } },
      ].map((event) => `data: ${JSON.stringify(event)}\n\n`),
    ),
  );
  expect(events).toEqual([
    ["item_started", "turn-plan", ""],
    ["item_completed", "turn-plan", "# Plan\n"],
    ["item_started", "m1", "a\nb"],
    ["item_completed", "m1", "a\nb"],
    ["agent_message", "a\nb", cited],
    ["task_complete", "a\nb"],
  ]);
});

test("a plan that a broken stream began is told again whole", async () => {
  const { events } = await planTurn(
    brokenStream([inDeltas("m1", "<proposed_plan>\n# Pl")]),
    respond([inDeltas("m2", PLAN)]),
  );
  expect(events.slice(-4)).toEqual([
    ["item_started", "turn-plan", ""],
    ["plan_delta", "turn-plan", "# Plan\n"],
    ["item_completed", "turn-plan", "# Plan\n"],
    ["task_complete", null],
  ]);
});

test("outside plan mode a plan is ordinary text", async () => {
  await using world = await threadWorld({ script: [respond([inDeltas("m1", PLAN)])] });
  const { thread } = await world.manager.startThread(world.config);
  expect(told(await say(thread, "hi"))).toEqual([
    ["item_started", "m1", ""],
    ["agent_message_content_delta", "m1", PLAN],
    ["item_completed", "m1", PLAN],
    ["agent_message", PLAN, null],
    ["task_complete", PLAN],
  ]);
});

test("a memory citation is taken out of what a person reads; the model sees what it wrote", async () => {
  const raw = `text ${CITATION} more`;
  await using world = await threadWorld({
    script: [
      respond([
        inDeltas("m1", ...(raw.match(/.{1,7}/gsu) ?? [])),
        functionCall({ name: "exec_command", args: { cmd: "true" }, callId: "c1" }),
      ]),
      respond([inDeltas("m2", CITATION)]),
    ],
  });
  const { thread } = await world.manager.startThread(world.config);
  const events = told(await say(thread, "hi"));
  const deltas = events.filter(([type]) => type === "agent_message_content_delta");
  expect(deltas.map(([, , delta]) => delta).join("")).toBe("text  more");
  expect(events.filter(([type]) => !type.endsWith("delta"))).toEqual([
    ["item_started", "m1", ""],
    ["item_completed", "m1", "text  more"],
    ["agent_message", "text  more", cited],
    ["item_started", "m2", ""],
    ["item_completed", "m2", ""],
    ["agent_message", "", cited],
    ["task_complete", "text  more"],
  ]);
  expect(world.model.requests[1]?.input).toContainEqual({
    type: "message",
    role: "assistant",
    content: [{ type: "output_text", text: raw }],
  });
});
