/** Scripts that try to hang, exhaust, confuse or leave their sandbox: every attack in every wrapper. */

export interface HostileScript {
  readonly name: string;
  readonly source: string;
}

/** Statements; they may loop for ever, and they may throw. */
const attacks: Readonly<Record<string, string>> = {
  "busy loop": "for (;;);",
  "counting loop": "let n = 0; while (true) n++;",
  "labelled loop": "outer: for (;;) { for (;;) continue outer; }",
  "endless generator": "function* all() { for (;;) yield 1; } for (const x of all());",
  "endless iterator":
    "for (const x of { [Symbol.iterator]: () => ({ next: () => ({ done: false }) }) });",
  "endless spread": "[...{ *[Symbol.iterator]() { for (;;) yield 0; } }];",
  "endless getter": "({ get x() { for (;;); } }).x;",
  "endless in": "'x' in new Proxy({}, { has() { for (;;); } });",
  "endless regular expression": '/^(([a-z])+.)+[A-Z]([a-z])+$/.test("a".repeat(60));',
  "endless replace": '"x".repeat(1e5).replace(/x/g, () => { for (;;); });',
  "endless sort": "[3, 1, 2].sort(() => { for (;;); });",
  "endless toString": "`${{ toString() { for (;;); } }}`;",
  "endless eval": 'for (;;) eval("1");',
  "microtask flood": "(function again() { Promise.resolve().then(again); })();",
  "two microtask floods": "(function again() { Promise.resolve().then(again).then(again); })();",
  "asynchronous flood": "(async () => { for (;;) await null; })();",
  "asynchronous flood that catches":
    "(async () => { for (;;) { try { await null; throw 1; } catch {} } })();",
  "catch chain": "const chain = () => Promise.reject(1).catch(chain); chain();",
  "thenables for ever": "Promise.resolve({ then(r) { r({ then: this.then }); } });",
  recursion: "(function f() { f(); })();",
  "mutual recursion": "const f = () => g(), g = () => f(); f();",
  "recursive Proxy": "const p = new Proxy({}, { get: (t, k, r) => r[k] }); p.x;",
  "deep JSON text": 'JSON.parse("[".repeat(1e5) + "]".repeat(1e5));',
  "deep blocks": 'eval("{".repeat(2e4) + "}".repeat(2e4));',
  "deep regular expression": 'new RegExp("(".repeat(2e4) + ")".repeat(2e4)).test("");',
  "deep concatenation": 'eval("1" + "+1".repeat(2e4));',
  "deep flat": "let nest = []; for (let i = 0; i < 5e4; i++) nest = [nest]; nest.flat(Infinity);",
  "deep promises":
    "let chain = Promise.resolve(); for (let i = 0; i < 2e4; i++) chain = chain.then(() => {}); await chain;",
  "huge buffer": "new ArrayBuffer(2 ** 40);",
  "huge pad": '"x".padEnd(2 ** 30);',
  "output flood": "for (let i = 0; ; i++) text(i);",
  "output flood that catches": "for (;;) { try { text('x'); } catch {} }",
  "large output": 'for (;;) text("x".repeat(1e5));',
  "notice flood": 'for (;;) notify("n");',
  "yield flood": "for (;;) yield_control();",
  "image flood": 'for (;;) image("data:image/png;base64," + "A".repeat(1e4));',
  "store flood": 'for (let i = 0; ; i++) store("k" + i, "v".repeat(1e3));',
  "call flood": "for (;;) tools.echo({});",
  "call flood that waits":
    "for (;;) await Promise.allSettled(Array.from({ length: 400 }, () => tools.echo({})));",
  "exit in a loop": "for (;;) { try { exit(); } catch {} }",
  "exit in a promise loop":
    "const leave = () => Promise.resolve().then(exit).catch(leave); leave();",
  "exit in a getter": "text({ toJSON() { try { exit(); } catch {} for (;;); } });",
  "constructor chain":
    'const F = text.constructor.constructor; F("return this.process || globalThis.require")();',
  "constructor of a result": "(await tools.echo({})).constructor.constructor('return process')();",
  "constructor of an error":
    "try { await tools.fails(); } catch (e) { e.constructor.constructor('return process')(); }",
  "async constructor": "(async () => {}).constructor('return process')();",
  "generator constructor":
    "Object.getPrototypeOf(function* () {}).constructor('for (;;) yield 1')().next();",
  caller: "(function f() { return f.caller; })();",
  "arguments callee": "new Function('return arguments.callee.caller')();",
  "host objects":
    "for (const key of Reflect.ownKeys(globalThis)) { const v = globalThis[key]; if (v && v.__proto__ && v.constructor && v.constructor.name === 'process') text(key); }",
  "global names":
    "[typeof process, typeof require, typeof Deno, typeof Bun, typeof std, typeof os, typeof print, typeof scriptArgs, typeof module].forEach(text);",
  imports:
    "await Promise.allSettled(['fs', 'std', 'os', 'node:child_process', './worker.ts', 'exec_main.mjs', 'tools.js', '\\0', '__proto__'].map((name) => import(name)));",
  "helpers taken apart":
    "for (const helper of [text, image, store, load, notify, yield_control, tools.echo, tools, ALL_TOOLS]) { try { Object.setPrototypeOf(helper, { get call() { for (;;); }, toString() { throw 1; } }); helper.call = helper.apply = helper.bind = null; helper.prototype = { constructor: text }; } catch {} } text({}); store('k', 1); load('k'); await tools.echo({});",
  "helpers replaced by themselves":
    "for (const name of ['text', 'image', 'store', 'load', 'notify', 'yield_control', 'exit']) { const own = globalThis[name]; globalThis[name] = (...given) => globalThis[name](...given, own); } text('x');",
  "helpers called with strange this":
    "for (const self of [null, 1, tools, globalThis, new Proxy({}, { get() { for (;;); } })]) { text.call(self, 'x'); Reflect.apply(store, self, ['k', 1]); Reflect.apply(tools.echo, self, [{}]); } try { new text('x'); } catch {} try { Reflect.construct(tools.echo, [{}], Array); } catch {}",
  "every global a trap":
    "for (const key of Object.getOwnPropertyNames(globalThis)) { try { Object.defineProperty(globalThis, key, { get() { throw 1; }, set() { for (;;); } }); } catch {} }",
  "every prototype a trap":
    "for (const key of Object.getOwnPropertyNames(globalThis)) { const place = globalThis[key]?.prototype; if (!place) continue; for (const name of Reflect.ownKeys(place)) { try { Object.defineProperty(place, name, { get() { throw 1; } }); } catch {} } } text({}); await tools.echo({});",
  "accessors on Object.prototype":
    "for (const key of ['resolve', 'reject', 'name', 'stack', 'message', 'value', 'get', 'writable', 'tool', 'image_url', 'detail']) { try { Object.defineProperty(Object.prototype, key, { get() { return text; }, set() { throw 1; } }); } catch {} } image('data:,x'); await tools.fails();",
  "getter that re-enters":
    "const again = { get x() { tools.echo(again); store('k', { y: 1 }); text('in'); return 1; } }; text(again); await tools.echo(again);",
  "getter that re-enters and leaves": "text({ get x() { text({ get x() { exit(); } }); } });",
  "tools changed while they are called":
    "const call = tools.echo; tools.echo = () => tools.echo(); ALL_TOOLS.length = 0; delete tools.fails; await call(new Proxy({}, { ownKeys() { tools.never(); return []; } }));",
  "imports of itself":
    "for (let i = 0; i < 50; i++) await import('exec_main.mjs').catch(() => import('./exec_main.mjs')).catch(() => {});",
  "imports of a changing name":
    "let n = 0; await Promise.allSettled(Array.from({ length: 100 }, () => import({ toString() { return 'x' + n++; } })));",
  "promise settled by its own reaction":
    "const { promise, resolve } = Promise.withResolvers(); resolve({ get then() { return (done) => { promise.then(done); for (let i = 0; i < 1e4; i++) Promise.resolve().then(() => {}); }; } }); await promise;",
  "Object.prototype pollution":
    "Object.prototype.toJSON = () => { throw 1; }; Object.prototype.then = () => {}; Object.prototype[0] = 'x'; Object.prototype.resolve = text;",
  "Array.prototype pollution":
    "Array.prototype.push = Array.prototype.join = Array.prototype[Symbol.iterator] = () => { throw 1; }; text([1]);",
  "Promise pollution":
    "Promise.prototype.then = () => { throw 1; }; Promise = null; tools.echo({});",
  "String pollution":
    "String.prototype.split = String.prototype.includes = String.prototype.toString = () => { throw 1; }; text('x'); throw new Error('e');",
  "Function pollution":
    "Function.prototype.call = Function.prototype.apply = Function.prototype.bind = undefined; text('x'); await tools.echo({});",
  "JSON pollution":
    "JSON.stringify = JSON.parse = () => { for (;;); }; text({}); store('k', {}); load('k'); await tools.echo({});",
  "Error pollution":
    "Error.prototype.toString = () => { throw 1; }; Error.prototype.name = { toString() { throw 1; } }; Object.defineProperty(Error.prototype, 'stack', { get() { for (;;); } }); await tools.fails();",
  "WeakMap pollution":
    "WeakMap.prototype.get = WeakMap.prototype.set = () => { throw 1; }; await tools.fails();",
  "frozen world":
    "for (const key of Object.getOwnPropertyNames(globalThis)) { try { Object.freeze(globalThis[key]); Object.freeze(globalThis[key]?.prototype); } catch {} } Object.freeze(globalThis);",
  "deleted world": "for (const key of Reflect.ownKeys(globalThis)) delete globalThis[key];",
  "null prototypes":
    "for (const key of Object.getOwnPropertyNames(globalThis)) { try { Object.setPrototypeOf(globalThis[key], null); } catch {} }",
  "Proxy argument":
    "text(new Proxy({}, { get() { throw new Proxy({}, { get() { throw 1; } }); }, ownKeys() { for (;;); } }));",
  "Proxy key": "store(new Proxy({}, { get() { return () => 'k'; } }), 1);",
  "re-entrant argument":
    "const again = { toJSON() { text('in'); tools.echo(again); store('k', 1); return 1; } }; text(again); await tools.echo(again);",
  "re-entrant for ever": "const again = { toJSON() { text(again); } }; text(again);",
  circular: "const c = { list: [] }; c.list.push(c); text(c);",
  "circular argument": "const c = {}; c.c = c; await tools.echo(c);",
  "enormous value": "text(Array.from({ length: 2e5 }, (_, i) => ({ i })));",
  "enormous argument": "await tools.echo(Array.from({ length: 2e5 }, (_, i) => i));",
  "strange error": "throw { get stack() { throw 1; }, get message() { for (;;); } };",
  "error with a script of its own":
    "throw { get stack() { text('late'); exit(); }, toString() { for (;;); } };",
  "rejection with a thenable": "await { then(_, reject) { reject({ then() { for (;;); } }); } };",
  "late promise":
    "tools.echo({}).then(() => { for (;;); }); tools.echo({}).then(() => text('late'));",
  "nothing to wait for": "await new Promise(() => {});",
  "waiting for a finalizer":
    "new FinalizationRegistry(() => { for (;;); }).register({}, 1); await new Promise(() => {});",
  "resized buffer":
    "const b = new ArrayBuffer(8, { maxByteLength: 1e7 }); const v = new Uint8Array(b); b.resize(1e7); v.fill(7); b.resize(0); v[5] = 1; b.transfer(1e7);",
  species:
    "class X extends Array { static get [Symbol.species]() { for (;;); } } new X(1, 2).map(() => 1);",
  "typed array callbacks":
    "const t = new Uint8Array(8); t.sort(() => { t.buffer.transfer(); return 1; }); t.fill({ valueOf() { return 1; } });",
  "array that shrinks":
    "const a = [1, 2, 3]; a.sort(() => { a.length = 0; return -1; }); a.splice({ valueOf() { a.length = 0; return 0; } }, 1);",
  "sticky indices":
    'const r = /a/gy; r.lastIndex = { valueOf() { r.compile("b"); return 2 ** 40; } }; try { r.exec("aaa"); } catch {}',
  "weak references":
    "const refs = []; for (let i = 0; i < 1e4; i++) refs.push(new WeakRef({ i })); refs.map((ref) => ref.deref());",
  "template cache": "const tag = (s) => s; for (let i = 0; i < 1e4; i++) tag`a${i}b`;",
  symbols: "for (let i = 0; i < 1e5; i++) Symbol.for('s' + i);",
  dates: "for (let i = 0; i < 1e4; i++) new Date(8.64e15 - i).toString() + new Date(NaN);",
  "computed loop": "const f = (n) => n; let i = 0; while (f(i) >= 0) i += 1;",
  "loop over keys":
    "const o = {}; for (let i = 0; ; i++) o['k' + (i % 100)] = Object.keys(o).length;",
  "endless reduce": "[1, 2].reduce(() => { for (;;); });",
  "endless reviver": 'JSON.parse("[1]", () => { for (;;); });',
  "endless replacer": "JSON.stringify([1], () => { for (;;); });",
  "endless descriptor": "Object.defineProperties({}, new Proxy({}, { ownKeys() { for (;;); } }));",
  "endless constructor": "new (class { constructor() { for (;;); } })();",
  "endless destructuring": "const [a] = { [Symbol.iterator]() { for (;;); } };",
  "endless default": "((x = (() => { for (;;); })()) => x)();",
};

