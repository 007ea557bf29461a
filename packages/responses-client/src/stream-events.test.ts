import { describe, expect, it } from "vitest";
import type { ResponseStreamEvent } from "./contract.ts";
import { createEventDecoder } from "./stream-events.ts";

const url = "https://api.example.test/v1/responses";

/** What the decoder makes of each event in turn; text is taken as it is. */
function decode(
  events: readonly (string | object)[],
  serverModel?: string,
): readonly ResponseStreamEvent[] {
  const decoder = createEventDecoder({ url, serverModel, now: () => 0 });
  return events.flatMap((event) =>
    decoder(typeof event === "string" ? event : JSON.stringify(event)),
  );
}

function failure(event: object): unknown {
  try {
    return decode([event]);
  } catch (error) {
    return error;
  }
}

describe("createEventDecoder", () => {
  it("passes over what it cannot read or does not know", () => {
    expect(
      decode([
        "{nonsense",
        "[1]",
        "null",
        "",
        { type: "response.sparkles", delta: "x" },
        { type: "response.created" },
        { type: "response.output_item.done", item: { type: "hologram" } },
        { type: "response.output_item.done", item: { type: "message" } },
        { type: "response.output_item.done" },
        { type: "response.output_text.delta" },
        { type: "response.reasoning_summary_text.delta", delta: "no index" },
        { type: "response.reasoning_summary_part.added" },
        { type: "response.reasoning_text.delta", delta: "no index" },
      ]),
    ).toEqual([]);
  });

  it("reads what a turn needs", () => {
    const message = { type: "message", id: "msg_1", role: "assistant", content: [] } as const;
    expect(
      decode([
        { type: "response.created", response: {} },
        { type: "response.output_item.added", item: { ...message, status: "in_progress" } },
        { type: "response.output_text.delta", delta: "x" },
        { type: "response.output_item.done", item: message },
        { type: "response.reasoning_summary_part.added", summary_index: 1 },
        { type: "response.reasoning_summary_text.delta", delta: "y", summary_index: 1 },
        { type: "response.reasoning_text.delta", delta: "z", content_index: 0 },
        { type: "response.completed", response: { id: "r", usage: null } },
      ]),
    ).toEqual([
      { type: "created" },
      { type: "output_item_added", item: message },
      { type: "output_text_delta", delta: "x" },
      { type: "output_item_done", item: message },
      { type: "reasoning_summary_part_added", summaryIndex: 1 },
      { type: "reasoning_summary_delta", delta: "y", summaryIndex: 1 },
      { type: "reasoning_content_delta", delta: "z", contentIndex: 0 },
      { type: "completed", responseId: "r", usage: null },
    ]);
  });

  it("counts missing details of the usage as 0", () => {
    const response = { id: "r", usage: { input_tokens: 5, output_tokens: 2 } };
    expect(decode([{ type: "response.completed", response }])).toEqual([
      {
        type: "completed",
        responseId: "r",
        usage: {
          input_tokens: 5,
          cached_input_tokens: 0,
          output_tokens: 2,
          reasoning_output_tokens: 0,
          total_tokens: 7,
        },
      },
    ]);
  });

  it("tells of another model only when an event's headers say so, and once", () => {
    const created = (response: object) => ({ type: "response.created", response });
    expect(
      decode(
        [
          created({ model: "ignored" }),
          created({ headers: { "OpenAI-Model": "m-2" } }),
          created({ headers: { "x-openai-model": ["m-2", "m-3"] } }),
          { type: "response.metadata", headers: { "openai-model": "m-1" } },
        ],
        "m-1",
      ),
    ).toEqual([
      { type: "created" },
      { type: "server_model", model: "m-2" },
      { type: "created" },
      { type: "created" },
      { type: "server_model", model: "m-1" },
    ]);
  });

  it("takes an incomplete response without a reason as one all the same", () => {
    expect(failure({ type: "response.incomplete" })).toMatchObject({
      code: "incomplete_response",
      message: "stream disconnected before completion: the response is incomplete, reason: unknown",
      retryable: false,
    });
  });

  it("refuses a completed response without an id", () => {
    expect(failure({ type: "response.completed", response: {} })).toMatchObject({
      code: "stream",
      message:
        "stream disconnected before completion: the server completed a response that has no id",
      retryable: true,
    });
  });

  it("reads errors that come as events, with and without a status", () => {
    const event = { type: "error", status: 400, error: { message: "no" } };
    expect(failure(event)).toMatchObject({
      code: "invalid_request",
      message: JSON.stringify(event),
      httpStatus: 400,
    });
    const { status: _status, ...rest } = event;
    expect(failure({ ...rest, status_code: 500 })).toMatchObject({
      code: "internal_server_error",
      retryable: true,
    });
    expect(failure({ type: "error", code: "slow_down", message: "later" })).toMatchObject({
      code: "server_overloaded",
    });
    expect(failure({ type: "error", error: { code: "boom", message: "It broke." } })).toMatchObject(
      {
        code: "stream",
        message: "stream disconnected before completion: It broke.",
      },
    );
  });

  it("takes a failed response without any details as a broken stream", () => {
    expect(failure({ type: "response.failed" })).toMatchObject({ code: "stream", retryable: true });
  });
});
