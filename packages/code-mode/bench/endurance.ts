// node --expose-gc --conditions=@codex-ts/source packages/code-mode/bench/endurance.ts [EXECS]
// Runs execs that leave rubbish behind, 30,000 when left out, and prints how the memory grows.
import { createCodeModeService } from "../src/index.ts";

const total = Number(process.argv[2] ?? 30_000);
const mebibyte = 2 ** 20;

await using service = createCodeModeService();
const script = `
  globalThis.rubbish = Array.from({ length: 100 }, (_, i) => ({ i, text: "x".repeat(i) }));
  Promise.reject(1); text(rubbish.length);
`;
const resident = (): number => {
  globalThis.gc?.();
  return process.memoryUsage.rss() / mebibyte;
};

const marks: [number, number][] = [];
for (let done = 1; done <= total; done += 1) {
  const response = await service.execute({ toolCallId: "bench", enabledTools: [], source: script });
  if (response.status !== "completed") throw new Error(JSON.stringify(response));
  if (done % (total / 10) === 0) {
    marks.push([done, resident()]);
    console.log(`${String(done).padStart(7)} execs  ${resident().toFixed(1)} MiB`);
  }
}
const after = (share: number) => marks.find(([done]) => done >= total * share)?.[1] ?? Number.NaN;
console.log(`growth over the last three fifths: ${(after(1) - after(0.4)).toFixed(1)} MiB`);
