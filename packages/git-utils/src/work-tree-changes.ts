// What differs between a work tree and its last commit, and which new files are worth a snapshot.
import { access, constants, lstat } from "node:fs/promises";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { type GitOptions, type GitSetting, runGitStrictly } from "./run-git.ts";
import { pathBytes, pathText, splitAtNul } from "./path-text.ts";

/** Which untracked files a snapshot leaves out. Null switches a limit off. */
export interface GhostSnapshotLimits {
  /** Untracked files of more bytes than this are left out; 10 MiB by default. */
  readonly ignore_large_untracked_files?: number | null | undefined;
  /** Folders with at least this many untracked files are left out; 200 by default. */
  readonly ignore_large_untracked_dirs?: number | null | undefined;
  /** Names of files and folders that are passed over at any depth; dependency and build folders by default. */
  readonly ignored_names?: readonly string[] | undefined;
}

/** Untracked files of more bytes than this are left out of a snapshot. */
export const defaultLargeFileBytes = 10 * 1024 * 1024;
/** Folders with at least this many untracked files are left out of a snapshot. */
export const defaultLargeDirectoryFiles = 200;

/** Names that hold what tools can make again. */
export const defaultIgnoredNames: readonly string[] = [
  "node_modules",
  ".venv",
  "venv",
  "env",
  ".env",
  "dist",
  "build",
  ".pytest_cache",
  ".mypy_cache",
  ".cache",
  ".tox",
  "__pycache__",
];

/** An untracked file that a snapshot leaves out because of its size. */
export interface LargeUntrackedFile {
  readonly path: string;
  /** Bytes. */
  readonly byte_size: number;
}

/** A folder that a snapshot leaves out because of the number of its untracked files. */
export interface LargeUntrackedDirectory {
  readonly path: string;
  readonly file_count: number;
}

/** Paths are seen from the work tree's root. */
export interface WorkTreeChanges {
  /** Changed, deleted or conflicting files that git tracks; submodules are left out. */
  readonly tracked: readonly string[];
  /** Untracked files to put into a snapshot. */
  readonly untracked: readonly string[];
  /** Untracked files that cannot be read, or are too large. */
  readonly leftOutFiles: readonly string[];
  readonly largeFiles: readonly LargeUntrackedFile[];
  /** Untracked folders that git names as a whole: repositories in their own right. */
  readonly directories: readonly string[];
  readonly largeDirectories: readonly LargeUntrackedDirectory[];
}

interface Status {
  /** The commit of HEAD; null before the first. */
  readonly head: string | null;
  readonly tracked: readonly string[];
  readonly untracked: readonly string[];
}

function afterFields(record: Buffer, fields: number): string {
  let start = 0;
  for (let field = 0; field < fields; field += 1) start = record.indexOf(32, start) + 1;
  return pathText(record.subarray(start));
}

/** Reads the output of `status --porcelain=2 --branch -z`. */
function parseStatus(output: Buffer): Status {
  const tracked: string[] = [];
  const untracked: string[] = [];
  let head: string | null = null;
  const records = splitAtNul(output).values();
  for (const record of records) {
    const kind = String.fromCharCode(record[0] ?? 0);
    if (kind === "#") {
      head = /^# branch\.oid ([0-9a-f]+)$/.exec(record.toString("latin1"))?.[1] ?? head;
    }
    if (kind === "?") untracked.push(pathText(record.subarray(2)));
    const isSubmodule = record.toString("latin1", 5, 6) === "S";
    const add = (path: string) => {
      if (!isSubmodule) tracked.push(path);
    };
    if (kind === "1") add(afterFields(record, /*fields*/ 8));
    if (kind === "u") add(afterFields(record, /*fields*/ 10));
    if (kind === "2") {
      add(afterFields(record, /*fields*/ 9));
      const source = records.next().value;
      if (source !== undefined) add(pathText(source));
    }
  }
  return { head, tracked, untracked };
}

/** HEAD, and the changed and untracked paths at or below `prefix`. */
export async function readStatus(
  root: AbsolutePath,
  prefix: string,
  settings: readonly GitSetting[],
  options: GitOptions,
): Promise<Status> {
  const scope = prefix === "" ? [] : ["--", prefix];
  const output = await runGitStrictly(
    [
      "status",
      "--porcelain=2",
      "--branch",
      "-z",
      "--untracked-files=all",
      "--no-renames",
      "--ignore-submodules=dirty",
      ...scope,
    ],
    { ...options, cwd: root, settings },
  );
  return parseStatus(output);
}

