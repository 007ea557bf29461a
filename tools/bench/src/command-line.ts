// The command line: what is common to all benchmarks, and the flags of the one that was asked for.
import { parseArgs } from "node:util";
import type { Benchmark, BenchmarkFlag, FlagValue } from "./benchmark.ts";

/** What was typed makes no sense; the message says why. */
export class UsageError extends Error {
  readonly code = "usage";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UsageError";
  }
}

export interface CommandLine {
  /** Names of benchmarks, known or not; none means all. */
  readonly names: readonly string[];
  readonly against: string | undefined;
  readonly rounds: number | undefined;
  readonly json: boolean;
  readonly list: boolean;
  /** A benchmark's own flags, as they were given, else their defaults. */
  flagsOf(benchmark: Benchmark): Readonly<Record<string, FlagValue>>;
}

const common = {
  against: { type: "string" },
  rounds: { type: "string" },
  json: { type: "boolean" },
  list: { type: "boolean" },
} as const;

/**
 * Reads the command line. The flags of a benchmark count when it is the only one that is named.
 *
 * @throws {UsageError} for a flag that there is not, or a value that it does not take
 */
export function parseCommandLine(
  given: readonly string[],
  benchmarks: readonly Benchmark[],
): CommandLine {
  const args = given.filter((argument) => argument !== "--");
  const named = benchmarks.filter(({ name }) => args.includes(name));
  const [only] = named.length === 1 ? named : [];
  const own = Object.fromEntries(
    Object.entries(only?.flags ?? {}).map(([name, { kind }]) => [
      name,
      { type: kind === "switch" ? ("boolean" as const) : ("string" as const) },
    ]),
  );
  const { values, positionals } = parse(args, { ...own, ...common }, only?.name);
  return {
    names: positionals,
    against: stringOf(values["against"]),
    rounds: roundsOf(stringOf(values["rounds"])),
    json: values["json"] === true,
    list: values["list"] === true,
    flagsOf: ({ flags = {} }) =>
      Object.fromEntries(
        Object.entries(flags).map(([name, flag]) => [name, flagValue(name, flag, values[name])]),
      ),
  };
}

type Values = Readonly<Record<string, string | boolean | undefined>>;

function parse(
  args: readonly string[],
  options: Readonly<Record<string, { readonly type: "string" | "boolean" }>>,
  benchmark: string | undefined,
): { readonly values: Values; readonly positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    const [reason] = (cause as Error).message.split(". ");
    const flags = Object.keys(options).map((name) => `--${name}`);
    const whose = benchmark === undefined ? "" : ` for ${benchmark}`;
    throw new UsageError(`${reason}. The flags${whose} are ${flags.join(", ")}.`, { cause });
  }
}

function stringOf(value: string | boolean | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function roundsOf(given: string | undefined): number | undefined {
  return given === undefined ? undefined : wholeNumber("rounds", given, /*least*/ 1);
}

function flagValue(
  name: string,
  flag: BenchmarkFlag,
  given: string | boolean | undefined,
): FlagValue {
  if (flag.kind === "switch") return given === true;
  if (typeof given !== "string") return flag.default;
  const { least = 0 } = flag;
  return flag.kind === "count"
    ? wholeNumber(name, given, least)
    : given.split(",").map((each) => wholeNumber(name, each, least));
}

function wholeNumber(flag: string, given: string, least: number): number {
  const value = Number(given);
  if (given.trim() === "" || !Number.isInteger(value) || value < least) {
    throw new UsageError(`--${flag} takes whole numbers from ${least} up, not "${given}".`);
  }
  return value;
}
