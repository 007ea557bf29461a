// What a program notices of the package when it starts and when it ends.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const execute = promisify(execFile);
const index = new URL("./index.ts", import.meta.url).href;

/** Runs a program to its own end; it must not need `process.exit`. */
async function program(source: string): Promise<unknown> {
  const { stdout, stderr } = await execute(
    process.execPath,
    [
      "--input-type=module",
      "--eval",
      `import * as codeMode from ${JSON.stringify(index)};\n${source}`,
    ],
    { timeout: 25_000 },
  );
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

const execSource = (source: string) =>
  `await service.execute({ toolCallId: "c", enabledTools: [], source: ${JSON.stringify(source)} })`;

test("importing the package loads neither the engine nor a thread", async () => {
  expect(
    await program(`
      const service = codeMode.createCodeModeService();
      console.log(JSON.stringify(process.getActiveResourcesInfo().filter((name) => /Worker|Message/.test(name))));
    `),
  ).toEqual([]);
});

test("a program ends by itself while an idle service is open", async () => {
  expect(
    await program(`
      const service = codeMode.createCodeModeService();
      const { status } = ${execSource("text(1)")};
      console.log(JSON.stringify(status));
    `),
  ).toBe("completed");
});

test("a program ends by itself although a cell that nobody waits for runs on", async () => {
  expect(
    await program(`
      const service = codeMode.createCodeModeService();
      const { status } = ${execSource("yield_control(); for (;;);")};
      console.log(JSON.stringify(status));
    `),
  ).toBe("yielded");
});

test("a program waits for its cell, however idle it is itself", async () => {
  expect(
    await program(`
      const service = codeMode.createCodeModeService({ timers: true });
      const { status } = ${execSource("await new Promise((done) => setTimeout(done, 300))")};
      console.log(JSON.stringify(status));
    `),
  ).toBe("completed");
});

test("hundreds of scripts in turn need one worker and little memory", async () => {
  const { growth, workers } = (await program(`
    let workers = 0;
    process.on("worker", () => { workers += 1; });
    const service = codeMode.createCodeModeService();
    const run = async (times) => {
      for (let i = 0; i < times; i++) ${execSource("globalThis.all = new Array(1e4).fill({}); text(all.length)")};
    };
    await run(100);
    const before = process.memoryUsage.rss();
    await run(200);
    console.log(JSON.stringify({ growth: (process.memoryUsage.rss() - before) / 2 ** 20, workers }));
  `)) as { growth: number; workers: number };
  expect(workers).toBe(1);
  expect(growth).toBeLessThan(20);
});

test("a disposed service leaves nothing behind", async () => {
  expect(
    await program(`
      const service = codeMode.createCodeModeService();
      await service.warmUp();
      await Promise.all([${execSource("text(1)").replace("await ", "")}, ${execSource("text(2)").replace("await ", "")}]);
      await service[Symbol.asyncDispose]();
      console.log(JSON.stringify(process.getActiveResourcesInfo().filter((name) => /Worker|MessagePort/.test(name))));
    `),
  ).toEqual([]);
});
