// pnpm bench [NAME…] [-- --against PATH] [--rounds N] [--json] [--list] [the benchmark's own flags]
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Benchmark, BenchmarkContext } from "./benchmark.ts";
import { checkBounds, renderBounds } from "./bounds.ts";
import { type CommandLine, parseCommandLine, UsageError } from "./command-line.ts";
import { DiscoveryError, discoverBenchmarks, selectBenchmarks } from "./discover.ts";
import { measure } from "./measure.ts";
import { MeasureError } from "./peak-memory.ts";
import { renderTable } from "./table.ts";

const root = resolve(import.meta.dirname, "../../..");
const defaultRounds = 15;
const warmUp = 3;

/** What came out, as it is printed and as it stands under `--json`. */
interface Result {
  readonly text: string;
  readonly data: object;
}

async function runBenchmark(benchmark: Benchmark, line: CommandLine): Promise<Result> {
  const scratch = mkdtempSync(join(tmpdir(), "codex-ts-bench-"));
  try {
    const { against } = line;
    return await resultOf(
      benchmark,
      { root, against, scratch, flags: line.flagsOf(benchmark) },
      line,
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function resultOf(
  benchmark: Benchmark,
  context: BenchmarkContext,
  { rounds }: CommandLine,
): Promise<Result> {
  if ("report" in benchmark) {
    const { text, data } = await benchmark.report(context);
    return { text, data: { report: data } };
  }
  const subjects = await measure(await benchmark.subjects(context), {
    rounds: rounds ?? benchmark.rounds ?? defaultRounds,
    warmUp,
  });
  const bounds = checkBounds(benchmark.bounds ?? [], subjects);
  if (bounds.some(({ kept }) => kept === false)) process.exitCode = 1;
  return bounds.length === 0
    ? { text: renderTable(subjects), data: { subjects } }
    : {
        text: `${renderTable(subjects)}\n\n${renderBounds(bounds)}`,
        data: { subjects, bounds },
      };
}

function describe({ name, question, flags = {} }: Benchmark): string {
  const own = Object.entries(flags).map(([flag, { help }]) => `  --${flag.padEnd(20)}${help}`);
  return [`${name.padEnd(24)}${question}`, ...own].join("\n");
}

async function main(given: readonly string[]): Promise<void> {
  const all = await discoverBenchmarks(root);
  const line = parseCommandLine(given, all);
  const benchmarks = selectBenchmarks(all, line.names);
  if (line.list) {
    for (const benchmark of benchmarks) console.log(describe(benchmark));
    return;
  }
  const results: object[] = [];
  for (const benchmark of benchmarks) {
    const { text, data } = await runBenchmark(benchmark, line);
    results.push({ name: benchmark.name, question: benchmark.question, ...data });
    if (!line.json) console.log(`\n${benchmark.name}: ${benchmark.question}\n${text}`);
  }
  if (line.json) {
    const machine = {
      platform: `${process.platform}-${process.arch}`,
      node: process.versions.node,
      cores: cpus().length,
    };
    console.log(JSON.stringify({ machine, benchmarks: results }, undefined, 2));
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (
    !(
      error instanceof DiscoveryError ||
      error instanceof MeasureError ||
      error instanceof UsageError
    )
  ) {
    throw error;
  }
  console.error(error.message);
  process.exitCode = 1;
}
