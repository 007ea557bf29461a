// What each library costs a program that takes it from the registry: built, packed, installed elsewhere.
import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BenchmarkContext, Report } from "../benchmark.ts";
import { quantile } from "../statistics.ts";

const importLimitMs = 30;
const memoryLimitMb = 10;
const firstScriptLimitMs = 60;

/** Loaded where something crosses a border, or run as a thread or process by itself: no start-up cost. */
const isBesideTheMainEntry = (specifier: string): boolean =>
  /\/(?:schemas|worker|[a-z]+-worker|[a-z]+-process|self-test)$/.test(specifier);

const emptyPackage = {
  name: "empty-package",
  version: "1.0.0",
  type: "module",
  exports: { ".": "./index.js" },
};

/** Milliseconds and bytes of resident memory from the start of `task` to its end. */
interface Cost {
  readonly ms: number;
  readonly bytes: number;
}

interface Subject {
  readonly name: string;
  /** Runs in a fresh process, in the consumer's folder. */
  readonly task: string;
}

interface Row extends Subject {
  readonly ms: number;
  readonly mb: number;
  readonly msLimit: number | undefined;
  readonly mbLimit: number | undefined;
  readonly packedBytes: number | undefined;
  readonly packedLimit: number | undefined;
}

const importing = (specifier: string): Subject => ({
  name: specifier,
  task: `await import(${JSON.stringify(specifier)});`,
});

/** From the import to what the first script said, with the worker and its engine that it needs. */
const firstScript: Subject = {
  name: "@codex-ts/code-mode, first script",
  task: `const { createCodeMode } = await import("@codex-ts/code-mode");
    const codeMode = createCodeMode({ tools: {} });
    const { status } = await codeMode.run("text(1)");
    if (status !== "completed") throw new Error(status);`,
};

/** Loaded with the benchmark itself, since a list of all benchmarks needs none of it. */
async function shelfTools() {
  const [{ readWorkspace }, verify] = await Promise.all([
    import("@codex-ts/boundaries"),
    import("@codex-ts/verify"),
  ]);
  return { readWorkspace, ...verify };
}

async function costOf({ task, name }: Subject, cwd: string): Promise<Cost> {
  const { runCommand } = await shelfTools();
  const program = `const memory = process.memoryUsage.rss();
    const start = performance.now();
    ${task}
    const ms = performance.now() - start;
    console.log(JSON.stringify({ ms, bytes: process.memoryUsage.rss() - memory }));
    process.exit();`;
  const { ok, stdout, output } = await runCommand(
    [process.execPath, "--input-type=module", "-e", program],
    { cwd, timeout: 60_000 },
  );
  if (!ok) throw new Error(`${name} does not load in a consumer:\n${output}`);
  return JSON.parse(stdout) as Cost;
}

/** All take turns, so that what the machine does meanwhile hits all alike. The first round only warms up. */
async function measureAll(
  subjects: readonly Subject[],
  folder: string,
  rounds: number,
): Promise<(subject: Subject) => Cost> {
  const costs = new Map<Subject, Cost[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [subject, taken] of costs) {
      const cost = await costOf(subject, folder);
      if (round > 0) taken.push(cost);
    }
  }
  return (subject) => {
    const taken = costs.get(subject) ?? [];
    const median = (pick: (cost: Cost) => number): number => quantile(taken.map(pick), /*q*/ 0.5);
    return { ms: median(({ ms }) => ms), bytes: median(({ bytes }) => bytes) };
  };
}

async function step(command: [string, ...string[]], root: string): Promise<void> {
  const { runCommand } = await shelfTools();
  const { ok, output } = await runCommand(command, { cwd: root });
  if (!ok) throw new Error(`${command.join(" ")} failed:\n${output}`);
}

