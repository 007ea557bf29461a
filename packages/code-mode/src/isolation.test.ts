import { afterAll, expect, test } from "vitest";
import { createCodeModeService } from "./service.ts";
import type { CodeModeService } from "./service.ts";

const service = createCodeModeService();
afterAll(() => service[Symbol.asyncDispose]());

async function texts(source: string, on: CodeModeService = service): Promise<readonly string[]> {
  const request = { toolCallId: "call", enabledTools: [], source, yieldTimeMs: 20_000 };
  const response = await on.execute(request);
  if (response.status !== "completed") throw new Error(JSON.stringify(response));
  return response.contentItems.map((item) =>
    item.type === "input_text" ? item.text : item.image_url,
  );
}

/** Places in which a cell leaves a canary: every one but `store`. */
const hiding: readonly string[] = [
  "globalThis.canary = 'canary';",
  "Object.prototype.canary = 'canary';",
  "Array.prototype[0] = 'canary'; Array.prototype.canary = 1;",
  "Object.defineProperty(Function.prototype, 'canary', { value: 'canary' });",
  "Symbol.for('canary').description; Symbol.canary = Symbol.for('canary');",
  "text.canary = tools.canary = ALL_TOOLS.canary = Math.canary = JSON.canary = 'canary';",
  "String.prototype.split = () => ['canary'];",
  "Promise.prototype.then = function () { return 'canary'; };",
  "Math.random = () => 'canary';",
  "RegExp('canary').exec('canary'); RegExp.canary = 1;",
  "(await import('@openai/code_mode')).text.canary = 'canary';",
  "(await import('tools.js')).tools.canary = 'canary';",
  "globalThis.text = () => { throw 'canary'; };",
  "delete globalThis.JSON; delete Object.prototype.toString;",
  "Object.freeze(Object.prototype); Object.preventExtensions(globalThis);",
  "(async () => { for (let i = 0; i < 5; i++) await 0; globalThis.canary = 1; })();",
  "new FinalizationRegistry(() => { globalThis.canary = 1; }).register({}, 1);",
  "const s = 'canary'.repeat(1e5); globalThis.all = Array.from({ length: 50 }, (_, i) => s + i);",
  "eval('var canary = 1'); (0, eval)('var canary = 2');",
];

const search = `
  const found = [];
  const places = { globalThis, text, tools, ALL_TOOLS, Math, JSON, Symbol, RegExp, Object, Function,
    "Object.prototype": Object.prototype, "Array.prototype": Array.prototype, "Function.prototype": Function.prototype };
  for (const [name, place] of Object.entries(places)) {
    if (Reflect.ownKeys(place).includes("canary")) found.push(name);
  }
  text(found);
  text([].concat("a-b".split("-")));
  text(await Promise.resolve(1).then((n) => n + 1));
  text(typeof Math.random());
  text(Object.isFrozen(Object.prototype) || !Object.isExtensible(globalThis));
  text(load("canary"));
  text(typeof Object.prototype.toString + typeof globalThis.all);
`;

test("a canary left by one cell outside of store is never seen by the next", async () => {
  const clean = ["[]", '["a","b"]', "2", "number", "false", "undefined", "functionundefined"];
  expect(await texts(search)).toEqual(clean);
  for (const source of hiding) {
    await texts(source);
    expect([source, await texts(search)]).toEqual([source, clean]);
  }
});

test("memory that a cell asks for holds nothing of an earlier cell", async () => {
  await texts(`
    const keep = [];
    for (let i = 0; i < 40; i++) {
      const canary = new Uint8Array(1e5); canary.fill(0xca); keep.push(canary);
      keep.push("canary".repeat(1e4) + i);
    }
  `);
  expect(
    await texts(`
      const clean = (bytes) => !bytes.some((byte) => byte !== 0);
      const resizable = new ArrayBuffer(8, { maxByteLength: 2e6 });
      resizable.resize(2e6);
      const grown = new ArrayBuffer(8).transfer(2e6);
      text([
        clean(new Uint8Array(4e6)), clean(new Uint8Array(resizable)), clean(new Uint8Array(grown)),
        clean(new Float64Array(1e5)), Array.from({ length: 50 }, () => clean(new Uint8Array(1e4))).every(Boolean),
      ]);
    `),
  ).toEqual(["[true,true,true,true,true]"]);
});

test("jobs, timers and rejections that a cell leaves do nothing in the next one", async () => {
  await using own = createCodeModeService({ timers: true });
  const left = `
    const ghost = () => { globalThis.ghost = true; text("ghost"); };
    setTimeout(ghost, 0); setTimeout(ghost, 20);
    Promise.reject(new Error("ghost")); Promise.resolve().then(ghost).then(ghost);
    new FinalizationRegistry(ghost).register({}, 1);
    exit();
  `;
  for (let round = 0; round < 5; round += 1) {
    expect(await texts(left, own)).toEqual([]);
    expect(
      await texts(
        "await new Promise((done) => setTimeout(done, 40)); text(typeof globalThis.ghost)",
        own,
      ),
    ).toEqual(["undefined"]);
  }
});

test("cells that run at once see nothing of each other", async () => {
  const source = (name: string) => `
    globalThis.mine = "${name}"; Object.prototype.shared = "${name}";
    for (let i = 0; i < 50; i++) await new Promise((done) => setTimeout(done, 1));
    text([mine, {}.shared]);
  `;
  await using own = createCodeModeService({ timers: true });
  const names = ["a", "b", "c"];
  expect(await Promise.all(names.map((name) => texts(source(name), own)))).toEqual(
    names.map((name) => [JSON.stringify([name, name])]),
  );
});

test("two services share nothing", async () => {
  await using other = createCodeModeService();
  await texts('store("only here", 1)');
  expect(await texts('text(load("only here"))', other)).toEqual(["undefined"]);
  expect(await texts('text(load("only here"))')).toEqual(["1"]);
});
