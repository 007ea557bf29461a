import { globSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Benchmark } from "./benchmark.ts";

const places = [
  "tools/bench/src/benches/*.ts",
  "packages/*/bench/*.bench.ts",
  "apps/*/bench/*.bench.ts",
];

/** A benchmark file exports no `benchmark`, or a name was asked for that none has. */
export class DiscoveryError extends Error {
  readonly code = "no_such_benchmark";

  constructor(message: string) {
    super(message);
    this.name = "DiscoveryError";
  }
}

function isBenchmark(value: unknown): value is Benchmark {
  if (typeof value !== "object" || value === null) return false;
  const candidate = value as Partial<Record<string, unknown>>;
  return (
    typeof candidate["name"] === "string" &&
    typeof candidate["question"] === "string" &&
    (typeof candidate["subjects"] === "function" || typeof candidate["report"] === "function")
  );
}

/**
 * Loads every benchmark of the workspace, by name.
 *
 * @throws {DiscoveryError} when a file exports no benchmark
 */
export async function discoverBenchmarks(root: string): Promise<readonly Benchmark[]> {
  const files = globSync(places, { cwd: root, exclude: ["**/*.test.ts"] });
  const found = await Promise.all(
    files.map(async (file) => {
      const loaded = (await import(pathToFileURL(join(root, file)).href)) as {
        benchmark?: unknown;
      };
      if (!isBenchmark(loaded.benchmark)) {
        throw new DiscoveryError(`${file} exports no benchmark; tools/bench/README.md says how.`);
      }
      return loaded.benchmark;
    }),
  );
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The benchmarks of these names; all when there are none.
 *
 * @throws {DiscoveryError} when a name belongs to none
 */
export function selectBenchmarks(
  benchmarks: readonly Benchmark[],
  names: readonly string[],
): readonly Benchmark[] {
  if (names.length === 0) return benchmarks;
  return names.map((name) => {
    const found = benchmarks.find((benchmark) => benchmark.name === name);
    if (found === undefined) {
      const known = benchmarks.map((benchmark) => benchmark.name).join(", ");
      throw new DiscoveryError(`There is no benchmark "${name}". There are: ${known}.`);
    }
    return found;
  });
}