async function measureShelf({ root, scratch, flags }: BenchmarkContext): Promise<readonly Row[]> {
  const {
    installConsumer,
    installedProgram,
    packAll,
    packedSizeLimit,
    readWorkspace,
    specifiersOf,
  } = await shelfTools();
  await step([installedProgram(root, "turbo"), "run", "build", "--output-logs=errors-only"], root);
  await step([installedProgram(root, "tsc"), "-b"], root);
  const packed = await packAll(readWorkspace(root), join(scratch, "tarballs"));
  const folder = join(scratch, "consumer");
  await installConsumer(folder, packed);
  const empty = join(folder, "node_modules", emptyPackage.name);
  await mkdir(empty, { recursive: true });
  await writeFile(join(empty, "package.json"), JSON.stringify(emptyPackage));
  await writeFile(join(empty, "index.js"), "export {};\n");

  const base = importing(emptyPackage.name);
  const entries = packed.flatMap((one) =>
    specifiersOf(one).map((specifier) => ({ ...importing(specifier), one })),
  );
  const costs = await measureAll([base, firstScript, ...entries], folder, Number(flags["rounds"]));
  const beyondBase = (subject: Subject): Pick<Row, "ms" | "mb"> => {
    const cost = costs(subject);
    const nothing = costs(base);
    return { ms: cost.ms - nothing.ms, mb: (cost.bytes - nothing.bytes) / 1024 / 1024 };
  };
  const rows = entries.map(async (entry): Promise<Row> => {
    const { one, ...subject } = entry;
    const isMain = entry.name === one.found.name;
    const isLimited = !isBesideTheMainEntry(entry.name);
    return {
      ...subject,
      ...beyondBase(entry),
      msLimit: isLimited ? importLimitMs : undefined,
      mbLimit: isLimited ? memoryLimitMb : undefined,
      packedBytes: isMain ? (await stat(one.tarball)).size : undefined,
      packedLimit: isMain ? packedSizeLimit : undefined,
    };
  });
  const script: Row = {
    ...firstScript,
    ...beyondBase(firstScript),
    msLimit: firstScriptLimitMs,
    mbLimit: undefined,
    packedBytes: undefined,
    packedLimit: undefined,
  };
  return [...(await Promise.all(rows)), script];
}

/** What a row is over, in words; empty when it keeps all of its limits. */
function missesOf(row: Row): readonly string[] {
  const over = (value: number | undefined, limit: number | undefined): boolean =>
    value !== undefined && limit !== undefined && value > limit;
  return [
    ...(over(row.packedBytes, row.packedLimit) ? ["size"] : []),
    ...(over(row.ms, row.msLimit) ? ["time"] : []),
    ...(over(row.mb, row.mbLimit) ? ["memory"] : []),
  ];
}

function verdict(row: Row): string {
  if (row.msLimit === undefined) return "no limit";
  const misses = missesOf(row);
  return misses.length === 0 ? "kept" : `OVER: ${misses.join(", ")}`;
}

function render(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.name,
    row.packedBytes === undefined ? "" : `${(row.packedBytes / 1024).toFixed(0)} KB`,
    `${row.ms.toFixed(1)} ms`,
    `${row.mb.toFixed(1)} MB`,
    verdict(row),
  ]);
  const all = [["", "packed", "import", "memory", "limits"], ...cells];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...all.map((line) => line[column]?.length ?? 0)),
  );
  const lines = all.map(([name = "", ...rest]) =>
    [
      name.padEnd(widths[0] ?? 0),
      ...rest.map((cell, index) => (index === 3 ? cell : cell.padStart(widths[index + 1] ?? 0))),
    ].join("  "),
  );
  const over = rows.filter((row) => missesOf(row).length > 0).length;
  const [packedLimit = 0] = rows.flatMap((row) => row.packedLimit ?? []);
  return [
    ...lines,
    "",
    `Limits: ${packedLimit / 1024} KB packed, ${importLimitMs} ms, ${memoryLimitMb} MB; ${firstScriptLimitMs} ms for the first script. Times and memory are medians beyond the import of an empty package.`,
    over === 0 ? "All are kept." : `${over} of ${rows.length} rows are over.`,
  ].join("\n");
}

export const benchmark = {
  name: "shelf",
  question: "What does each library weigh, and what does it cost to import it?",
  flags: {
    rounds: { kind: "count", default: 7, least: 1, help: "processes behind each figure" },
  },
  async report(context: BenchmarkContext): Promise<Report> {
    const rows = await measureShelf(context);
    return {
      text: render(rows),
      data: rows.map((row) => ({ ...row, task: undefined, misses: missesOf(row) })),
    };
  },
};
