import {
  accept,
  endAfter,
  frames,
  functionCall,
  hangingStream,
  httpError,
  message,
  noAnswer,
  respond,
  type ScriptedModel,
} from "@codex-ts/scripted-model";
import { createTracing } from "@codex-ts/telemetry";
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { describe, expect, it, vi } from "vitest";
import {
  eventsUntil,
  itemLabel,
  labels,
  readLines,
  say,
  threadWorld,
  type ThreadWorldOptions,
  turnEnded,
} from "./testing/thread-world.ts";

const world = (options: ThreadWorldOptions): ReturnType<typeof threadWorld> =>
  threadWorld({ webSockets: true, ...options });

const run = (cmd: string, callId: string) =>
  functionCall({ name: "exec_command", args: { cmd }, callId });

/** Connection, what the frame builds upon, and what it brings. */
const sent = ({ requests }: ScriptedModel): readonly unknown[] =>
  requests.map(({ connection, body }) => {
    const { previous_response_id: previous, input } = body as {
      readonly previous_response_id?: string;
      readonly input: readonly Parameters<typeof itemLabel>[0][];
    };
    return [connection, previous, input.map(itemLabel)];
  });

const metadataOf = (body: unknown): Record<string, string> =>
  (body as { client_metadata?: Record<string, string> }).client_metadata ?? {};

