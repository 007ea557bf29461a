/** Warm workers, each with an engine that is ready; a cell takes one for as long as it runs. */
import type { CellEnd, CellJob, CellListener, CellRun } from "./cell-job.ts";
import { createThreadStarter } from "./engine-thread.ts";
import type { EngineThread, EngineThreadOptions } from "./engine-thread.ts";
import type { PreparedTools } from "./prepared-tools.ts";
import { flag } from "./wire.ts";
import type { FromWorker } from "./wire.ts";

export interface WorkerPoolOptions extends EngineThreadOptions {
  /** Workers that are kept ready when nothing runs. */
  readonly warmWorkers: number;
  /** How long a cell may take to notice that it is to stop, before its thread is ended. */
  readonly stopGraceMs: number;
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
  readonly thread: EngineThread;
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
export function createWorkerPool(options: WorkerPoolOptions, noTools: PreparedTools): WorkerPool {
  const startThread = createThreadStarter(options);
  const workers = new Set<PoolWorker>();
  const waiting: Assignment[] = [];
  const readyWaiters: { resolve(): void; reject(error: Error): void }[] = [];
  /** The list that a new worker makes ready for: the one that was last asked for. */
  let latestTools = noTools;
  let lastNumber = 0;
  let holds = 0;
  let disposed = false;

  const count = (...states: readonly PoolWorker["state"][]): number =>
    [...workers].filter(({ state }) => states.includes(state)).length;

  function spawn(): void {
    const thread = startThread({
      heard: (message) => hear(worker, message),
      ended: (reason) => lose(worker, reason),
    });
    const worker: PoolWorker = { thread, state: "booting", assignment: undefined, toolsKey: -1 };
    workers.add(worker);
    if (holds === 0) thread.keepAlive(/*yes*/ false);
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
    Atomics.store(worker.thread.flags, flag.attended, 1);
    worker.thread.post({
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
            Atomics.store(assignment.worker.thread.flags, flag.attended, 1);
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
          assignment.worker.thread.post({
            type: "answer",
            cell: assignment.number,
            call,
            ok,
            json,
          });
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
          Atomics.store(assignment.worker.thread.flags, flag.stop, assignment.number);
          assignment.worker.thread.post({ type: "stop", cell: assignment.number });
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
      if (holds === 1) for (const { thread } of workers) thread.keepAlive(/*yes*/ true);
    },
    release() {
      holds -= 1;
      if (holds === 0) for (const { thread } of workers) thread.keepAlive(/*yes*/ false);
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
