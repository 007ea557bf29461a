// What one exec costs: cold, warm and on a ready pool, each sample in a fresh process, and beside
// node:vm and others in the same run. The second table holds the figures that are to stay in bounds.
import type { Sampler } from "./overhead-process.ts";
import type { Sample, SampleRequest } from "./overhead-sample.ts";

export interface Settings {
  readonly samples: number;
  readonly warmIterations: number;
  readonly toolCounts: readonly number[];
  /** Pairs of processes behind each ratio. */
  readonly pairs: number;
  /** A folder with `@ai-sdk/code-mode` and `ai` installed, to be measured in the same run. */
  readonly aiSdk: string | undefined;
}

export type Table = readonly [readonly string[], ...(readonly string[])[]];

function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(((sorted.length - 1) * percent) / 100)] ?? Number.NaN;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const median = (values: readonly number[]): number => percentile(values, /*percent*/ 50);
const mebibytes = (bytes: number): number => bytes / 2 ** 20;

function duration(ms: number): string {
  return ms < 1 ? `${(ms * 1000).toFixed(0)} µs` : `${ms.toFixed(2)} ms`;
}

/** Cold and warm execs, and the first exec on a pool that is ready. */
export function overheadTable(
  run: Sampler,
  { samples, warmIterations, toolCounts }: Settings,
): Table {
  const scenarios = [
    { name: "cold_exec", scenario: "cold", warmups: 0, iterations: 1 },
    { name: "warm_exec", scenario: "warm", warmups: 1, iterations: warmIterations },
    { name: "pooled_exec", scenario: "pooled", warmups: 0, iterations: 1 },
  ] as const;
  const rows = toolCounts.flatMap((tools) =>
    scenarios.map(({ name, scenario, warmups, iterations }) => {
      const request = { subject: "code_mode", scenario, tools, warmups, iterations } as const;
      const taken = Array.from({ length: samples }, () => run(request));
      const means = taken.map(({ times }) => mean(times));
      const growth = taken.map(({ residentGrowth }) => mebibytes(residentGrowth));
      return [
        name,
        ...[tools, samples, warmups, iterations].map(String),
        duration(mean(means)),
        duration(percentile(means, /*percent*/ 95)),
        `${median(growth).toFixed(1)} MiB`,
        `${Math.max(...growth).toFixed(1)} MiB`,
      ];
    }),
  );
  const head =
    "scenario tools samples warmups iters mean/exec p95/exec rssΔ\u00a0p50 rssΔ\u00a0max";
  return [head.split(" "), ...rows];
}

interface Pair {
  readonly ours: Sample;
  readonly other: Sample;
}

/** Runs both requests in turn, each round beginning with the other one. */
function inPairs(
  run: Sampler,
  rounds: number,
  ours: SampleRequest,
  other: SampleRequest,
): readonly Pair[] {
  return Array.from({ length: rounds }, (_, round) => {
    if (round % 2 === 0) {
      const first = run(ours);
      return { ours: first, other: run(other) };
    }
    const first = run(other);
    return { ours: run(ours), other: first };
  });
}

type Figure = (values: readonly number[]) => number;

