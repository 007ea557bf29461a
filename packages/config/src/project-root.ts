// Which folders belong to the project of the current folder.
import nodeFs from "node:fs/promises";
import nodePath from "node:path";
import { type AbsolutePath, fromAbsolute, isInside, join, parent } from "@codex-ts/absolute-path";

/** `folder` and the folders above it, nearest first. */
function ancestors(folder: AbsolutePath): readonly AbsolutePath[] {
  const above = parent(folder);
  return above === null ? [folder] : [folder, ...ancestors(above)];
}

export async function statOf(path: string): Promise<"folder" | "other" | undefined> {
  try {
    return (await nodeFs.stat(path)).isDirectory() ? "folder" : "other";
  } catch {
    return undefined;
  }
}

export async function isFolder(path: string): Promise<boolean> {
  return (await statOf(path)) === "folder";
}

/** The path with its symbolic links resolved; as it is when it does not exist. */
export async function canonical(path: AbsolutePath): Promise<AbsolutePath> {
  try {
    return fromAbsolute(await nodeFs.realpath(path));
  } catch {
    return path;
  }
}

/**
 * The nearest folder, from `cwd` upwards, that holds one of the marker files or folders; `cwd` itself
 * when there is none.
 */
export async function findProjectRoot(
  cwd: AbsolutePath,
  markers: readonly string[],
): Promise<AbsolutePath> {
  if (markers.length === 0) return cwd;
  for (const folder of ancestors(cwd)) {
    const found = await Promise.all(markers.map((marker) => statOf(nodePath.join(folder, marker))));
    if (found.some((kind) => kind !== undefined)) return folder;
  }
  return cwd;
}

/** The folders from `root` down to `cwd`, both included. */
export function foldersBetween(root: AbsolutePath, cwd: AbsolutePath): readonly AbsolutePath[] {
  return ancestors(cwd)
    .filter((folder) => isInside(folder, root))
    .toReversed();
}

async function readSmallFile(path: string): Promise<string | undefined> {
  try {
    return await nodeFs.readFile(path, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * The folder whose trust decision counts for a checkout: the root of the main work tree, with its
 * symbolic links resolved. A linked work tree leads to the main one only when the main repository
 * knows it: a `.git` file alone could point to anybody's repository. Every other checkout, submodules
 * included, stands for itself. Undefined outside a repository.
 */
export async function findTrustRoot(cwd: AbsolutePath): Promise<AbsolutePath | undefined> {
  for (const folder of ancestors(cwd)) {
    const dotGit = join(folder, ".git");
    const kind = await statOf(dotGit);
    if (kind === undefined) continue;
    const main = kind === "other" ? await mainWorkTree(folder, dotGit) : undefined;
    return canonical(main ?? folder);
  }
  return undefined;
}

async function mainWorkTree(
  folder: AbsolutePath,
  dotGit: AbsolutePath,
): Promise<AbsolutePath | undefined> {
  const pointer = /^gitdir:\s*(.+?)\s*$/m.exec((await readSmallFile(dotGit)) ?? "")?.[1];
  if (pointer === undefined || pointer.includes("\0")) return undefined;
  const gitFolder = join(folder, pointer);
  const worktrees = parent(gitFolder);
  const commonFolder = worktrees === null ? null : parent(worktrees);
  if (worktrees === null || commonFolder === null) return undefined;
  if (nodePath.basename(worktrees) !== "worktrees") return undefined;
  const backLink = (await readSmallFile(nodePath.join(gitFolder, "gitdir")))?.trim();
  if (backLink === undefined || backLink === "" || backLink.includes("\0")) return undefined;
  const known = await canonical(join(gitFolder, backLink));
  if (known !== (await canonical(dotGit))) return undefined;
  return parent(commonFolder) ?? undefined;
}
