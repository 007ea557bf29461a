import { afterAll, expect, onTestFinished, test } from "vitest";
import type { ToolDefinition } from "./prepared-tools.ts";
import { createCodeModeService } from "./service.ts";
import type { CodeModeTurnHost, NestedToolCall } from "./turn-host.ts";

const tool = (name: string, kind: ToolDefinition["kind"] = "function"): ToolDefinition => ({
  name,
  description: "",
  kind,
});
const enabledTools = [tool("echo-tool"), tool("fails"), tool("patch", "freeform")];

const service = createCodeModeService();
afterAll(() => service[Symbol.asyncDispose]());

/** Runs scripts whose calls this host carries out: texts, then the error of a script that failed. */
function session(invokeTool: CodeModeTurnHost["invokeTool"], signal?: AbortSignal) {
  const worker = service.startTurnWorker({ invokeTool, notify() {}, signal });
  onTestFinished(() => worker[Symbol.dispose]());
  return async (source: string) => {
    const response = await service.execute({ toolCallId: "c", enabledTools, source });
    if (!("contentItems" in response)) return [response.status];
    const texts = response.contentItems.map((item) =>
      item.type === "input_text" ? item.text : item.image_url,
    );
    return response.status === "failed" ? [...texts, `failed: ${response.error.text}`] : texts;
  };
}

test("a call comes with the tool's own name, its kind and the argument; no argument is none", async () => {
  const calls: NestedToolCall[] = [];
  const run = session(async (call) => {
    calls.push(call);
  });
  expect(
    await run(`
      text(await tools.echo_tool({ a: [1, null, "\\u0000é"], gone: undefined }));
      text(await tools.patch("*** Begin"));
      text(await tools.echo_tool());
    `),
  ).toEqual(["undefined", "undefined", "undefined"]);
  const common = { cellId: expect.any(String), toolCallId: "c" };
  expect(calls).toEqual([
    { name: "echo-tool", kind: "function", input: { a: [1, null, "\0é"] }, ...common },
    { name: "patch", kind: "freeform", input: "*** Begin", ...common },
    { name: "echo-tool", kind: "function", input: undefined, ...common },
  ]);
});

test("results are fresh values, whatever their shape", async () => {
  const values = [
    { deep: { list: [1, "x"] } },
    "text",
    5,
    null,
    [],
    JSON.parse('{"then":1,"toJSON":"x"}'),
  ];
  const run = session(async ({ input }) => values[input as number]);
  expect(
    await run(
      `for (let i = 0; i < ${values.length}; i++) text(JSON.stringify(await tools.echo_tool(i)));`,
    ),
  ).toEqual(values.map((value) => JSON.stringify(value)));
});

test("calls run side by side and settle in the order of their results", async () => {
  const opens = new Map<unknown, () => void>();
  const run = session(
    ({ input }) =>
      new Promise((resolve) => {
        opens.set(input, () => resolve(input));
        if (opens.size < 3) return;
        setImmediate(() => {
          for (const each of [2, 0, 1]) opens.get(each)?.();
        });
      }),
  );
  expect(
    await run(`
      const order = [];
      const all = await Promise.all([0, 1, 2].map(async (n) => { order.push(await tools.echo_tool(n)); return n; }));
      text(order); text(all);
    `),
  ).toEqual(["[2,0,1]", "[0,1,2]"]);
});

test("a failed call rejects with an Error that names the tool and reads as the bare message", async () => {
  const run = session(async () => {
    throw new Error("missing field `cmd`");
  });
  expect(
    await run(`
      try { await tools.fails({}); } catch (error) {
        text(error instanceof Error); text(error.message); text(String(error)); text(\`\${error}\`); text(error.tool);
      }
    `),
  ).toEqual(["true", ...Array.from({ length: 3 }, () => "missing field `cmd`"), "fails"]);
  expect(await run("await tools.fails({})")).toEqual(["failed: missing field `cmd`"]);
});

