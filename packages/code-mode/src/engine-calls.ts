/**
 * The few C functions of the engine that every cell goes through, called as they are. The library's
 * own way to them makes handles, closures and a generator for each call; a thread that has just
 * started pays most for that, and a script that calls tools pays it with every call. Setting up the
 * engine, its modules and its errors go through the library.
 */
import type { QuickJSSyncVariant } from "quickjs-emscripten-core";

/** Where something is in the engine's memory: a value of the script, mostly. 0 is nothing. */
export type Address = number;

/** What is used of an Emscripten module. */
interface EngineModule {
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  callbacks: EngineCallbacks;
  _malloc(bytes: number): Address;
  _free(address: Address): void;
  _QTS_NewContext(runtime: Address, intrinsics: number): Address;
  _QTS_NewString(context: Address, text: Address): Address;
  _QTS_NewFloat64(context: Address, value: number): Address;
  _QTS_GetString(context: Address, value: Address): Address;
  _QTS_FreeCString(context: Address, text: Address): void;
  _QTS_FreeValuePointer(context: Address, value: Address): void;
  _QTS_FreeValuePointerRuntime(runtime: Address, value: Address): void;
  _QTS_Eval(
    context: Address,
    source: Address,
    bytes: number,
    file: Address,
    detectModule: number,
    flags: number,
  ): Address;
  _QTS_Call(
    context: Address,
    method: Address,
    self: Address,
    count: number,
    values: Address,
  ): Address;
  _QTS_ResolveException(context: Address, result: Address): Address;
  _QTS_ArgvGetJSValueConstPointer(values: Address, index: number): Address;
  _QTS_GetUndefined(): Address;
  _QTS_IsJobPending(runtime: Address): number;
  _QTS_ExecutePendingJob(runtime: Address, most: number, context: Address): Address;
  _QTS_PromiseState(context: Address, value: Address): number;
  _QTS_PromiseResult(context: Address, value: Address): Address;
}

/** All that is called of it: an engine without one of them is another one. */
const functions = [
  "_malloc",
  "_free",
  "_QTS_NewContext",
  "_QTS_NewString",
  "_QTS_NewFloat64",
  "_QTS_GetString",
  "_QTS_FreeCString",
  "_QTS_FreeValuePointer",
  "_QTS_FreeValuePointerRuntime",
  "_QTS_Eval",
  "_QTS_Call",
  "_QTS_ResolveException",
  "_QTS_ArgvGetJSValueConstPointer",
  "_QTS_GetUndefined",
  "_QTS_IsJobPending",
  "_QTS_ExecutePendingJob",
  "_QTS_PromiseState",
  "_QTS_PromiseResult",
] as const satisfies readonly Exclude<keyof EngineModule, "HEAPU8" | "callbacks">[];

/** What the engine calls; the library puts its own here when it starts. */
interface EngineCallbacks {
  callFunction(
    asyncify: undefined,
    context: Address,
    self: Address,
    count: number,
    values: Address,
    method: number,
  ): Address;
}

/** A script called the host's function, the only one there is, with this value; 0 answers undefined. */
export type HostFunction = (value: Address) => Address;

export type PromiseState = "pending" | "fulfilled" | "rejected";

export interface EngineCalls {
  /** A new text of the script's; lone surrogates become U+FFFD, and it ends at a NUL. */
  text(text: string): Address;
  number(value: number): Address;
  /** The text of a value; "" when the engine has no memory left for it. */
  read(value: Address): string;
  free(value: Address): void;
  /** Calls a function of the engine; the result may be an exception. */
  call(method: Address, values: readonly Address[]): Address;
  /** Evaluates the script; gives its promise, something else when it has ended, or an exception. */
  evaluate(source: string): Address;
  /** What a call or an evaluation threw; 0 when it threw nothing. */
  thrown(result: Address): Address;
  hasJobs(): boolean;
  runJobs(most: number): void;
  /** What has become of a promise; any other value is fulfilled. */
  stateOf(value: Address): PromiseState;
  /** What a promise that is settled was settled with. */
  outcomeOf(value: Address): Address;
}

export interface EngineBinding {
  /** The variant to make an engine of, one for each binding. */
  readonly variant: QuickJSSyncVariant;
  /**
   * To be called once the library has made a runtime and a context, and before the memory is copied.
   *
   * @param scriptFile the name of scripts in stack traces
   * @param called takes the place of every function that the library was given
   * @throws when the engine is not the one that this file was written for
   */
  open(scriptFile: string, called: HostFunction): EngineCalls;
}

const scratchBytes = 1024;
/** No character takes more bytes than this in UTF-8, for each of its UTF-16 units. */
const widest = 3;
const mostArguments = 4;
/** As the engine numbers them. */
const evaluateModule = 1;
const pending = 0;
const rejected = 2;