describe("a thread over WebSocket", () => {
  it("warms up, then sends over one connection what is new: context, input, tool outputs", async () => {
    await using w = await world({
      script: [
        respond([run("echo one", "c1")], { responseId: "r1" }),
        respond([message("Done.")], { responseId: "r2" }),
        respond([message("Again.")], { responseId: "r3" }),
      ],
    });
    const { thread } = await w.manager.startThread(w.config);
    await say(thread, "go");
    await say(thread, "more");
    expect(sent(w.model)).toEqual([
      [
        0,
        "resp_warm_0",
        ["developer permissions instructions", "user environment_context", 'user "go"'],
      ],
      [0, "r1", ["output c1"]],
      [0, "r2", ['user "more"']],
    ]);
    const [warmUp] = w.model.warmUps;
    expect(warmUp?.input).toEqual([]);
    expect(JSON.parse(metadataOf(warmUp?.body)["x-codex-turn-metadata"] ?? "")).toEqual({
      session_id: thread.id,
      sandbox: "none",
    });
    expect(
      JSON.parse(metadataOf(w.model.requests[0]?.body)["x-codex-turn-metadata"] ?? ""),
    ).toEqual({ session_id: thread.id, turn_id: expect.any(String) as string, sandbox: "none" });
    await thread.shutdown();
    await vi.waitFor(() => expect(w.model.openWebSockets()).toBe(0));
  });

  it("asks the model the same as over HTTP", async () => {
    const script = [respond([run("echo one", "c1")]), respond([message("Done.")])];
    const inputs = async (webSockets: boolean): Promise<unknown> => {
      await using w = await threadWorld({ script, webSockets });
      const { thread } = await w.manager.startThread(w.config);
      await say(thread, "go");
      await say(thread, "more");
      return w.model.requests.map(({ input }) => input.map(itemLabel));
    };
    expect(await inputs(/*webSockets*/ true)).toEqual(await inputs(/*webSockets*/ false));
  });

  it("announces the start of a turn at once, and can be interrupted while it warms up", async () => {
    await using w = await world({
      script: [respond([message("Hi.")])],
      server: { warmUp: noAnswer("hang") },
    });
    const { thread } = await w.manager.startThread(w.config);
    await thread.submit({ type: "user_input", items: [{ type: "text", text: "go" }] });
    const started = await eventsUntil(thread, ({ type }) => type === "task_started");
    expect(labels(started).at(-1)).toBe("task_started");
    await thread.submit({ type: "interrupt" });
    expect(labels(await eventsUntil(thread, turnEnded))).toEqual(["turn_aborted"]);
    expect(w.model.requests).toEqual([]);
    await thread.shutdown();
    await vi.waitFor(() => expect(w.model.openWebSockets()).toBe(0));
  });

  it("goes on over a new connection when the first was cut; the first retry is silent", async () => {
    const whole = respond([message("Hi.")]);
    await using w = await world({
      streamMaxRetries: 2,
      script: (_request, index) => (index < 2 ? endAfter(/*count*/ 1, whole, "cut") : whole),
    });
    const { thread } = await w.manager.startThread(w.config);
    const events = await say(thread, "go");
    expect(events.flatMap(({ msg }) => (msg.type === "stream_error" ? [msg.message] : []))).toEqual(
      ["Reconnecting... 2/2"],
    );
    expect(w.model.handshakes).toHaveLength(3);
    expect(sent(w.model).slice(1)).toEqual(
      [1, 2].map((connection) => [
        connection,
        undefined,
        ["developer permissions instructions", "user environment_context", 'user "go"'],
      ]),
    );
  });

  it("falls back to HTTP with one warning when the retries are used up, and stays there", async () => {
    await using w = await world({
      streamMaxRetries: 2,
      script: [respond([message("Hi.")])],
      server: { handshake: () => httpError(/*status*/ 500) },
    });
    const { thread } = await w.manager.startThread(w.config);
    const events = [...(await say(thread, "go")), ...(await say(thread, "more"))];
    // The warm-up, and the first try with its two retries.
    expect(w.model.handshakes).toHaveLength(4);
    expect(w.model.requests.map(({ method }) => method)).toEqual(["POST", "POST"]);
    const told = events.flatMap(({ msg }) =>
      msg.type === "stream_error" || msg.type === "warning" || msg.type === "error"
        ? [[msg.type, msg.message]]
        : [],
    );
    expect(told).toEqual([
      ["stream_error", "Reconnecting... 2/2"],
      ["warning", expect.stringContaining("goes on over plain HTTP") as string],
    ]);
  });

  it("uses HTTP at once where the server has no WebSocket", async () => {
    await using w = await world({
      script: [respond([message("Hi.")])],
      server: { handshake: () => httpError(/*status*/ 426) },
    });
    const { thread } = await w.manager.startThread(w.config);
    const events = await say(thread, "go");
    expect(w.model.handshakes).toHaveLength(1);
    expect(w.model.requests.map(({ method }) => method)).toEqual(["POST"]);
    expect(labels(events)).not.toContain("warning");
  });

  it("reports a usage limit once, with its limits, and asks no second time", async () => {
    await using w = await world({
      streamMaxRetries: 3,
      script: [
        httpError(
          /*status*/ 429,
          { error: { type: "usage_limit_reached", plan_type: "plus" } },
          { "x-codex-primary-used-percent": "100", "x-codex-primary-window-minutes": "15" },
        ),
      ],
    });
    const { thread } = await w.manager.startThread(w.config);
    const events = await say(thread, "go");
    expect(w.model.requests).toHaveLength(1);
    const told = events.flatMap(({ msg }): readonly unknown[] => {
      if (msg.type === "token_count") return [msg.rate_limits?.primary?.used_percent];
      return msg.type === "error" || msg.type === "stream_error" ? [msg] : [];
    });
    expect(told).toEqual([
      100,
      {
        type: "error",
        message: expect.stringContaining("Upgrade to Pro") as string,
        codex_error_info: "usage_limit_exceeded",
      },
    ]);
  });

  it("closes its connection when a turn is interrupted, and the next turn sends everything", async () => {
    await using w = await world({
      script: (_request, index) =>
        index === 0 ? hangingStream([message("So far")]) : respond([message("Hi.")]),
    });
    const { thread } = await w.manager.startThread(w.config);
    await thread.submit({ type: "user_input", items: [{ type: "text", text: "go" }] });
    await eventsUntil(thread, ({ type }) => type === "item_completed");
    await eventsUntil(thread, ({ type }) => type === "agent_message");
    await thread.submit({ type: "interrupt" });
    await eventsUntil(thread, turnEnded);
    await vi.waitFor(() => expect(w.model.openWebSockets()).toBe(0));
    await say(thread, "again");
    expect(w.model.requests[1]).toMatchObject({ connection: 1 });
    expect(w.model.requests[1]?.input.map(itemLabel)).toEqual([
      "developer permissions instructions",
      "user environment_context",
      'user "go"',
      'assistant "So far"',
      "user turn_aborted",
      'user "again"',
    ]);
  });

  it("keeps the sticky state of the connection that it warmed up for the first turn alone", async () => {
    await using w = await world({
      script: (_request, index) =>
        index === 0 ? frames([], "cut") : respond([message("Hi.")], { responseId: `r${index}` }),
      server: { handshake: (index) => accept({ "x-codex-turn-state": `state-${index}` }) },
    });
    const { thread } = await w.manager.startThread(w.config);
    await say(thread, "go");
    expect(w.model.handshakes.map(({ headers }) => headers["x-codex-turn-state"])).toEqual([
      undefined,
      "state-0",
    ]);
  });
});

