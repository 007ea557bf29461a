// What the policy functions need to know about the disk, as a small interface: tests run without one.
import {
  accessSync,
  constants,
  type Dirent,
  lstatSync,
  opendirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  type Stats,
} from "node:fs";
import nodePath from "node:path";
import { type AbsolutePath, basename, isAbsolutePath, join, parent } from "@codex-ts/absolute-path";
import { folderOf } from "./ancestors.ts";

/** What stands at a path; links are not followed. */
export type HostFileKind = "file" | "directory" | "symlink" | "other";

/** Looks at the disk without changing it. Nothing here throws: what cannot be seen is null or false. */
export interface HostFiles {
  /** What stands at `path` itself (a link is not followed), or null when nothing does. */
  kind(path: string): HostFileKind | null;
  /** The path with every symbolic link resolved, or null when it does not exist. */
  realpath(path: string): AbsolutePath | null;
  /** The text of the symbolic link at `path`. */
  readLink(path: string): string | null;
  readText(path: string): string | null;
  /** What stands in the folder `path`; links are no folders. */
  list(path: string): readonly { readonly name: string; readonly isFolder: boolean }[];
  /**
   * What `kind` says of everything in `folder`, by name: one look instead of many. Null when it cannot be
   * told so, or there is more in it than `atMost`.
   */
  kindsIn?(folder: string, atMost: number): ReadonlyMap<string, HostFileKind> | null;
  /** Whether this process may create entries in the folder `path`. */
  canWrite(path: string): boolean;
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function kindOf(entry: Dirent | Stats): HostFileKind {
  if (entry.isSymbolicLink()) return "symlink";
  if (entry.isDirectory()) return "directory";
  return entry.isFile() ? "file" : "other";
}

/** Null where the file system keeps what an entry is to itself. */
function isTold(entry: Dirent): boolean {
  return kindOf(entry) !== "other" || entry.isFIFO() || entry.isSocket();
}

function kindsIn(folder: string, atMost: number): ReadonlyMap<string, HostFileKind> | null {
  const open = opendirSync(folder, { bufferSize: 128 });
  try {
    const kinds = new Map<string, HostFileKind>();
    for (let entry = open.readSync(); entry !== null; entry = open.readSync()) {
      if (kinds.size === atMost || !isTold(entry)) return null;
      kinds.set(entry.name, kindOf(entry));
    }
    return kinds;
  } finally {
    open.closeSync();
  }
}

/** {@link HostFiles} on the real disk. */
export const nodeHostFiles: HostFiles = {
  kind(path) {
    const stat = orNull(() => lstatSync(path, { throwIfNoEntry: false }));
    return stat === null || stat === undefined ? null : kindOf(stat);
  },
  realpath: (path) => orNull(() => realpathSync.native(path) as AbsolutePath),
  readLink: (path) => orNull(() => readlinkSync(path)),
  readText: (path) => orNull(() => readFileSync(path, "utf8")),
  list: (path) =>
    (orNull(() => readdirSync(path, { withFileTypes: true })) ?? []).map((entry) => ({
      name: entry.name,
      isFolder: entry.isDirectory(),
    })),
  kindsIn: (folder, atMost) => orNull(() => kindsIn(folder, atMost)),
  canWrite: (path) =>
    orNull(() => {
      accessSync(path, constants.W_OK | constants.X_OK);
      return true;
    }) ?? false,
};

/** What `path` is once links are followed. */
export function followedKind(files: HostFiles, path: string): HostFileKind | null {
  const kind = files.kind(path);
  if (kind !== "symlink") return kind;
  const target = files.realpath(path);
  return target === null ? null : files.kind(target);
}

/** As many links as Linux follows on one path. */
const maxLinks = 40;

/**
 * Resolves the links of the longest existing part of `path` and appends the rest as it is. A link that
 * leads nowhere is followed too: writing to it would create its target.
 */
export function canonicalize(files: HostFiles, path: AbsolutePath): AbsolutePath {
  let existing: AbsolutePath = path;
  let rest = "";
  let links = 0;
  for (;;) {
    const real = files.realpath(existing);
    if (real !== null) return rest === "" ? real : join(real, rest);
    const target = links < maxLinks ? files.readLink(existing) : null;
    const up = parent(existing);
    if (up === null) return path;
    if (target !== null) {
      links += 1;
      existing = join(up, target);
      continue;
    }
    rest = nodePath.join(basename(existing), rest);
    existing = up;
  }
}

/** Listing a folder costs as much as a few looks into it, if it is not a large one. */
const [listFrom, listUpTo] = [8, 1000];

/**
 * The same disk, looked at once for each path: for the time of one plan, in which it is taken to stand
 * still. Paths without a link on them are their own real paths and need no further look.
 */
export function lookedAtOnce(files: HostFiles): HostFiles {
  if (stills.has(files)) return files;
  const kinds = new Map<string, HostFileKind | null>();
  const kind = (path: string): HostFileKind | null => {
    let known = kinds.get(path);
    if (known === undefined) {
      known = files.kind(path);
      kinds.set(path, known);
    }
    return known;
  };
  const looks = new Map<AbsolutePath, number>();
  /** Counts a look into `folder`, and takes in all of it where there are many. */
  const lookInto = (folder: AbsolutePath): void => {
    const count = (looks.get(folder) ?? 0) + 1;
    looks.set(folder, count);
    if (count !== listFrom) return;
    for (const [name, listed] of files.kindsIn?.(folder, /*atMost*/ listUpTo) ?? []) {
      const path = join(folder, name);
      if (!kinds.has(path)) kinds.set(path, listed);
    }
  };
  const isPlain = new Map<string, boolean>();
  /** Whether the path exists with no link on it. */
  const hasNoLinks = (path: AbsolutePath): boolean => {
    let known = isPlain.get(path);
    if (known === undefined) {
      const up = folderOf(path);
      if (up !== null && !kinds.has(path)) lookInto(up);
      const own = kind(path);
      known = own !== null && own !== "symlink" && (up === null || hasNoLinks(up));
      isPlain.set(path, known);
    }
    return known;
  };
  const still: HostFiles = {
    ...files,
    kind,
    realpath: (path) => (isAbsolutePath(path) && hasNoLinks(path) ? path : files.realpath(path)),
  };
  stills.add(still);
  return still;
}

/** Those that look once already. */
const stills = new WeakSet<HostFiles>();
