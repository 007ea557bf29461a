/** Warm workers, each with an engine that is ready; a cell takes one for as long as it runs. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import type { ContentItem } from "./content.ts";
import type { PreparedTools } from "./prepared-tools.ts";
import { compileWasm } from "./web-assembly.ts";
import type { WasmModule } from "./web-assembly.ts";
import { flag } from "./wire.ts";
import type { CellLimits, CellOutcome, FromWorker, ToWorker } from "./wire.ts";

export interface WorkerPoolOptions {
  readonly limits: CellLimits;
  readonly timers: boolean;
  /** Workers that are kept ready when nothing runs. */
  readonly warmWorkers: number;
  /** How long a cell may take to notice that it is to stop, before its thread is ended. */
  readonly stopGraceMs: number;
  /** The worker's program, where a bundler has moved it. */
  readonly workerUrl: URL | undefined;
  /** The engine's WebAssembly file, where a bundler has moved it. */
  readonly wasmUrl: URL | undefined;
}

export interface CellJob {
  readonly source: string;
  readonly tools: PreparedTools;
  readonly stored: string;
  readonly storedBytes: number;
}

export type CellEnd =
  | {
      readonly outcome: CellOutcome;
      readonly stored: readonly (readonly [string, string])[];
      readonly dropped: number;
    }
  | { readonly outcome: { readonly type: "lost"; readonly reason: string } };

/** What a running cell says; must not throw. `ended` comes once, and nothing after it. */
export interface CellListener {
  started(): void;
  items(items: readonly ContentItem[]): void;
  called(call: number, name: string, input: string): void;
  notified(text: string): void;
  yielded(): void;
  ended(end: CellEnd): void;
}

export interface CellRun {
  /** A call waits for the cell: `yield_control()` is to be reported. */
  attend(): void;
  /** Nobody waits for the cell, and it keeps its worker: another one is to be there for the next cell. */
  leave(): void;
  answer(call: number, ok: boolean, json: string): void;
  /** Asks the cell to stop; `ended` follows when it has. */
  stop(): void;
}

export interface WorkerPool extends AsyncDisposable {
  run(job: CellJob, listener: CellListener): CellRun;
  /** Starts what is missing to the number of warm workers, and waits until one is ready for these tools. */
  warmUp(tools: PreparedTools): Promise<void>;
  /** While held, the workers keep the process alive. */
  hold(): void;
  release(): void;
}

interface Assignment {
  readonly number: number;
  readonly job: CellJob;
  readonly listener: CellListener;
  worker: PoolWorker | undefined;
  stopping: boolean;
  exited: boolean;
  grace: NodeJS.Timeout | undefined;
  spare: NodeJS.Timeout | undefined;
}

interface PoolWorker {
  readonly thread: Worker;
  readonly flags: Int32Array;
  state: "booting" | "warming" | "idle" | "busy" | "retiring" | "gone";
  assignment: Assignment | undefined;
  toolsKey: number;
}

/** What a new worker runs, all the way through, before its first real cell: code that has run is fast. */
const warmUpCells = 4;
const warmUpSource = 'text("ready"); await 0;';
/**
 * How long a cell is left before a spare worker starts: the answer goes out first, and a cell that is
 * stopped or waited for at once needs none.
 */
const spareDelayMs = 50;
/** Idle workers above the warm ones that are kept for the next burst. */
const extraIdle = 1;
/**
 * A stack in which the engine's own check comes first; and a young generation that stays small, since
 * a thread leaves little behind that lives long, and would otherwise let its memory grow for it.
 */
const workerLimits = { stackSizeMb: 8, maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 4 };

