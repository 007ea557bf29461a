// The folder that a person trusts when they trust a repository: the main one, for all its worktrees.
import { lstat, readFile, realpath } from "node:fs/promises";
import {
  type AbsolutePath,
  basename,
  fromAbsolute,
  join,
  parent,
  resolve,
} from "@codex-ts/absolute-path";
import { findRepositoryRoot } from "./repository.ts";

/**
 * The root of the main work tree of the repository around `path`, without symbolic links: a linked
 * worktree belongs to the repository that it was made from. A submodule, or a repository whose folder
 * lies elsewhere for another reason, stands for itself. Null outside of a repository, and where the
 * `.git` file names no folder. Reads files alone.
 */
export async function resolveTrustRoot(path: AbsolutePath): Promise<AbsolutePath | null> {
  const root = await findRepositoryRoot(path);
  if (root === null) return null;
  try {
    const dotGit = join(root, ".git");
    if ((await lstat(dotGit)).isDirectory()) return await canonical(root);
    const pointer = /^gitdir:[ \t]*(.+?)\s*$/s.exec(await readFile(dotGit, "utf8"))?.[1];
    if (pointer === undefined) return null;
    const worktrees = parent(resolve(pointer, root));
    const commonDir = worktrees === null ? null : parent(worktrees);
    if (worktrees === null || commonDir === null || basename(worktrees) !== "worktrees") {
      return await canonical(root);
    }
    const main = parent(commonDir);
    return main === null ? null : await canonical(main);
  } catch {
    return null;
  }
}

async function canonical(path: AbsolutePath): Promise<AbsolutePath> {
  return fromAbsolute(await realpath(path));
}
