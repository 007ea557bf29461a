// Applying a diff with `git apply`, and saying what became of each file.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import { parseApplyOutput } from "./apply-output.ts";
import { extractPathsFromPatch, stagePaths } from "./patch-paths.ts";
import { readRepositorySettings } from "./repository-settings.ts";
import { type GitOptions, runGit } from "./run-git.ts";
import { openWorkTree } from "./work-tree.ts";

/** A diff to apply with `git apply --3way`. */
export interface ApplyGitPatchRequest extends GitOptions {
  /** A folder of the work tree; the diff's paths are seen from the root. */
  readonly cwd: AbsolutePath;
  /** A unified diff as git writes it. */
  readonly diff: string;
  /** Whether to take the diff back. */
  readonly revert?: boolean | undefined;
  /** Whether to check alone: nothing is changed or staged. */
  readonly preflight?: boolean | undefined;
}

/** What git said, and what became of each path of the diff. */
export interface ApplyGitPatchResult {
  /** Git's exit status: 0 when all was applied. */
  readonly exit_code: number;
  /** Paths of the diff, each in at most one list, sorted. */
  readonly applied_paths: readonly string[];
  /** Not applied, and left as they were. */
  readonly skipped_paths: readonly string[];
  /** Applied with conflict markers. */
  readonly conflicted_paths: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  /** The command as a person could type it. */
  readonly cmd_for_log: string;
}

/**
 * Applies a diff with a three-way merge where it does not fit. A diff that does not apply is a result,
 * not an error. The variable `CODEX_APPLY_GIT_CFG` holds `key=value` settings for the call, separated
 * by commas.
 * @throws GitError `not_a_repository` and those of a call of git
 */
export async function applyGitPatch(request: ApplyGitPatchRequest): Promise<ApplyGitPatchResult> {
  const { diff, revert = false, preflight = false, env, signal, timeoutMs } = request;
  const options: GitOptions = { env, signal, timeoutMs };
  const [{ root }, { overrides: settings }] = await Promise.all([
    openWorkTree(request.cwd, options),
    readRepositorySettings(request.cwd, options),
  ]);
  if (revert && !preflight) await stagePaths(root, diff, options);
  // Git takes a file that was written anew with the same content for a changed one, until told to look.
  if (!preflight) {
    await runGit(["update-index", "-q", "--refresh"], { ...options, cwd: root, settings });
  }

  const folder = fromAbsolute(await mkdtemp(join(fromAbsolute(tmpdir()), "codex-git-apply-")));
  try {
    const file = join(folder, "patch.diff");
    await writeFile(file, diff);
    const args = [
      ...settingArguments((env ?? process.env)["CODEX_APPLY_GIT_CFG"]),
      "apply",
      preflight ? "--check" : "--3way",
      ...(revert ? ["-R"] : []),
      file,
    ];
    const output = await runGit(args, { ...options, cwd: root, settings });
    const stdout = output.stdout.toString("utf8");
    const outcome = parseApplyOutput(
      `${stdout}\n${output.stderr}`,
      extractPathsFromPatch(diff),
      output.status === 0 && !preflight,
    );
    return {
      exit_code: output.status,
      applied_paths: outcome.applied,
      skipped_paths: outcome.skipped,
      conflicted_paths: outcome.conflicted,
      stdout,
      stderr: output.stderr,
      cmd_for_log: `(cd ${shellWord(root)} && git ${args.map(shellWord).join(" ")})`,
    };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function settingArguments(list: string | undefined): string[] {
  return (list ?? "")
    .split(",")
    .map((pair) => pair.trim())
    .filter((pair) => pair.includes("="))
    .flatMap((pair) => ["-c", pair]);
}

function shellWord(word: string): string {
  return /^[A-Za-z0-9\-_.:/@%+]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
