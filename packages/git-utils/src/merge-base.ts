import type { AbsolutePath } from "@codex-ts/absolute-path";
import { type GitOptions, failure, runGit } from "./run-git.ts";
import { openWorkTree } from "./work-tree.ts";

/**
 * The commit where HEAD and `branch` part. When the branch's upstream is ahead of it, the upstream
 * counts. Null when there is no commit yet, no such branch, or nothing in common.
 * @throws GitError
 */
export async function mergeBaseWithHead(
  path: AbsolutePath,
  branch: string,
  options: GitOptions = {},
): Promise<string | null> {
  const { root } = await openWorkTree(path, options);
  const call = { ...options, cwd: root };
  const text = async (args: readonly string[], statusOfNone: readonly number[]) => {
    const output = await runGit(args, call);
    if (statusOfNone.includes(output.status)) return null;
    if (output.status !== 0) throw failure(args, root, output);
    return output.stdout.toString("utf8").trim();
  };
  const resolveCommit = (name: string) =>
    text(["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`], [1, 128]);

  const [head, commit] = await Promise.all([resolveCommit("HEAD"), resolveCommit(branch)]);
  if (head === null || commit === null) return null;
  const upstream = await resolveCommit(`${branch}@{upstream}`);
  const counts =
    upstream === null
      ? null
      : await text(["rev-list", "--left-right", "--count", `${commit}...${upstream}`], []);
  const ahead = Number(counts?.split(/\s+/)[1] ?? 0);
  return text(["merge-base", head, ahead > 0 && upstream !== null ? upstream : commit], [1]);
}
