import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { installedProgram, runCommand } from "./run-command.ts";
import type { StepContext, StepResult } from "./step.ts";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}

/** Runs vitest with its output on the terminal, and takes the counts from its report. */
export async function runUnitTests({ root, scratch }: StepContext): Promise<StepResult> {
  const file = join(scratch, "vitest.json");
  const { ok } = await runCommand(
    [
      installedProgram(root, "vitest"),
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${file}`,
    ],
    { cwd: root, stream: true },
  );
  return readFile(file, "utf8").then(
    (text) => {
      const { numPassedTests, numFailedTests } = JSON.parse(text) as Report;
      // A file that does not load, or an error outside of every test, fails the run without a failed test.
      const failed = ok ? numFailedTests : Math.max(1, numFailedTests);
      return { passed: numPassedTests, failed };
    },
    () => ({ passed: 0, failed: 1, output: "The tests left no report." }),
  );
}
