import { readFile } from "node:fs/promises";
import { temporaryDirectory, waitFor } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import {
  type AfterAgentEvent,
  type AfterToolUseEvent,
  dispatchLegacyHooks,
  legacyHookPayload,
  type LegacyHookResult,
  notifyArgument,
  startNotify,
} from "./notify.ts";

const afterAgent: AfterAgentEvent = {
  event_type: "after_agent",
  thread_id: "thread-1",
  turn_id: "turn-1",
  input_messages: ["do it"],
  last_assistant_message: "Done.",
};

const afterToolUse: AfterToolUseEvent = {
  event_type: "after_tool_use",
  turn_id: "turn-1",
  call_id: "call-1",
  tool_name: "shell",
  tool_kind: "local_shell",
  tool_input: { input_type: "local_shell", params: { command: ["ls"], workdir: null } },
  executed: true,
  success: true,
  duration_ms: 12,
  mutating: false,
  sandbox: "none",
  sandbox_policy: "read-only",
  output_preview: "README.md",
};

const facts = { sessionId: "session-1", cwd: "/work", triggeredAt: new Date(1_700_000_000_987) };

test("the payload after the agent", () => {
  expect(legacyHookPayload({ ...facts, client: "codex-exec", event: afterAgent })).toEqual({
    session_id: "session-1",
    cwd: "/work",
    client: "codex-exec",
    triggered_at: "2023-11-14T22:13:20Z",
    hook_event: afterAgent,
  });
});

test("the payload after a tool, from a front end that is not known", () => {
  expect(JSON.parse(JSON.stringify(legacyHookPayload({ ...facts, event: afterToolUse })))).toEqual({
    session_id: "session-1",
    cwd: "/work",
    triggered_at: "2023-11-14T22:13:20Z",
    hook_event: afterToolUse,
  });
});

test("a notify program is told of a turn's end in kebab-case", () => {
  const argument = (client?: string) =>
    JSON.parse(notifyArgument(legacyHookPayload({ ...facts, client, event: afterAgent })) ?? "");
  const keys = {
    type: "agent-turn-complete",
    "thread-id": "thread-1",
    "turn-id": "turn-1",
    cwd: "/work",
    "input-messages": ["do it"],
    "last-assistant-message": "Done.",
  };
  expect(argument()).toEqual(keys);
  expect(argument("codex-exec")).toEqual({ ...keys, client: "codex-exec" });
});

test("a notify program is not told of tools", () => {
  const payload = legacyHookPayload({ ...facts, event: afterToolUse });
  expect(notifyArgument(payload)).toBeNull();
  expect(startNotify(["true"], payload)).toBe(false);
});

test("the program gets the JSON as its last argument and is not waited for", async () => {
  await using folder = await temporaryDirectory();
  const file = folder.join("said");
  const payload = legacyHookPayload({ ...facts, event: afterAgent });
  const script = 'printf %s "$2" > "$1.part"; mv "$1.part" "$1"';
  expect(startNotify(["/bin/sh", "-c", script, "notify", file], payload)).toBe(true);
  const text = await waitFor(() => readFile(file, "utf8").catch(() => null));
  expect(text).toBe(notifyArgument(payload));
});

test("no program is no notification", () => {
  const payload = legacyHookPayload({ ...facts, event: afterAgent });
  expect([startNotify([], payload), startNotify([""], payload)]).toEqual([false, false]);
});

test("a program that is not there is reported, not thrown", async () => {
  const payload = legacyHookPayload({ ...facts, event: afterAgent });
  const error = await new Promise<Error>((resolve) => {
    startNotify(["/no/such/program"], payload, { onError: resolve });
  });
  expect(error).toMatchObject({ code: "ENOENT" });
});

test("hooks run one after another, a failure goes on, an abort ends the list", async () => {
  const order: string[] = [];
  const hook = (name: string, result: () => LegacyHookResult) => ({
    name,
    run: () => {
      order.push(name);
      return result();
    },
  });
  const error = new Error("no");
  const results = await dispatchLegacyHooks(
    [
      hook("a", () => ({ kind: "success" })),
      hook("b", () => {
        throw error;
      }),
      hook("c", () => ({ kind: "failed-abort", error })),
      hook("d", () => ({ kind: "success" })),
    ],
    legacyHookPayload({ ...facts, event: afterToolUse }),
  );
  expect({ order, results }).toEqual({
    order: ["a", "b", "c"],
    results: [
      { name: "a", result: { kind: "success" } },
      { name: "b", result: { kind: "failed-continue", error } },
      { name: "c", result: { kind: "failed-abort", error } },
    ],
  });
});
