// pnpm start [ARGUMENTS]
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { commandLine } from "./command-line.ts";
import { runChild } from "./run-child.ts";

const root = resolve(import.meta.dirname, "../../..");

const build = spawnSync(
  join(root, "node_modules/.bin/turbo"),
  ["run", "build", "--filter=./apps/cli", "--output-logs=errors-only"],
  {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", TURBO_NO_UPDATE_NOTIFIER: "1" },
  },
);

if (build.status === 0) {
  const launcher = join(root, "apps/cli/dist/codex-ts.js");
  process.exitCode = await runChild(process.execPath, [
    launcher,
    ...commandLine(process.argv.slice(2)),
  ]);
} else {
  console.error(build.error?.message ?? `${build.stdout}${build.stderr}`);
  console.error("codex-ts could not be built; the reason stands above.");
  process.exitCode = 1;
}
