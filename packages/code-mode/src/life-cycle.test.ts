import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { CellResponse } from "./cell.ts";
import { CodeModeError } from "./errors.ts";
import type { ToolDefinition } from "./prepared-tools.ts";
import { createCodeModeService } from "./service.ts";
import type { CodeModeService, CodeModeServiceOptions } from "./service.ts";
import type { NestedToolCall } from "./turn-host.ts";

const tools: readonly ToolDefinition[] = [
  { name: "gate", description: "Waits for the test.", kind: "function" },
];

function open(options: CodeModeServiceOptions = {}): CodeModeService {
  const service = createCodeModeService(options);
  onTestFinished(() => service[Symbol.asyncDispose]());
  return service;
}

/** A host whose calls are answered by the test. */
function openGates(service: CodeModeService) {
  const calls: (NestedToolCall & { signal: AbortSignal; open(value: unknown): void })[] = [];
  const waiting: (() => void)[] = [];
  const worker = service.startTurnWorker({
    invokeTool: (call, signal) =>
      new Promise((resolve) => {
        calls.push({ ...call, signal, open: resolve });
        for (const wake of waiting.splice(0)) wake();
      }),
    notify() {},
  });
  const arrived = async (count: number) => {
    while (calls.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    const call = calls[count - 1];
    if (call === undefined) throw new Error("no call");
    return call;
  };
  return { calls, arrived, worker };
}

function execute(service: CodeModeService, source: string, yieldTimeMs = 20_000) {
  return service.execute({ toolCallId: "call", enabledTools: tools, source, yieldTimeMs });
}

function summary(response: CellResponse) {
  const texts =
    "contentItems" in response
      ? response.contentItems.map((item) => (item.type === "input_text" ? item.text : "image"))
      : [];
  return [response.status, response.cellId, ...texts];
}

const minute = 60_000;

test("a cell that yields is waited for, phase by phase, under one id", async () => {
  const service = open();
  const gates = openGates(service);
  const first = execute(
    service,
    `text("phase 1"); yield_control(); await tools.gate();
     text("phase 2"); yield_control(); await tools.gate(); text("phase 3");`,
  );
  expect(summary(await first)).toEqual(["yielded", "1", "phase 1"]);
  const second = service.wait({ cellId: "1", yieldTimeMs: minute });
  (await gates.arrived(/*count*/ 1)).open(/*value*/ null);
  expect(summary(await second)).toEqual(["yielded", "1", "phase 2"]);
  const third = service.wait({ cellId: "1", yieldTimeMs: minute });
  (await gates.arrived(/*count*/ 2)).open(/*value*/ null);
  expect(summary(await third)).toEqual(["completed", "1", "phase 3"]);
  expect(summary(await service.wait({ cellId: "1" }))).toEqual(["missing", "1"]);
});

test("the yield timer answers although the script never returns to its loop", async () => {
  const service = open();
  expect(
    summary(await execute(service, 'text("phase 1"); while (true) {}', /*yieldTimeMs*/ 100)),
  ).toEqual(["yielded", "1", "phase 1"]);
  expect(summary(await service.wait({ cellId: "1", yieldTimeMs: 0 }))).toEqual(["yielded", "1"]);
  expect(summary(await service.wait({ cellId: "1", terminate: true }))).toEqual([
    "terminated",
    "1",
  ]);
  expect(summary(await execute(service, 'text("next")'))).toEqual(["completed", "2", "next"]);
});

test("a yield time beyond the longest timer is not a short one", async () => {
  const service = open();
  expect(summary(await execute(service, "await 0; text(1)", Number.MAX_SAFE_INTEGER))).toEqual([
    "completed",
    "1",
    "1",
  ]);
});

test.each([
  ["a busy loop", "for (;;);", false],
  ["an endless chain of microtasks", "for (;;) await 0;", false],
  [
    "a loop that catches what it can",
    "const again = async () => { for (;;) { try { await 0; } catch {} } }; await Promise.all([again(), again()])",
    false,
  ],
  ["a pending tool call", "await tools.gate()", true],
  ["a catastrophic regular expression", '/^(a+)+$/.test("a".repeat(40) + "b")', false],
  [
    "a native loop that never looks up",
    "Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)",
    false,
  ],
])("terminate stops %s and answers when it has", async (_what, source, callsTool) => {
  const service = open();
  const gates = openGates(service);
  expect(summary(await execute(service, `text("begun"); yield_control(); ${source}`))).toEqual([
    "yielded",
    "1",
    "begun",
  ]);
  const call = callsTool ? await gates.arrived(/*count*/ 1) : undefined;
  const stopped = await service.wait({ cellId: "1", terminate: true });
  expect(summary(stopped)).toEqual(["terminated", "1"]);
  expect(call?.signal.aborted ?? true).toBe(true);
  expect(service.liveCells()).toEqual([]);
  expect(summary(await execute(service, 'text("next")'))).toEqual(["completed", "2", "next"]);
});

test("terminate stops a cell that has not begun: it waits for a worker", async () => {
  const service = open();
  const first = execute(service, 'text("never")');
  expect(summary(await service.wait({ cellId: "1", terminate: true }))).toEqual([
    "terminated",
    "1",
  ]);
  expect(summary(await first)).toEqual(["missing", "1"]);
  expect(summary(await execute(service, 'text("next")'))).toEqual(["completed", "2", "next"]);
});

test("a thread that dies takes its cell with it, and nothing that was stored before", async () => {
  const service = open({ workerUrl: new URL("./dying-worker.fixture.ts", import.meta.url) });
  await execute(service, 'store("kept", 1)');
  expect(
    await execute(service, 'store("lost", 1); text("a"); await tools.gate("die")'),
  ).toMatchObject({
    status: "failed",
    cellId: "2",
    contentItems: [{ text: "a" }],
    error: { text: expect.stringMatching(/^The script's runtime ended unexpectedly: /) },
  });
  expect(service.storedValues()).toEqual({ kept: 1 });
  expect(summary(await execute(service, 'text(load("kept"))'))).toEqual(["completed", "3", "1"]);
});

test("terminate delivers what was put out and not yet delivered, once", async () => {
  const service = open();
  await execute(service, 'text("a"); yield_control(); text("b"); for (;;);');
  expect(summary(await service.wait({ cellId: "1", yieldTimeMs: 200 }))).toEqual([
    "yielded",
    "1",
    "b",
  ]);
  expect(summary(await service.wait({ cellId: "1", terminate: true }))).toEqual([
    "terminated",
    "1",
  ]);
  await execute(service, 'yield_control(); text("c"); for (;;);');
  await sleep(50);
  expect(summary(await service.wait({ cellId: "2", terminate: true }))).toEqual([
    "terminated",
    "2",
    "c",
  ]);
});

test("several cells run at once and are resumed in any order", async () => {
  const service = open();
  const gates = openGates(service);
  const source = (name: string) =>
    `text("${name} begins"); yield_control(); text("${name} " + await tools.gate("${name}"));`;
  expect(summary(await execute(service, source("A")))).toEqual(["yielded", "1", "A begins"]);
  expect(summary(await execute(service, source("B")))).toEqual(["yielded", "2", "B begins"]);
  await gates.arrived(/*count*/ 2);
  expect(service.liveCells()).toEqual(["1", "2"]);
  gates.calls.find((call) => call.input === "B")?.open("done");
  expect(summary(await service.wait({ cellId: "2" }))).toEqual(["completed", "2", "B done"]);
  gates.calls.find((call) => call.input === "A")?.open("done");
  expect(summary(await service.wait({ cellId: "1" }))).toEqual(["completed", "1", "A done"]);
});

test("a cell that ended unattended keeps its result, and terminate delivers it", async () => {
  const service = open();
  await execute(service, 'yield_control(); text("session a done")');
  await execute(service, 'yield_control(); throw new Error("boom")');
  await expect.poll(() => service.liveCells()).toEqual(["1", "2"]);
  expect(summary(await service.wait({ cellId: "1" }))).toEqual([
    "completed",
    "1",
    "session a done",
  ]);
  await sleep(20);
  const second = await service.wait({ cellId: "2", terminate: true });
  expect(second).toMatchObject({ status: "failed", error: { message: "boom" } });
});

test("a second waiting call replaces the first, which finds the cell missing", async () => {
  const service = open();
  const gates = openGates(service);
  await execute(service, "yield_control(); await tools.gate(); text(1)");
  const first = service.wait({ cellId: "1" });
  const second = service.wait({ cellId: "1" });
  expect(summary(await first)).toEqual(["missing", "1"]);
  (await gates.arrived(/*count*/ 1)).open(/*value*/ null);
  expect(summary(await second)).toEqual(["completed", "1", "1"]);
});

test("an unknown cell is missing, with the ids of those that live", async () => {
  const service = open();
  expect(await service.wait({ cellId: "999999" })).toEqual({
    status: "missing",
    cellId: "999999",
    liveCells: [],
  });
  await execute(service, "yield_control(); for (;;);");
  expect(await service.wait({ cellId: "x", terminate: true })).toEqual({
    status: "missing",
    cellId: "x",
    liveCells: ["1"],
  });
});

test("an aborted call leaves its cell running, and nothing is lost", async () => {
  const service = open();
  const gates = openGates(service);
  const turn = new AbortController();
  const waiting = service.execute(
    {
      toolCallId: "call",
      enabledTools: tools,
      source: 'text("a"); await tools.gate(); store("k", 1); text("b")',
    },
    { signal: turn.signal },
  );
  const call = await gates.arrived(/*count*/ 1);
  turn.abort(new Error("interrupted"));
  await expect(waiting).rejects.toThrow("interrupted");
  expect(call.signal.aborted).toBe(false);
  call.open(/*value*/ null);
  expect(summary(await service.wait({ cellId: "1" }))).toEqual(["completed", "1", "a", "b"]);
  expect(service.storedValues()).toEqual({ k: 1 });
});

test("a call that is to end its cell when aborted is rejected once the cell has stopped", async () => {
  const service = open();
  const turn = new AbortController();
  const waiting = service.execute(
    { toolCallId: "call", enabledTools: tools, source: "for (;;);" },
    { signal: turn.signal, onAbort: "terminate" },
  );
  await sleep(50);
  turn.abort(new Error("interrupted"));
  await expect(waiting).rejects.toThrow("interrupted");
  expect(service.liveCells()).toEqual([]);
});

test("a call with an aborted signal starts nothing", async () => {
  const service = open();
  const signal = AbortSignal.abort(new Error("too late"));
  const request = { toolCallId: "call", enabledTools: tools, source: "text(1)" };
  await expect(service.execute(request, { signal })).rejects.toThrow("too late");
  expect(service.liveCells()).toEqual([]);
});

test("a cell left alone for too long is stopped, and says so when it is asked for", async () => {
  const service = open({ limits: { unattendedMs: 100 } });
  await execute(service, 'yield_control(); text("a"); for (;;);');
  await sleep(400);
  const response = await service.wait({ cellId: "1" });
  expect(response).toMatchObject({ status: "failed", contentItems: [{ text: "a" }] });
  expect(response.status === "failed" && response.error.text).toMatch(/nobody waiting/);
});

test("stored values are merged key by key, in the order of delivery", async () => {
  const service = open();
  const gates = openGates(service);
  service.replaceStoredValues({ a: 0, keep: true });
  await execute(service, 'yield_control(); await tools.gate(); store("a", "old"); store("x", 1)');
  expect(summary(await execute(service, 'store("a", "new"); store("y", 2)'))).toEqual([
    "completed",
    "2",
  ]);
  expect(service.storedValues()).toEqual({ a: "new", keep: true, y: 2 });
  await service.wait({ cellId: "999999" });
  (await gates.arrived(/*count*/ 1)).open(/*value*/ null);
  await service.wait({ cellId: "1" });
  expect(service.storedValues()).toEqual({ a: "old", keep: true, x: 1, y: 2 });
});

test("a script error keeps what was stored; a stopped cell writes nothing", async () => {
  const service = open();
  await execute(service, 'store("failed", 1); throw 1');
  await execute(service, 'store("stopped", 1); yield_control(); for (;;);');
  await service.wait({ cellId: "2", terminate: true });
  expect(service.storedValues()).toEqual({ failed: 1 });
});

test("a cell sees the stored values as they were when it started", async () => {
  const service = open();
  const gates = openGates(service);
  service.replaceStoredValues({ k: "then" });
  const running = execute(service, 'await tools.gate(); text(load("k"))');
  const call = await gates.arrived(/*count*/ 1);
  service.replaceStoredValues({ k: "now" });
  call.open(/*value*/ null);
  expect(summary(await running)).toEqual(["completed", "1", "then"]);
});

test("notifications come in order, with the call that started the cell", async () => {
  const service = open();
  const seen: object[] = [];
  const host = { invokeTool: async () => null, notify: (n: object) => void seen.push(n) };
  await execute(service, 'notify("one"); notify({ two: 2 }); text("done")');
  expect(seen).toEqual([]);
  service.startTurnWorker(host);
  await expect
    .poll(() => seen)
    .toEqual([
      { text: "one", cellId: "1", toolCallId: "call" },
      { text: '{"two":2}', cellId: "1", toolCallId: "call" },
    ]);
});

test("what is asked for between turns is carried out by the next turn's host", async () => {
  const service = open();
  const first = openGates(service);
  await execute(service, "yield_control(); await tools.gate(1); text(await tools.gate(2))");
  const call = await first.arrived(/*count*/ 1);
  first.worker[Symbol.dispose]();
  call.open(/*value*/ null);
  await sleep(30);
  expect(first.calls).toHaveLength(1);
  const second = openGates(service);
  (await second.arrived(/*count*/ 1)).open("second turn");
  expect(summary(await service.wait({ cellId: "1" }))).toEqual(["completed", "1", "second turn"]);
});

test("disposal stops every cell, refuses whoever waits, and cancels their tool calls", async () => {
  const service = open();
  const gates = openGates(service);
  const waiting = execute(service, "await tools.gate()");
  const looping = execute(service, "for (;;);");
  const call = await gates.arrived(/*count*/ 1);
  await Promise.all([
    expect(waiting).rejects.toMatchObject({ code: "disposed" }),
    expect(looping).rejects.toMatchObject({ code: "disposed" }),
    service[Symbol.asyncDispose](),
  ]);
  expect(call.signal.aborted).toBe(true);
  await expect(execute(service, "1")).rejects.toThrow(CodeModeError);
  await expect(service.wait({ cellId: "1" })).rejects.toThrow(CodeModeError);
  await expect(service.warmUp()).rejects.toThrow(CodeModeError);
});

test("a warm-up makes a worker ready for a list of tools; another list works as well", async () => {
  const service = open();
  const gates = openGates(service);
  await service.warmUp(tools);
  for (const [enabledTools, name] of [
    [tools, "gate"],
    [[{ name: "other", description: "", kind: "function" }], "other"],
  ] as const) {
    const source = `text(ALL_TOOLS.map(({ name }) => name)); text(await tools.${name}());`;
    const response = service.execute({ toolCallId: "call", enabledTools, source });
    (await gates.arrived(gates.calls.length + 1)).open("opened");
    expect(await response).toMatchObject({
      status: "completed",
      contentItems: [{ text: `["${name}"]` }, { text: "opened" }],
    });
  }
});

test("an engine that does not start fails the cell and the warm-up", async () => {
  const service = open({ wasmUrl: new URL("./index.ts", import.meta.url) });
  expect(await execute(service, "text(1)")).toMatchObject({
    status: "failed",
    error: { text: expect.stringMatching(/ended unexpectedly/) },
  });
  await expect(service.warmUp()).rejects.toMatchObject({ code: "engine_unavailable" });
});
