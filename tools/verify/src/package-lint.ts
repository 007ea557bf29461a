// publint and arethetypeswrong over the packed tarballs, in this process: one start instead of one a package.
import { readFile } from "node:fs/promises";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import type { Problem } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import type { PackedPackage } from "./pack.ts";
import { oneCheck } from "./step.ts";
import type { StepResult } from "./step.ts";

async function reportAll(
  packed: readonly PackedPackage[],
  problemsOf: (one: PackedPackage) => Promise<readonly string[]>,
): Promise<StepResult> {
  const lines: string[] = [];
  for (const one of packed) {
    for (const problem of await problemsOf(one)) lines.push(`${one.found.name}: ${problem}`);
  }
  return oneCheck(lines.length === 0, {
    note: `${packed.length} packages`,
    output: lines.join("\n"),
  });
}

/** Whether each package's manifest says what its files are. */
export function lintManifests(packed: readonly PackedPackage[]): Promise<StepResult> {
  return reportAll(packed, async ({ tarball }) => {
    const bytes = await readFile(tarball);
    const { messages, pkg } = await publint({
      pack: { tarball: new Uint8Array(bytes).buffer },
      strict: true,
    });
    return messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code);
  });
}

/** The house publishes ESM alone; Node 22 and newer `require` it, so the old resolutions do not count. */
function counts(problem: Problem): boolean {
  if ("resolutionKind" in problem) {
    return problem.resolutionKind === "node16-esm" || problem.resolutionKind === "bundler";
  }
  return problem.kind !== "InternalResolutionError" || problem.resolutionOption !== "node10";
}

function describe(problem: Problem): string {
  const { kind, ...details } = problem;
  return `${kind} ${JSON.stringify(details)}`;
}

/** Whether each entry's types are found, and are those of the code beside them. */
export function lintTypes(packed: readonly PackedPackage[]): Promise<StepResult> {
  const withEntries = packed.filter(({ entries }) => entries.length > 0);
  return reportAll(withEntries, async ({ tarball, entries }) => {
    const tarballPackage = createPackageFromTarballData(new Uint8Array(await readFile(tarball)));
    const result = await checkPackage(tarballPackage, { entrypoints: [...entries] });
    return result.types === false
      ? ["the package has no types"]
      : result.problems.filter(counts).map(describe);
  });
}
