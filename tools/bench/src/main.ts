// pnpm bench [NAME…] [-- --against PATH] [--rounds N] [--json] [--list]
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Benchmark } from "./benchmark.ts";
import { DiscoveryError, discoverBenchmarks, selectBenchmarks } from "./discover.ts";
import { measure } from "./measure.ts";
import type { Measurement } from "./measure.ts";
import { MeasureError } from "./peak-memory.ts";
import { renderTable } from "./table.ts";

const root = resolve(import.meta.dirname, "../../..");
const defaultRounds = 15;
const warmUp = 3;

async function runBenchmark(
  benchmark: Benchmark,
  against: string | undefined,
  rounds: number | undefined,
): Promise<readonly Measurement[]> {
  const scratch = mkdtempSync(join(tmpdir(), "codex-ts-bench-"));
  try {
    const subjects = await benchmark.subjects({ root, against, scratch });
    return await measure(subjects, {
      rounds: rounds ?? benchmark.rounds ?? defaultRounds,
      warmUp,
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function parseRounds(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const rounds = Number(given);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new TypeError(`--rounds takes a whole number from 1 up, not "${given}".`);
  }
  return rounds;
}

async function main(given: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: given.filter((argument) => argument !== "--"),
    allowPositionals: true,
    options: {
      against: { type: "string" },
      rounds: { type: "string" },
      json: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
    },
  });
  const rounds = parseRounds(values.rounds);
  const benchmarks = selectBenchmarks(await discoverBenchmarks(root), positionals);
  if (values.list) {
    for (const { name, question } of benchmarks) console.log(`${name.padEnd(24)}${question}`);
    return;
  }
  const results: object[] = [];
  for (const benchmark of benchmarks) {
    const subjects = await runBenchmark(benchmark, values.against, rounds);
    results.push({ name: benchmark.name, question: benchmark.question, subjects });
    if (!values.json) {
      console.log(`\n${benchmark.name}: ${benchmark.question}\n${renderTable(subjects)}`);
    }
  }
  if (values.json) {
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
  if (!(error instanceof DiscoveryError || error instanceof MeasureError)) {
    if (!(error instanceof TypeError)) throw error;
  }
  console.error(error.message);
  process.exitCode = 1;
}
