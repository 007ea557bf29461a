import { expect, onTestFinished, test } from "vitest";
import { createCodeModeService } from "./service.ts";
import type { CodeModeLimits } from "./limits.ts";

const mebibyte = 1024 * 1024;

function session(limits: Partial<CodeModeLimits>) {
  const service = createCodeModeService({ limits });
  onTestFinished(() => service[Symbol.asyncDispose]());
  const run = (source: string, yieldTimeMs = 20_000) =>
    service.execute({ toolCallId: "call", enabledTools: [], source, yieldTimeMs });
  return { service, run };
}

test("a script that is too large is not run", async () => {
  const { run } = session({ sourceBytes: 100 });
  expect(await run(`text("é".repeat(1)); //${"é".repeat(50)}`)).toMatchObject({
    status: "failed",
    contentItems: [],
    error: {
      text: "The script is larger than 100 bytes; pass data through tools or stored values.",
    },
  });
  expect(await run("text(1)")).toMatchObject({ status: "completed" });
});

test("one cell too many is refused with the ids of those that run", async () => {
  const { service, run } = session({ cells: 2 });
  await run("yield_control(); for (;;);");
  await run("yield_control(); for (;;);");
  expect(await run("text(1)")).toMatchObject({
    status: "failed",
    error: { text: "2 cells are running already (1, 2); wait for one or terminate it." },
  });
  await service.wait({ cellId: "1", terminate: true });
  expect(await run("text(1)")).toMatchObject({ status: "completed" });
});

test("a result that nobody asks for makes room for a new cell", async () => {
  const { service, run } = session({ cells: 1 });
  await run('yield_control(); text("held")');
  await expect.poll(async () => (await run("text(1)")).status).toBe("completed");
  expect(service.liveCells()).toEqual([]);
  expect(await service.wait({ cellId: "1" })).toMatchObject({ status: "missing" });
});

test("items and bytes over the limit are dropped, counted, and an error of the script", async () => {
  const items = session({ outputItems: 2 });
  expect(await items.run("text(1); text(2); text(3)")).toMatchObject({
    status: "failed",
    contentItems: [{ text: "1" }, { text: "2" }],
    droppedItems: 1,
    error: { text: "text: the cell has reached its limit of output; this item was dropped" },
  });
  expect(
    await items.run("for (let i = 0; i < 5; i++) { try { text(i); } catch {} } "),
  ).toMatchObject({ status: "completed", droppedItems: 3 });
  const bytes = session({ outputBytes: 10 });
  expect(await bytes.run('text("é".repeat(5)); try { text("x"); } catch {}')).toMatchObject({
    status: "completed",
    contentItems: [{ text: "ééééé" }],
    droppedItems: 1,
  });
});

test("stored values have a common limit, and replacing one frees what it took", async () => {
  const { service, run } = session({ storedBytes: 100 });
  expect(await run('store("a", "x".repeat(60))')).toMatchObject({ status: "completed" });
  expect(await run('store("b", "y".repeat(60))')).toMatchObject({
    status: "failed",
    error: { text: "store: the stored values would be larger than the session may keep" },
  });
  expect(
    await run('store("a", "z".repeat(70)); store("a", "z"); store("b", "y".repeat(60))'),
  ).toMatchObject({
    status: "completed",
  });
  expect(service.storedValues()).toEqual({ a: "z", b: "y".repeat(60) });
});

test("memory is bounded, running out of it can be caught, and the next cell has all of it again", async () => {
  const { run } = session({ memoryBytes: 20 * mebibyte });
  const fill = `
    const all = []; let got = 0;
    try { for (;;) { all.push(new Uint8Array(1e6)); got++; } } catch (error) { all.length = 0; text(error.message); }
    text(got > 5 && got < 25);
  `;
  for (let round = 0; round < 3; round += 1) {
    expect(await run(fill)).toMatchObject({
      status: "completed",
      contentItems: [{ text: "out of memory" }, { text: "true" }],
    });
  }
});

test.each([
  ["JSON text", 'JSON.parse("[".repeat(1e5) + "]".repeat(1e5))'],
  ["a value turned into JSON", "let v = []; for (let i = 0; i < 2e4; i++) v = [v]; text(v)"],
  ["source", 'eval("(".repeat(2e4) + ")".repeat(2e4))'],
  ["a regular expression", 'new RegExp("(".repeat(2e4) + ")".repeat(2e4))'],
  ["calls", "(function again() { again(); })()"],
])(
  "after %s too deep for the engine the next script can nest as deeply as before",
  async (_what, source) => {
    const { run } = session({});
    const depth = async () => {
      const response = await run(
        "let depth = 0; const down = () => { depth++; down(); }; try { down(); } catch {} text(depth)",
      );
      const [item] = response.status === "completed" ? response.contentItems : [];
      return item?.type === "input_text" ? Number(item.text) : 0;
    };
    const before = await depth();
    expect(before).toBeGreaterThan(500);
    expect((await run(source)).status).toBe("failed");
    expect(await depth()).toBe(before);
  },
);

test("the largest results and arguments pass", async () => {
  const service = createCodeModeService();
  onTestFinished(() => service[Symbol.asyncDispose]());
  service.startTurnWorker({ invokeTool: async ({ input }) => input, notify() {} });
  const enabledTools = [{ name: "echo", description: "", kind: "function" as const }];
  const source =
    'const r = await tools.echo("\\u0000é".repeat(2e5)); text(r === "\\u0000é".repeat(2e5))';
  expect(await service.execute({ toolCallId: "c", enabledTools, source })).toMatchObject({
    status: "completed",
    contentItems: [{ text: "true" }],
  });
});
