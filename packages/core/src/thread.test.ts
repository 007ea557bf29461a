import { stat } from "node:fs/promises";
import {
  brokenStream,
  customToolCall,
  failedResponse,
  functionCall,
  hangingStream,
  httpError,
  message,
  reasoning,
  respond,
} from "@codex-ts/scripted-model";
import { waitFor } from "@codex-ts/test-support";
import { describe, expect, test } from "vitest";
import {
  eventsUntil,
  itemLabel,
  labels,
  lineLabel,
  readLines,
  say,
  threadWorld,
  turnEnded,
} from "./testing/thread-world.ts";

const command = (cmd: string, callId: string) =>
  functionCall({ name: "exec_command", args: { cmd }, callId });

describe("the events of a turn", () => {
  test("a plain reply: context first, then the person, then the model", async () => {
    await using world = await threadWorld({ script: [respond([message("hello")])] });
    const { thread } = await world.manager.startThread(world.config);
    expect(labels(await say(thread, "hi"))).toEqual([
      "session_configured",
      "task_started",
      "raw developer permissions instructions",
      "raw user environment_context",
      'raw user "hi"',
      "item_started UserMessage",
      "item_completed UserMessage",
      "user_message",
      "token_count",
      "item_started AgentMessage",
      "agent_message_content_delta",
      "agent_message_delta",
      "item_completed AgentMessage",
      "agent_message",
      'raw assistant "hello"',
      "token_count",
      "task_complete",
    ]);
    expect(labels(await say(thread, "again")).slice(0, 3)).toEqual([
      "task_started",
      'raw user "again"',
      "item_started UserMessage",
    ]);
  });

  test("a tool call: recorded, begun, ended with its recorded output, then the next request", async () => {
    await using world = await threadWorld({
      script: [respond([command("echo out", "c1")]), respond([message("done")])],
    });
    const { thread } = await world.manager.startThread(world.config);
    const events = labels(await say(thread, "go")).filter(
      (label) => !/delta|token_count|session_configured|UserMessage|user_message/.test(label),
    );
    expect(events).toEqual([
      "task_started",
      "raw developer permissions instructions",
      "raw user environment_context",
      'raw user "go"',
      "raw call c1",
      "exec_command_begin",
      "exec_command_end",
      "raw output c1",
      "item_started AgentMessage",
      "item_completed AgentMessage",
      "agent_message",
      'raw assistant "done"',
      "task_complete",
    ]);
  });

  test("a session's first event is its configuration, with an empty id", async () => {
    await using world = await threadWorld({
      script: [respond([message("x")])],
      config: { startupWarnings: ["careful"] },
    });
    const { thread } = await world.manager.startThread(world.config);
    const events = await eventsUntil(thread, (msg) => msg.type === "warning");
    expect(events.map(({ id, msg }) => [id, msg.type])).toEqual([
      ["", "session_configured"],
      ["", "warning"],
    ]);
  });
});

describe("what is sent", () => {
  test("later requests begin with the items of earlier ones, and calls come before outputs", async () => {
    await using world = await threadWorld({
      script: [
        respond([reasoning("hm"), command("sleep 0.2; echo a", "c1"), command("echo b", "c2")]),
        respond([message("done")]),
        respond([message("bye")]),
      ],
    });
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "go");
    await say(thread, "more");
    const [first, second, third] = world.model.requests.map(({ input }) => input);
    expect(second?.slice(0, first?.length)).toEqual(first);
    expect(third?.slice(0, second?.length)).toEqual(second);
    expect(second?.map(itemLabel)).toEqual([
      "developer permissions instructions",
      "user environment_context",
      'user "go"',
      "reasoning",
      "call c1",
      "call c2",
      "output c1",
      "output c2",
    ]);
  });

  test("the whole body of a request", async () => {
    await using world = await threadWorld({ script: [respond([message("ok")])] });
    const { thread } = await world.manager.startThread(world.config);
    await thread.submit({
      type: "user_input",
      items: [{ type: "text", text: "hi" }],
      final_output_json_schema: { type: "object" },
    });
    await eventsUntil(thread, turnEnded);
    const body = world.model.requests[0]?.body as Record<string, unknown>;
    expect(Object.keys(body)).toEqual([
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
      "prompt_cache_key",
      "text",
    ]);
    expect({ ...body, instructions: 0, input: 0, tools: 0 }).toEqual({
      model: "gpt-5.2-codex",
      instructions: 0,
      input: 0,
      tools: 0,
      tool_choice: "auto",
      parallel_tool_calls: true,
      reasoning: { effort: "medium", summary: "auto" },
      store: false,
      stream: true,
      include: ["reasoning.encrypted_content"],
      prompt_cache_key: thread.id,
      text: {
        format: {
          type: "json_schema",
          strict: true,
          schema: { type: "object" },
          name: "codex_output_schema",
        },
      },
    });
    expect(world.model.requests[0]?.headers).toMatchObject({
      session_id: thread.id,
      "x-client-request-id": thread.id,
      accept: "text/event-stream",
    });
  });

  test("settings that changed between turns are told once, before the next message", async () => {
    await using world = await threadWorld({ script: [respond([message("ok")])] });
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "one");
    await thread.submit({
      type: "override_turn_context",
      sandbox_policy: { type: "read-only" },
      cwd: "/",
    });
    await say(thread, "two");
    await say(thread, "three");
    expect(world.model.requests[2]?.input.map(itemLabel)).toEqual([
      "developer permissions instructions",
      "user environment_context",
      'user "one"',
      'assistant "ok"',
      "developer permissions instructions",
      "user environment_context",
      'user "two"',
      'assistant "ok"',
      'user "three"',
    ]);
  });
});

