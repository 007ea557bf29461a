import type { EventMsg } from "@codex-ts/protocol";
import { expect, test } from "vitest";
import { isPersistedEvent } from "./index.ts";

const scope = { thread_id: "t", turn_id: "u" };
const both = { limited: true, extended: true };
const extendedOnly = { limited: false, extended: true };
const neither = { limited: false, extended: false };

const events: readonly (readonly [EventMsg, { limited: boolean; extended: boolean }])[] = [
  [{ type: "task_complete", turn_id: "u", last_agent_message: null }, both],
  [{ type: "context_compacted" }, both],
  [{ type: "thread_rolled_back", num_turns: 1 }, both],
  [{ type: "token_count", info: null, rate_limits: null }, both],
  [{ type: "error", message: "m", codex_error_info: null }, extendedOnly],
  [{ type: "view_image_tool_call", call_id: "c", path: "/p" }, extendedOnly],
  [{ type: "warning", message: "m" }, neither],
  [{ type: "agent_message_delta", delta: "d" }, neither],
  [{ type: "shutdown_complete" }, neither],
  [{ type: "item_completed", ...scope, item: { type: "Plan", id: "p", text: "x" } }, both],
  [{ type: "item_completed", ...scope, item: { type: "ContextCompaction", id: "c" } }, neither],
  [{ type: "item_started", ...scope, item: { type: "Plan", id: "p", text: "x" } }, neither],
];

test.each(events)("a session file keeps %j as its mode says", (msg, kept) => {
  expect({
    limited: isPersistedEvent(msg),
    extended: isPersistedEvent(msg, "extended"),
  }).toEqual(kept);
});

test("an event that this version does not know is not kept", () => {
  expect(isPersistedEvent({ type: "toString" } as unknown as EventMsg)).toBe(false);
});