/** These fill the memory or keep the engine busy without a look at the clock: costly, so in few wrappers. */
const costly: Readonly<Record<string, string>> = {
  "deep source": 'eval("(".repeat(2e4) + ")".repeat(2e4));',
  "recursion that catches": "(function f() { try { f(); } catch { f(); } })();",
  "recursive toString": "const o = { toString() { return `${o}`; } }; `${o}`;",
  "do loop with a catch": "do { try { null.x; } catch { continue; } } while (true);",
  "deep JSON value": "let deep = []; for (let i = 0; i < 2e4; i++) deep = [deep]; text(deep);",
  "recursive bind": "let f = () => {}; for (let i = 0; i < 1e5; i++) f = f.bind(null); f();",
  "array bomb": "const bomb = []; for (;;) bomb.push(new Array(1e3).fill(1));",
  "string bomb": 'let bomb = "x"; for (;;) bomb += bomb;',
  "buffer bomb": "const bomb = []; for (;;) bomb.push(new ArrayBuffer(1e6));",
  "huge array": "new Array(2 ** 32 - 1).fill(0);",
  "huge join": 'new Array(2 ** 25).join("xxxx");',
  "map bomb": "const bomb = new Map(); for (let i = 0; ; i++) bomb.set(i, { i });",
  "closure bomb": "let bomb = null; for (;;) { const last = bomb; bomb = () => last; }",
  "memory bomb that catches":
    "const bomb = []; for (;;) { try { for (;;) bomb.push(new Array(1e4)); } catch {} }",
  "large arguments": 'for (;;) tools.echo("x".repeat(5e5)).catch(() => {});',
  "enormous key": 'store("k".repeat(1e7), 1);',
  "enormous error": 'throw new Error("e".repeat(1e7));',
  "BigInt tower": "let n = 3n; for (;;) n *= n;",
};

