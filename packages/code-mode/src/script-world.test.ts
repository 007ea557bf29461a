import { afterAll, describe, expect, test } from "vitest";
import type { CellResponse } from "./cell.ts";
import type { ContentItem } from "./content.ts";
import type { ToolDefinition } from "./prepared-tools.ts";
import { createCodeModeService } from "./service.ts";

const service = createCodeModeService();
const withTimers = createCodeModeService({ timers: true });
afterAll(() => Promise.all([service[Symbol.asyncDispose](), withTimers[Symbol.asyncDispose]()]));

const tools: readonly ToolDefinition[] = ["echo-it", "delete", "ALL_TOOLS", "__proto__"].map(
  (name) => ({ name, description: `Tool ${name}.`, kind: "function" }),
);
service.startTurnWorker({ invokeTool: async ({ input }) => input, notify() {} });

function run(source: string, on = service): Promise<CellResponse> {
  return on.execute({ toolCallId: "call", enabledTools: tools, source, yieldTimeMs: 20_000 });
}

async function texts(source: string, on = service): Promise<readonly string[]> {
  const response = await run(source, on);
  if (response.status !== "completed") throw new Error(JSON.stringify(response));
  return response.contentItems.map((item) =>
    item.type === "input_text" ? item.text : item.image_url,
  );
}

async function failure(source: string, on = service): Promise<string> {
  const response = await run(source, on);
  if (response.status !== "failed") throw new Error(JSON.stringify(response));
  return response.error.text;
}

describe("evaluation", () => {
  test("is of a strict module with top-level await, this undefined and an empty import.meta", async () => {
    expect(
      await texts(`
        text(this === undefined);
        text((function () { return this === undefined; })());
        text(await Promise.resolve("awaited"));
        text(Object.keys(import.meta).length);
      `),
    ).toEqual(["true", "true", "awaited", "0"]);
    expect(await failure("return 1")).toMatch(/^SyntaxError/);
  });

  test("drops what is not awaited, and an unhandled rejection elsewhere fails nothing", async () => {
    expect(
      await texts(`
        Promise.reject(new Error("nobody sees"));
        (async () => { await tools.echo_it(1); text("late"); })();
        text("end");
      `),
    ).toEqual(["end"]);
  });

  test("keeps eval and Function inside the sandbox", async () => {
    expect(
      await texts(`
        text(eval("1 + 1"));
        text(new Function("return typeof process + typeof require + typeof globalThis.tools")());
        text(text.constructor.constructor("return typeof process")());
      `),
    ).toEqual(["2", "undefinedundefinedobject", "undefined"]);
  });

  test("lone surrogates come out as replacement characters and NUL comes through", async () => {
    expect(await texts(String.raw`text("a\ud800b"); text("x\u0000y"); text("\u{1f600}")`)).toEqual([
      "a\ufffdb",
      "x\0y",
      "😀",
    ]);
  });

  test("is in UTC wherever the host is", async () => {
    expect(
      await texts(`
        text(new Date().getTimezoneOffset());
        text(new Date(0).toString());
        text(Math.abs(Date.now() - ${Date.now()}) < 60000);
      `),
    ).toEqual(["0", expect.stringMatching(/^Thu Jan 01 1970 00:00:00 GMT\+0000/), "true"]);
  });

  test("draws other random numbers in every cell", async () => {
    const source = "const n = Math.random(); text(n >= 0 && n < 1); text(n)";
    const drawn = new Set<string | undefined>();
    for (let round = 0; round < 5; round += 1) {
      const [inRange, number] = await texts(source);
      expect(inRange).toBe("true");
      drawn.add(number);
    }
    expect(drawn.size).toBe(5);
  });
});

describe("globals", () => {
  test("are those of the language and the helpers, and nothing else", async () => {
    const allowed = new Set(
      `AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array Boolean
      DataView Date DisposableStack Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array
      Function Infinity Int16Array Int32Array Int8Array Intl Iterator JSON Map Math NaN Number Object Promise Proxy
      RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String SuppressedError Symbol SyntaxError
      TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet decodeURI
      decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt
      undefined unescape ALL_TOOLS exit image load notify store text tools yield_control`.split(
        /\s+/,
      ),
    );
    const names = await texts("for (const name of Reflect.ownKeys(globalThis)) text(String(name))");
    expect(
      names.filter((name) => !allowed.has(name) && name !== "Symbol(Symbol.toStringTag)"),
    ).toEqual([]);
    expect(names).toContain("WeakRef");
  });

  test.each([
    "console",
    "SharedArrayBuffer",
    "InternalError",
    "WebAssembly",
    "setTimeout",
    "process",
  ])("%s is absent", async (name) => {
    expect(await texts(`text(Object.hasOwn(globalThis, ${JSON.stringify(name)}))`)).toEqual([
      "false",
    ]);
  });

  test("helpers are nameless, writable and return undefined", async () => {
    expect(
      await texts(`
        text([text("first"), image("https://example.com/a.png"), notify("ping"), store("k", 1)]
          .every((value) => value === undefined));
        text(JSON.stringify([text.name, tools.echo_it.name]));
        const mine = text; text = (value) => mine("mine " + value); text("x");
      `),
    ).toEqual(["first", "https://example.com/a.png", "true", '["",""]', "mine x"]);
  });
});

