// node --conditions=@codex-ts/source packages/code-mode/bench/exec-overhead.ts [--samples 30]
//   [--warm-iterations 25] [--tool-counts 0,32,128] [--against-ai-sdk FOLDER] [--built]
// What one exec costs: cold, warm and on a ready pool, each sample in a fresh process, next to
// node:vm in the same run. The last table holds the ratios that are to stay within their bounds.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Sample, SampleRequest } from "./exec-overhead-sample.ts";

interface Settings {
  readonly samples: number;
  readonly warmIterations: number;
  readonly toolCounts: readonly number[];
  /** A folder with `@ai-sdk/code-mode` and `ai` installed, to be measured in the same run. */
  readonly aiSdk: string | undefined;
  /** Measures `dist`, as it is published, instead of the sources, whose types are to be stripped first. */
  readonly built: boolean;
}

function count(name: string, given: string, least: number): number {
  const value = Number(given);
  if (given.trim() === "" || !Number.isInteger(value) || value < least) {
    throw new TypeError(`--${name} takes whole numbers from ${least} up, not "${given}".`);
  }
  return value;
}

function settings(argv: readonly string[]): Settings {
  const { values } = parseArgs({
    args: argv.filter((argument) => argument !== "--"),
    options: {
      samples: { type: "string", default: "8" },
      "warm-iterations": { type: "string", default: "25" },
      "tool-counts": { type: "string", default: "0,32,128" },
      "against-ai-sdk": { type: "string" },
      built: { type: "boolean", default: false },
    },
  });
  return {
    samples: count("samples", values.samples, 1),
    warmIterations: count("warm-iterations", values["warm-iterations"], 1),
    toolCounts: values["tool-counts"].split(",").map((each) => count("tool-counts", each, 0)),
    aiSdk: values["against-ai-sdk"],
    built: values.built,
  };
}

const chosen = settings(process.argv.slice(2));
const sampleFile = fileURLToPath(new URL("./exec-overhead-sample.ts", import.meta.url));

function run(request: SampleRequest): Sample {
  const output = execFileSync(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      ...(chosen.built ? [] : ["--conditions=@codex-ts/source"]),
      sampleFile,
      JSON.stringify(request),
    ],
    { encoding: "utf8" },
  );
  return JSON.parse(output) as Sample;
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(((sorted.length - 1) * percent) / 100)] ?? Number.NaN;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const median = (values: readonly number[]): number => percentile(values, 50);

function duration(ms: number): string {
  return ms < 1 ? `${(ms * 1000).toFixed(0)} µs` : `${ms.toFixed(2)} ms`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Runs both requests in turn, each round beginning with the other one. */
function pairs(rounds: number, ours: SampleRequest, other: SampleRequest) {
  const taken: { ours: Sample; other: Sample }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (round % 2 === 0) {
      const first = run(ours);
      taken.push({ ours: first, other: run(other) });
    } else {
      const first = run(other);
      taken.push({ ours: run(ours), other: first });
    }
  }
  return taken;
}

function overheadTable({ samples, warmIterations, toolCounts }: Settings): string {
  const rows: string[][] = [
    [
      "scenario",
      "tools",
      "samples",
      "warmups",
      "iters",
      "mean/exec",
      "p95/exec",
      "rssΔ p50",
      "rssΔ max",
    ],
  ];
  const scenarios = [
    { name: "cold_exec", scenario: "cold", warmups: 0, iterations: 1 },
    { name: "warm_exec", scenario: "warm", warmups: 1, iterations: warmIterations },
    { name: "pooled_exec", scenario: "pooled", warmups: 0, iterations: 1 },
  ] as const;
  for (const tools of toolCounts) {
    for (const { name, scenario, warmups, iterations } of scenarios) {
      const request = { subject: "code_mode", scenario, tools, warmups, iterations } as const;
      const taken = Array.from({ length: samples }, () => run(request));
      const means = taken.map(({ times }) => mean(times));
      const growth = taken.map(({ residentGrowth }) => residentGrowth / 2 ** 20);
      rows.push([
        name,
        String(tools),
        String(samples),
        String(warmups),
        String(iterations),
        duration(mean(means)),
        duration(percentile(means, 95)),
        `${percentile(growth, 50).toFixed(1)} MiB`,
        `${Math.max(...growth).toFixed(1)} MiB`,
      ]);
    }
  }
  return table(rows);
}

