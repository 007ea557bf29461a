import type { ModelInfo, ResponseItem } from "@codex-ts/protocol";
import { userMessage } from "@codex-ts/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { promptItems } from "./prompt-items.ts";

const model = { input_modalities: ["text", "image"] } as unknown as ModelInfo;
const textModel = { input_modalities: ["text"] } as unknown as ModelInfo;
const plain = { freeformApplyPatch: false };

const call = (id: string): ResponseItem => ({
  type: "function_call",
  name: "exec_command",
  arguments: "{}",
  call_id: id,
});
const output = (id: string, text = "ok"): ResponseItem => ({
  type: "function_call_output",
  call_id: id,
  output: text,
});

test("a call without an output gets one that says aborted, right behind it", () => {
  expect(promptItems([call("a"), call("b"), output("b")], model, plain)).toEqual([
    call("a"),
    output("a", "aborted"),
    call("b"),
    output("b"),
  ]);
});

test("each kind of call gets its kind of output", () => {
  const items: ResponseItem[] = [
    { type: "custom_tool_call", call_id: "c", name: "apply_patch", input: "" },
    {
      type: "local_shell_call",
      call_id: "l",
      status: "completed",
      action: {
        type: "exec",
        command: ["ls"],
        timeout_ms: null,
        working_directory: null,
        env: null,
        user: null,
      },
    },
    { type: "tool_search_call", call_id: "s", execution: "client", arguments: {} },
  ];
  expect(promptItems(items, model, plain).filter((item) => !items.includes(item))).toEqual([
    { type: "custom_tool_call_output", call_id: "c", output: "aborted" },
    { type: "function_call_output", call_id: "l", output: "aborted" },
    {
      type: "tool_search_output",
      call_id: "s",
      status: "completed",
      execution: "client",
      tools: [],
    },
  ]);
});

test("outputs whose call is gone are left out", () => {
  expect(promptItems([userMessage("hi"), output("x")], model, plain)).toEqual([userMessage("hi")]);
});

test("a model that takes no images gets a text in their place", () => {
  const item: ResponseItem = {
    type: "function_call_output",
    call_id: "a",
    output: [{ type: "input_image", image_url: "data:image/png;base64,AA==" }],
  };
  expect(promptItems([call("a"), item], textModel, plain)[1]).toEqual({
    type: "function_call_output",
    call_id: "a",
    output: [{ type: "input_text", text: "[an image was left out: this model takes text only]" }],
  });
  expect(promptItems([call("a"), item], model, plain)[1]).toBe(item);
});

test("structured patch outputs are sent as text where apply_patch is a freeform tool", () => {
  const items: ResponseItem[] = [
    { type: "custom_tool_call", call_id: "c", name: "apply_patch", input: "" },
    {
      type: "custom_tool_call_output",
      call_id: "c",
      output: JSON.stringify({
        output: "Success. Updated the following files:\nA a.txt\n",
        metadata: { exit_code: 0, duration_seconds: 0.3 },
      }),
    },
  ];
  expect(promptItems(items, model, { freeformApplyPatch: true })[1]).toEqual({
    type: "custom_tool_call_output",
    call_id: "c",
    output:
      "Exit code: 0\nWall time: 0.3 seconds\nOutput:\nSuccess. Updated the following files:\nA a.txt\n",
  });
  expect(promptItems(items, model, plain)[1]).toBe(items[1]);
});

test("snapshots of the work tree are never sent", () => {
  expect(promptItems([{ type: "ghost_snapshot", ghost_commit: {} }], model, plain)).toEqual([]);
});

test("whatever the history, each call is followed by one output and no output is an orphan", () => {
  const item = fc.oneof(
    fc.constantFrom("a", "b", "c").map(call),
    fc.constantFrom("a", "b", "c", "d").map((id) => output(id)),
    fc.constant(userMessage("hi")),
  );
  fc.assert(
    fc.property(fc.uniqueArray(item, { selector: (entry) => JSON.stringify(entry) }), (items) => {
      const sent = promptItems(items, model, plain);
      const calls = sent.flatMap((entry) =>
        entry.type === "function_call" ? [entry.call_id] : [],
      );
      const outputs = sent.flatMap((entry) =>
        entry.type === "function_call_output" ? [entry.call_id] : [],
      );
      expect([...outputs].sort()).toEqual([...calls].sort());
    }),
  );
});
