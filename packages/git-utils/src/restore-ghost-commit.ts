// Bringing a work tree back to a snapshot: files that differ are written, new ones are removed, and
// nothing else is touched.
import { copyFile, rm } from "node:fs/promises";
import { type AbsolutePath, join } from "@codex-ts/absolute-path";
import { GitError } from "./errors.ts";
import {
  type GhostCommit,
  addToIndex,
  readCommit,
  removeFromIndex,
  splitByPresence,
} from "./ghost-commit.ts";
import { joinWithNul, pathText, splitAtNul } from "./path-text.ts";
import { type PrivateRepository, openPrivateRepository } from "./private-repository.ts";
import { type RepositorySettings, readRepositorySettings } from "./repository-settings.ts";
import { type GitOptions, runGit, runGitStrictly } from "./run-git.ts";
import { type WorkTree, openWorkTree } from "./work-tree.ts";
import {
  type GhostSnapshotLimits,
  ignoredNameTest,
  isAtOrBelow,
  onDisk,
  readStatus,
  sortChanges,
} from "./work-tree-changes.ts";

/** Where to restore, and what may be removed on the way. */
export interface RestoreGhostCommitOptions extends GitOptions, GhostSnapshotLimits {
  /** The folder to restore; files outside of it stay as they are. */
  readonly repoPath: AbsolutePath;
  /** Asked for each file or folder (seen from the root) that is new since the snapshot; all may be removed by default. */
  readonly mayRemove?: ((path: string) => boolean | Promise<boolean>) | undefined;
}

/** What a restore does, or did. Paths are seen from the work tree's root, sorted. */
export interface RestoreReport {
  /** Files that get the snapshot's content back. */
  readonly restored: readonly string[];
  /** Files and folders that are new since the snapshot. */
  readonly removed: readonly string[];
  /** New files and folders that stay: too large, or not allowed to be removed. */
  readonly left: readonly string[];
}

interface Restore {
  readonly tree: WorkTree;
  readonly settings: RepositorySettings;
  readonly repository: PrivateRepository;
  readonly options: RestoreGhostCommitOptions;
  readonly id: string;
  /** Files of the snapshot whose content is not on disk. */
  readonly differing: readonly string[];
  /** Files that git tracks, and that the snapshot does not have. */
  readonly addedTracked: readonly string[];
  /** Whether the snapshot holds the file's bytes as they were on disk. */
  readonly isExact: (path: string) => boolean;
  /** Whether the snapshot has a file that git does not track now. */
  readonly hasUntracked: (path: string) => boolean;
  /** Whether the snapshot also holds the bytes of files that were unchanged, where only line endings differ. */
  readonly recordsLineEndings: boolean;
}

interface TreeDifference {
  readonly path: string;
  readonly inSnapshot: boolean;
  readonly isSubmodule: boolean;
}

/** Git knows these without having stored them. */
const emptyTrees: Readonly<Record<string, string>> & { readonly sha1: string } = {
  sha1: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  sha256: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
};

/** Reads `--raw -z` output of a comparison that starts at the snapshot. */
function parseTreeDifferences(output: Buffer): TreeDifference[] {
  const pieces = splitAtNul(output);
  const differences: TreeDifference[] = [];
  for (let index = 0; index + 1 < pieces.length; index += 2) {
    const [mode = "", other = ""] = pieces[index]?.toString("latin1").slice(1).split(" ") ?? [];
    const path = pieces[index + 1];
    if (path === undefined) continue;
    differences.push({
      path: pathText(path),
      inSnapshot: mode !== "000000",
      isSubmodule: mode === "160000" || other === "160000",
    });
  }
  return differences;
}