function ratioTable({ samples, toolCounts, aiSdk }: Settings): string {
  const rows: string[][] = [["figure", "code mode", "beside", "ratio", "bound"]];
  const add = (
    figure: string,
    bound: string,
    ours: SampleRequest,
    other: SampleRequest,
    of: (values: readonly number[]) => number = median,
  ): number => {
    const taken = pairs(samples, ours, other);
    const own = median(taken.map((pair) => of(pair.ours.times)));
    const besides = median(taken.map((pair) => of(pair.other.times)));
    const ratio = median(taken.map((pair) => of(pair.ours.times) / of(pair.other.times)));
    rows.push([figure, duration(own), duration(besides), ratio.toFixed(2), bound]);
    return own;
  };
  const request = (
    subject: SampleRequest["subject"],
    scenario: SampleRequest["scenario"],
    tools: number,
    warmups: number,
    iterations: number,
  ): SampleRequest => ({ subject, scenario, tools, warmups, iterations });
  const warm: number[] = [];
  for (const tools of toolCounts) {
    const of = (subject: SampleRequest["subject"]) => request(subject, "warm", tools, 3, 200);
    warm.push(add(`warm exec, ${tools} tools / node:vm`, "0.50", of("code_mode"), of("node_vm")));
  }
  for (const tools of aiSdk === undefined ? [] : toolCounts) {
    const ours = request("code_mode", "warm", tools, 3, 50);
    const other: SampleRequest = { ...request("ai_sdk", "warm", tools, 3, 50), folder: aiSdk };
    add(`warm exec, ${tools} tools / @ai-sdk/code-mode`, "", ours, other);
  }
  const [fewest] = warm;
  const most = warm.at(-1);
  if (fewest !== undefined && most !== undefined && warm.length > 1) {
    const figure = `warm exec, ${toolCounts.at(-1)} tools / ${toolCounts[0]} tools`;
    rows.push([figure, duration(most), duration(fewest), (most / fewest).toFixed(2), "1.40"]);
  }
  add(
    "mean of 25 after 1 / node:vm",
    "2.00",
    request("code_mode", "warm", 0, 1, 25),
    request("node_vm", "warm", 0, 1, 25),
    mean,
  );
  add(
    "first exec on a ready pool / node:vm",
    "2.00",
    request("code_mode", "pooled", 0, 0, 1),
    request("node_vm", "cold", 0, 0, 1),
  );
  add(
    "exec with nothing started / a worker",
    "2.70",
    request("code_mode", "cold", 0, 0, 1),
    request("worker", "cold", 0, 0, 1),
  );
  add(
    "exec after 20 ms idle / node:vm",
    "1.60",
    request("code_mode", "idle", 0, 3, 30),
    request("node_vm", "idle", 0, 3, 30),
  );
  add(
    "nested call / message there and back",
    "2.00",
    request("code_mode", "nested", 1, 0, 300),
    request("message_port", "nested", 0, 0, 300),
  );
  const stops = Array.from({ length: samples }, () => run(request("code_mode", "stop", 1, 0, 30)));
  const p95 = percentile(
    stops.flatMap(({ times }) => times),
    95,
  );
  rows.push(["stop, p95", duration(p95), "", "", "10 ms"]);
  return table(rows);
}

console.log(
  `exec_overhead: samples ${chosen.samples}, warm_iterations ${chosen.warmIterations}, tool_counts ${chosen.toolCounts.join(",")}`,
);
console.log(overheadTable(chosen));
console.log("Memory is the growth of a fresh process's largest resident set.\n");
console.log(ratioTable(chosen));