describe("image", () => {
  const item = async (argument: string): Promise<ContentItem | string | undefined> => {
    const response = await run(`image(${argument})`);
    if (response.status === "failed") return response.error.text;
    return "contentItems" in response ? response.contentItems[0] : undefined;
  };

  test("takes a URL or an object, and keeps the URL as it is", async () => {
    expect(await item('"HTTPS://Example.com/a.png"')).toEqual({
      type: "input_image",
      image_url: "HTTPS://Example.com/a.png",
    });
    expect(await item('{ image_url: "data:image/png;base64,AA==", detail: null }')).toEqual({
      type: "input_image",
      image_url: "data:image/png;base64,AA==",
    });
    expect(await item('{ image_url: "data:,x", detail: "Original" }')).toEqual({
      type: "input_image",
      image_url: "data:,x",
      detail: "original",
    });
  });

  test.each([
    ["", /URL or an object \{ image_url, detail\? \}/],
    ['""', /non-empty URL/],
    ["[]", /URL or an object/],
    ["{ image_url: 1 }", /URL or an object/],
    ['{ image_url: "" }', /URL or an object/],
    ['{ image_url: "https://x", detail: 1 }', /detail must be a string/],
    ['"ftp://x"', /http:\/\/, https:\/\/ or data:/],
    ['{ image_url: "https://x", detail: "wide" }', /one of auto, low, high, original/],
  ])("image(%s) is refused", async (argument, message) => {
    expect(await item(argument)).toMatch(message);
  });
});

describe("store and load", () => {
  test("keys are strings, values copies, and __proto__ is a key like any other", async () => {
    await texts(`
      store(1, { deep: [1] });
      store("__proto__", "plain");
      const copy = load("1"); copy.deep.push(2);
    `);
    expect(
      await texts('text(load(1)); text(load("__proto__")); text(load("none")); text({}.deep)'),
    ).toEqual(['{"deep":[1]}', "plain", "undefined", "undefined"]);
    expect(Object.getOwnPropertyDescriptor(service.storedValues(), "__proto__")?.value).toBe(
      "plain",
    );
  });

  test.each([
    ['store("k", undefined)', /"k" cannot be represented as JSON/],
    ['store("k", () => 1)', /cannot be represented as JSON/],
    ['store("k", Symbol())', /cannot be represented as JSON/],
    ['store("k", 1n)', /BigInt/],
    ["const c = []; c.push(c); store('k', c)", /Converting circular structure to JSON/],
    ["store(Symbol(), 1)", /^TypeError/],
    ["load(Symbol())", /^TypeError/],
  ])("%s fails", async (source, message) => {
    expect(await failure(source)).toMatch(message);
  });
});

describe("exit", () => {
  test.each([
    ["at the top", 'text("a"); exit(); text("b")'],
    ["after an await", 'text("a"); await 0; exit(); text("b")'],
    ["in an awaited function", 'text("a"); await (async () => { exit(); })(); text("b")'],
    [
      "in a function nobody awaits",
      'text("a"); (async () => { await 0; exit(); })(); await new Promise(() => {})',
    ],
    ["swallowed by a catch", 'text("a"); try { exit(); } catch {} text("b")'],
    ["swallowed, then a loop", 'text("a"); for (;;) { try { exit(); } catch {} }'],
    ["swallowed, then an error", 'text("a"); try { exit(); } catch {} throw new Error("late")'],
    ["in a finally", 'text("a"); try { exit(); } finally { text("b"); }'],
    ["in toJSON", 'text("a"); text({ toJSON() { exit(); } })'],
    [
      "swallowed, then a native loop",
      'text("a"); try { exit(); } catch {} Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)',
    ],
  ])("%s ends the script as a success", async (_where, source) => {
    expect(await texts(source)).toEqual(["a"]);
  });

  test("a script that throws the sentinel itself has failed", async () => {
    expect(await failure('throw "__codex_code_mode_exit__"')).toBe("__codex_code_mode_exit__");
  });
});

