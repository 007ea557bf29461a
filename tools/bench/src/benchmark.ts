/** A file of benchmarks exports one of these as `benchmark`. */
export type Benchmark = SubjectsBenchmark | ReportBenchmark;

interface BenchmarkFace {
  /** As it is called on the command line. */
  readonly name: string;
  /** What the numbers are to answer, in one line. */
  readonly question: string;
  /** Flags of its own, by their names without the dashes; given when it is the only one asked for. */
  readonly flags?: Readonly<Record<string, BenchmarkFlag>> | undefined;
}

/** A flag by the kind of its value: one whole number, whole numbers between commas, or given or not. */
export type BenchmarkFlag = {
  /** What it is for, in one line. */
  readonly help: string;
} & (
  | {
      readonly kind: "count";
      readonly default: number;
      /** 0 when left out. */ readonly least?: number;
    }
  | { readonly kind: "counts"; readonly default: readonly number[]; readonly least?: number }
  | { readonly kind: "switch" }
);

export type FlagValue = number | readonly number[] | boolean;

/** Subjects that are measured in turns, and stand in one table. */
export interface SubjectsBenchmark extends BenchmarkFace {
  /** Samples of each subject that count; 15 when left out. */
  readonly rounds?: number | undefined;
  /** What the medians must keep to: printed below the table, and the run fails when one does not. */
  readonly bounds?: readonly Bound[] | undefined;
  /** What is measured. The first is what the others are compared with. */
  subjects(context: BenchmarkContext): readonly Subject[] | Promise<readonly Subject[]>;
}

/** A limit for the median of a subject: by itself, or held against another subject of the same run. */
export type Bound = {
  /** By the subject's name. One that was not measured this time is said to be so. */
  readonly subject: string;
} & (
  | { readonly atMostMs: number }
  | { readonly atMostTimes: number; readonly of: string }
  | { readonly atMostMs: number; readonly over: string }
);

/** A benchmark with a protocol of its own, which says itself what came out. */
export interface ReportBenchmark extends BenchmarkFace {
  report(context: BenchmarkContext): Promise<Report>;
}

export interface Report {
  readonly text: string;
  /** The same as data, for `--json`. */
  readonly data: unknown;
}

export interface BenchmarkContext {
  /** The workspace's root. */
  readonly root: string;
  /** The path given by `--against`: another build of what is measured. */
  readonly against: string | undefined;
  /** An empty folder, removed after the benchmark. */
  readonly scratch: string;
  /** The values of the benchmark's own flags: given, else their default. */
  readonly flags: Readonly<Record<string, FlagValue>>;
}
export type Subject = CommandSubject | FunctionSubject | SampledSubject;

/** A command, timed from its start to its end; it must exit with 0. Its output is thrown away. */
export interface CommandSubject {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly cwd?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** A function, timed over `repeat` calls in a row; the sample is the time of one. */
export interface FunctionSubject {
  readonly name: string;
  run(): unknown;
  /** 1 when left out; more for what takes less than a millisecond. */
  readonly repeat?: number | undefined;
}

/** Something that takes its own time: each call gives the milliseconds of one sample. */
export interface SampledSubject {
  readonly name: string;
  sample(): Promise<number>;
}

export function isCommand(subject: Subject): subject is CommandSubject {
  return "command" in subject;
}