async function prepare(
  id: string,
  tree: WorkTree,
  settings: RepositorySettings,
  repository: PrivateRepository,
  options: RestoreGhostCommitOptions,
): Promise<Restore> {
  const commit = await readCommit(tree, id, options);
  if (commit === null) {
    throw new GitError(
      "unknown_commit",
      `The snapshot ${id.slice(0, 7)} is not in the repository ${tree.root}; git may have collected it.`,
    );
  }
  const git = (args: readonly string[], input?: Uint8Array) =>
    repository.git("current", args, input);
  const compare = async (from: string | null) => {
    const base = from ?? emptyTrees[tree.objectFormat] ?? emptyTrees.sha1;
    const args = ["diff-tree", "-r", "-z", "--raw", "--no-renames", id, base];
    return parseTreeDifferences(await git(args));
  };
  const sparse = settings.values.get("core.sparsecheckout") === "true";
  const [status, skipped] = await Promise.all([
    readStatus(tree.root, tree.prefix, settings.overrides, options),
    sparse ? skippedPaths(tree, options) : new Set<string>(),
  ]);
  const sinceHead = await compare(status.head);
  const inScope = (path: string) => tree.prefix === "" || isAtOrBelow(path, tree.prefix);
  const candidates = [
    ...status.tracked,
    ...sinceHead.filter(({ isSubmodule }) => !isSubmodule).map(({ path }) => path),
  ].filter((path) => inScope(path) && !skipped.has(path));

  let differences: TreeDifference[] = [];
  if (candidates.length > 0) {
    // The index of what is on disk now, where it could differ; git keeps its objects for a while.
    await git(["read-tree", id]);
    await copyFile(join(repository.path, "current"), join(repository.path, "restored"));
    const { present, missing } = await splitByPresence(tree.root, candidates);
    await removeFromIndex(git, missing);
    await addToIndex(git, present);
    const compared = await git(["diff-index", "--cached", "-z", "--raw", "--no-renames", id]);
    differences = parseTreeDifferences(compared).filter(({ isSubmodule }) => !isSubmodule);
  }
  const differing = differences.filter(({ inSnapshot }) => inSnapshot).map(({ path }) => path);
  const sinceParent =
    commit.parent === status.head || differing.length === 0
      ? sinceHead
      : await compare(commit.parent);
  const recorded = new Set(commit.isExact ? sinceParent.map(({ path }) => path) : []);
  const fates = new Map(sinceHead.map(({ path, inSnapshot }) => [path, inSnapshot]));
  const tracked = new Set(status.tracked);
  return {
    tree,
    settings,
    repository,
    options,
    id,
    differing,
    addedTracked: differences.filter(({ inSnapshot }) => !inSnapshot).map(({ path }) => path),
    recordsLineEndings: commit.isExact,
    isExact: (path) => recorded.has(path),
    // An untracked file that status also calls changed is in HEAD; what is not in `fates` is there as in the snapshot.
    hasUntracked: (path) => fates.get(path) ?? tracked.has(path),
  };
}

/** Files that a sparse checkout keeps off the disk. */
async function skippedPaths(tree: WorkTree, options: GitOptions): Promise<ReadonlySet<string>> {
  const output = await runGitStrictly(["ls-files", "-t", "-z"], { ...options, cwd: tree.root });
  return new Set(
    splitAtNul(output)
      .filter((record) => record[0] === 83)
      .map((record) => pathText(record.subarray(2))),
  );
}

async function writeDiffering(restore: Restore): Promise<void> {
  const { tree, repository, differing, isExact, id } = restore;
  if (differing.length === 0) return;
  const git = (args: readonly string[], input?: Uint8Array) =>
    repository.git("restored", args, input);
  const checkOut = (paths: readonly string[]) =>
    git(["checkout-index", "--force", "-z", "--stdin"], joinWithNul(paths));

  // Attribute files come first: they say how git stores the others.
  const isAttributeFile = (path: string) => /(?:^|\/)\.gitattributes$/.test(path);
  const first = differing.filter((path) => isExact(path) || isAttributeFile(path));
  if (first.length > 0) await checkOut(first);
  const unchangedThen = differing.filter((path) => !isExact(path) && !isAttributeFile(path));
  if (unchangedThen.length === 0) return;
  const throughFilters = restore.recordsLineEndings
    ? await convertedByFilters(restore, unchangedThen)
    : null;
  const plain =
    throughFilters === null ? [] : unchangedThen.filter((path) => !throughFilters.has(path));
  if (plain.length > 0) await checkOut(plain);
  const converted = unchangedThen.filter((path) => throughFilters?.has(path) ?? true);
  if (converted.length === 0) return;
  await runGitStrictly(
    ["restore", "--source", id, "--worktree", "--pathspec-from-file=-", "--pathspec-file-nul"],
    {
      ...restore.options,
      cwd: tree.root,
      settings: restore.settings.overrides,
      input: joinWithNul(converted),
      variables: { GIT_INDEX_FILE: `${repository.path}/restored` },
    },
  );
}

/** Those of `paths` that git stores in another form than line endings explain. */
async function convertedByFilters(
  restore: Restore,
  paths: readonly string[],
): Promise<ReadonlySet<string>> {
  const output = await runGitStrictly(
    ["check-attr", "-z", "--stdin", "filter", "ident", "working-tree-encoding"],
    { ...restore.options, cwd: restore.tree.root, input: joinWithNul(paths) },
  );
  const pieces = splitAtNul(output);
  const found = new Set<string>();
  for (let index = 0; index + 2 < pieces.length; index += 3) {
    const path = pieces[index];
    const value = String(pieces[index + 2]);
    if (path !== undefined && value !== "unspecified" && value !== "unset")
      found.add(pathText(path));
  }
  return found;
}

interface NewPaths {
  readonly removable: readonly string[];
  readonly left: readonly string[];
}

