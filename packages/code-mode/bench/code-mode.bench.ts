import { execFileSync } from "node:child_process";
import { createSampler } from "./overhead-process.ts";
import { overheadTable, ratioTable, renderRows, type Settings } from "./overhead-report.ts";

interface Flags {
  readonly samples: number;
  readonly "warm-iterations": number;
  readonly "tool-counts": readonly number[];
  readonly pairs: number;
  readonly "against-ai-sdk": boolean;
}

interface Context {
  readonly root: string;
  readonly scratch: string;
  readonly flags: Flags;
}

function installAiSdk(folder: string): string {
  const install = ["install", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error"];
  execFileSync("npm", [...install, "@ai-sdk/code-mode", "ai"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return folder;
}

export const benchmark = {
  name: "code-mode",
  question: "What does the exec of a one-line script cost, beside a context of node:vm?",
  flags: {
    samples: { kind: "count", default: 8, least: 1, help: "processes behind each mean" },
    "warm-iterations": {
      kind: "count",
      default: 25,
      least: 1,
      help: "execs timed in each of them",
    },
    "tool-counts": { kind: "counts", default: [0, 32, 128], help: "numbers of tools to try" },
    pairs: { kind: "count", default: 9, least: 1, help: "pairs of processes behind each ratio" },
    "against-ai-sdk": {
      kind: "switch",
      help: "installs @ai-sdk/code-mode for the run, and adds it",
    },
  },
  async report({ root, scratch, flags }: Context) {
    const settings: Settings = {
      samples: flags.samples,
      warmIterations: flags["warm-iterations"],
      toolCounts: flags["tool-counts"],
      pairs: flags.pairs,
      aiSdk: flags["against-ai-sdk"] ? installAiSdk(scratch) : undefined,
    };
    const run = createSampler(root, scratch);
    const overhead = overheadTable(run, settings);
    const ratios = ratioTable(run, settings);
    const text = [
      `exec_overhead: samples ${settings.samples}, warm_iterations ${settings.warmIterations}, tool_counts ${settings.toolCounts.join(",")}`,
      renderRows(overhead),
      "Memory is the growth of a fresh process's largest resident set.",
      "",
      `Each ratio is the median of ${settings.pairs} pairs of fresh processes that took turns.`,
      renderRows(ratios),
    ].join("\n");
    return { text, data: { settings, overhead, ratios } };
  },
};