describe("errors", () => {
  test("carry name, message, line and column", async () => {
    const response = await run(
      '\nfunction inner() {\n  throw new RangeError("deep");\n}\ninner();',
    );
    expect(response).toMatchObject({
      status: "failed",
      error: { name: "RangeError", message: "deep", line: 3, column: expect.any(Number) },
    });
    expect(response.status === "failed" && response.error.text).toMatch(
      /^RangeError: deep\n {4}at inner \(exec_main\.mjs:3:\d+\)\n {4}at <anonymous> \(exec_main\.mjs:5:\d+\)$/,
    );
  });

  test("of a helper are Error objects whose text is the bare message", async () => {
    expect(
      await texts(`
        try { notify("  "); } catch (error) {
          text(error instanceof Error); text(String(error)); text(\`\${error}\`); text(error.message);
        }
      `),
    ).toEqual(["true", ...Array.from({ length: 3 }, () => "notify: the text must not be blank")]);
    expect(await failure('notify("\\n")')).toBe("notify: the text must not be blank");
  });

  test.each([
    ["throw { toString() { throw 1; } }", /cannot be turned into text/],
    ["throw new Proxy({}, { get() { throw 1; } })", /cannot be turned into text/],
    ["throw { get stack() { for (;;); } }", /cannot be read/],
    ["throw Object.assign(new Error('x'), { name: 1, message: 2 })", /Error/],
    ["throw undefined", /^undefined$/],
    ["throw Symbol('s')", /Symbol\(s\)/],
    ["const e = new Error('a'); e.stack = 5; throw e", /^Error: a/],
    ["await Promise.reject(7)", /^7$/],
  ])("%s is told", async (source, text) => {
    expect(await failure(source)).toMatch(text);
  });

  test("a deep recursion shows its first frames", async () => {
    const text = await failure("function again() { again(); }\nagain();");
    expect(text).toMatch(/stack overflow/);
    expect(text.split("\n").length).toBeLessThan(15);
  });
});

describe("modules", () => {
  test("helpers and tools can be imported, by both names, once per cell", async () => {
    expect(
      await texts(`
        import * as first from "@openai/code_mode";
        import { output_text, output_image, load, exit } from "openai/code_mode";
        import { echo_it, tools as all, ALL_TOOLS as list } from "tools.js";
        const again = await import("@openai/code_mode");
        output_text(first === again && first.text === output_text && output_text === text);
        output_text(all === tools && list === ALL_TOOLS && echo_it === tools.echo_it);
        output_text(await echo_it("through"));
        output_text(Object.keys(await import("tools.js")).join());
        output_image("data:,x");
      `),
    ).toEqual(["true", "true", "through", "ALL_TOOLS,__proto__,echo_it,tools", "data:,x"]);
  });

  test.each([
    "./tools.js",
    "node:fs",
    "http://x/y.js",
    "data:text/javascript,1",
    "exec_main.mjs",
    "unsupported:x",
  ])("%s is refused, statically and dynamically", async (specifier) => {
    expect(await failure(`import ${JSON.stringify(specifier)}`)).toBe(
      `Unsupported import in exec: ${specifier}`,
    );
    expect(
      await texts(
        `try { await import(${JSON.stringify(specifier)}); } catch (e) { text(e.message); }`,
      ),
    ).toEqual([`Unsupported import in exec: ${specifier}`]);
  });
});

test("tools are listed with their declarations, in the order of their names", async () => {
  expect(
    await texts("text(ALL_TOOLS.map((tool) => tool.name)); text(ALL_TOOLS[3].description)"),
  ).toEqual([
    '["ALL_TOOLS","__proto__","delete","echo_it"]',
    "Tool echo-it.\n\nexec tool declaration:\n```ts\ndeclare const tools: { echo_it(args: unknown): Promise<unknown>; };\n```",
  ]);
});

test("a script that waits for nothing fails at once instead of running for ever", async () => {
  expect(await failure('text("a"); await new Promise(() => {})')).toMatch(/nothing can settle/);
  expect(await failure("await (async () => { await { then() {} }; })()")).toMatch(
    /nothing can settle/,
  );
});

describe("timers, where the host gives them", () => {
  test("run their callback, in order of time, and can be cleared", async () => {
    expect(
      await texts(
        `
        const seen = [];
        const id = setTimeout(() => seen.push("cleared"), 1);
        clearTimeout(id); clearTimeout(null); clearTimeout(99);
        await new Promise((done) => {
          setTimeout(done, 30.9);
          setTimeout(() => seen.push("b"), NaN);
          setTimeout((...given) => seen.push(given.length), -1, "dropped");
        });
        text(seen); text(Number.isInteger(id) && id > 0);
      `,
        withTimers,
      ),
    ).toEqual(['["b",0]', "true"]);
  });

  test("fail the cell with the error of a callback, and do not keep it alive", async () => {
    expect(
      await failure(
        'setTimeout(() => { throw new Error("in timer"); }); await new Promise(() => {})',
        withTimers,
      ),
    ).toMatch(/^Error: in timer/);
    expect(await failure("setTimeout(1)", withTimers)).toBe("setTimeout takes a function");
    expect(await texts('setTimeout(() => text("never"), 1e9); text("end")', withTimers)).toEqual([
      "end",
    ]);
  });
});
