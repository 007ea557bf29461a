import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { loadLibrary } from "./engine.ts";
import { createEngineMemory, createMemory, findHeap, staticWords } from "./engine-memory.ts";
import { compileWasm } from "./web-assembly.ts";

const require = createRequire(import.meta.url);
const wasm = compileWasm(readFileSync(require.resolve("@jitl/quickjs-wasmfile-release-sync/wasm")));

async function openEngine() {
  const [{ newQuickJSWASMModuleFromVariant, newVariant }, variant] = await loadLibrary();
  const memory = createMemory(64 * 1024 * 1024);
  const quickjs = await newQuickJSWASMModuleFromVariant(
    newVariant(variant, { wasmModule: wasm, wasmMemory: memory }),
  );
  const untouched = staticWords(memory);
  const context = quickjs.newRuntime().newContext();
  const evaluate = (source: string): unknown => {
    const handle = context.unwrapResult(context.evalCode(source));
    const value: unknown = context.dump(handle);
    handle.dispose();
    return value;
  };
  const heap = findHeap(memory, untouched, (bytes) => evaluate(`new ArrayBuffer(${bytes}); 0`));
  return { memory, evaluate, heap };
}

test("the engine's heap is found, so that what a cell touched can be cleared", async () => {
  const { heap, memory, evaluate } = await openEngine();
  if (heap === undefined) throw new Error("not found");
  const end = () => new Uint32Array(memory.buffer)[heap.endAddress / 4] ?? 0;
  const before = end();
  expect(before).toBeGreaterThan(heap.start);
  evaluate("globalThis.keep = new ArrayBuffer(1000000); 0");
  expect(end() - before).toBeGreaterThanOrEqual(800_000);
});

test.each([
  ["with the heap found", true],
  ["without", false],
])("putting the memory back clears every byte that was written since, %s", async (_how, found) => {
  const { heap, memory, evaluate } = await openEngine();
  const engineMemory = createEngineMemory(memory, found ? heap : undefined);
  evaluate("globalThis.seen = 'before'; 0");
  const snapshot = engineMemory.take();
  evaluate(`
    seen = "canary canary".repeat(1e5);
    globalThis.all = Array.from({ length: 20 }, () => new Uint8Array(1e5).fill(0xca)); 0
  `);
  const bytes = Buffer.from(memory.buffer);
  expect(bytes.includes("canary canary")).toBe(true);
  engineMemory.restore(snapshot);
  expect(engineMemory.grown()).toBe(false);
  expect(bytes.includes("canary canary")).toBe(false);
  expect(bytes.includes(Buffer.alloc(64, 0xca))).toBe(false);
  expect(evaluate("seen + typeof all")).toBe("beforeundefined");
});

test("a memory that has grown says so", async () => {
  const { heap, memory, evaluate } = await openEngine();
  const engineMemory = createEngineMemory(memory, heap);
  evaluate("new ArrayBuffer(20000000); 0");
  expect(engineMemory.grown()).toBe(true);
});
