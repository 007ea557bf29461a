import { setTimeout as sleep } from "node:timers/promises";
import type { ResponseItem } from "@codex-ts/protocol";
import { describe, expect, test } from "vitest";
import { createToolRouter } from "./router.ts";
import { type Tool, type ToolCall, type ToolContext, ToolError } from "./tool.ts";

/** No tool of these tests looks at its context, but for `askApproval`. */
function contextWith(parts: Partial<ToolContext> = {}): ToolContext {
  return { threadId: "thread", turnId: "turn", ...parts } as ToolContext;
}

const never = new AbortController().signal;

function call(
  name: string,
  payload: ToolCall["payload"] = { kind: "function", arguments: "{}" },
): ToolCall {
  return { callId: `call-${name}`, name, payload };
}

function tool(name: string, run: Tool["run"], parts: Partial<Tool> = {}): Tool {
  return {
    name,
    parallel: true,
    abortedText: (elapsedMs) => `aborted after ${elapsedMs}`,
    accepts: (payload) => payload.kind !== "local_shell",
    run,
    ...parts,
  };
}

const answers =
  (text: string): Tool["run"] =>
  async () => ({ body: text, success: true });

describe("route", () => {
  const { route } = createToolRouter({ tools: [] });

  test("function calls are named with their namespace", () => {
    expect(
      route({ type: "function_call", name: "t", namespace: "ns", arguments: "{}", call_id: "c" }),
    ).toEqual({
      kind: "call",
      call: { callId: "c", name: "ns:t", payload: { kind: "function", arguments: "{}" } },
    });
  });

  test("custom calls carry their input", () => {
    expect(route({ type: "custom_tool_call", name: "t", input: "x", call_id: "c" })).toEqual({
      kind: "call",
      call: { callId: "c", name: "t", payload: { kind: "custom", input: "x" } },
    });
  });

  const action = {
    type: "exec",
    command: ["ls"],
    timeout_ms: 5,
    working_directory: "/w",
    env: { A: "1" },
    user: "root",
  } as const;

  test("local shell calls fall back to the item's id, and ignore env and user", () => {
    const item = {
      type: "local_shell_call",
      id: "i",
      call_id: null,
      status: "completed",
      action,
    } as const;
    expect(route(item)).toEqual({
      kind: "call",
      call: {
        callId: "i",
        name: "local_shell",
        payload: { kind: "local_shell", command: ["ls"], workdir: "/w", timeoutMs: 5 },
      },
    });
  });

  test("a local shell call without any id is answered at once", () => {
    expect(route({ type: "local_shell_call", call_id: null, status: "completed", action })).toEqual(
      {
        kind: "malformed",
        output: {
          type: "function_call_output",
          call_id: "",
          output: "the local_shell call has neither a call_id nor an id",
        },
      },
    );
  });

  test.each<ResponseItem>([
    { type: "message", role: "assistant", content: [] },
    { type: "reasoning", summary: [], content: null, encrypted_content: null },
    { type: "web_search_call" },
    { type: "other" },
  ])("$type is no call", (item) => {
    expect(route(item)).toBeNull();
  });
});

describe("specs", () => {
  test("are in the order of the tools; tools without one are left out", () => {
    const spec = (name: string) =>
      ({ type: "function", name, description: "", strict: false, parameters: {} }) as const;
    const router = createToolRouter({
      tools: [
        tool("b", answers(""), { spec: spec("b") }),
        tool("hidden", answers("")),
        tool("a", answers(""), { spec: spec("a") }),
      ],
    });
    expect(router.specs).toEqual([spec("b"), spec("a")]);
  });
});

