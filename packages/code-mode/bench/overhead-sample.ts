// One sample of the report, in a process of its own; prints one line of JSON. It is run with its types
// stripped beforehand: a process that strips them itself would start with that memory and time.
import { createRequire } from "node:module";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { createContext, runInContext } from "node:vm";
import { MessageChannel, Worker } from "node:worker_threads";
import type * as CodeModePackage from "@codex-ts/code-mode";
import type { CodeModeService, ToolDefinition } from "@codex-ts/code-mode";

export interface SampleRequest {
  readonly subject: "code_mode" | "ai_sdk" | "node_vm" | "worker" | "message_port";
  readonly scenario:
    | "cold"
    | "warm"
    | "pooled"
    | "idle"
    | "nested"
    | "parallel"
    | "large_result"
    | "stop"
    | "native_stop"
    | "loop_delay"
    | "memory";
  readonly tools: number;
  readonly warmups: number;
  readonly iterations: number;
  /** The folder in which `@ai-sdk/code-mode` is installed, for the subject of that name. */
  readonly folder?: string | undefined;
  /** Where the built package is, for the subject `code_mode`. */
  readonly packageUrl?: string | undefined;
}

export interface Sample {
  /** In ms, one for each iteration. */
  readonly times: readonly number[];
  /** The same for what they are to be compared with, when that is of the same process. */
  readonly besides?: readonly number[];
  /** Growth of the largest resident set over the timed part, in bytes. */
  readonly residentGrowth: number;
}

type PackageFace = Pick<typeof CodeModePackage, "createCodeModeService">;

const script = 'text("bench");';
/**
 * How often a script of many calls is run in one process. The compilers of a fresh process work beside
 * the first thousands of calls, for what is compared as for ours: the median is of the usual run.
 */
const runs = 10;

function syntheticTools(count: number): readonly ToolDefinition[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `tool_${index}`,
    description: `Does the ${index}th thing.`,
    kind: "function",
    inputSchema: { type: "object", properties: { value: { type: "string" } }, required: ["value"] },
  }));
}

async function execOnce(service: CodeModeService, enabledTools: readonly ToolDefinition[]) {
  const response = await service.execute({ toolCallId: "bench", enabledTools, source: script });
  if (response.status !== "completed" || response.contentItems.length !== 1) {
    throw new Error(`unexpected answer ${JSON.stringify(response)}`);
  }
}

function vmOnce(tools: readonly ToolDefinition[]): void {
  let items = 0;
  const globals: Record<string, unknown> = { text: () => (items += 1), tools: {} };
  for (const { name } of tools) (globals["tools"] as Record<string, unknown>)[name] = () => null;
  runInContext(script, createContext(globals));
  if (items !== 1) throw new Error("unexpected number of items");
}

/** The same number of tools and one value as the outcome, through another package's own door. */
async function loadAiSdk({ folder, tools: count }: SampleRequest): Promise<() => Promise<void>> {
  const require = createRequire(join(folder ?? "", "package.json"));
  const load = async (name: string) =>
    (await import(pathToFileURL(require.resolve(name)).href)) as Record<string, unknown>;
  const run = (await load("@ai-sdk/code-mode"))["experimental_runCodeMode"] as (options: {
    js: string;
    tools: Record<string, unknown>;
  }) => Promise<unknown>;
  const jsonSchema = (await load("ai"))["jsonSchema"] as (schema: unknown) => unknown;
  const tools = Object.fromEntries(
    syntheticTools(count).map(({ name, description, inputSchema }) => [
      name,
      { description, inputSchema: jsonSchema(inputSchema), execute: async () => null },
    ]),
  );
  return async () => {
    const result = await run({ js: 'return "bench";', tools });
    if (result !== "bench") throw new Error(`unexpected answer ${JSON.stringify(result)}`);
  };
}

async function workerOnce(): Promise<void> {
  const worker = new Worker("", { eval: true });
  await new Promise((resolve) => worker.once("online", resolve));
  void worker.terminate();
}