export function bindEngine(variant: QuickJSSyncVariant): EngineBinding {
  let module: EngineModule | undefined;
  let runtime: Address = 0;
  let context: Address = 0;
  return {
    variant: {
      ...variant,
      async importModuleLoader() {
        const imported = await variant.importModuleLoader();
        // A CommonJS build, imported, may be wrapped once or twice.
        const once = typeof imported === "function" ? imported : imported.default;
        const load = typeof once === "function" ? once : once.default;
        return async (options) => {
          const loaded = await load(options);
          const own = (module = loaded as unknown as EngineModule);
          const newContext = own._QTS_NewContext;
          own._QTS_NewContext = (of, intrinsics) => {
            runtime = of;
            context = newContext(of, intrinsics);
            return context;
          };
          return loaded;
        };
      },
    },
    open(scriptFile, called) {
      if (module === undefined || context === 0)
        throw unknownEngine("it was not started as before");
      return openCalls({ module, runtime, context, scriptFile, called });
    },
  };
}

/** @param difference what is not as it is in the engine that this package was written for */
export function unknownEngine(difference: string): Error {
  return new Error(
    `The QuickJS engine is not the one that this package knows: ${difference}. ` +
      "Install quickjs-emscripten-core and @jitl/quickjs-wasmfile-release-sync in version 0.32.0 exactly.",
  );
}

interface OpenEngine {
  readonly module: EngineModule;
  readonly runtime: Address;
  readonly context: Address;
  readonly scriptFile: string;
  readonly called: HostFunction;
}

function openCalls({ module, runtime, context, scriptFile, called }: OpenEngine): EngineCalls {
  const missing: (keyof EngineModule)[] = functions.filter(
    (name) => typeof module[name] !== "function",
  );
  if (!(module.HEAPU8 instanceof Uint8Array)) missing.push("HEAPU8");
  if (typeof module.callbacks?.callFunction !== "function") missing.push("callbacks");
  if (missing.length > 0) throw unknownEngine(`${missing.join(", ")} missing`);
  const scratch = module._malloc(scratchBytes);
  const argumentList = module._malloc(mostArguments * 4);
  const contextPlace = module._malloc(/*bytes*/ 4);
  const undefinedValue = module._QTS_GetUndefined();
  let heap = Buffer.from(module.HEAPU8.buffer);
  const fileBytes = Buffer.from(`${scriptFile}\0`);
  const file = module._malloc(fileBytes.length);
  heap.set(fileBytes, file);

  module.callbacks = {
    ...module.callbacks,
    callFunction: (_asyncify, _context, _self, count, values) =>
      called(count === 0 ? 0 : module._QTS_ArgvGetJSValueConstPointer(values, /*index*/ 0)),
  };

  /** The memory as it is now: a view of it is another one after it has grown. */
  function bytes(): Buffer {
    if (heap.buffer !== module.HEAPU8.buffer) heap = Buffer.from(module.HEAPU8.buffer);
    return heap;
  }

  function write<Result>(text: string, use: (address: Address, length: number) => Result): Result {
    const short = text.length * widest < scratchBytes;
    const size = short ? scratchBytes : Buffer.byteLength(text) + 1;
    const address = short ? scratch : module._malloc(size);
    if (address === 0) throw new Error("the engine has no memory for a text");
    const length = bytes().write(text, address, size - 1, "utf8");
    bytes()[address + length] = 0;
    const result = use(address, length);
    if (!short) module._free(address);
    return result;
  }

  return {
    text: (text) => write(text, (address) => module._QTS_NewString(context, address)),
    number: (value) => module._QTS_NewFloat64(context, value),
    read(value) {
      const address = module._QTS_GetString(context, value);
      if (address === 0) return "";
      const heap = bytes();
      const text = heap.toString("utf8", address, heap.indexOf(0, address));
      module._QTS_FreeCString(context, address);
      return text;
    },
    free: (value) => module._QTS_FreeValuePointer(context, value),
    call(method, values) {
      const heap = bytes();
      let place = argumentList;
      for (const value of values) {
        heap.writeUInt32LE(value, place);
        place += 4;
      }
      return module._QTS_Call(context, method, undefinedValue, values.length, argumentList);
    },
    evaluate: (source) =>
      write(source, (address, length) =>
        module._QTS_Eval(context, address, length, file, /*detectModule*/ 0, evaluateModule),
      ),
    thrown: (result) => module._QTS_ResolveException(context, result),
    hasJobs: () => module._QTS_IsJobPending(runtime) !== 0,
    runJobs(most) {
      const result = module._QTS_ExecutePendingJob(runtime, most, contextPlace);
      module._QTS_FreeValuePointerRuntime(runtime, result);
    },
    stateOf(value) {
      const state = module._QTS_PromiseState(context, value);
      return state === pending ? "pending" : state === rejected ? "rejected" : "fulfilled";
    },
    outcomeOf: (value) => module._QTS_PromiseResult(context, value),
  };
}
