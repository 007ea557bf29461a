/** One QuickJS instance, its host function and its snapshots. Runs in a worker, one cell at a time. */
import type { QuickJSContext, QuickJSRuntime, QuickJSSyncVariant } from "quickjs-emscripten-core";
import type { CellError } from "./content.ts";
import { bindEngine, unknownEngine } from "./engine-calls.ts";
import type { Address, EngineBinding, EngineCalls } from "./engine-calls.ts";
import { createEngineMemory, createMemory, findHeap, staticWords } from "./engine-memory.ts";
import type { EngineMemory, HeapPlace, MemorySnapshot } from "./engine-memory.ts";
import { describeError, engineFailure, unsupportedImport } from "./error-text.ts";
import {
  helperModuleName,
  helperModuleSource,
  moduleNameOf,
  toolModuleName,
  toolModuleSource,
} from "./modules.ts";
import { helperStatus, prelude, preludeFile } from "./prelude.ts";
import { beginCell, ending, hearRequest } from "./script-requests.ts";
import type { CellEvents, CellState } from "./script-requests.ts";
import type { WasmMemory, WasmModule } from "./web-assembly.ts";
import type { CellLimits, CellOutcome } from "./wire.ts";

/** The script's name in stack traces. */
const scriptFile = "exec_main.mjs";
/** Below a quarter of the worker's stack: QuickJS must notice before the host's stack ends. */
const maxStackBytes = 256 * 1024;
const jobsPerBatch = 1000;
/** A value that a script ends with is read for at most this long. */
const describeMs = 100;
const unsupported = "unsupported:";

export interface EngineOptions {
  readonly wasm: WasmModule;
  readonly limits: CellLimits;
  /** Gives scripts `setTimeout` and `clearTimeout`. */
  readonly timers: boolean;
}

export interface CellStart {
  readonly source: string;
  readonly stored: string;
  readonly storedBytes: number;
}

export interface Engine {
  /** Takes the list of tools as JSON, unless it has the one with this key. */
  setTools(key: number, tools: string | undefined): void;
  /** Runs until the script ends or waits; undefined when it waits. */
  run(start: CellStart, events: CellEvents): CellOutcome | undefined;
  answer(call: number, ok: boolean, json: string): CellOutcome | undefined;
  fire(timer: number): CellOutcome | undefined;
  /** What the cell stored, in the order of its last writes, and the items that were over a limit. */
  result(): { readonly stored: readonly (readonly [string, string])[]; readonly dropped: number };
  /** Puts the memory back. False when the instance is spent and another is to be made. */
  reset(): boolean;
}

/** Shows what an earlier one has left, through a job, and leaves something. */
const checkSource =
  "const before = typeof globalThis.checked; globalThis.checked = 1; await 0; throw before;";

const silent: CellEvents = {
  item: ignore,
  call: ignore,
  notify: ignore,
  yield: ignore,
  exit: ignore,
  startTimer: ignore,
  clearTimer: ignore,
  isStopped: () => false,
};

/** An abort of the engine is reported by the exception that it throws, not on the console. */
const quiet: object = { print: ignore, printErr: ignore };

/** The same for every instance of one WebAssembly module, and a thread has but one. */
let heap: HeapPlace | undefined;

/** Loads the code of the engine, all but the WebAssembly itself. */
export async function loadLibrary() {
  const [library, { default: variant }] = await Promise.all([
    import("quickjs-emscripten-core"),
    import("@jitl/quickjs-wasmfile-release-sync"),
  ]);
  // The package's types describe its CommonJS build; an ES module gets the variant itself.
  return [library, variant as unknown as QuickJSSyncVariant] as const;
}

export async function createEngine(options: EngineOptions): Promise<Engine> {
  const [{ newQuickJSWASMModuleFromVariant, newVariant }, variant] = await loadLibrary();
  const wasmMemory = createMemory(options.limits.memoryBytes);
  const binding = bindEngine(variant);
  const quickjs = await newQuickJSWASMModuleFromVariant(
    newVariant(binding.variant, {
      wasmModule: options.wasm,
      wasmMemory,
      emscriptenModule: quiet,
    }),
  );
  const untouched = heap === undefined ? staticWords(wasmMemory) : undefined;
  const runtime = quickjs.newRuntime();
  runtime.setMaxStackSize(maxStackBytes);
  const context = runtime.newContext();
  if (untouched !== undefined) {
    heap = findHeap(wasmMemory, untouched, (bytes) => {
      context.unwrapResult(context.evalCode(`new ArrayBuffer(${bytes}); undefined`)).dispose();
    });
  }
  const engine = new QuickJsEngine(options, binding, runtime, context, wasmMemory);
  if (untouched !== undefined) engine.check();
  return engine;
}

