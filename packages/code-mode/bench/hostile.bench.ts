import { monitorEventLoopDelay } from "node:perf_hooks";
import { createCodeModeService, type ToolDefinition } from "../src/index.ts";
import { hostileScripts } from "./hostile-scripts.ts";

const enabledTools: readonly ToolDefinition[] = ["echo", "fails", "never"].map((name) => ({
  name,
  description: "",
  kind: "function",
}));

interface Run {
  readonly name: string;
  readonly status: string;
  /** From the call to the answer, or until the script was stopped. */
  readonly ms: number;
  readonly stopMs: number;
  /** The longest that the host's event loop was late meanwhile. */
  readonly delayMs: number;
}

async function runAll(): Promise<readonly Run[]> {
  await using service = createCodeModeService();
  service.startTurnWorker({
    async invokeTool({ name, input }) {
      if (name === "fails") throw new Error("failed on purpose");
      return name === "never" ? new Promise(() => {}) : { echoed: typeof input };
    },
    notify() {},
  });
  const run = async (source: string, yieldTimeMs = 4) => {
    const request = { toolCallId: "call", enabledTools, source, yieldTimeMs };
    const response = await service.execute(request);
    if (response.status !== "yielded") return { status: response.status, stopMs: 0 };
    const start = performance.now();
    const { status } = await service.wait({ cellId: response.cellId, terminate: true });
    return { status, stopMs: performance.now() - start };
  };
  await run("text(1)");
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const runs: Run[] = [];
  for (const { name, source } of hostileScripts()) {
    delay.reset();
    const start = performance.now();
    const { status, stopMs } = await run(source);
    runs.push({ name, status, stopMs, ms: performance.now() - start, delayMs: delay.max / 1e6 });
  }
  delay.disable();
  // It may have to wait for a worker in place of the last one that was ended.
  const { status } = await run("text(1)", /*yieldTimeMs*/ 10_000);
  if (status !== "completed") throw new Error(`the next script is ${status}`);
  return runs;
}

export const benchmark = {
  name: "code-mode-hostile",
  question:
    "What does the host feel of a thousand scripts that try to hang, exhaust or leave their sandbox?",
  async report() {
    const runs = await runAll();
    const at = (key: "ms" | "stopMs" | "delayMs", share: number) => {
      const sorted = runs.map((run) => run[key]).toSorted((a, b) => a - b);
      return `${(sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN).toFixed(1)} ms`;
    };
    const rows = (
      [
        ["until the answer or the stop", "ms"],
        ["stop", "stopMs"],
        ["host loop delay (bound 25 ms)", "delayMs"],
      ] as const
    ).map(
      ([label, key]) =>
        `${label.padEnd(32)}p50 ${at(key, /*share*/ 0.5).padStart(9)}  p95 ${at(key, /*share*/ 0.95).padStart(9)}  max ${at(key, /*share*/ 1).padStart(9)}`,
    );
    const worst = runs.toSorted((a, b) => b.delayMs - a.delayMs).slice(0, 5);
    const text = [
      `${runs.length} scripts`,
      ...rows,
      ...worst.map(
        ({ delayMs, status, name }) =>
          `  ${delayMs.toFixed(1).padStart(6)} ms  ${status.padEnd(11)}${name}`,
      ),
    ].join("\n");
    return { text, data: runs };
  },
};
