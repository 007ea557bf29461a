import type { Step, StepContext, StepResult } from "./step.ts";

export interface Totals {
  readonly passed: number;
  readonly failed: number;
}

async function runStep(step: Step, context: StepContext): Promise<StepResult> {
  try {
    return await step.run(context);
  } catch (error) {
    const output = error instanceof Error ? error.message : String(error);
    return { passed: 0, failed: 1, output };
  }
}

/**
 * Runs every group to its end, whatever fails, and prints a heading with the time for each step.
 *
 * @param print - takes one finished line or block at a time
 */
export async function runSteps(
  groups: readonly (readonly Step[])[],
  context: StepContext,
  print: (text: string) => void,
  now: () => number = performance.now.bind(performance),
): Promise<Totals> {
  let passed = 0;
  let failed = 0;
  for (const group of groups) {
    await Promise.all(
      group.map(async (step) => {
        if (step.streams === true) print(`\n▶ ${step.title}`);
        const start = now();
        const result = await runStep(step, context);
        passed += result.passed;
        failed += result.failed;
        const mark = result.failed === 0 ? "✔" : "✘";
        const note = result.note === undefined ? "" : `: ${result.note}`;
        const seconds = ((now() - start) / 1000).toFixed(1);
        print(`${mark} ${step.title}${note} (${seconds} s)`);
        const output = result.output?.trim() ?? "";
        if (result.failed > 0 && output !== "") print(`${output}\n`);
      }),
    );
  }
  return { passed, failed };
}
