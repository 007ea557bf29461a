import { afterAll, expect, test } from "vitest";
import { hostileScripts } from "../bench/hostile-scripts.ts";
import type { CellResponse } from "./cell.ts";
import type { ToolDefinition } from "./prepared-tools.ts";
import { createCodeModeService } from "./service.ts";

const mebibyte = 1024 * 1024;
const service = createCodeModeService({
  limits: { outputBytes: mebibyte, memoryBytes: 24 * mebibyte },
  stopGraceMs: 60,
});
afterAll(() => service[Symbol.asyncDispose]());

const enabledTools: readonly ToolDefinition[] = ["echo", "fails", "never"].map((name) => ({
  name,
  description: "",
  kind: "function",
}));
service.startTurnWorker({
  async invokeTool({ name, input }) {
    if (name === "fails") throw new Error("failed on purpose");
    return name === "never" ? new Promise(() => {}) : { echoed: typeof input };
  },
  notify() {},
});

/** What a cell shows of what others did to its world. */
const witness = `
  text([Object.keys(globalThis).length, Object.keys(Object.prototype), typeof leaked, load("k") === undefined]);
  text([text, Object, tools, ALL_TOOLS].map((place) => typeof place.leaked));
  text(await tools.echo({ a: [1] }));
`;

async function run(source: string, yieldTimeMs: number): Promise<CellResponse> {
  const response = await service.execute({ toolCallId: "call", enabledTools, source, yieldTimeMs });
  if (response.status !== "yielded") return response;
  return service.wait({ cellId: response.cellId, terminate: true });
}

test("over a thousand hostile scripts end, and each next script finds a clean world", async () => {
  const scripts = hostileScripts();
  expect(scripts.length).toBeGreaterThan(1000);
  const clean = await run(witness, /*yieldTimeMs*/ 20_000);
  expect(clean.status).toBe("completed");
  const queue = [...scripts];
  const ends = new Map<string, number>();
  const lane = async (): Promise<void> => {
    for (let script = queue.shift(); script !== undefined; script = queue.shift()) {
      const { status } = await run(
        `globalThis.leaked = text.leaked = Object.leaked = tools.leaked = ALL_TOOLS.leaked = "canary"; ${script.source}`,
        /*yieldTimeMs*/ 4,
      );
      ends.set(status, (ends.get(status) ?? 0) + 1);
      service.replaceStoredValues({});
      const after = await run(witness, /*yieldTimeMs*/ 20_000);
      expect([script.name, after]).toEqual([script.name, { ...clean, cellId: expect.any(String) }]);
    }
  };
  await Promise.all([lane(), lane()]);
  expect([...ends.keys()].toSorted()).toEqual(["completed", "failed", "terminated"]);
  expect(service.liveCells()).toEqual([]);
}, 300_000);