/** The memory of a pool with one worker ready, beside that of a bare worker. */
async function readyPool(service: CodeModeService): Promise<Sample> {
  const before = residentPeak();
  await service.warmUp();
  return { times: [0], residentGrowth: residentPeak() - before };
}

async function idleWorker(): Promise<Sample> {
  const before = residentPeak();
  const worker = new Worker("setInterval(() => {}, 1000)", { eval: true });
  await new Promise((resolve) => worker.once("online", resolve));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const residentGrowth = residentPeak() - before;
  await worker.terminate();
  return { times: [0], residentGrowth };
}

const residentPeak = () => process.resourceUsage().maxRSS * 1024;

async function time(request: SampleRequest, once: () => unknown, pauseMs = 0): Promise<Sample> {
  for (let index = 0; index < request.warmups; index += 1) await once();
  const before = residentPeak();
  const times: number[] = [];
  for (let index = 0; index < request.iterations; index += 1) {
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const start = performance.now();
    await once();
    times.push(performance.now() - start);
  }
  return { times, residentGrowth: residentPeak() - before };
}

/** Runs one script again and again and gives the ms of each run; the first does not count. */
async function timeScript(
  service: CodeModeService,
  enabledTools: readonly ToolDefinition[],
  source: string,
): Promise<readonly number[]> {
  const request = { toolCallId: "bench", enabledTools, source, yieldTimeMs: 600_000 };
  const times: number[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const start = performance.now();
    const response = await service.execute(request);
    times.push(performance.now() - start);
    if (response.status !== "completed") throw new Error(JSON.stringify(response));
  }
  return times.slice(1);
}

const each = (times: readonly number[], parts: number, less = 0): readonly number[] =>
  times.map((time) => (time - less) / parts);

/** A script that calls a tool again and again, so that the time of a call is what is measured. */
async function nestedCalls(service: CodeModeService, { iterations }: SampleRequest) {
  service.startTurnWorker({ invokeTool: async ({ input }) => input, notify() {} });
  const source = `for (let i = 0; i < ${iterations}; i++) await tools.tool_0({ a: 1 });`;
  const times = await timeScript(service, syntheticTools(/*count*/ 1), source);
  return { times: each(times, iterations), residentGrowth: 0 };
}

/** Eight calls at once, beside one. */
async function parallelCalls(service: CodeModeService, { iterations }: SampleRequest) {
  service.startTurnWorker({ invokeTool: async ({ input }) => input, notify() {} });
  const eight = "Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((a) => tools.tool_0({ a })))";
  const run = (call: string) =>
    timeScript(
      service,
      syntheticTools(/*count*/ 1),
      `for (let i = 0; i < ${iterations}; i++) await ${call};`,
    );
  const besides = each(await run("tools.tool_0({ a: 1 })"), iterations);
  return { times: each(await run(eight), iterations), besides, residentGrowth: 0 };
}

/** A result of 100 KB, beside reading it in the script. */
async function largeResults(service: CodeModeService, { iterations }: SampleRequest) {
  const result = Array.from({ length: 1000 }, (_, id) => ({ id, text: "x".repeat(76), ok: true }));
  service.startTurnWorker({ invokeTool: async () => result, notify() {} });
  const run = (body: string) =>
    timeScript(
      service,
      syntheticTools(/*count*/ 1),
      `const json = JSON.stringify(await tools.tool_0());${body}`,
    );
  const [empty = 0] = (await run("")).toSorted((a, b) => a - b);
  const loop = (what: string) => `for (let i = 0; i < ${iterations}; i++) ${what};`;
  const besides = each(await run(loop("JSON.parse(json)")), iterations, empty);
  const times = each(await run(loop("await tools.tool_0()")), iterations, empty);
  return { times, besides, residentGrowth: 0 };
}