/** Sorts changed and untracked paths into what a snapshot takes and what it leaves out. */
export async function sortChanges(
  root: AbsolutePath,
  status: Status,
  limits: GhostSnapshotLimits,
  forced: readonly string[] = [],
): Promise<WorkTreeChanges> {
  const fileLimit = limitOf(limits.ignore_large_untracked_files, defaultLargeFileBytes);
  const bearsIgnoredName = ignoredNameTest(limits);
  const listed = status.untracked.filter((path) => !bearsIgnoredName(path));
  const isForced = (path: string) => forced.some((name) => isAtOrBelow(path, name));
  const directories = listed.filter((path) => path.endsWith("/")).map((path) => path.slice(0, -1));
  const files = listed.filter((path) => !path.endsWith("/"));

  const states = await inTurns(files, /*width*/ 32, (path) => fileState(root, path));
  const untracked: string[] = [];
  const leftOut: string[] = [];
  const large: LargeUntrackedFile[] = [];
  files.forEach((path, index) => {
    const state = states[index];
    if (state === undefined || state === "gone") return;
    if (state === "unreadable") leftOut.push(path);
    else if (state > fileLimit && !isForced(path)) large.push({ path, byte_size: state });
    else untracked.push(path);
  });

  const largeDirectories = findLargeDirectories(
    [...untracked, ...large.map(({ path }) => path)],
    directories,
    limitOf(limits.ignore_large_untracked_dirs, defaultLargeDirectoryFiles),
  );
  const outside = (path: string) =>
    !largeDirectories.some((found) => isAtOrBelow(path, found.path));
  const keptLarge = large.filter(({ path }) => outside(path));
  return {
    tracked: status.tracked,
    untracked: untracked.filter((path) => outside(path) || isForced(path)),
    leftOutFiles: [...leftOut, ...keptLarge.map(({ path }) => path)].filter(outside).toSorted(),
    largeFiles: keptLarge.toSorted((a, b) => b.byte_size - a.byte_size || order(a.path, b.path)),
    directories: directories.filter(outside),
    largeDirectories,
  };
}

/** Whether a path is passed over because of a name in it. */
export function ignoredNameTest(limits: GhostSnapshotLimits): (path: string) => boolean {
  const names = new Set(limits.ignored_names ?? defaultIgnoredNames);
  return (path) => path.split("/").some((name) => names.has(name));
}

function limitOf(value: number | null | undefined, byDefault: number): number {
  const limit = value === undefined ? byDefault : value;
  return limit === null || limit <= 0 ? Infinity : limit;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether `path` is `folder` or lies below it; both with `/`. */
export function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** Per deepest listed folder, else per parent folder: those with at least `limit` files. */
function findLargeDirectories(
  files: readonly string[],
  directories: readonly string[],
  limit: number,
): LargeUntrackedDirectory[] {
  const counts = new Map<string, number>();
  const deepestFirst = directories.toSorted((a, b) => b.split("/").length - a.split("/").length);
  for (const file of files) {
    const folder =
      deepestFirst.find((directory) => file.startsWith(`${directory}/`)) ??
      file.slice(0, Math.max(0, file.lastIndexOf("/")));
    if (folder !== "") counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count >= limit)
    .map(([path, count]) => ({ path, file_count: count }))
    .toSorted((a, b) => b.file_count - a.file_count || order(a.path, b.path));
}

/** The bytes that node's file functions take for a path below the root. */
export function onDisk(root: AbsolutePath, path: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`, "utf8"), pathBytes(path)]);
}

async function fileState(
  root: AbsolutePath,
  path: string,
): Promise<number | "gone" | "unreadable"> {
  const file = onDisk(root, path);
  try {
    const found = await lstat(file);
    if (!found.isSymbolicLink()) await access(file, constants.R_OK);
    return found.size;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "gone" : "unreadable";
  }
}

/** Runs `work` for every item, at most `width` at a time; results keep the items' order. */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = Array.from({ length: items.length });
  const entries = items.entries();
  const lane = async () => {
    for (const [index, item] of entries) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  return results;
}