describe("the trace context", () => {
  async function recording() {
    const exporter = new InMemorySpanExporter();
    const provider = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    });
    return {
      tracing: await createTracing({ tracer: provider.getTracer("test") }),
      async spans() {
        await provider.forceFlush();
        return exporter.getFinishedSpans();
      },
    };
  }
  const submission = (digit: string) => ({
    traceparent: `00-${digit.repeat(32)}-${digit.repeat(16)}-01`,
    tracestate: `vendor=${digit}`,
  });
  const input = { type: "user_input", items: [{ type: "text", text: "go" }] } as const;

  it("of each turn goes with its frames over one connection, never with the handshake", async () => {
    const { tracing, spans } = await recording();
    await using w = await world({ script: [respond([message("Hi.")])], tracing });
    const { thread } = await w.manager.startThread(w.config);
    for (const digit of ["a", "b"]) {
      await thread.submit(input, { trace: submission(digit) });
      await eventsUntil(thread, turnEnded);
    }
    await thread.shutdown();
    expect(w.model.handshakes.map(({ headers }) => [headers["traceparent"]])).toEqual([
      [undefined],
    ]);
    const requests = (await spans()).filter(({ name }) => name === "stream_request");
    expect(w.model.requests.map(({ body }) => metadataOf(body))).toEqual(
      requests.map((span, index) => ({
        "x-codex-turn-metadata": expect.any(String) as string,
        ws_request_header_traceparent: `00-${["a", "b"][index]?.repeat(32)}-${span.spanContext().spanId}-01`,
        ws_request_header_tracestate: `vendor=${["a", "b"][index]}`,
      })),
    );
    // The op led to the turn, the turn to the request.
    const finished = await spans();
    const path = finished
      .filter(({ name }) => name === "stream_request")
      .map((span) => {
        const parent = (child: typeof span) =>
          finished.find((each) => each.spanContext().spanId === child.parentSpanContext?.spanId);
        const turn = parent(span);
        const op = turn === undefined ? undefined : parent(turn);
        return [turn?.name, op?.name, op?.parentSpanContext?.spanId];
      });
    expect(path).toEqual(
      ["a", "b"].map((digit) => ["turn", "op.dispatch.user_input", digit.repeat(16)]),
    );
    const contexts = (await readLines(thread)).flatMap((line) =>
      line.type === "turn_context" ? [line.payload.trace_id] : [],
    );
    expect(contexts).toEqual(["a", "b"].map((digit) => digit.repeat(32)));
  });

  it("goes as headers over HTTP", async () => {
    const { tracing, spans } = await recording();
    await using w = await threadWorld({ script: [respond([message("Hi.")])], tracing });
    const { thread } = await w.manager.startThread(w.config);
    await thread.submit(input, { trace: submission("a") });
    await eventsUntil(thread, turnEnded);
    const [request] = (await spans()).filter(({ name }) => name === "stream_request");
    expect(w.model.requests[0]?.headers).toMatchObject({
      traceparent: `00-${"a".repeat(32)}-${request?.spanContext().spanId}-01`,
      tracestate: "vendor=a",
    });
  });

  it("is passed on as it came where nothing records, and is left out where there is none", async () => {
    await using w = await world({
      script: [respond([message("Hi.")])],
      tracing: await createTracing({ root: submission("c") }),
    });
    const { thread } = await w.manager.startThread(w.config);
    await say(thread, "go");
    expect(metadataOf(w.model.requests[0]?.body)).toMatchObject({
      ws_request_header_traceparent: submission("c").traceparent,
      ws_request_header_tracestate: "vendor=c",
    });
    await using without = await world({
      script: [respond([message("Hi.")])],
      tracing: await createTracing(),
    });
    const other = await without.manager.startThread(without.config);
    await say(other.thread, "go");
    expect(Object.keys(metadataOf(without.model.requests[0]?.body))).toEqual([
      "x-codex-turn-metadata",
    ]);
  });

  it("that is not valid is ignored with a warning", async () => {
    await using w = await world({
      script: [respond([message("Hi.")])],
      tracing: await createTracing({ root: submission("c") }),
    });
    const { thread } = await w.manager.startThread(w.config);
    await thread.submit(input, { trace: { traceparent: "nonsense" } });
    const events = await eventsUntil(thread, turnEnded);
    expect(events.flatMap(({ msg }) => (msg.type === "warning" ? [msg.message] : []))).toEqual([
      "the trace context of a submission is not valid and is ignored",
    ]);
    expect(metadataOf(w.model.requests[0]?.body)).toMatchObject({
      ws_request_header_traceparent: submission("c").traceparent,
    });
  });
});