/** A native loop that never looks at the flag: the grace, then the end of its thread. */
async function nativeStops(
  service: CodeModeService,
  { iterations }: SampleRequest,
): Promise<Sample> {
  const source = "Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);";
  const times: number[] = [];
  for (let index = 0; index < iterations; index += 1) {
    const { cellId } = await service.execute({
      toolCallId: "bench",
      enabledTools: [],
      source,
      yieldTimeMs: 20,
    });
    const start = performance.now();
    await service.wait({ cellId, terminate: true });
    times.push(performance.now() - start);
  }
  return { times, residentGrowth: 0 };
}

/** How late the host's timers are while four cells are busy: the 99th percentile, then the largest. */
async function loopDelay(service: CodeModeService): Promise<Sample> {
  const request = { toolCallId: "bench", enabledTools: [], yieldTimeMs: 5 };
  for (let cell = 0; cell < 4; cell += 1) {
    await service.execute({ ...request, source: "for (;;);" });
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  delay.disable();
  return { times: [delay.percentile(99) / 1e6, delay.max / 1e6], residentGrowth: 0 };
}

/** A message to another thread and back. */
async function pingPong({ iterations }: SampleRequest): Promise<Sample> {
  const { port1, port2 } = new MessageChannel();
  const echo =
    'require("node:worker_threads").workerData.on("message", function (m) { this.postMessage(m); });';
  const worker = new Worker(echo, { eval: true, workerData: port2, transferList: [port2] });
  const once = () =>
    new Promise((resolve) => {
      port1.once("message", resolve);
      port1.postMessage({ a: 1 });
    });
  const times: number[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const start = performance.now();
    for (let index = 0; index < iterations; index += 1) await once();
    times.push((performance.now() - start) / iterations);
  }
  await worker.terminate();
  port1.close();
  return { times: times.slice(1), residentGrowth: 0 };
}

async function stops(service: CodeModeService, { iterations }: SampleRequest): Promise<Sample> {
  const sources = [
    "while (true) {}",
    '/^(a+)+$/.test("a".repeat(40) + "b")',
    "await tools.tool_0()",
  ];
  service.startTurnWorker({ invokeTool: () => new Promise(() => {}), notify() {} });
  const times: number[] = [];
  for (let index = 0; index < iterations; index += 1) {
    const source = sources[index % sources.length] ?? "";
    const request = {
      toolCallId: "bench",
      enabledTools: syntheticTools(/*count*/ 1),
      source,
      yieldTimeMs: 5,
    };
    const { cellId } = await service.execute(request);
    const start = performance.now();
    await service.wait({ cellId, terminate: true });
    times.push(performance.now() - start);
  }
  return { times, residentGrowth: 0 };
}

async function sample(request: SampleRequest): Promise<Sample> {
  const tools = syntheticTools(request.tools);
  const pauseMs = request.scenario === "idle" ? 20 : 0;
  if (request.subject === "node_vm") return time(request, () => vmOnce(tools), pauseMs);
  if (request.subject === "ai_sdk") return time(request, await loadAiSdk(request));
  if (request.subject === "worker" && request.scenario === "memory") return idleWorker();
  if (request.subject === "worker") return time(request, workerOnce);
  if (request.subject === "message_port") return pingPong(request);
  const { createCodeModeService } = (await import(request.packageUrl ?? "")) as PackageFace;
  await using service = createCodeModeService();
  switch (request.scenario) {
    case "nested":
      return await nestedCalls(service, request);
    case "parallel":
      return await parallelCalls(service, request);
    case "large_result":
      return await largeResults(service, request);
    case "stop":
      return await stops(service, request);
    case "native_stop":
      return await nativeStops(service, request);
    case "loop_delay":
      return await loopDelay(service);
    case "memory":
      return await readyPool(service);
    case "pooled":
      await service.warmUp(tools);
      await new Promise((resolve) => setTimeout(resolve, 100));
      break;
    case "cold":
    case "warm":
    case "idle":
  }
  return await time(request, () => execOnce(service, tools), pauseMs);
}

const [argument] = process.argv.slice(2);
if (argument !== undefined) {
  console.log(JSON.stringify(await sample(JSON.parse(argument) as SampleRequest)));
}
