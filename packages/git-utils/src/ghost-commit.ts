// Snapshots of a work tree as commits that no branch knows.
import { lstat } from "node:fs/promises";
import {
  type AbsolutePath,
  isAbsolutePath,
  isInside,
  join,
  relativize,
} from "@codex-ts/absolute-path";
import { convertedFiles } from "./converted-files.ts";
import { GitError } from "./errors.ts";
import { joinWithNul } from "./path-text.ts";
import { openPrivateRepository } from "./private-repository.ts";
import { type RepositorySettings, readRepositorySettings } from "./repository-settings.ts";
import { type GitOptions, runGit, runGitStrictly } from "./run-git.ts";
import { type WorkTree, openWorkTree } from "./work-tree.ts";
import {
  type GhostSnapshotLimits,
  type LargeUntrackedDirectory,
  type LargeUntrackedFile,
  type WorkTreeChanges,
  onDisk,
  readStatus,
  sortChanges,
} from "./work-tree-changes.ts";

/**
 * A snapshot, as session files hold it. Paths are seen from the work tree's root, with `/`; a name
 * that is not UTF-8 stands C-quoted, as git prints it.
 */
export interface GhostCommit {
  /** The snapshot's commit. */
  readonly id: string;
  /** The commit of HEAD at the time; null before the first. */
  readonly parent: string | null;
  /** Untracked files that were there and that a restore keeps, in the snapshot or not. */
  readonly preexisting_untracked_files: readonly string[];
  /** The same of folders. */
  readonly preexisting_untracked_dirs: readonly string[];
}

/** What a snapshot leaves out; paths are seen from `repoPath`, largest first. */
export interface GhostSnapshotReport {
  readonly large_untracked_dirs: readonly LargeUntrackedDirectory[];
  readonly ignored_untracked_files: readonly LargeUntrackedFile[];
}

/** What goes into a snapshot, and how long it is kept. */
export interface CreateGhostCommitOptions extends GitOptions, GhostSnapshotLimits {
  /** The folder to snapshot: a work tree's root, or a folder in it. */
  readonly repoPath: AbsolutePath;
  /** The commit's message; `codex snapshot` by default. */
  readonly message?: string | undefined;
  /** Paths, seen from `repoPath`, that go in even if they are ignored or large. */
  readonly forceInclude?: readonly string[] | undefined;
  /**
   * Whether a ref under `refs/codex/snapshots/` keeps the snapshot from git's garbage collection;
   * true by default. {@link pruneGhostCommits} removes such refs.
   */
  readonly keep?: boolean | undefined;
}

/** The line in a snapshot's message which says that its files are the work tree's bytes, unconverted. */
const exactBytesMark = "Codex-Ts-Content: exact-bytes";

const refFolder = "refs/codex/snapshots/";

interface Survey {
  readonly tree: WorkTree;
  readonly settings: RepositorySettings;
  readonly head: string | null;
  readonly changes: WorkTreeChanges;
  readonly forced: readonly string[];
}

async function survey(options: CreateGhostCommitOptions): Promise<Survey> {
  const { repoPath } = options;
  const [tree, settings] = await Promise.all([
    openWorkTree(repoPath, options),
    readRepositorySettings(repoPath, options),
  ]);
  const forced = (options.forceInclude ?? []).map((path) => fromRoot(path, tree));
  const status = await readStatus(tree.root, tree.prefix, settings.overrides, options);
  const changes = await sortChanges(tree.root, status, options, forced);
  return { tree, settings, head: status.head, changes, forced };
}

function fromRoot(path: string, tree: WorkTree): string {
  if (isAbsolutePath(path) || path.startsWith("/")) {
    throw new GitError(
      "path_not_relative",
      `The path ${path} is absolute. Name it as seen from the folder of the snapshot.`,
    );
  }
  const full = join(join(tree.root, tree.prefix), path);
  if (!isInside(full, tree.root) || full === tree.root) {
    throw new GitError("path_escapes_repository", `The path ${path} leads out of the repository.`);
  }
  return relativize(full, tree.root).replaceAll("\\", "/");
}

function reportOf({ tree, changes }: Survey): GhostSnapshotReport {
  const shown = (path: string) =>
    tree.prefix !== "" && path.startsWith(`${tree.prefix}/`)
      ? path.slice(tree.prefix.length + 1)
      : path;
  return {
    large_untracked_dirs: changes.largeDirectories.map((found) => ({
      ...found,
      path: shown(found.path),
    })),
    ignored_untracked_files: changes.largeFiles.map((found) => ({
      ...found,
      path: shown(found.path),
    })),
  };
}

/** What a snapshot would leave out, without making one. @throws GitError */
export async function captureGhostSnapshotReport(
  options: CreateGhostCommitOptions,
): Promise<GhostSnapshotReport> {
  return reportOf(await survey(options));
}

/** A snapshot of the work tree; see {@link createGhostCommitWithReport}. @throws GitError */
export async function createGhostCommit(options: CreateGhostCommitOptions): Promise<GhostCommit> {
  return (await createGhostCommitWithReport(options)).commit;
}

/**
 * Records the work tree as a commit on top of HEAD, byte for byte: changed and untracked files, but
 * for those that are ignored, large or bear an ignored name. The user's index, branches and files are
 * left as they are.
 * @throws GitError
 */