export function ratioTable(run: Sampler, { toolCounts, pairs, aiSdk }: Settings): Table {
  const rows: string[][] = [];
  const add = (
    name: string,
    bound: string,
    taken: readonly Pair[],
    of: Figure = median,
  ): number => {
    const own = median(taken.map((pair) => of(pair.ours.times)));
    const besides = median(taken.map((pair) => of(pair.other.times)));
    const ratio = median(taken.map((pair) => of(pair.ours.times) / of(pair.other.times)));
    rows.push([name, duration(own), duration(besides), ratio.toFixed(2), bound]);
    return own;
  };
  const request = (
    subject: SampleRequest["subject"],
    scenario: SampleRequest["scenario"],
    tools = 0,
    warmups = 0,
    iterations = 1,
  ): SampleRequest => ({ subject, scenario, tools, warmups, iterations });
  const pairOf = (ours: SampleRequest, other: SampleRequest) => inPairs(run, pairs, ours, other);
  const samplesOf = (of: SampleRequest) => Array.from({ length: pairs }, () => run(of));

  const warm = toolCounts.map((tools) => {
    const of = (subject: SampleRequest["subject"]) =>
      request(subject, "warm", tools, /*warmups*/ 3, /*iterations*/ 200);
    const taken = pairOf(of("code_mode"), of("node_vm"));
    return add(`warm exec, ${tools} tools / node:vm`, "0.50, 250 µs", taken);
  });
  for (const tools of aiSdk === undefined ? [] : toolCounts) {
    const other = {
      ...request("ai_sdk", "warm", tools, /*warmups*/ 3, /*iterations*/ 50),
      folder: aiSdk,
    };
    const taken = pairOf(
      request("code_mode", "warm", tools, /*warmups*/ 3, /*iterations*/ 50),
      other,
    );
    add(`warm exec, ${tools} tools / @ai-sdk/code-mode`, "", taken);
  }
  const [fewest = Number.NaN] = warm;
  const most = warm.at(-1) ?? Number.NaN;
  if (warm.length > 1) {
    const name = `warm exec, ${toolCounts.at(-1)} tools / ${toolCounts[0]} tools`;
    rows.push([name, duration(most), duration(fewest), (most / fewest).toFixed(2), "1.40"]);
  }
  const brief = pairOf(
    request("code_mode", "warm", /*tools*/ 0, /*warmups*/ 1, /*iterations*/ 25),
    request("node_vm", "warm", /*tools*/ 0, /*warmups*/ 1, /*iterations*/ 25),
  );
  add("mean of 25 after 1 / node:vm", "2.00", brief, mean);
  add("median of the 25 / node:vm", "0.70", brief);
  const vmCold = request("node_vm", "cold");
  add(
    "first exec on a ready pool / node:vm",
    "2.00",
    pairOf(request("code_mode", "pooled"), vmCold),
  );
  const cold = pairOf(request("code_mode", "cold"), request("worker", "cold"));
  add("exec with nothing started / a worker", "2.70", cold);
  const idle = (subject: SampleRequest["subject"]) =>
    request(subject, "idle", /*tools*/ 0, /*warmups*/ 3, /*iterations*/ 30);
  add("exec after 20 ms idle / node:vm", "1.60", pairOf(idle("code_mode"), idle("node_vm")));
  const nested = request("code_mode", "nested", /*tools*/ 1, /*warmups*/ 0, /*iterations*/ 300);
  const pingPong = request(
    "message_port",
    "nested",
    /*tools*/ 0,
    /*warmups*/ 0,
    /*iterations*/ 300,
  );
  add("nested call / message there and back", "2.00", pairOf(nested, pingPong));
  for (const [name, bound, scenario, iterations] of [
    ["8 nested calls at once / 1", "3.00", "parallel", 50],
    ["nested call, 100 KB result / its JSON.parse", "1.40", "large_result", 20],
  ] as const) {
    const taken = samplesOf(request("code_mode", scenario, /*tools*/ 1, /*warmups*/ 0, iterations));
    const withOther = taken.map((ours) => ({
      ours,
      other: { ...ours, times: ours.besides ?? [] },
    }));
    add(name, bound, withOther);
  }

  const alone = (name: string, value: string, bound: string) =>
    rows.push([name, value, "", "", bound]);
  const stops = samplesOf(
    request("code_mode", "stop", /*tools*/ 1, /*warmups*/ 0, /*iterations*/ 30),
  ).flatMap(({ times }) => times);
  alone("stop, p95", duration(percentile(stops, /*percent*/ 95)), "10 ms");
  const hung = samplesOf(
    request("code_mode", "native_stop", /*tools*/ 0, /*warmups*/ 0, /*iterations*/ 3),
  ).flatMap(({ times }) => times);
  alone("stop of a native loop (grace 100 ms)", duration(median(hung)), "125 ms");
  const delays = samplesOf(request("code_mode", "loop_delay"));
  const delay = (index: number) => median(delays.map(({ times }) => times[index] ?? Number.NaN));
  alone("host loop delay, 4 busy cells, p99", duration(delay(/*index*/ 0)), "5 ms");
  alone("host loop delay, 4 busy cells, max", duration(delay(/*index*/ 1)), "25 ms");
  const memory = pairOf(request("code_mode", "memory"), request("worker", "memory")).map(
    ({ ours, other }) => mebibytes(ours.residentGrowth - other.residentGrowth),
  );
  alone("memory of a ready pool over a worker", `${median(memory).toFixed(1)} MiB`, "35 MiB");
  return [["figure", "code mode", "beside", "ratio", "bound"], ...rows];
}

export function renderRows(rows: Table): string {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
