// What the benchmarks of the command line share: a home and a repository for each binary, one model for all.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const roots: string[] = [];
process.once("exit", () => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

export interface BenchHome {
  readonly repository: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * A Codex home whose provider is the server at `url`, and a repository to work in. Both lie outside of
 * the system's temporary folder, where some binaries refuse to work, and are removed with the process.
 */
export function makeBenchHome(url: string): BenchHome {
  const root = mkdtempSync(join(homedir(), ".codex-ts-bench-"));
  roots.push(root);
  const home = join(root, "home");
  const repository = join(root, "work");
  mkdirSync(home);
  mkdirSync(repository);
  execFileSync("git", ["init", "--quiet"], { cwd: repository });
  writeFileSync(
    join(home, "config.toml"),
    `model = "gpt-5.2-codex"
model_provider = "bench"
check_for_update_on_startup = false
[model_providers.bench]
name = "Bench"
base_url = "${url}"
[shell_environment_policy]
inherit = "core"
`,
  );
  return {
    repository,
    env: { ...process.env, CODEX_HOME: home, HOME: root, SHELL: "/bin/bash" },
  };
}

/** The built launcher of this checkout, started by the Node that runs the benchmark. */
export function ourCommand(root: string): readonly [string, ...string[]] {
  return [process.execPath, join(root, "apps/cli/dist/codex-ts.js")];
}
