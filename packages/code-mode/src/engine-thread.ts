/** A thread with an engine in it: how it starts, and what is said to it and by it. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { compileWasm } from "./web-assembly.ts";
import type { WasmModule } from "./web-assembly.ts";
import type { CellLimits, FromWorker, ToWorker } from "./wire.ts";

export interface EngineThreadOptions {
  readonly limits: CellLimits;
  readonly timers: boolean;
  /** The worker's program, where a bundler has moved it. */
  readonly workerUrl: URL | undefined;
  /** The engine's WebAssembly file, where a bundler has moved it. */
  readonly wasmUrl: URL | undefined;
}

export interface ThreadListener {
  heard(message: FromWorker): void;
  /** The thread is no more; comes once. */
  ended(reason: string): void;
}

export interface EngineThread {
  /** Read by the engine while it runs: see `flag`. */
  readonly flags: Int32Array;
  /** Nothing when the thread has ended. */
  post(message: ToWorker): void;
  /** Whether the thread keeps the process alive. */
  keepAlive(yes: boolean): void;
  /** Resolves when the thread has ended. */
  terminate(): Promise<unknown>;
}

/**
 * A stack in which the engine's own check comes first; and a young generation that stays small, since
 * a thread leaves little behind that lives long, and would otherwise let its memory grow for it.
 */
const threadLimits = { stackSizeMb: 8, maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 4 };

/** Gives what starts threads; the WebAssembly is compiled once for all of them. */
export function createThreadStarter(
  options: EngineThreadOptions,
): (listener: ThreadListener) => EngineThread {
  let wasm: Promise<WasmModule> | undefined;
  return (listener) => {
    const flags = new Int32Array(new SharedArrayBuffer(8));
    const thread = new Worker(options.workerUrl ?? ownWorkerUrl(), {
      name: "code-mode",
      env: {},
      argv: [],
      execArgv: [],
      resourceLimits: threadLimits,
    });
    let failure = "its thread ended";
    thread.on("message", (message: FromWorker) => listener.heard(message));
    thread.on("error", (error) => {
      failure = error.message;
    });
    thread.on("exit", () => listener.ended(failure));
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    const post = (message: ToWorker): void => thread.postMessage(message);
    wasm ??= compile(options.wasmUrl);
    wasm.then(
      (module) => {
        const { limits, timers } = options;
        post({ type: "init", wasm: module, flags: flags.buffer, limits, timers });
      },
      (error: unknown) => {
        wasm = undefined;
        failure = String(error);
        void thread.terminate();
      },
    );
    return {
      flags,
      post,
      keepAlive: (yes) => (yes ? thread.ref() : thread.unref()),
      terminate: () => thread.terminate(),
    };
  };
}

function ownWorkerUrl(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);
}

async function compile(wasmUrl: URL | undefined): Promise<WasmModule> {
  const file =
    wasmUrl ?? createRequire(import.meta.url).resolve("@jitl/quickjs-wasmfile-release-sync/wasm");
  // Compiled in one go: a pending compilation would not keep the process alive.
  return compileWasm(await readFile(file));
}
