import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { describe, expect, it } from "vitest";
import { createTracing, traceContextFromEnv } from "./index.ts";

const outside = {
  traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01`,
  tracestate: "vendor=a",
};

describe("without an SDK", () => {
  it("a span passes on what led to it, and is nothing where nothing did", async () => {
    const { startSpan } = await createTracing({ root: outside });
    const turn = startSpan("turn").startSpan("stream_request");
    expect([turn.traceId, turn.traceContext()]).toEqual(["1".repeat(32), outside]);
    const alone = (await createTracing()).startSpan("turn");
    expect([alone.traceId, alone.traceContext()]).toEqual([undefined, undefined]);
    expect(alone.run(() => 5)).toBe(5);
    alone.end(new Error("x"));
  });

  it("the parent counts before the root, unless it is not valid", async () => {
    const { startSpan } = await createTracing({ root: outside });
    const parent = { traceparent: `00-${"3".repeat(32)}-${"4".repeat(16)}-00` };
    expect(startSpan("a", { parent }).traceContext()).toEqual({ ...parent, tracestate: "" });
    expect(startSpan("a", { parent: { traceparent: "x" } }).traceContext()).toEqual(outside);
  });
});

describe("with an SDK", () => {
  it("each span has an id of its own under its parent, and is recorded when it ends", async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    });
    const tracer = provider.getTracer("test");
    const { startSpan } = await createTracing({ tracer, root: outside });
    const turn = startSpan("turn", {
      attributes: { "turn.id": "t" },
    });
    const first = turn.startSpan("stream_request");
    const second = turn.startSpan("stream_request");
    first.end(new TypeError("with a secret"));
    second.end();
    turn.end();
    await provider.forceFlush();
    const ids = [turn, first, second].map((span) => span.traceContext()?.traceparent?.split("-"));
    expect(ids.map((parts) => parts?.[1])).toEqual(Array.from({ length: 3 }, () => "1".repeat(32)));
    expect(new Set(ids.map((parts) => parts?.[2])).size).toBe(3);
    expect(
      exporter
        .getFinishedSpans()
        .map(({ name, parentSpanContext, status, attributes }) => [
          name,
          parentSpanContext?.spanId,
          status,
          attributes,
        ]),
    ).toEqual([
      ["stream_request", ids[0]?.[2], { code: 2, message: "TypeError" }, {}],
      ["stream_request", ids[0]?.[2], { code: 0 }, {}],
      ["turn", "2".repeat(16), { code: 0 }, { "turn.id": "t" }],
    ]);
    expect(turn.traceContext()?.tracestate).toBe("vendor=a");
  });
});

describe("a trace context", () => {
  it("is valid as the standard says", async () => {
    const trace = "a".repeat(32);
    const span = "b".repeat(16);
    const valid = [
      `00-${trace}-${span}-01`,
      `00-${trace}-${span}-00`,
      ` 00-${trace}-${span}-01 `,
      `01-${trace}-${span}-01`,
      `01-${trace}-${span}-01-more`,
    ];
    const invalid = [
      "",
      "nonsense",
      `00-${trace}-${span}`,
      `00-${trace}-${span}-01-more`,
      `ff-${trace}-${span}-01`,
      `00-${trace.toUpperCase()}-${span}-01`,
      `00-${"0".repeat(32)}-${span}-01`,
      `00-${trace}-${"0".repeat(16)}-01`,
    ];
    const { isValid } = await createTracing();
    expect(valid.filter((traceparent) => !isValid({ traceparent }))).toEqual([]);
    expect(invalid.filter((traceparent) => isValid({ traceparent }))).toEqual([]);
    expect(isValid({})).toBe(false);
  });

  it("comes from the environment", () => {
    expect(traceContextFromEnv({})).toBeUndefined();
    expect(traceContextFromEnv({ TRACEPARENT: " ", TRACESTATE: "a=b" })).toBeUndefined();
    expect(traceContextFromEnv({ TRACEPARENT: "x" })).toEqual({ traceparent: "x" });
    expect(traceContextFromEnv({ TRACEPARENT: "x", TRACESTATE: "a=b" })).toEqual({
      traceparent: "x",
      tracestate: "a=b",
    });
  });
});