describe("an interruption", () => {
  test("ends with turn_aborted alone; the next request has the aborted output and the marker", async () => {
    await using world = await threadWorld({
      script: [respond([command("sleep 60", "c1")]), respond([message("ok")])],
    });
    const { thread } = await world.manager.startThread(world.config);
    await thread.submit({ type: "user_input", items: [{ type: "text", text: "go" }] });
    await eventsUntil(thread, (msg) => msg.type === "exec_command_begin");
    await thread.submit({ type: "interrupt" });
    const rest = await eventsUntil(thread, turnEnded);
    expect(rest.at(-1)?.msg).toMatchObject({ type: "turn_aborted", reason: "interrupted" });
    expect(labels(rest)).not.toContain("task_complete");
    await say(thread, "again");
    expect(world.model.requests[1]?.input.slice(2).map(itemLabel)).toEqual([
      'user "go"',
      "call c1",
      "output c1",
      "user turn_aborted",
      'user "again"',
    ]);
    const lines = (await readLines(thread)).map(lineLabel);
    expect(lines.indexOf("user turn_aborted")).toBe(lines.indexOf("event turn_aborted") - 1);
  });

  test("records what a tool that does not stop had time for, then the marker, and nothing later", async () => {
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
    await using world = await threadWorld({
      script: [
        respond([functionCall({ name: "stubborn", args: {}, callId: "c1" })]),
        respond([message("ok")]),
      ],
      config: {
        tools: [
          {
            name: "stubborn",
            parallel: true,
            abortedText: () => "left behind",
            accepts: ({ kind }) => kind === "function",
            async run() {
              await mayEnd;
              return { body: "done after all", success: true };
            },
          },
        ],
      },
    });
    const { thread } = await world.manager.startThread(world.config);
    await thread.submit({ type: "user_input", items: [{ type: "text", text: "go" }] });
    await eventsUntil(
      thread,
      (msg) => msg.type === "raw_response_item" && msg.item.type === "function_call",
    );
    await thread.submit({ type: "interrupt" });
    end();
    await say(thread, "again");
    const lines = (await readLines(thread)).map(lineLabel);
    expect(
      lines.slice(lines.indexOf("call c1")).filter((label) => /c1|aborted/.test(label)),
    ).toEqual(["call c1", "output c1", "user turn_aborted", "event turn_aborted"]);
    expect(world.model.requests[1]?.input).toContainEqual({
      type: "function_call_output",
      call_id: "c1",
      output: "left behind",
    });
  });

  test("of a stream that is silent comes at once", async () => {
    await using world = await threadWorld({ script: [hangingStream()] });
    const { thread } = await world.manager.startThread(world.config);
    await thread.submit({ type: "user_input", items: [{ type: "text", text: "go" }] });
    await waitFor(() => world.model.requests.length === 1);
    await thread.submit({ type: "interrupt" });
    const events = await eventsUntil(thread, turnEnded);
    expect(events.at(-1)?.msg.type).toBe("turn_aborted");
  });
});