/** What is on disk and was not at the time of the snapshot. */
async function findNewPaths(restore: Restore, ghost: GhostCommit): Promise<NewPaths> {
  const { tree, options, addedTracked } = restore;
  const status = await readStatus(tree.root, tree.prefix, restore.settings.overrides, options);
  const changes = await sortChanges(tree.root, status, options);
  const preexisting = new Set(ghost.preexisting_untracked_files);
  const wasThere = (path: string) =>
    preexisting.has(path) ||
    ghost.preexisting_untracked_dirs.some((folder) => isAtOrBelow(path, folder));
  const isNew = (path: string) => !wasThere(path);
  const untracked = [...changes.untracked, ...changes.directories].filter(isNew);
  const left = [
    ...changes.leftOutFiles,
    ...changes.largeDirectories.map(({ path }) => path),
  ].filter(isNew);
  if (untracked.length === 0 && addedTracked.length === 0) return { removable: [], left };

  const mayHaveBeenThere = await unlistedTest(restore);
  const removable = [
    ...untracked.filter((path) => !restore.hasUntracked(path)),
    ...addedTracked.filter((path) => isNew(path) && !mayHaveBeenThere(path)),
  ];
  const { present } = await splitByPresence(tree.root, removable, "any");
  return { removable: present, left };
}

/**
 * Which tracked files a snapshot would not have listed when they were untracked, because of the ignore
 * rules or their name: they may have been there all along.
 */
async function unlistedTest(restore: Restore): Promise<(path: string) => boolean> {
  if (restore.addedTracked.length === 0) return () => false;
  const output = await runGit(["ls-files", "--cached", "--ignored", "--exclude-standard", "-z"], {
    ...restore.options,
    cwd: restore.tree.root,
  });
  const ignored = new Set(splitAtNul(output.stdout).map(pathText));
  const bearsIgnoredName = ignoredNameTest(restore.options);
  return (path) => ignored.has(path) || bearsIgnoredName(path);
}

async function removePaths(
  restore: Restore,
  paths: readonly string[],
): Promise<{ readonly removed: readonly string[]; readonly refused: readonly string[] }> {
  const removed: string[] = [];
  const refused: string[] = [];
  for (const path of paths) {
    if ((await restore.options.mayRemove?.(path)) === false) {
      refused.push(path);
      continue;
    }
    const target = onDisk(restore.tree.root, path);
    await rm(target, { recursive: true, force: true });
    removed.push(path);
  }
  return { removed, refused };
}

async function withRestore<Result>(
  id: string,
  options: RestoreGhostCommitOptions,
  work: (restore: Restore) => Promise<Result>,
): Promise<Result> {
  const [tree, settings] = await Promise.all([
    openWorkTree(options.repoPath, options),
    readRepositorySettings(options.repoPath, options),
  ]);
  await using repository = await openPrivateRepository(tree, settings, options);
  return await work(await prepare(id, tree, settings, repository, options));
}

/**
 * What {@link restoreGhostCommit} would do now, for showing it first. Rules in `.gitignore` files that
 * changed since the snapshot count as they are now, where a restore brings them back before it looks
 * for new files.
 * @throws GitError
 */
export async function planGhostRestore(
  ghost: GhostCommit,
  options: RestoreGhostCommitOptions,
): Promise<RestoreReport> {
  return withRestore(ghost.id, options, async (restore) => {
    const { removable, left } = await findNewPaths(restore, ghost);
    return sorted({ restored: restore.differing, removed: removable, left });
  });
}

/**
 * Brings the files back to the snapshot: those that differ get its content, those that are new since
 * are removed. Ignored files, files that were untracked then, the index and HEAD stay as they are.
 * @throws GitError
 */
export async function restoreGhostCommit(
  ghost: GhostCommit,
  options: RestoreGhostCommitOptions,
): Promise<RestoreReport> {
  return withRestore(ghost.id, options, async (restore) => {
    const isIgnoreFile = (path: string) => /(?:^|\/)\.gitignore$/.test(path);
    await writeDiffering(restore);
    // First the ignore rules are those of the snapshot again: they may protect files from removal.
    const first = await findNewPaths(restore, ghost);
    const rules = await removePaths(restore, first.removable.filter(isIgnoreFile));
    const found = rules.removed.length === 0 ? first : await findNewPaths(restore, ghost);
    const rest = found.removable.filter((path) => !rules.refused.includes(path));
    const files = await removePaths(restore, rest);
    return sorted({
      restored: restore.differing,
      removed: [...rules.removed, ...files.removed],
      left: [...found.left, ...rules.refused, ...files.refused],
    });
  });
}

/**
 * Gives the files at or below `repoPath` the content that they have in the commit, and nothing more:
 * untracked files stay. @throws GitError
 */
export async function restoreToCommit(
  id: string,
  options: GitOptions & { readonly repoPath: AbsolutePath },
): Promise<RestoreReport> {
  return withRestore(id, options, async (restore) => {
    await writeDiffering(restore);
    const mayHaveBeenThere = await unlistedTest(restore);
    const { removed } = await removePaths(
      restore,
      restore.addedTracked.filter((path) => !mayHaveBeenThere(path)),
    );
    return sorted({ restored: restore.differing, removed, left: [] });
  });
}

function sorted(report: RestoreReport): RestoreReport {
  return {
    restored: report.restored.toSorted(),
    removed: report.removed.toSorted(),
    left: report.left.toSorted(),
  };
}