export function createWorkerPool(options: WorkerPoolOptions, noTools: PreparedTools): WorkerPool {
  const workers = new Set<PoolWorker>();
  const waiting: Assignment[] = [];
  const readyWaiters: { resolve(): void; reject(error: Error): void }[] = [];
  let wasm: Promise<WasmModule> | undefined;
  /** The list that a new worker makes ready for: the one that was last asked for. */
  let latestTools = noTools;
  let lastNumber = 0;
  let holds = 0;
  let disposed = false;

  const count = (...states: readonly PoolWorker["state"][]): number =>
    [...workers].filter(({ state }) => states.includes(state)).length;

  function spawn(): void {
    const flags = new Int32Array(new SharedArrayBuffer(8));
    const thread = new Worker(options.workerUrl ?? ownWorkerUrl(), {
      name: "code-mode",
      env: {},
      argv: [],
      execArgv: [],
      resourceLimits: workerLimits,
    });
    const worker: PoolWorker = {
      thread,
      flags,
      state: "booting",
      assignment: undefined,
      toolsKey: -1,
    };
    workers.add(worker);
    if (holds === 0) thread.unref();
    let failure = "its thread ended";
    thread.on("message", (message: FromWorker) => hear(worker, message));
    thread.on("error", (error) => {
      failure = error.message;
    });
    thread.on("exit", () => lose(worker, failure));
    wasm ??= compile(options.wasmUrl);
    wasm.then(
      (module) =>
        post(worker, {
          type: "init",
          wasm: module,
          flags: flags.buffer,
          limits: options.limits,
          timers: options.timers,
        }),
      (error: unknown) => {
        wasm = undefined;
        failure = String(error);
        void thread.terminate();
      },
    );
  }

  function post(worker: PoolWorker, message: ToWorker): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    if (worker.state !== "gone") worker.thread.postMessage(message);
  }

  function hear(worker: PoolWorker, message: FromWorker): void {
    if (worker.state === "gone") return;
    switch (message.type) {
      case "ready":
        if (worker.state !== "booting") return;
        if (waiting.length > 0) return takeNext(worker);
        return warm(worker, warmUpCells);
      case "unavailable":
        lose(worker, message.reason);
        void worker.thread.terminate();
        return;
      case "items":
        return current(worker, message.cell)?.listener.items(message.items);
      case "call":
        return current(worker, message.cell)?.listener.called(
          message.call,
          message.name,
          message.input,
        );
      case "notify":
        return current(worker, message.cell)?.listener.notified(message.text);
      case "yield":
        return current(worker, message.cell)?.listener.yielded();
      case "exit": {
        const assignment = current(worker, message.cell);
        if (assignment === undefined) return;
        assignment.exited = true;
        armGrace(assignment);
        return;
      }
      case "end": {
        const assignment = current(worker, message.cell);
        if (assignment === undefined) return;
        finish(assignment, message);
        if (worker.state === "busy") takeNext(worker);
        return;
      }
    }
  }

  function current(worker: PoolWorker, cell: number): Assignment | undefined {
    return worker.assignment?.number === cell ? worker.assignment : undefined;
  }

  function finish(assignment: Assignment, end: CellEnd): void {
    clearTimeout(assignment.grace);
    clearTimeout(assignment.spare);
    if (assignment.worker !== undefined) assignment.worker.assignment = undefined;
    assignment.worker = undefined;
    assignment.listener.ended(end);
  }

  /** Gives the worker the next cell, or leaves it idle. */
  function takeNext(worker: PoolWorker): void {
    const next = waiting.shift();
    if (next !== undefined) return assign(worker, next);
    worker.state = "idle";
    for (const waiter of readyWaiters.splice(0)) waiter.resolve();
    if (count("idle") > options.warmWorkers + extraIdle) void retire(worker);
  }

  function assign(worker: PoolWorker, assignment: Assignment): void {
    worker.state = "busy";
    start(worker, assignment);
  }

  function start(worker: PoolWorker, assignment: Assignment): void {
    const { number, job, listener } = assignment;
    worker.assignment = assignment;
    assignment.worker = worker;
    const known = worker.toolsKey === job.tools.key;
    worker.toolsKey = job.tools.key;
    Atomics.store(worker.flags, flag.attended, 1);
    post(worker, {
      type: "run",
      cell: number,
      source: job.source,
      toolsKey: job.tools.key,
      tools: known ? undefined : job.tools.json,
      stored: job.stored,
      storedBytes: job.storedBytes,
    });
    listener.started();
  }

  function warm(worker: PoolWorker, left: number): void {
    if (left === 0 || waiting.length > 0) return takeNext(worker);
    worker.state = "warming";
    start(worker, {
      ...newAssignment({ source: warmUpSource, tools: latestTools, stored: "", storedBytes: 0 }),
      listener: {
        started() {},
        items() {},
        called() {},
        notified() {},
        yielded() {},
        ended() {
          if (worker.state === "warming") warm(worker, left - 1);
        },
      },
    });
  }

  function newAssignment(job: CellJob): Omit<Assignment, "listener"> {
    lastNumber += 1;
    return {
      number: lastNumber,
      job,
      worker: undefined,
      stopping: false,
      exited: false,
      grace: undefined,
      spare: undefined,
    };
  }

  /** After the grace the cell's thread is ended: a native loop never looks at the flag. */
  function armGrace(assignment: Assignment): void {
    assignment.grace ??= setTimeout(() => {
      const worker = assignment.worker;
      if (worker !== undefined) void retire(worker);
    }, options.stopGraceMs);
  }

  async function retire(worker: PoolWorker): Promise<void> {
    // What still arrives from it counts, but it takes no other cell.
    if (worker.state !== "gone") worker.state = "retiring";
    await worker.thread.terminate();
    lose(worker, "its thread was ended");
  }

  function lose(worker: PoolWorker, reason: string): void {
    if (worker.state === "gone") return;
    const booted = worker.state !== "booting";
    worker.state = "gone";
    workers.delete(worker);
    const { assignment } = worker;
    if (assignment !== undefined) {
      const outcome: CellEnd = assignment.stopping
        ? { outcome: { type: "stopped" }, stored: [], dropped: 0 }
        : assignment.exited
          ? { outcome: { type: "completed" }, stored: [], dropped: 0 }
          : { outcome: { type: "lost", reason } };
      finish(assignment, outcome);
    }
    if (booted) return replenish();
    // An engine that cannot start will not start at the next attempt either.
    for (const next of waiting.splice(0)) finish(next, { outcome: { type: "lost", reason } });
    for (const waiter of readyWaiters.splice(0)) waiter.reject(new Error(reason));
  }

  function replenish(): void {
    if (disposed) return;
    const needed = Math.max(waiting.length, readyWaiters.length > 0 ? 1 : 0);
    for (let coming = count("booting", "warming"); coming < needed; coming += 1) spawn();
  }

  return {
    run(job, listener) {
      latestTools = job.tools;
      const assignment: Assignment = { ...newAssignment(job), listener };
      const idle = [...workers].filter(({ state }) => state === "idle");
      const worker = idle.find(({ toolsKey }) => toolsKey === job.tools.key) ?? idle[0];
      if (worker === undefined) {
        waiting.push(assignment);
        replenish();
      } else {
        assign(worker, assignment);
      }
      return {
        attend() {
          clearTimeout(assignment.spare);
          if (assignment.worker !== undefined) {
            Atomics.store(assignment.worker.flags, flag.attended, 1);
          }
        },
        leave() {
          clearTimeout(assignment.spare);
          if (assignment.worker === undefined) return;
          assignment.spare = setTimeout(() => {
            if (!disposed && count("idle", "booting", "warming") === 0) spawn();
          }, spareDelayMs).unref();
        },
        answer(call, ok, json) {
          if (assignment.worker === undefined) return;
          post(assignment.worker, { type: "answer", cell: assignment.number, call, ok, json });
        },
        stop() {
          assignment.stopping = true;
          clearTimeout(assignment.spare);
          const position = waiting.indexOf(assignment);
          if (position !== -1) {
            waiting.splice(position, 1);
            finish(assignment, { outcome: { type: "stopped" }, stored: [], dropped: 0 });
            return;
          }
          if (assignment.worker === undefined) return;
          Atomics.store(assignment.worker.flags, flag.stop, assignment.number);
          post(assignment.worker, { type: "stop", cell: assignment.number });
          armGrace(assignment);
        },
      };
    },
    async warmUp(tools) {
      latestTools = tools;
      if (count("idle") >= options.warmWorkers) return;
      const ready = Promise.withResolvers<void>();
      readyWaiters.push(ready);
      while (count("booting", "warming", "idle") < options.warmWorkers) spawn();
      replenish();
      await ready.promise;
    },
    hold() {
      holds += 1;
      if (holds === 1) for (const { thread } of workers) thread.ref();
    },
    release() {
      holds -= 1;
      if (holds === 0) for (const { thread } of workers) thread.unref();
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      for (const next of waiting.splice(0)) {
        finish(next, { outcome: { type: "stopped" }, stored: [], dropped: 0 });
      }
      for (const waiter of readyWaiters.splice(0)) waiter.reject(new Error("disposed"));
      await Promise.all([...workers].map(retire));
    },
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