test("input during a turn joins it, behind the answer that was under way", async () => {
  const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>();
  await using world = await threadWorld({
    script: async (_request, index) => {
      if (index === 0) await mayAnswer;
      return respond([index === 0 ? command("true", "c1") : message("done")]);
    },
  });
  const { thread } = await world.manager.startThread(world.config);
  const turnId = await thread.submit({
    type: "user_input",
    items: [{ type: "text", text: "one" }],
  });
  await waitFor(() => world.model.requests.length === 1);
  const steeredId = await thread.submit({
    type: "user_input",
    items: [{ type: "text", text: "two" }],
  });
  expect(steeredId).toBe(turnId);
  answer();
  const events = labels(await eventsUntil(thread, turnEnded));
  expect(events.filter((label) => label === "task_complete")).toHaveLength(1);
  expect(world.model.requests[1]?.input.slice(2).map(itemLabel)).toEqual([
    'user "one"',
    "call c1",
    "output c1",
    'user "two"',
  ]);
});

test("an extended session file also keeps the ends of tool calls and the errors", async () => {
  const kept = async (persistence: "limited" | "extended"): Promise<readonly string[]> => {
    await using world = await threadWorld({
      script: [
        respond([command("head -c 40000 /dev/zero | tr '\\0' x", "c1")]),
        httpError(/*status*/ 400, { error: { message: "no" } }),
      ],
      config: { persistence },
    });
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "go");
    const lines = await readLines(thread);
    for (const { payload } of lines) {
      if (!("type" in payload) || payload.type !== "exec_command_end") continue;
      expect(payload).toMatchObject({ stdout: "", stderr: "", formatted_output: "" });
      expect(payload.aggregated_output).toContain("chars truncated");
    }
    return lines.map(lineLabel).filter((label) => /error|_end/.test(label));
  };
  expect(await kept("limited")).toEqual([]);
  expect(await kept("extended")).toEqual(["event exec_command_end", "event error"]);
});

describe("failures", () => {
  test("a stream that breaks is tried again, and the person is told", async () => {
    await using world = await threadWorld({
      script: [brokenStream(), respond([message("ok")])],
      streamMaxRetries: 2,
    });
    const { thread } = await world.manager.startThread(world.config);
    const events = await say(thread, "go");
    expect(events.find(({ msg }) => msg.type === "stream_error")?.msg).toMatchObject({
      message: "Reconnecting... 1/2",
    });
    expect(events.at(-1)?.msg).toMatchObject({
      type: "task_complete",
      last_agent_message: "ok",
    });
    expect(world.model.requests[1]?.body).toEqual(world.model.requests[0]?.body);
  });

  test("a stream that breaks behind a tool call: the tool runs once, and its output is sent", async () => {
    await using world = await threadWorld({
      script: [brokenStream([command("echo ran >> log", "c1")]), respond([message("ok")])],
      streamMaxRetries: 1,
    });
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "go");
    expect(world.model.requests[1]?.input.slice(2).map(itemLabel)).toEqual([
      'user "go"',
      "call c1",
      "output c1",
    ]);
    expect((await stat(`${world.config.cwd}/log`)).size).toBe("ran\n".length);
  });

  test.each([
    ["a refused request", httpError(/*status*/ 400, { error: { message: "bad" } })],
    ["a cut stream without retries", brokenStream()],
  ])("%s ends the turn with an error, and the next turn works", async (_name, reply) => {
    await using world = await threadWorld({ script: [reply, respond([message("ok")])] });
    const { thread } = await world.manager.startThread(world.config);
    const events = await say(thread, "one");
    expect(labels(events).filter((label) => label === "error")).toHaveLength(1);
    expect(events.at(-1)?.msg).toMatchObject({ type: "task_complete", last_agent_message: null });
    const next = await say(thread, "two");
    expect(next.at(-1)?.msg).toMatchObject({ last_agent_message: "ok" });
    expect(world.model.requests.at(-1)?.input.slice(2).map(itemLabel)).toEqual([
      'user "one"',
      'user "two"',
    ]);
  });

  test("an exhausted context ends the turn, and the next one begins with a summary", async () => {
    await using world = await threadWorld({
      script: [
        failedResponse({ code: "context_length_exceeded", message: "full" }),
        respond([message("SUMMARY")]),
        respond([message("ok")]),
      ],
    });
    const { thread } = await world.manager.startThread(world.config);
    const events = await say(thread, "one");
    expect(events.find(({ msg }) => msg.type === "error")?.msg).toMatchObject({
      codex_error_info: "context_window_exceeded",
    });
    const next = labels(await say(thread, "two"));
    expect(next).toContain("context_compacted");
    expect(world.model.requests[2]?.input.map(itemLabel).at(-1)).toBe('user "two"');
  });

  test("an unknown tool is answered, and the turn goes on", async () => {
    await using world = await threadWorld({
      script: [
        respond([functionCall({ name: "no_such_tool", args: {}, callId: "c1" })]),
        respond([message("ok")]),
      ],
    });
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "go");
    expect(world.model.requests[1]?.input.at(-1)).toEqual({
      type: "function_call_output",
      call_id: "c1",
      output: "unsupported call: no_such_tool",
    });
  });
});

