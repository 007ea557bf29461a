import { type Files, hermeticGitEnv, runProcess, temporaryDirectory } from "@codex-ts/test-support";

/** A repository with these files in its first commit, made with as few processes as it takes. */
export async function quickRepository(files?: Files) {
  const directory = await temporaryDirectory();
  const env = { PATH: process.env["PATH"], HOME: directory.path, ...hermeticGitEnv };
  const git = async (...args: readonly string[]): Promise<string> => {
    const result = await runProcess(["git", ...args], { cwd: directory.path, env });
    if (result.code !== 0) throw new Error(`git ${args.join(" ")} failed: ${result.stderr}`);
    return result.stdout.trim();
  };
  await git("init", "-q", "-b", "main", "--template=");
  if (files !== undefined) {
    await directory.write(files);
    await git("add", "--all", "--force");
    await git("commit", "-qm", "First commit");
  }
  return { ...directory, git };
}
