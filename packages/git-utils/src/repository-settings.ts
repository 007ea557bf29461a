// What a repository configures, and the settings that take the programs out of it.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { GitError } from "./errors.ts";
import { type GitOptions, type GitSetting, runGit } from "./run-git.ts";
import { splitAtNul } from "./path-text.ts";

export interface RepositorySettings {
  /** The last value of each key; keys as git prints them. */
  readonly values: ReadonlyMap<string, string>;
  /**
   * Overrides that switch off the filters and merge programs that the repository's own files define. Those of the person's and the machine's configuration stay: a large file store needs them.
   */
  readonly overrides: readonly GitSetting[];
}

const program = /^(?:filter\.(.+)\.(?:clean|smudge|process|required)|merge\.(.+)\.driver)$/s;

/**
 * Reads the configuration of the repository around `cwd`; empty when git cannot say.
 * @throws GitError `git_too_old` and those of a call of git
 */
export async function readRepositorySettings(
  cwd: AbsolutePath,
  options: GitOptions,
): Promise<RepositorySettings> {
  const args = ["config", "--list", "-z", "--show-scope"];
  const output = await runGit(args, { ...options, cwd });
  if (output.status === 129) {
    throw new GitError("git_too_old", "Git 2.31 or newer is needed. Bring git up to date.", {
      command: args,
      status: output.status,
      stderr: output.stderr,
    });
  }
  const pieces = output.status === 0 ? splitAtNul(output.stdout) : [];
  const values = new Map<string, string>();
  const overrides = new Map<string, string>();
  for (let index = 0; index + 1 < pieces.length; index += 2) {
    const scope = String(pieces[index]);
    const entry = String(pieces[index + 1]);
    const lineBreak = entry.indexOf("\n");
    const key = lineBreak === -1 ? entry : entry.slice(0, lineBreak);
    if (scope !== "command")
      values.set(key, lineBreak === -1 ? "true" : entry.slice(lineBreak + 1));
    const [, filter, merge] = program.exec(key) ?? [];
    if (scope !== "local" && scope !== "worktree") continue;
    if (filter !== undefined) {
      for (const part of ["clean", "smudge", "process"])
        overrides.set(`filter.${filter}.${part}`, "");
      overrides.set(`filter.${filter}.required`, "false");
    }
    // What git does by itself, as the program; there is no value that means "none".
    if (merge !== undefined) overrides.set(`merge.${merge}.driver`, "git merge-file %A %O %B");
  }
  return { values, overrides: [...overrides] };
}
