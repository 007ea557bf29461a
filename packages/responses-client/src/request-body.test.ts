import type { ResponseItem } from "@codex-ts/protocol";
import { describe, expect, it } from "vitest";
import type { ResponsesRequest } from "./contract.ts";
import { encodeRequestBody } from "./request-body.ts";

const items: readonly ResponseItem[] = [
  {
    type: "message",
    id: "msg_1",
    role: "assistant",
    content: [{ type: "output_text", text: "é" }],
  },
  { type: "reasoning", id: "rs_1", summary: [], content: null, encrypted_content: "opaque" },
  {
    type: "reasoning",
    id: "",
    summary: [],
    content: [{ type: "text", text: "t" }],
    encrypted_content: null,
  },
  { type: "web_search_call", id: "ws_1" },
  { type: "function_call", id: "fc_1", name: "f", arguments: "{}", call_id: "c1" },
  {
    type: "tool_search_call",
    id: "ts_1",
    call_id: "c2",
    execution: "client",
    arguments: { query: "q" },
  },
  {
    type: "local_shell_call",
    id: "sh_1",
    call_id: "c3",
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
  { type: "custom_tool_call", id: "ct_1", call_id: "c4", name: "g", input: "i" },
  { type: "image_generation_call", id: "ig_1", status: "completed", result: "AA==" },
  { type: "function_call_output", call_id: "c1", output: "done" },
  { type: "ghost_snapshot", ghost_commit: { id: "abc" } },
  { type: "other" },
];

const request: ResponsesRequest = {
  text: { verbosity: "low" },
  prompt_cache_key: "thread",
  service_tier: "flex",
  include: [],
  stream: true,
  store: false,
  reasoning: null,
  parallel_tool_calls: true,
  tool_choice: "auto",
  tools: [{ type: "local_shell" }],
  input: items,
  instructions: "be good",
  model: "m-1",
};

function encodedText(...given: Parameters<typeof encodeRequestBody>): string {
  const { size, pieces } = encodeRequestBody(...given);
  const text = [...pieces()].join("");
  expect(Buffer.byteLength(text)).toBe(size);
  return text;
}

const idsIn = (body: string): unknown[] =>
  (JSON.parse(body) as { input: { type: string; id?: string }[] }).input.map(({ type, id }) => [
    type,
    id,
  ]);

describe("encodeRequestBody", () => {
  it("writes the keys in one order, and leaves out what is not set", () => {
    const keys = (given: ResponsesRequest): string[] =>
      Object.keys(JSON.parse(encodedText(given, { storesResponses: false })) as object);
    expect(keys(request)).toEqual([
      "model",
      "instructions",
      "input",
      "tools",
      "tool_choice",
      "parallel_tool_calls",
      "reasoning",
      "store",
      "stream",
      "include",
      "service_tier",
      "prompt_cache_key",
      "text",
    ]);
    const { service_tier: _tier, text: _text, ...rest } = request;
    expect(keys(rest)).not.toContain("service_tier");
    expect(keys(rest)).not.toContain("text");
  });

  it("sends items without ids, and not at all what is only for files", () => {
    expect(idsIn(encodedText(request, { storesResponses: false }))).toEqual([
      ["message", undefined],
      ["reasoning", undefined],
      ["reasoning", undefined],
      ["web_search_call", undefined],
      ["function_call", undefined],
      ["tool_search_call", undefined],
      ["local_shell_call", undefined],
      ["custom_tool_call", undefined],
      ["image_generation_call", "ig_1"],
      ["function_call_output", undefined],
    ]);
  });

  it("sends ids back to a provider that stores responses, and says so", () => {
    const body = encodedText(request, { storesResponses: true });
    expect(idsIn(body)).toEqual([
      ["message", "msg_1"],
      ["reasoning", "rs_1"],
      ["reasoning", undefined],
      ["web_search_call", "ws_1"],
      ["function_call", "fc_1"],
      ["tool_search_call", "ts_1"],
      ["local_shell_call", "sh_1"],
      ["custom_tool_call", "ct_1"],
      ["image_generation_call", "ig_1"],
      ["function_call_output", undefined],
    ]);
    expect(JSON.parse(body)).toMatchObject({ store: true });
    expect(JSON.parse(encodedText(request, { storesResponses: false }))).toMatchObject({
      store: false,
    });
  });

  it("writes a reasoning item's content as null, in full, or not at all", () => {
    const input: readonly ResponseItem[] = [
      { type: "reasoning", summary: [], content: null, encrypted_content: "e" },
      {
        type: "reasoning",
        summary: [],
        content: [{ type: "reasoning_text", text: "raw" }],
        encrypted_content: null,
      },
      {
        type: "reasoning",
        summary: [],
        content: [{ type: "text", text: "plain" }],
        encrypted_content: null,
      },
    ];
    const body = encodedText({ ...request, input }, { storesResponses: false });
    expect((JSON.parse(body) as { input: unknown }).input).toEqual([
      { type: "reasoning", summary: [], content: null, encrypted_content: "e" },
      {
        type: "reasoning",
        summary: [],
        content: [{ type: "reasoning_text", text: "raw" }],
        encrypted_content: null,
      },
      { type: "reasoning", summary: [], encrypted_content: null },
    ]);
  });

  it("begins a longer conversation with the bytes of the shorter one", () => {
    const upTo = (count: number): string => {
      const body = encodedText(
        { ...request, input: items.slice(0, count) },
        { storesResponses: false },
      );
      return body.slice(0, body.indexOf('],"tools"'));
    };
    expect(upTo(/*count*/ 6).startsWith(upTo(/*count*/ 4))).toBe(true);
  });
});