export async function createGhostCommitWithReport(
  options: CreateGhostCommitOptions,
): Promise<{ readonly commit: GhostCommit; readonly report: GhostSnapshotReport }> {
  const found = await survey(options);
  const { tree, settings, head, changes, forced } = found;
  await using repository = await openPrivateRepository(tree, settings, options);
  const converted = await convertedFiles(tree, settings, options);
  const git = (args: readonly string[], input?: Uint8Array) => repository.git("index", args, input);

  const paths = [...changes.tracked, ...changes.untracked, ...converted];
  const isClean = head !== null && paths.length === 0 && forced.length === 0;
  if (head !== null && !isClean) await git(["read-tree", head]);
  const { present, missing } = await splitByPresence(tree.root, paths);
  await removeFromIndex(git, missing);
  await addToIndex(git, present);
  const existing = (await splitByPresence(tree.root, forced, "any")).present;
  if (existing.length > 0) {
    const list = ["--pathspec-from-file=-", "--pathspec-file-nul"];
    await git(["add", "--all", "--force", ...list], joinWithNul(existing));
  }
  const written = isClean
    ? `${head}^{tree}`
    : String(await git(["write-tree", "--missing-ok"])).trim();
  const parent = head === null ? [] : ["-p", head];
  const message = `${options.message ?? "codex snapshot"}\n\n${exactBytesMark}\n`;
  const commit = await git(
    ["commit-tree", written, ...parent, "-F", "-"],
    Buffer.from(message, "utf8"),
  );
  const id = commit.toString("latin1").trim();
  if (options.keep ?? true) {
    await runGitStrictly(["update-ref", refFolder + id, id], { ...options, cwd: tree.root });
  }
  return {
    commit: {
      id,
      parent: head,
      preexisting_untracked_files: [...changes.untracked, ...changes.leftOutFiles].toSorted(),
      preexisting_untracked_dirs: [
        ...changes.directories,
        ...changes.largeDirectories.map(({ path }) => path),
      ].toSorted(),
    },
    report: reportOf(found),
  };
}

type IndexGit = (args: readonly string[], input?: Uint8Array) => Promise<Buffer>;

/** Puts files that exist into the index, as they are on disk; those that vanish meanwhile leave it. */
export async function addToIndex(git: IndexGit, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  await git(
    ["update-index", "--add", "--remove", "--replace", "-z", "--stdin"],
    joinWithNul(paths),
  );
}

/** Takes paths out of the index. */
export async function removeFromIndex(git: IndexGit, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  await git(["update-index", "--force-remove", "-z", "--stdin"], joinWithNul(paths));
}

/**
 * Which paths are files (or, with `any`, anything) below the root without a symbolic link on the way:
 * what lies behind a link is not the repository's.
 */
export async function splitByPresence(
  root: AbsolutePath,
  paths: readonly string[],
  wanted: "files" | "any" = "files",
): Promise<{ readonly present: string[]; readonly missing: string[] }> {
  const realFolders = new Map<string, Promise<boolean>>();
  const isRealFolder = (folder: string): Promise<boolean> => {
    if (folder === "") return Promise.resolve(true);
    const known = realFolders.get(folder);
    if (known !== undefined) return known;
    const answer = isRealFolder(folder.slice(0, Math.max(0, folder.lastIndexOf("/")))).then(
      async (above) => above && ((await stateOf(onDisk(root, folder)))?.isDirectory() ?? false),
    );
    realFolders.set(folder, answer);
    return answer;
  };
  const present: string[] = [];
  const missing: string[] = [];
  for (const path of new Set(paths)) {
    const state = (await isRealFolder(path.slice(0, Math.max(0, path.lastIndexOf("/")))))
      ? await stateOf(onDisk(root, path))
      : null;
    const counts = state !== null && (wanted === "any" || state.isFile() || state.isSymbolicLink());
    (counts ? present : missing).push(path);
  }
  return { present, missing };
}

async function stateOf(path: Buffer) {
  return lstat(path).catch(() => null);
}

/**
 * Removes the refs that keep snapshots, but for those in `except`; resolves to the ids that are now
 * git's to collect. @throws GitError
 */
export async function pruneGhostCommits(
  options: GitOptions & {
    readonly repoPath: AbsolutePath;
    /** Ids of snapshots to keep. */
    readonly except?: Iterable<string> | undefined;
    /** Snapshots made at this time or later are kept; by default age does not count. */
    readonly before?: Date | undefined;
  },
): Promise<readonly string[]> {
  const call = { ...options, cwd: options.repoPath };
  const format = "--format=%(creatordate:unix) %(refname)";
  const listed = await runGitStrictly(["for-each-ref", format, refFolder], call);
  const kept = new Set(options.except);
  const end = options.before === undefined ? Infinity : options.before.getTime() / 1000;
  const removed = listed
    .toString("utf8")
    .split("\n")
    .flatMap((line) => {
      const [seconds, ref = ""] = line.split(" ");
      const id = ref.slice(refFolder.length);
      return id === "" || kept.has(id) || Number(seconds) >= end ? [] : [id];
    });
  const orders = removed.map((id) => `delete ${refFolder}${id}\n`).join("");
  if (removed.length > 0) {
    await runGitStrictly(["update-ref", "--stdin"], { ...call, input: Buffer.from(orders) });
  }
  return removed;
}

/** The commit's message and parent; null when there is no such commit. @throws GitError */
export async function readCommit(
  tree: WorkTree,
  id: string,
  options: GitOptions,
): Promise<{ readonly isExact: boolean; readonly parent: string | null } | null> {
  if (!/^[0-9a-f]{4,64}$/.test(id)) return null;
  const output = await runGit(["cat-file", "commit", id], { ...options, cwd: tree.root });
  if (output.status !== 0) return null;
  const text = output.stdout.toString("utf8");
  return {
    isExact: text.split("\n").includes(exactBytesMark),
    parent: /^parent ([0-9a-f]+)$/m.exec(text.split("\n\n", 1)[0] ?? "")?.[1] ?? null,
  };
}
