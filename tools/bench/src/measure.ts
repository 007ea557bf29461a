import { spawn } from "node:child_process";
import { isCommand } from "./benchmark.ts";
import type { CommandSubject, FunctionSubject, Subject } from "./benchmark.ts";
import { MeasureError, peakMemory } from "./peak-memory.ts";
import { distribution } from "./statistics.ts";
import type { Distribution } from "./statistics.ts";

export interface Measurement {
  readonly name: string;
  /** Milliseconds of one run. */
  readonly time: Distribution;
  /** Bytes; `undefined` for functions, and where the system cannot tell. */
  readonly peakMemory: Distribution | undefined;
}

export interface MeasureOptions {
  /** Samples that count. */
  readonly rounds: number;
  /** Rounds before those. */
  readonly warmUp: number;
}

function timeCommand({ name, command, cwd, env }: CommandSubject): Promise<number> {
  const [program, ...args] = command;
  return new Promise((settle, fail) => {
    const start = performance.now();
    const child = spawn(program, args, { cwd, env: env ?? process.env, stdio: "ignore" });
    child.on("error", (error) => fail(new MeasureError(`${name}: ${error.message}`)));
    child.on("exit", (code, signal) => {
      const end = performance.now();
      if (code === 0) settle(end - start);
      else fail(new MeasureError(`${name} ended with ${code ?? signal}.`));
    });
  });
}

function timeOf(subject: Subject): Promise<number> {
  if (isCommand(subject)) return timeCommand(subject);
  return "sample" in subject ? subject.sample() : timeFunction(subject);
}

async function timeFunction({ run, repeat = 1 }: FunctionSubject): Promise<number> {
  const start = performance.now();
  for (let call = 0; call < repeat; call += 1) {
    const result = run();
    if (result instanceof Promise) await result;
  }
  return (performance.now() - start) / repeat;
}

/** Each subject once, beginning with another one each round. */
function turn<T>(subjects: readonly T[], round: number): readonly T[] {
  const first = subjects.length === 0 ? 0 : round % subjects.length;
  return [...subjects.slice(first), ...subjects.slice(0, first)];
}

/**
 * Measures all subjects in turns.
 *
 * @returns one measurement a subject, in their order
 * @throws {MeasureError} when a command fails
 */
export async function measure(
  subjects: readonly Subject[],
  { rounds, warmUp }: MeasureOptions,
): Promise<readonly Measurement[]> {
  const times = new Map<Subject, number[]>(subjects.map((subject) => [subject, []]));
  const peaks = new Map<Subject, number[]>(subjects.map((subject) => [subject, []]));
  for (let round = -warmUp; round < rounds; round += 1) {
    for (const subject of turn(subjects, round + warmUp)) {
      const time = await timeOf(subject);
      if (round >= 0) times.get(subject)?.push(time);
    }
  }
  // Memory varies little; a third of the rounds tells it.
  for (let round = 0; round < Math.ceil(rounds / 3); round += 1) {
    for (const subject of turn(subjects.filter(isCommand), round)) {
      const peak = await peakMemory(subject);
      if (peak !== undefined) peaks.get(subject)?.push(peak);
    }
  }
  return subjects.map((subject) => {
    const memory = peaks.get(subject) ?? [];
    return {
      name: subject.name,
      time: distribution(times.get(subject) ?? []),
      peakMemory: memory.length === 0 ? undefined : distribution(memory),
    };
  });
}