/** What stands around an attack. */
const wrappers: Readonly<Record<string, (attack: string) => string>> = {
  plain: (attack) => attack,
  "with output": (attack) => `text("begun"); ${attack}`,
  "in an asynchronous function": (attack) => `await (async () => { ${attack} })();`,
  "not awaited": (attack) => `(async () => { ${attack} })(); text("end");`,
  "in a catch that tries again": (attack) =>
    `for (let i = 0; i < 3; i++) { try { await (async () => { ${attack} })(); } catch {} }`,
  "in a finally": (attack) => `await (async () => { try { throw 1; } finally { ${attack} } })();`,
  "in a promise's reaction": (attack) => `await Promise.resolve().then(async () => { ${attack} });`,
  "after a tool call": (attack) => `await tools.echo({}); ${attack}`,
  "beside a pending call": (attack) => `tools.never(); ${attack}`,
  "in a class": (attack) => `await new (class { run = async () => { ${attack} }; })().run();`,
  "twice at once": (attack) =>
    `const run = async () => { ${attack} }; await Promise.all([run(), run()]);`,
};

/** These hold their thread without ever looking at the clock; each costs the grace and a new thread. */
const native: Readonly<Record<string, string>> = {
  indexOf: "Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);",
  lastIndexOf: "Array.prototype.lastIndexOf.call({ length: 2 ** 53 - 1 }, 1);",
  includes: "Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);",
  "join of nothing": "Array.prototype.reverse.call({ length: 2 ** 53 - 1 });",
  "indexOf, caught":
    "try { exit(); } catch {} Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);",
};

