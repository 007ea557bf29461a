// node --conditions=@codex-ts/source packages/code-mode/bench/hostile.ts
// Runs every hostile script and prints what the host felt of them.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createCodeModeService } from "../src/index.ts";
import type { ToolDefinition } from "../src/index.ts";
import { hostileScripts } from "./hostile-scripts.ts";

const enabledTools: readonly ToolDefinition[] = ["echo", "fails", "never"].map((name) => ({
  name,
  description: "",
  kind: "function",
}));

await using service = createCodeModeService();
service.startTurnWorker({
  async invokeTool({ name, input }) {
    if (name === "fails") throw new Error("failed on purpose");
    return name === "never" ? new Promise(() => {}) : { echoed: typeof input };
  },
  notify() {},
});

const run = async (source: string) => {
  const request = { toolCallId: "call", enabledTools, source, yieldTimeMs: 4 };
  const response = await service.execute(request);
  if (response.status !== "yielded") return { status: response.status, stopMs: 0 };
  const start = performance.now();
  const { status } = await service.wait({ cellId: response.cellId, terminate: true });
  return { status, stopMs: performance.now() - start };
};

await run("text(1)");
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const results: { name: string; status: string; ms: number; stopMs: number; worstMs: number }[] = [];
for (const { name, source } of hostileScripts()) {
  delay.reset();
  const start = performance.now();
  const { status, stopMs } = await run(source);
  results.push({ name, status, stopMs, ms: performance.now() - start, worstMs: delay.max / 1e6 });
}
delay.disable();

const at = (values: readonly number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)]?.toFixed(1);
console.log(`scripts ${results.length}, still running ${service.liveCells().length}`);
const column = (key: "ms" | "stopMs" | "worstMs") => results.map((result) => result[key]);
for (const key of ["ms", "stopMs", "worstMs"] as const) {
  console.log(
    `${key.padEnd(8)} p50 ${at(column(key), 0.5)} p95 ${at(column(key), 0.95)} max ${at(column(key), 1)}`,
  );
}
for (const key of ["ms", "worstMs"] as const) {
  console.log(`most ${key}:`);
  for (const each of results.toSorted((a, b) => b[key] - a[key]).slice(0, 12)) {
    console.log(`  ${each[key].toFixed(0).padStart(5)}  ${each.status.padEnd(10)}  ${each.name}`);
  }
}
console.log(`resident ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB`);