describe("the session file", () => {
  test("a first turn, line by line", async () => {
    await using world = await threadWorld({ script: [respond([message("hello")])] });
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "hi");
    expect((await readLines(thread)).map(lineLabel)).toEqual([
      "session_meta",
      "event task_started",
      "developer permissions instructions",
      "user environment_context",
      "turn_context",
      'user "hi"',
      "event user_message",
      "event token_count",
      "event agent_message",
      'assistant "hello"',
      "event token_count",
      "event task_complete",
    ]);
  });

  test("there is none without a turn, and none for an ephemeral thread", async () => {
    await using world = await threadWorld({ script: [respond([message("x")])] });
    const { thread: idle } = await world.manager.startThread(world.config);
    await idle.shutdown();
    await expect(stat(idle.rolloutPath ?? "")).rejects.toThrow(/ENOENT/);
    const { thread } = await world.manager.startThread({ ...world.config, ephemeral: true });
    await say(thread, "hi");
    expect(thread.rolloutPath).toBeNull();
  });

  test("a resumed thread sends what the live one would have sent, and tells nothing twice", async () => {
    await using world = await threadWorld({
      script: [
        respond([customToolCall({ name: "apply_patch", input: "nonsense", callId: "p1" })]),
        respond([command("echo out", "c1")]),
        respond([message("done")]),
      ],
    });
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "one");
    await thread.shutdown();
    const path = thread.rolloutPath;
    if (path === null) throw new Error("the thread has no session file");
    const { thread: resumed, configured } = await world.manager.resumeThread(world.config, path);
    expect(resumed.id).toBe(thread.id);
    expect(configured.initial_messages?.map(({ type }) => type)).toContain("user_message");
    await say(resumed, "two");
    const [, , last, next] = world.model.requests.map(({ input }) => input);
    expect(next?.slice(0, last?.length)).toEqual(last);
    expect(next?.slice(last?.length).map(itemLabel)).toEqual(['assistant "done"', 'user "two"']);
  });

  test("another model on resume is warned of and told to the model", async () => {
    await using world = await threadWorld({ script: [respond([message("ok")])] });
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "one");
    await thread.shutdown();
    const path = thread.rolloutPath;
    if (path === null) throw new Error("the thread has no session file");
    const config = { ...world.config, model: "gpt-5.1-codex" };
    const { thread: resumed } = await world.manager.resumeThread(config, path);
    const events = await say(resumed, "two");
    expect(events.find(({ msg }) => msg.type === "warning")?.msg).toMatchObject({
      message: expect.stringMatching(/gpt-5\.2-codex.*gpt-5\.1-codex/) as string,
    });
    expect(world.model.requests[1]?.input.slice(-2).map(itemLabel)).toEqual([
      "developer model_switch",
      'user "two"',
    ]);
  });
});

test("shutting down ends background processes, and both who wait for it are told", async () => {
  await using world = await threadWorld({
    script: [
      respond([
        functionCall({
          name: "exec_command",
          args: { cmd: "sleep 60 & echo $!; wait", yield_time_ms: 300 },
          callId: "c1",
        }),
      ]),
      respond([message("ok")]),
    ],
  });
  const { thread } = await world.manager.startThread(world.config);
  await say(thread, "go");
  const output = world.model.requests[1]?.input.at(-1);
  if (output?.type !== "function_call_output") throw new Error("no output");
  const pid = Number(/Output:\\n(\d+)/.exec(JSON.stringify(output.output))?.[1]);
  expect(process.kill(pid, 0)).toBe(true);
  await Promise.all([thread.shutdown(), thread.shutdown()]);
  await waitFor(() => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
  await expect(thread.submit({ type: "interrupt" })).rejects.toMatchObject({
    code: "thread_closed",
  });
});