class QuickJsEngine implements Engine {
  readonly #limits: CellLimits;
  readonly #runtime: QuickJSRuntime;
  readonly #context: QuickJSContext;
  readonly #calls: EngineCalls;
  readonly #begin: Address;
  readonly #settle: Address;
  readonly #fire: Address;
  readonly #describe: Address;
  readonly #addTools: Address;
  readonly #base: MemorySnapshot;
  #memory: EngineMemory;
  #ready: MemorySnapshot;
  #toolsKey = -1;
  #cell: CellState | undefined;
  /** What the evaluation of the script gave: its promise, or something else when it has ended. */
  #module: Address = 0;
  /** The tools' own names, in the order of the list that the engine has. */
  #toolNames: readonly string[] = [];
  #deadline = Infinity;
  #broken = false;

  constructor(
    options: EngineOptions,
    binding: EngineBinding,
    runtime: QuickJSRuntime,
    context: QuickJSContext,
    wasmMemory: WasmMemory,
  ) {
    this.#limits = options.limits;
    this.#runtime = runtime;
    this.#context = context;
    // All modules that there are have been evaluated before a script runs: nothing is ever loaded.
    // Only the loader can refuse: what the function that resolves names throws is lost.
    runtime.setModuleLoader(
      (name) => ({
        error: new Error(unsupportedImport + name.slice(unsupported.length)),
      }),
      (_base, name) => moduleNameOf(name) ?? unsupported + name,
    );
    this.#calls = binding.open(scriptFile, (value) => {
      const status = this.#help(value);
      return status === undefined ? 0 : this.#calls.number(status);
    });
    const host = context.newFunction("", ignore);
    const install = context.unwrapResult(context.evalCode(prelude, preludeFile));
    const bounds = [
      this.#limits.outputBytes,
      this.#limits.storedBytes,
      this.#limits.pendingCallBytes,
    ].map((bytes) => context.newNumber(bytes));
    const world = context.unwrapResult(
      context.callFunction(install, context.undefined, host, ...bounds),
    );
    for (const handle of [host, install, ...bounds]) handle.dispose();
    // These live as long as the engine does; no cell can free them.
    const method = (name: string): Address => context.getProp(world, name).value;
    this.#begin = method("begin");
    this.#settle = method("settle");
    this.#fire = method("fire");
    this.#describe = method("describe");
    this.#addTools = method("setTools");
    if (options.timers) {
      const add = context.getProp(world, "addTimers");
      context.unwrapResult(context.callFunction(add, context.undefined)).dispose();
      add.dispose();
    }
    world.dispose();
    this.#load(helperModuleSource, helperModuleName);
    runtime.setInterruptHandler(() => this.#interrupted());
    this.#memory = createEngineMemory(wasmMemory, heap);
    this.#base = this.#memory.take();
    this.#ready = this.#base;
  }

  /** Fails when the engine does not answer, or does not forget, as the one does that this was written for. */
  check(): void {
    const probe = (): string => {
      const outcome = this.run({ source: checkSource, stored: "", storedBytes: 0 }, silent);
      const described = outcome?.type === "failed" ? outcome.error.text : outcome?.type;
      if (!this.reset()) throw unknownEngine("its memory has grown");
      return described ?? "pending";
    };
    const [first, second] = [probe(), probe()];
    if (first !== "undefined") throw unknownEngine(`a script ended as ${first}`);
    if (second !== "undefined") throw unknownEngine("putting its memory back changes nothing");
  }

  setTools(key: number, tools: string | undefined): void {
    if (key === this.#toolsKey || tools === undefined) return;
    this.#memory.restore(this.#base);
    this.#invoke(this.#addTools, [tools]);
    const parsed = JSON.parse(tools) as readonly ToolEntry[];
    this.#load(toolModuleSource(parsed.map(({ identifier }) => identifier)), toolModuleName);
    this.#memory = createEngineMemory(this.#memory.memory, heap);
    this.#ready = this.#memory.take();
    this.#toolNames = parsed.map(({ name }) => name);
    this.#toolsKey = key;
  }

  run(start: CellStart, events: CellEvents): CellOutcome | undefined {
    this.#cell = beginCell(start, events);
    return this.#step((cell) => {
      const seed = Math.trunc(Math.random() * 2 ** 31);
      this.#invoke(this.#begin, [seed, start.stored]);
      const result = this.#calls.evaluate(start.source);
      const thrown = this.#calls.thrown(result);
      if (thrown !== 0) return this.#failed(cell, thrown);
      this.#module = result;
      return undefined;
    });
  }

  answer(call: number, ok: boolean, json: string): CellOutcome | undefined {
    return this.#step((cell) => {
      const bytes = cell.calls.get(call);
      if (bytes === undefined) return undefined;
      cell.calls.delete(call);
      cell.callBytes -= bytes;
      this.#invoke(this.#settle, [call, ok ? 1 : 0, json]);
      return undefined;
    });
  }

  fire(timer: number): CellOutcome | undefined {
    return this.#step((cell) => {
      if (!cell.timers.delete(timer)) return undefined;
      const id = this.#calls.number(timer);
      const thrown = this.#calls.thrown(this.#calls.call(this.#fire, [id]));
      return thrown === 0 ? undefined : this.#failed(cell, thrown);
    });
  }

  result(): { stored: readonly (readonly [string, string])[]; dropped: number } {
    const cell = this.#cell;
    return { stored: [...(cell?.stored ?? [])], dropped: cell?.dropped ?? 0 };
  }

  reset(): boolean {
    // What the cell's addresses point at is put back: they are dropped, and nothing is freed.
    this.#cell = undefined;
    this.#module = 0;
    this.#deadline = Infinity;
    if (this.#broken || this.#memory.grown()) return false;
    this.#memory.restore(this.#ready);
    return true;
  }

  #step(action: (cell: CellState) => CellOutcome | undefined): CellOutcome | undefined {
    const cell = this.#cell;
    if (cell === undefined) return undefined;
    try {
      return action(cell) ?? this.#drain(cell);
    } catch (error) {
      // Thrown through WebAssembly frames: the instance's stack pointer is no longer right.
      this.#broken = true;
      return ending(cell) ?? { type: "failed", error: engineFailure(error) };
    }
  }

  #drain(cell: CellState): CellOutcome | undefined {
    while (this.#calls.hasJobs()) {
      const end = ending(cell);
      // After a stop no job may run: an interruption can be caught in asynchronous code.
      if (end !== undefined) return end;
      this.#calls.runJobs(jobsPerBatch);
    }
    const end = ending(cell);
    if (end !== undefined) return end;
    const state = this.#calls.stateOf(this.#module);
    if (state === "fulfilled") return { type: "completed" };
    if (state === "rejected") return this.#failed(cell, this.#calls.outcomeOf(this.#module));
    if (cell.calls.size > 0 || cell.timers.size > 0) return undefined;
    const text =
      "The script waits for a promise that nothing can settle: no tool call, timer or other work is pending.";
    return { type: "failed", error: { text, message: text } };
  }

  #failed(cell: CellState, thrown: Address): CellOutcome {
    const end = ending(cell);
    if (end !== undefined) return end;
    return { type: "failed", error: this.#read(thrown) };
  }

  #read(thrown: Address): CellError {
    this.#deadline = performance.now() + describeMs;
    const result = this.#calls.call(this.#describe, [thrown]);
    this.#deadline = Infinity;
    const facts = this.#calls.thrown(result) === 0 ? this.#calls.read(result) : "";
    return describeError(facts, scriptFile, preludeFile);
  }

  #interrupted(): boolean {
    const cell = this.#cell;
    if (cell === undefined) return false;
    if (cell.exited || cell.events.isStopped()) return true;
    return this.#deadline !== Infinity && performance.now() > this.#deadline;
  }

  #invoke(method: Address, values: readonly (string | number)[]): void {
    const calls = this.#calls;
    const given = values.map((value) =>
      typeof value === "number" ? calls.number(value) : calls.text(value),
    );
    const result = calls.call(method, given);
    if (calls.thrown(result) !== 0) throw new Error("the engine's own code failed");
    calls.free(result);
    for (const value of given) calls.free(value);
  }

  /** Evaluates a module once, so that the script finds it loaded. */
  #load(source: string, name: string): void {
    const result = this.#context.evalCode(source, name, { type: "module" });
    this.#context.unwrapResult(result).dispose();
    while (this.#runtime.hasPendingJob()) this.#runtime.executePendingJobs(jobsPerBatch);
  }

  #help(value: Address): number | undefined {
    const cell = this.#cell;
    if (cell === undefined) return helperStatus.ended;
    if (cell.exited || cell.events.isStopped()) return helperStatus.ended;
    let said: string;
    try {
      said = this.#calls.read(value);
    } catch {
      this.#broken = true;
      return helperStatus.noMemory;
    }
    // The engine had no memory left to hand the text over.
    if (said === "") return helperStatus.noMemory;
    return hearRequest(cell, said, this.#limits, this.#toolNames);
  }
}

interface ToolEntry {
  readonly identifier: string;
  readonly name: string;
}

function ignore(): void {}
