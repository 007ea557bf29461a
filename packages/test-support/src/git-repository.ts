import { runProcess } from "./process.ts";
import { type Files, type TemporaryDirectory, temporaryDirectory } from "./temporary-directory.ts";

export interface GitRepositoryOptions {
  /** Committed as the first commit; without it the repository has no commit. */
  readonly files?: Files | undefined;
  /** The name of the first branch; `main` by default. */
  readonly branch?: string | undefined;
  /** The URL of the remote `origin`; none by default. */
  readonly origin?: string | undefined;
}

/** A real repository; git sees no configuration but its own. */
export interface TemporaryGitRepository extends TemporaryDirectory {
  /** Runs git in the repository and resolves to its standard output, trimmed. @throws Error when git fails. */
  git(...args: readonly string[]): Promise<string>;
}

/**
 * The variables under which git reads no configuration of the machine or the person, asks nothing,
 * and commits with a fixed identity at a fixed time, so that commit ids are the same everywhere.
 */
export const hermeticGitEnv = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_AUTHOR_NAME: "Test Author",
  GIT_AUTHOR_EMAIL: "author@example.test",
  GIT_AUTHOR_DATE: "2026-01-02T03:04:05Z",
  GIT_COMMITTER_NAME: "Test Author",
  GIT_COMMITTER_EMAIL: "author@example.test",
  GIT_COMMITTER_DATE: "2026-01-02T03:04:05Z",
} as const;

/**
 * Makes a repository in a temporary folder. The identity is also in the repository's own
 * configuration, so code under test that commits without {@link hermeticGitEnv} works.
 */
export async function temporaryGitRepository({
  files,
  branch = "main",
  origin,
}: GitRepositoryOptions = {}): Promise<TemporaryGitRepository> {
  const directory = await temporaryDirectory();
  const env = { PATH: process.env["PATH"], HOME: directory.path, ...hermeticGitEnv };
  const git = async (...args: readonly string[]): Promise<string> => {
    const result = await runProcess(["git", ...args], { cwd: directory.path, env });
    if (result.code !== 0) {
      throw new Error(`git ${args.join(" ")} failed (${result.code}): ${result.stderr}`);
    }
    return result.stdout.trim();
  };
  try {
    await git("init", "--quiet", `--initial-branch=${branch}`);
    await git("config", "user.name", hermeticGitEnv.GIT_AUTHOR_NAME);
    await git("config", "user.email", hermeticGitEnv.GIT_AUTHOR_EMAIL);
    await git("config", "commit.gpgsign", "false");
    if (origin !== undefined) await git("remote", "add", "origin", origin);
    if (files !== undefined) {
      await directory.write(files);
      await git("add", "--all", "--force");
      await git("commit", "--quiet", "--allow-empty", "-m", "First commit");
    }
  } catch (error) {
    await directory[Symbol.asyncDispose]();
    throw error;
  }
  return { ...directory, git };
}
