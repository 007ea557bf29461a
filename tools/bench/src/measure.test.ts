import { expect, test } from "vitest";
import type { Subject } from "./benchmark.ts";
import { measure } from "./measure.ts";
import { MeasureError, peakMemory } from "./peak-memory.ts";
import { quantile } from "./statistics.ts";
import { renderTable } from "./table.ts";

const mebibyte = 1024 * 1024;

const allocate = (mebibytes: number) => ({
  name: `${mebibytes} MiB`,
  command: [
    process.execPath,
    "-e",
    `globalThis.kept = Buffer.alloc(${mebibytes * mebibyte}, 1)`,
  ] as const,
});

test.runIf(process.platform === "linux")(
  "peak memory is the command's own, and not that of the program that measures it",
  async () => {
    const small = await peakMemory({ name: "shell", command: ["/bin/sh", "-c", ":"] });
    expect(small).toBeLessThan(20 * mebibyte);
    const large = await peakMemory(allocate(/*mebibytes*/ 200));
    expect(large).toBeGreaterThan(200 * mebibyte);
    expect(large).toBeLessThan(400 * mebibyte);
  },
);

test.runIf(process.platform === "linux")(
  "peak memory counts a descendant that is larger than the command",
  async () => {
    const [program, ...args] = allocate(/*mebibytes*/ 150).command;
    const child = [program, ...args].map((word) => `'${word}'`).join(" ");
    const peak = await peakMemory({ name: "nested", command: ["/bin/sh", "-c", `${child}; :`] });
    expect(peak).toBeGreaterThan(150 * mebibyte);
  },
);

const broken = [
  ["fails", [process.execPath, "-e", "process.exitCode = 3"]],
  ["does not exist", ["/does/not/exist"]],
] as const;

test.each(broken)("a command that %s has no time", async (_what, command) => {
  const options = { rounds: 1, warmUp: 0 };
  await expect(measure([{ name: "broken", command }], options)).rejects.toThrow(MeasureError);
});

test.runIf(process.platform === "linux").each(broken)(
  "a command that %s has no peak memory",
  async (_what, command) => {
    await expect(peakMemory({ name: "broken", command })).rejects.toThrow(MeasureError);
  },
);

test("subjects take turns, and each round begins with another one", async () => {
  const calls: string[] = [];
  const subjects = ["a", "b", "c"].map((name): Subject => ({
    name,
    run: () => calls.push(name),
    repeat: 2,
  }));
  const measurements = await measure(subjects, { rounds: 2, warmUp: 1 });
  expect(calls.join("")).toBe("aabbccbbccaaccaabb");
  expect(measurements.map(({ name, peakMemory: peak }) => [name, peak])).toEqual([
    ["a", undefined],
    ["b", undefined],
    ["c", undefined],
  ]);
});

test("a function's promise is waited for", async () => {
  const [measurement] = await measure(
    [{ name: "sleep", run: () => new Promise((settle) => setTimeout(settle, 30)) }],
    { rounds: 3, warmUp: 0 },
  );
  expect(measurement?.time.low).toBeGreaterThan(25);
});

test("a quantile lies between the neighbouring samples", () => {
  expect(quantile([4, 1, 3, 2], /*q*/ 0.5)).toBe(2.5);
  expect(quantile([3, 1, 2], /*q*/ 0.5)).toBe(2);
  expect(quantile([7], /*q*/ 0.9)).toBe(7);
  expect(quantile([0, 10], /*q*/ 0.1)).toBe(1);
});

test("the table sets each subject beside its ratio to the first", () => {
  const same = (value: number) => ({ median: value, low: value, high: value });
  const table = renderTable([
    { name: "ours", time: same(/*value*/ 40), peakMemory: same(50 * mebibyte) },
    { name: "theirs", time: same(/*value*/ 120), peakMemory: same(25 * mebibyte) },
    { name: "a function", time: same(/*value*/ 0.002), peakMemory: undefined },
  ]);
  expect(table.split("\n")).toEqual([
    "             median        80 % within  ratio  peak memory  ratio",
    "ours        40.0 ms  40.0 ms – 40.0 ms  1.00×      50.0 MB  1.00×",
    "theirs       120 ms    120 ms – 120 ms  3.00×      25.0 MB  0.50×",
    "a function   2.0 µs    2.0 µs – 2.0 µs  0.00×            –      –",
  ]);
});
