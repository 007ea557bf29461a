// Tries every way out of the sandbox of this machine, and every errand inside it, and says what came of it.
import { closeSync } from "node:fs";
import { findExecutable } from "../find-executable.ts";
import {
  type ExitStatus,
  type Sandbox,
  type SandboxAspect,
  SandboxError,
  type SandboxOutcome,
  type SandboxReport,
} from "../sandbox.ts";
import { openUnnamedFile, readFromStart } from "../scratch-file.ts";
import type { Attempt, Errand, Script, StagePolicy } from "./attempt.ts";
import { errands } from "./errands.ts";
import { networkAttempts } from "./network-attempts.ts";
import { processAttempts } from "./process-attempts.ts";
import { readAttempts } from "./read-attempts.ts";
import { setUpStage, settle, type Stage } from "./stage.ts";
import { perlPrelude } from "./system-calls.ts";
import { writeAttempts } from "./write-attempts.ts";

/**
 * `stopped`: it had no effect. `refused`: the policy is none that this sandbox runs commands under.
 * `declared`: it got through, and the report says that this aspect is not enforced. `escaped`: it got
 * through although the report says otherwise. `broken`: an errand failed. `not_tried`: a program that
 * it needs is missing.
 */
export type Verdict =
  | "stopped"
  | "refused"
  | "declared"
  | "escaped"
  | "works"
  | "broken"
  | "not_tried";

/** What came of one attempt to break out, or of one errand that must work. */
export interface SelfTestResult {
  readonly id: string;
  readonly title: string;
  /** Null for errands. */
  readonly aspect: SandboxAspect | null;
  readonly verdict: Verdict;
  /** What was seen, or why it was not tried; empty when there is nothing to say. */
  readonly detail: string;
}

/** What came of a self-test. */
export interface SelfTestReport {
  readonly report: SandboxReport;
  readonly results: readonly SelfTestResult[];
  /** Whether there is no `escaped` and no `broken`. */
  readonly passed: boolean;
}

