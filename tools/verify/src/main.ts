// pnpm test [-- --only STEP,STEP] [-- --list]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readWorkspace } from "@codex-ts/boundaries";
import { packAll } from "./pack.ts";
import type { PackedPackage } from "./pack.ts";
import { runSteps } from "./run-steps.ts";
import { UnknownStepError, allSteps, groups, selectGroups } from "./steps.ts";

const root = resolve(import.meta.dirname, "../../..");

function readArguments(): { only: string[] | undefined; list: boolean } {
  const given = process.argv.slice(2).filter((argument) => argument !== "--");
  const { values } = parseArgs({
    args: given,
    options: { only: { type: "string" }, list: { type: "boolean", default: false } },
  });
  return { only: values.only?.split(",").map((name) => name.trim()), list: values.list };
}

async function verify(only: readonly string[] | undefined): Promise<void> {
  const selected = only === undefined ? groups : selectGroups(only);
  const workspace = readWorkspace(root);
  const scratch = mkdtempSync(join(tmpdir(), "codex-ts-verify-"));
  let packed: Promise<readonly PackedPackage[]> | undefined;
  try {
    const context = {
      root,
      workspace,
      scratch,
      packed: () => (packed ??= packAll(workspace, join(scratch, "tarballs"))),
    };
    const { passed, failed } = await runSteps(selected, context, console.log);
    console.log(`\n${passed} passed, ${failed} failed`);
    if (failed > 0) process.exitCode = 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const [major = 0] = process.versions.node.split(".").map(Number);
if (major < 24) {
  console.error(
    `This is Node ${process.versions.node}; the checks need 24, which the workspace brings along. ` +
      "Start them with `npx --yes pnpm@12 test`.",
  );
  process.exitCode = 1;
} else {
  try {
    const { only, list } = readArguments();
    if (list) for (const { name, title } of allSteps) console.log(`${name.padEnd(12)}${title}`);
    else await verify(only);
  } catch (error) {
    if (!(error instanceof UnknownStepError || error instanceof TypeError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}