test.each([
  ["undefined", /argument of echo-tool cannot be represented as JSON/],
  ["() => 1", /cannot be represented as JSON/],
  ["1n", /BigInt/],
  ["circular", /Converting circular structure to JSON/],
])("tools.x(%s) rejects, and never throws", async (argument, message) => {
  const run = session(async () => "unreached");
  const [first, second] = await run(`
    const circular = {}; circular.circular = circular;
    const call = tools.echo_tool(${argument});
    text("returned a promise");
    await call.catch((error) => text(error.message));
  `);
  expect(first).toBe("returned a promise");
  expect(second).toMatch(message);
});

test("a missing tool is a plain property miss", async () => {
  const run = session(async () => null);
  const [text] = await run("try { tools.nope({}); } catch (error) { text(error.name); }");
  expect(text).toBe("TypeError");
});

test.each<[string, unknown, RegExp]>([
  ["cannot be turned into JSON", 1n, /BigInt/],
  ["is larger than a script can take", "x".repeat(17 * 1024 * 1024), /larger than 16777216 bytes/],
])("a result that %s rejects", async (_what, value, message) => {
  const run = session(async () => value);
  const [text] = await run(
    "try { await tools.echo_tool(); } catch (error) { text(error.message); }",
  );
  expect(text).toMatch(message);
});

test("a tool that throws something else than an Error is told as text", async () => {
  const run = session(async () => {
    // oxlint-disable-next-line typescript/only-throw-error -- what is tested
    throw "plain text";
  });
  expect(await run("await tools.echo_tool()")).toEqual(["failed: plain text"]);
});

test("calls in flight are cancelled when their cell ends", async () => {
  const signals: AbortSignal[] = [];
  const run = session((_call, signal) => {
    signals.push(signal);
    return new Promise(() => {});
  });
  expect(await run('tools.echo_tool(); text("end")')).toEqual(["end"]);
  await expect.poll(() => signals.map((signal) => signal.aborted)).toEqual([true]);
});

test("the turn's cancellation reaches its calls", async () => {
  const turn = new AbortController();
  const run = session(
    (_call, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("cancelled")), { once: true });
        turn.abort();
      }),
    turn.signal,
  );
  expect(await run("await tools.echo_tool()")).toEqual(["failed: cancelled"]);
});

test("an answer that comes after its cell has ended reaches no other cell", async () => {
  const answers: ((value: string) => void)[] = [];
  const run = session(() => new Promise((resolve) => void answers.push(resolve)));
  expect(await run("tools.echo_tool(); exit()")).toEqual([]);
  const next = run("text(await tools.echo_tool())");
  await expect.poll(() => answers.length).toBe(2);
  answers[0]?.("late");
  // Answers reach a worker in order: had the first one counted, the cell would have ended with it.
  answers[1]?.("its own");
  expect(await next).toEqual(["its own"]);
});

test("a flood of calls is refused beyond the limit, and the rest is answered", async () => {
  const run = session(async ({ input }) => input);
  const [fulfilled, rejected] = await run(`
    const all = await Promise.allSettled(Array.from({ length: 300 }, (_, i) => tools.echo_tool(i)));
    text(all.filter((each) => each.status === "fulfilled").length);
    text(all.filter((each) => each.status === "rejected").length);
  `);
  expect([fulfilled, rejected]).toEqual(["256", "44"]);
});

test("the list of tools may change from one script to the next", async () => {
  const names = async (...given: readonly string[]) => {
    const response = await service.execute({
      toolCallId: "c",
      enabledTools: given.map((name) => tool(name)),
      source: "text([Object.keys(tools), ALL_TOOLS.map((each) => each.name)])",
    });
    const [item] = "contentItems" in response ? response.contentItems : [];
    return item?.type === "input_text" ? (JSON.parse(item.text) as unknown) : undefined;
  };
  expect(await names("b", "a")).toEqual([
    ["a", "b"],
    ["a", "b"],
  ]);
  expect(await names()).toEqual([[], []]);
  expect(await names("c")).toEqual([["c"], ["c"]]);
  expect(await names("a", "b")).toEqual([
    ["a", "b"],
    ["a", "b"],
  ]);
});