describe("run", () => {
  test("the output item is of the call's kind", async () => {
    const router = createToolRouter({ tools: [tool("t", answers("done"))] });
    expect(await router.run(call("t"), contextWith(), never)).toEqual({
      type: "function_call_output",
      call_id: "call-t",
      output: "done",
    });
    const custom = call("t", { kind: "custom", input: "" });
    expect(await router.run(custom, contextWith(), never)).toEqual({
      type: "custom_tool_call_output",
      call_id: "call-t",
      output: "done",
    });
  });

  test("one text of a list is sent as a string, any other list as a list in its order", async () => {
    const text = (value: string) => ({ type: "input_text", text: value }) as const;
    const image = { type: "input_image", image_url: "data:," } as const;
    const bodies = [[text("one")], [text("a"), image, text("b")], [image], []];
    const router = createToolRouter({
      tools: bodies.map((body, index) => tool(`t${index}`, async () => ({ body, success: true }))),
    });
    const outputs = await Promise.all(
      bodies.map(async (_, index) => {
        const item = await router.run(call(`t${index}`), contextWith(), never);
        return item.type === "tool_search_output" ? null : item.output;
      }),
    );
    expect(outputs).toEqual(["one", bodies[1], [image], []]);
  });

  test("a namespaced tool is found by its own key alone", async () => {
    const router = createToolRouter({
      tools: [tool("t", answers("plain")), tool("ns:t", answers("namespaced"))],
    });
    const outputs = await Promise.all(
      ["t", "ns:t", "other:t"].map((name) => router.run(call(name), contextWith(), never)),
    );
    expect(outputs).toMatchObject([
      { output: "plain" },
      { output: "namespaced" },
      { output: "unsupported call: other:t" },
    ]);
  });

  test("an unknown custom tool is answered by a custom output", async () => {
    const router = createToolRouter({ tools: [] });
    const unknown = call("t", { kind: "custom", input: "" });
    expect(await router.run(unknown, contextWith(), never)).toEqual({
      type: "custom_tool_call_output",
      call_id: "call-t",
      output: "unsupported custom tool call: t",
    });
  });

  test("a payload that the tool does not take ends the turn", async () => {
    const router = createToolRouter({ tools: [tool("t", answers(""))] });
    const payload = { kind: "local_shell", command: [], workdir: null, timeoutMs: null } as const;
    await expect(router.run(call("t", payload), contextWith(), never)).rejects.toMatchObject({
      name: "ToolError",
      code: "fatal",
    });
  });

  test("a respond error is the answer; a fatal one, and any other, ends the turn", async () => {
    const failing =
      (error: Error): Tool["run"] =>
      async () => {
        throw error;
      };
    const router = createToolRouter({
      tools: [
        tool("respond", failing(new ToolError("respond", "no such file"))),
        tool("fatal", failing(new ToolError("fatal", "broken"))),
        tool("bug", failing(new TypeError("bug"))),
      ],
    });
    expect(await router.run(call("respond"), contextWith(), never)).toMatchObject({
      output: "no such file",
    });
    await expect(router.run(call("fatal"), contextWith(), never)).rejects.toThrow("broken");
    await expect(router.run(call("bug"), contextWith(), never)).rejects.toThrow("bug");
  });

  test("an interrupted call is answered with the tool's text", async () => {
    const abort = new AbortController();
    let clock = 1000;
    const router = createToolRouter({
      now: () => clock,
      tools: [
        tool("t", async (_call, _context, signal) => {
          await sleep(60_000, undefined, { signal });
          return { body: "never", success: true };
        }),
      ],
    });
    const running = router.run(call("t"), contextWith(), abort.signal);
    clock = 3500;
    abort.abort();
    expect(await running).toMatchObject({ output: "aborted after 2500" });
  });

  test("a tool that ignores the interrupt is left behind", async () => {
    const abort = new AbortController();
    const router = createToolRouter({
      tools: [tool("t", () => new Promise(() => {}), { abortedText: () => "left behind" })],
    });
    const running = router.run(call("t"), contextWith(), abort.signal);
    abort.abort();
    expect(await running).toMatchObject({ output: "left behind" });
  });

  test("what was done in spite of the interrupt is said", async () => {
    const abort = new AbortController();
    const router = createToolRouter({
      tools: [
        tool("t", async () => {
          await sleep(20);
          return { body: "done", success: true };
        }),
      ],
    });
    const running = router.run(call("t"), contextWith(), abort.signal);
    abort.abort();
    expect(await running).toMatchObject({ output: "done" });
  });

  test("serial calls run one after another in call order, parallel ones between them together", async () => {
    const log: string[] = [];
    const steps =
      (name: string): Tool["run"] =>
      async () => {
        log.push(`${name} starts`);
        await sleep(10);
        log.push(`${name} ends`);
        return { body: name, success: true };
      };
    const router = createToolRouter({
      tools: [
        tool("patch1", steps("patch1"), { parallel: false }),
        tool("read1", steps("read1")),
        tool("read2", steps("read2")),
        tool("patch2", steps("patch2"), { parallel: false }),
      ],
    });
    await Promise.all(
      ["patch1", "read1", "read2", "patch2"].map((name) =>
        router.run(call(name), contextWith(), never),
      ),
    );
    expect(log).toEqual([
      "patch1 starts",
      "patch1 ends",
      "read1 starts",
      "read2 starts",
      "read1 ends",
      "read2 ends",
      "patch2 starts",
      "patch2 ends",
    ]);
  });

  test("a call that waits for a person lets others run", async () => {
    const answered = Promise.withResolvers<"approved">();
    const log: string[] = [];
    const router = createToolRouter({
      tools: [
        tool(
          "asks",
          async (_call, context, signal) => {
            const question = {
              kind: "patch",
              callId: "c",
              changes: {},
              reason: null,
              keys: [],
            } as const;
            const decision = await context.askApproval(question, signal);
            log.push(`answer: ${JSON.stringify(decision)}`);
            return { body: "", success: true };
          },
          { parallel: false },
        ),
        tool(
          "other",
          async () => {
            log.push("other runs");
            return { body: "", success: true };
          },
          { parallel: false },
        ),
      ],
    });
    const context = contextWith({ askApproval: () => answered.promise });
    const asking = router.run(call("asks"), context, never);
    await router.run(call("other"), context, never);
    answered.resolve("approved");
    await asking;
    expect(log).toEqual(["other runs", 'answer: "approved"']);
  });
});