/** These stand alone: an import is nothing that could be wrapped. */
const modules: Readonly<Record<string, string>> = {
  "imports itself": 'import "exec_main.mjs"; text(1);',
  "imports all of itself":
    'import * as self from "exec_main.mjs"; export const x = self; text(self.x);',
  "exports itself": 'export * from "exec_main.mjs"; export * from "exec_main.mjs";',
  "imports itself by another name": 'import "./exec_main.mjs"; import "file:///exec_main.mjs";',
  "imports itself later": 'export let n = 0; const self = await import("exec_main.mjs"); self.n++;',
  "writes to a module":
    'import * as all from "tools.js"; all.tools = 1; all.echo = null; delete all.ALL_TOOLS; text(all);',
  "hides in a module":
    'import * as all from "@openai/code_mode"; try { all.text.leak = globalThis.leaked = 1; Object.defineProperty(all, "leak", { value: 1 }); } catch {} for (;;);',
  "exports a then": "export function then() { for (;;); } await import('tools.js');",
  "waits for a module for ever": 'for (;;) await import("tools.js"); export default 1;',
  "imports with attributes": 'import data from "./data.json" with { type: "json" };',
  "imports the host's modules":
    'import "node:fs"; import "qjs:std"; import "qjs:os"; import "std"; import "os";',
};

/** All of them, in a fixed order. */
export function hostileScripts(): readonly HostileScript[] {
  const wrap = (of: Readonly<Record<string, string>>, number: number): readonly HostileScript[] =>
    Object.entries(of).flatMap(([attack, source]) =>
      Object.entries(wrappers)
        .slice(-number)
        .map(([name, wrapper]) => ({ name: `${attack}, ${name}`, source: wrapper(source) })),
    );
  const alone = (kind: string, of: Readonly<Record<string, string>>): readonly HostileScript[] =>
    Object.entries(of).map(([name, source]) => ({ name: `${kind} ${name}`, source }));
  return [
    ...wrap(attacks, Infinity),
    ...wrap(costly, /*number*/ 2),
    ...alone("module", modules),
    ...alone("native", native),
  ];
}
