import { join } from "node:path";
import { checkConsumer } from "./consumer.ts";
import { checkSizes } from "./packed-size.ts";
import { lintManifests, lintTypes } from "./package-lint.ts";
import { installedProgram, runCommand } from "./run-command.ts";
import { oneCheck } from "./step.ts";
import type { Step, StepContext } from "./step.ts";
import { runUnitTests } from "./unit-tests.ts";

/** A step that is passed when its command exits with 0. */
function command(words: (root: string) => [string, ...string[]]): Step["run"] {
  return async ({ root }: StepContext) => {
    const { ok, output } = await runCommand(words(root), {
      cwd: root,
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", TURBO_NO_UPDATE_NOTIFIER: "1" },
    });
    return oneCheck(ok, { output });
  };
}

/** Steps of one group run side by side, groups one after another. */
export const groups: readonly (readonly Step[])[] = [
  [
    {
      name: "format",
      title: "format",
      run: command((root) => [installedProgram(root, "oxfmt"), "--check", "."]),
    },
    {
      name: "lint",
      title: "lint",
      run: command((root) => [installedProgram(root, "oxlint"), "--deny-warnings"]),
    },
    {
      name: "boundaries",
      title: "boundaries between the packages",
      run: command((root) => [process.execPath, join(root, "tools/boundaries/src/main.ts")]),
    },
  ],
  [
    {
      name: "typecheck",
      title: "types, of the tests too",
      run: command((root) => [installedProgram(root, "tsc"), "-b"]),
    },
    {
      name: "arguments",
      title: "names of bare literals in calls",
      run: command((root) => [
        process.execPath,
        join(root, "tools/argument-comment-lint/src/main.ts"),
      ]),
    },
    {
      name: "docs",
      title: "API pages as the doc comments say",
      run: command((root) => [process.execPath, join(root, "tools/docs/src/main.ts"), "--check"]),
    },
  ],
  [
    {
      name: "build",
      title: "build",
      run: command((root) => [
        installedProgram(root, "turbo"),
        "run",
        "build",
        "--output-logs=errors-only",
      ]),
    },
  ],
  [{ name: "unit", title: "unit tests", streams: true, run: runUnitTests }],
  [
    {
      name: "knip",
      title: "dead exports and dependencies",
      run: command((root) => [
        installedProgram(root, "knip"),
        "--no-progress",
        "--no-config-hints",
      ]),
    },
    {
      name: "publint",
      title: "manifests as published",
      needs: ["typecheck", "build"],
      run: async ({ packed }) => lintManifests(await packed()),
    },
    {
      name: "attw",
      title: "types as published",
      needs: ["typecheck", "build"],
      run: async ({ packed }) => lintTypes(await packed()),
    },
    {
      name: "size",
      title: "sizes as published",
      needs: ["typecheck", "build"],
      run: async ({ packed }) => checkSizes(await packed()),
    },
    {
      name: "consumer",
      title: "packages installed, compiled and loaded elsewhere",
      needs: ["typecheck", "build"],
      run: checkConsumer,
    },
  ],
];

export const allSteps: readonly Step[] = groups.flat();

/** An unknown name was given to `--only`. */
export class UnknownStepError extends Error {
  readonly code = "unknown_step";

  constructor(name: string) {
    const names = allSteps.map((step) => step.name).join(", ");
    super(`There is no step "${name}". The steps are: ${names}.`);
    this.name = "UnknownStepError";
  }
}

/**
 * The groups reduced to the named steps and what these need.
 *
 * @throws {UnknownStepError}
 */
export function selectGroups(names: readonly string[]): readonly (readonly Step[])[] {
  const chosen = new Set<string>();
  const choose = (name: string): void => {
    const step = allSteps.find((candidate) => candidate.name === name);
    if (step === undefined) throw new UnknownStepError(name);
    chosen.add(name);
    for (const needed of step.needs ?? []) choose(needed);
  };
  for (const name of names) choose(name);
  return groups
    .map((group) => group.filter((step) => chosen.has(step.name)))
    .filter((group) => group.length > 0);
}
