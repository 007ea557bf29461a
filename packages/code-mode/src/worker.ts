/** The thread in which cells run, one at a time. */
import { parentPort } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import type { ContentItem } from "./content.ts";
import { createEngine, loadLibrary } from "./engine.ts";
import type { Engine, EngineOptions } from "./engine.ts";
import type { CellEvents } from "./script-requests.ts";
import { flag } from "./wire.ts";
import type { CellOutcome, FromWorker, RunRequest, ToWorker } from "./wire.ts";

/** Items that are handed over at once as they come; a flood is handed over in lots. */
const singleItems = 64;
const lotItems = 256;
const lotMs = 5;

// The engine asks this thread's clock for its offset from UTC; scripts live in UTC.
// oxlint-disable-next-line eslint/no-extend-native -- this thread runs nothing but the engine
Date.prototype.getTimezoneOffset = () => 0;

function serve(port: MessagePort): void {
  let engine: Engine;
  let options: EngineOptions;
  let flags: Int32Array;
  let tools: { key: number; json: string } | undefined;
  let cell = 0;
  /** While the engine is replaced, a cell waits for it. */
  let replacing = true;
  let queued: Promise<void> = Promise.resolve();
  const timers = new Map<number, NodeJS.Timeout>();

  const say = (message: FromWorker): void => port.postMessage(message);

  function eventsOf(current: number): CellEvents & { flush(): void } {
    let sent = 0;
    let lot: ContentItem[] = [];
    let lotSince = 0;
    const flush = (): void => {
      if (lot.length === 0) return;
      say({ type: "items", cell: current, items: lot });
      lot = [];
    };
    return {
      flush,
      item(item) {
        sent += 1;
        if (lot.length === 0) lotSince = performance.now();
        lot.push(item);
        if (sent <= singleItems || lot.length >= lotItems) flush();
      },
      call(call, name, input) {
        flush();
        say({ type: "call", cell: current, call, name, input });
      },
      notify(text) {
        flush();
        say({ type: "notify", cell: current, text });
      },
      yield() {
        if (Atomics.exchange(flags, flag.attended, 0) === 0) return;
        flush();
        say({ type: "yield", cell: current });
      },
      exit() {
        flush();
        say({ type: "exit", cell: current });
      },
      startTimer(timer, ms) {
        timers.set(
          timer,
          setTimeout(() => {
            timers.delete(timer);
            advance(() => engine.fire(timer));
          }, ms),
        );
      },
      clearTimer(timer) {
        clearTimeout(timers.get(timer));
        timers.delete(timer);
      },
      isStopped() {
        if (lot.length > 0 && performance.now() - lotSince > lotMs) flush();
        return Atomics.load(flags, flag.stop) === current;
      },
    };
  }

  let events: ReturnType<typeof eventsOf> | undefined;

  function advance(step: () => CellOutcome | undefined): void {
    const outcome = step();
    events?.flush();
    if (outcome !== undefined) end(outcome);
  }

  function stopTimers(): void {
    // An empty Map that is cleared again leaves a table behind all the same.
    if (timers.size === 0) return;
    for (const timer of timers.values()) clearTimeout(timer);
    timers.clear();
  }

  function end(outcome: CellOutcome): void {
    const { stored, dropped } = engine.result();
    say({ type: "end", cell, outcome, stored, dropped });
    stopTimers();
    cell = 0;
    events = undefined;
    if (!engine.reset()) queued = replaceEngine();
  }

  async function replaceEngine(): Promise<void> {
    replacing = true;
    engine = await createEngine(options);
    replacing = false;
    if (tools !== undefined) engine.setTools(tools.key, tools.json);
  }

  function run(request: RunRequest): void {
    cell = request.cell;
    const current = eventsOf(cell);
    events = current;
    if (request.tools !== undefined) tools = { key: request.toolsKey, json: request.tools };
    engine.setTools(request.toolsKey, request.tools);
    if (current.isStopped()) return end({ type: "stopped" });
    advance(() => engine.run(request, current));
  }

  function hear(message: ToWorker): void {
    switch (message.type) {
      case "init":
        options = message;
        flags = new Int32Array(message.flags);
        queued = replaceEngine();
        queued.then(
          () => say({ type: "ready" }),
          (error: unknown) => say({ type: "unavailable", reason: String(error) }),
        );
        return;
      case "run":
        if (replacing) void queued.then(() => run(message));
        else run(message);
        return;
      case "answer":
        if (message.cell !== cell) return;
        advance(() => engine.answer(message.call, message.ok, message.json));
        return;
      case "stop":
        if (message.cell === cell) end({ type: "stopped" });
        return;
    }
  }

  port.on("message", hear);
  // While the WebAssembly is compiled elsewhere.
  loadLibrary().catch(() => {});
}

if (parentPort !== null) serve(parentPort);