/** What is tried, and on which sandbox. */
export interface SelfTestOptions {
  /** What is tested; it is not disposed. */
  readonly sandbox: Sandbox;
  /** `PATH` of the commands. */
  readonly searchPath: string;
  readonly arch?: string | undefined;
  /** Only the attempts and errands with these ids. */
  readonly only?: readonly string[] | undefined;
  /** Called after each attempt and errand. */
  readonly onResult?: ((result: SelfTestResult) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Every way out of the sandbox that the self-test tries. */
export const attempts: readonly Attempt[] = [
  ...writeAttempts,
  ...readAttempts,
  ...networkAttempts,
  ...processAttempts,
];

const maxMs = 20_000;

interface Run {
  readonly exit: ExitStatus;
  readonly output: string;
  readonly outcome: SandboxOutcome;
}

function argvOf(script: Script, arch: string): readonly [string, ...string[]] {
  return "sh" in script
    ? ["sh", "-c", script.sh]
    : ["perl", "-e", `${perlPrelude(arch)}${script.perl}`];
}

/** Runs one script, and everything that it has started is gone afterwards. */
async function runScript(
  options: SelfTestOptions,
  stage: Stage,
  request: {
    readonly script: Script;
    readonly policy: StagePolicy | undefined;
    readonly env: Readonly<Record<string, string>> | undefined;
  },
): Promise<Run> {
  const variables = stage.variables;
  const more = Object.entries(request.env ?? {}).map(([name, value]) => [
    name,
    value.replace(/\$([A-Z0-9]+)/g, (text, variable: string) => variables[variable] ?? text),
  ]);
  await using prepared = await options.sandbox.prepare(
    {
      argv: argvOf(request.script, options.arch ?? process.arch),
      cwd: stage.workspace,
      env: { PATH: options.searchPath, ...variables, ...Object.fromEntries(more) },
    },
    stage.context(request.policy ?? "workspace"),
  );
  const output = openUnnamedFile();
  try {
    const { pid, exited } = await prepared.launcher.launch({
      argv: prepared.argv,
      cwd: prepared.cwd,
      env: prepared.env,
      stdio: ["ignore", { fd: output }, { fd: output }, ...prepared.extraStdio],
    });
    const kill = (): void => {
      try {
        process.kill(-pid, "SIGKILL");
      } catch {
        // Nothing of it is left.
      }
    };
    const timer = setTimeout(kill, maxMs);
    const exit = await exited;
    clearTimeout(timer);
    kill();
    const text = readFromStart(output);
    return { exit, output: text, outcome: await prepared.outcome(exit, text) };
  } finally {
    closeSync(output);
  }
}

function missingProgram(
  scripts: readonly Script[],
  { searchPath }: SelfTestOptions,
): string | undefined {
  const programs = scripts.map((script) => ("sh" in script ? "sh" : "perl"));
  return programs.find((program) => !findExecutable(program, { searchPath, cwd: "/" }).found);
}

/** What such an attempt leaves is there at once. */
function isOfFiles(aspect: SandboxAspect): boolean {
  return aspect !== "network" && aspect !== "local_ipc" && aspect !== "processes";
}

async function tryAttempt(
  attempt: Attempt,
  options: SelfTestOptions,
  stage: Stage,
  report: SandboxReport,
): Promise<Pick<SelfTestResult, "verdict" | "detail">> {
  const missing = missingProgram(attempt.scripts, options);
  if (missing !== undefined) return { verdict: "not_tried", detail: `${missing} is missing` };
  const seen: string[] = [];
  for (const script of attempt.scripts) {
    let run: Run;
    try {
      // Each of several commands is one of a session: they share what the sandbox remembers.
      const { policy, env } = attempt;
      run = await runScript(options, stage, { script, policy, env });
    } catch (error) {
      if (!(error instanceof SandboxError)) throw error;
      // A later command may well be refused for what an earlier one has done.
      if (error.code !== "sandbox_unavailable" && error.code !== "invalid_policy") throw error;
      return { verdict: "refused", detail: error.message };
    }
    if (run.outcome.kind !== "ran") seen.push(run.outcome.message);
    seen.push(...[...run.output.matchAll(/^ESCAPED (.*)$/gm)].map(([, text]) => text ?? ""));
  }
  if (!isOfFiles(attempt.aspect)) await settle();
  seen.push(...stage.traces());
  if (seen.length === 0) return { verdict: "stopped", detail: "" };
  const verdict = report.aspects[attempt.aspect].enforced ? "escaped" : "declared";
  return { verdict, detail: seen.join("; ") };
}

async function tryErrand(
  errand: Errand,
  options: SelfTestOptions,
  stage: Stage,
): Promise<Pick<SelfTestResult, "verdict" | "detail">> {
  const missing = missingProgram([errand.script], options);
  if (missing !== undefined) return { verdict: "not_tried", detail: `${missing} is missing` };
  const { script, policy } = errand;
  let run: Run;
  try {
    run = await runScript(options, stage, { script, policy, env: undefined });
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    return { verdict: "broken", detail: error.message };
  }
  const { exit, output, outcome } = run;
  if (exit.code === 0) return { verdict: "works", detail: "" };
  const end = exit.code === null ? `signal ${exit.signal}` : `exit code ${exit.code}`;
  const reason = outcome.kind === "ran" ? output.trim() : outcome.message;
  return { verdict: "broken", detail: `${end}: ${reason}` };
}

/**
 * Runs the self-test. It sets up a stage in a temporary folder, and on it tries what a hostile command
 * would, under the sandbox that `options.sandbox` gives commands on this machine.
 */
export async function runSelfTest(options: SelfTestOptions): Promise<SelfTestReport> {
  const { sandbox, signal } = options;
  const report = await sandbox.report(signal);
  await using stage = await setUpStage();
  const results: SelfTestResult[] = [];
  const add = (result: SelfTestResult): void => {
    results.push(result);
    options.onResult?.(result);
  };
  const isChosen = ({ id }: { readonly id: string }): boolean =>
    options.only === undefined || options.only.includes(id);
  for (const attempt of attempts.filter(isChosen)) {
    signal?.throwIfAborted();
    stage.reset();
    const { id, title, aspect } = attempt;
    add({ id, title, aspect, ...(await tryAttempt(attempt, options, stage, report)) });
  }
  for (const errand of errands.filter(isChosen)) {
    signal?.throwIfAborted();
    stage.reset();
    const { id, title } = errand;
    add({ id, title, aspect: null, ...(await tryErrand(errand, options, stage)) });
  }
  const passed = results.every(({ verdict }) => verdict !== "escaped" && verdict !== "broken");
  return { report, results, passed };
}
