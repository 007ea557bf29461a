import { expect, test } from "vitest";
import { encodeResponseItem, type ResponseItem } from "./index.ts";

test("ids that only a stream knows are not written", () => {
  const call: ResponseItem = {
    type: "function_call",
    id: "fc_1",
    name: "t",
    arguments: "{}",
    call_id: "c",
  };
  expect(encodeResponseItem(call)).toEqual({
    type: "function_call",
    name: "t",
    arguments: "{}",
    call_id: "c",
  });
});

test("a generated image keeps its id", () => {
  const image: ResponseItem = {
    type: "image_generation_call",
    id: "ig_1",
    status: "completed",
    result: "",
  };
  expect(encodeResponseItem(image)).toBe(image);
});

test("reasoning content: null when unset, written with raw text, else left out", () => {
  const reasoning = (content: Extract<ResponseItem, { type: "reasoning" }>["content"]) =>
    encodeResponseItem({
      type: "reasoning",
      id: "rs_1",
      summary: [],
      content,
      encrypted_content: "e",
    });
  expect(reasoning(/*content*/ null)).toEqual({
    type: "reasoning",
    summary: [],
    content: null,
    encrypted_content: "e",
  });
  expect(reasoning([{ type: "reasoning_text", text: "t" }])).toHaveProperty("content");
  expect(reasoning([{ type: "text", text: "t" }])).not.toHaveProperty("content");
});
