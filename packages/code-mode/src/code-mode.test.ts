import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { createCodeMode } from "./code-mode.ts";
import type { CodeModeOptions } from "./code-mode.ts";
import { CodeModeError } from "./errors.ts";

function open(options: CodeModeOptions) {
  const codeMode = createCodeMode(options);
  onTestFinished(() => codeMode[Symbol.asyncDispose]());
  const texts = async (source: string) => {
    const result = await codeMode.run(source);
    const items = result.contentItems.map((item) => (item.type === "input_text" ? item.text : ""));
    return result.status === "failed" ? [...items, `failed: ${result.error.text}`] : items;
  };
  return { ...codeMode, texts };
}

const weather = {
  description: "The temperature of a city.",
  inputSchema: z.object({ city: z.string().trim(), unit: z.enum(["c", "f"]).default("c") }),
  outputSchema: z.object({ degrees: z.number() }),
  execute: async ({ city, unit }: { city: string; unit: "c" | "f" }) => ({
    degrees: city.length,
    unit,
  }),
};

test("plain functions are called with the argument, and their result comes back", async () => {
  const { texts } = open({
    tools: { add: ({ a, b }: { a: number; b: number }) => a + b, now: async () => "noon" },
  });
  expect(await texts("text((await tools.add({ a: 1, b: 2 })) + (await tools.now()))")).toEqual([
    "3noon",
  ]);
});

test("a Standard Schema checks and shapes the input before the tool sees it", async () => {
  const { texts } = open({ tools: { weather } });
  expect(await texts('text(await tools.weather({ city: " Oslo " }))')).toEqual([
    '{"degrees":4,"unit":"c"}',
  ]);
  expect(await texts("await tools.weather({ city: 5 })")).toEqual([
    expect.stringMatching(/^failed: city: .*string/),
  ]);
});

test("a tool of the AI SDK: its own kind of schema checks the input, the last value yielded counts", async () => {
  const jsonSchema = {
    type: "object",
    properties: { a: { type: "number" } },
    required: ["a"],
    additionalProperties: false,
  };
  const double = {
    inputSchema: {
      jsonSchema,
      validate: (value: unknown) => {
        const { a } = value as { a: unknown };
        return typeof a === "number"
          ? { success: true as const, value: { a: a * 2 } }
          : { success: false as const, error: new Error("a must be a number") };
      },
    },
    async *execute({ a }: { a: number }) {
      yield "working";
      yield a;
    },
  };
  const { texts, description } = open({ tools: { double } });
  expect(description).toContain("double(args: { a: number; }): Promise<unknown>");
  expect(await texts("text(await tools.double({ a: 4 })); await tools.double({ a: 'x' })")).toEqual(
    ["8", "failed: a must be a number"],
  );
});

test("the description tells how to write a script and shows every tool with its types", () => {
  const { description } = open({ tools: { weather, plain: () => 1 } });
  expect(description).toContain("top-level `await`");
  expect(description).toContain(
    'declare const tools: { weather(args: { city: string; unit?: "c" | "f"; }): Promise<{ degrees: number; }>; };',
  );
  expect(description).toContain("### `plain` (`plain`)");
});

test("a run goes on through yields to its end", async () => {
  const notices: string[] = [];
  const { texts } = open({
    tools: {},
    onNotify: (text, runId) => notices.push(`${runId} ${text}`),
  });
  expect(await texts('text("a"); yield_control(); notify("n"); text("b")')).toEqual(["a", "b"]);
  expect(notices).toEqual(["run-1 n"]);
});

test("an aborted run is stopped and rejected; its tools are told", async () => {
  const stop = new AbortController();
  const seen: AbortSignal[] = [];
  const codeMode = open({
    tools: {
      slow: (_input: unknown, { abortSignal }) => {
        seen.push(abortSignal);
        stop.abort(new Error("enough"));
        return new Promise(() => {});
      },
    },
  });
  await expect(codeMode.run("await tools.slow()", { signal: stop.signal })).rejects.toThrow(
    "enough",
  );
  expect(seen.map((signal) => signal.aborted)).toEqual([true]);
  expect(codeMode.service.liveCells()).toEqual([]);
  await expect(codeMode.run("for (;;);", { signal: AbortSignal.timeout(50) })).rejects.toThrow(
    /timeout/i,
  );
});

test("a script that fails says why", async () => {
  const { run } = open({ tools: {} });
  expect(await run("\nnull.x")).toMatchObject({
    status: "failed",
    error: { name: "TypeError", line: 2 },
  });
});

test("a tool that cannot be called is refused at once", () => {
  expect(() => createCodeMode({ tools: { broken: {} } })).toThrow(CodeModeError);
});
