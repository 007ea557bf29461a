// What a file-system policy says about one path, and about the whole disk. Lexical throughout.
import nodePath from "node:path";
import { type AbsolutePath, join, resolve } from "@codex-ts/absolute-path";
import type {
  FileSystemAccess,
  FileSystemPath,
  FileSystemSandboxEntry,
  FileSystemSandboxPolicy,
  SpecialPath,
} from "@codex-ts/protocol";
import { closest } from "./ancestors.ts";
import { isDeniedByPattern } from "./deny-patterns.ts";
import { followedKind, type HostFiles, nodeHostFiles } from "./host-files.ts";

/** What the paths of a policy are resolved against. */
export interface PathContext {
  /** The session's folder: the current folder and the project root of special paths. */
  readonly cwd: AbsolutePath;
  /** `TMPDIR` of the commands that the policy is for; nothing is granted for it when unset. */
  readonly tmpdir?: string | undefined;
  /** The folder that a leading `~` stands for. */
  readonly home?: string | undefined;
  /** The disk; this machine's when missing. */
  readonly files?: HostFiles | undefined;
}

export interface ResolvedEntry {
  readonly path: AbsolutePath;
  readonly access: FileSystemAccess;
}

const strength: Readonly<Record<FileSystemAccess, number>> = { read: 0, write: 1, none: 2 };

/** Whether `a` wins over `b` for the same path: `none` over `write` over `read`. */
function outranks(a: FileSystemAccess, b: FileSystemAccess): boolean {
  return strength[a] > strength[b];
}

function rootOf(path: AbsolutePath): AbsolutePath {
  return join(path, nodePath.parse(path).root);
}

function resolveSpecial(special: SpecialPath, context: PathContext): AbsolutePath | null {
  switch (special.kind) {
    case "root":
      return rootOf(context.cwd);
    case "current_working_directory":
      return context.cwd;
    case "project_roots":
      return special.subpath === undefined ? context.cwd : resolve(special.subpath, context.cwd);
    case "tmpdir":
      return context.tmpdir === undefined || context.tmpdir === ""
        ? null
        : resolve(context.tmpdir, context.cwd);
    case "slash_tmp": {
      const tmp = resolve("/tmp", context.cwd);
      return followedKind(context.files ?? nodeHostFiles, tmp) === "directory" ? tmp : null;
    }
    case "minimal":
    case "unknown":
      return null;
  }
}

/** The absolute path that an entry means, or null where it means none (here, or now). */
export function resolveEntryPath(path: FileSystemPath, context: PathContext): AbsolutePath | null {
  if (path.type === "special") return resolveSpecial(path.value, context);
  // What a pattern names has entries of its own by the time that it counts.
  if (path.type === "glob_pattern") return null;
  if (path.path === "" || path.path.includes("\0")) return null;
  return resolve(path.path, context.cwd, { home: context.home });
}

/** The entries that mean a path, in the policy's order. */
export function resolveEntries(
  policy: FileSystemSandboxPolicy,
  context: PathContext,
): readonly ResolvedEntry[] {
  return (policy.entries ?? []).flatMap((entry) => {
    const path = resolveEntryPath(entry.path, context);
    return path === null ? [] : [{ path, access: entry.access }];
  });
}

/** Answers what the entries say of a path: the access of the most specific one that holds it. */
export function accessIndex(
  entries: readonly ResolvedEntry[],
): (path: AbsolutePath) => FileSystemAccess {
  const strongest = new Map<AbsolutePath, FileSystemAccess>();
  for (const { path, access } of entries) {
    const known = strongest.get(path);
    if (known === undefined || outranks(access, known)) strongest.set(path, access);
  }
  return (path) => closest(path, (at) => strongest.get(at)) ?? "none";
}

/**
 * What `policy` allows at `path` (absolute, or relative to the context's folder). The most specific
 * entry decides; entries for the same path rank `none` over `write` over `read`. Symbolic links are
 * not followed.
 */
export function resolveAccess(
  policy: FileSystemSandboxPolicy,
  path: string,
  context: PathContext,
): FileSystemAccess {
  if (policy.kind !== "restricted") return "write";
  if (path.includes("\0")) return "none";
  const candidate = resolve(path, context.cwd, { home: context.home });
  if (isDeniedByPattern(policy, candidate, context)) return "none";
  return accessIndex(resolveEntries(policy, context))(candidate);
}

function isRootEntry(entry: FileSystemSandboxEntry): boolean {
  return entry.path.type === "special" && entry.path.value.kind === "root";
}

/** Whether everything may be read. */
export function hasFullDiskRead(policy: FileSystemSandboxPolicy): boolean {
  if (policy.kind !== "restricted") return true;
  const entries = policy.entries ?? [];
  return (
    entries.some((entry) => isRootEntry(entry) && entry.access !== "none") &&
    entries.every((entry) => entry.access !== "none")
  );
}

/** A spelling of an entry's target that does not depend on the current folder. */
function targetKey(path: FileSystemPath): string {
  if (path.type === "path") {
    const normalized = nodePath.normalize(path.path);
    if (nodePath.isAbsolute(normalized) && nodePath.dirname(normalized) === normalized) {
      return "root";
    }
    return normalized === "/tmp" ? "slash_tmp" : `path:${normalized}`;
  }
  if (path.type === "glob_pattern") return `pattern:${path.pattern}`;
  const special = path.value;
  switch (special.kind) {
    case "project_roots":
      return special.subpath === undefined
        ? "current_working_directory"
        : `project_roots:${special.subpath}`;
    case "unknown":
      return `unknown:${special.path}:${special.subpath ?? ""}`;
    default:
      return special.kind;
  }
}

function narrowsWrites(
  entry: FileSystemSandboxEntry,
  entries: readonly FileSystemSandboxEntry[],
): boolean {
  if (entry.access === "write") return false;
  if (entry.path.type === "special") {
    const { kind } = entry.path.value;
    if (kind === "root") return entry.access === "none";
    if (kind === "minimal" || kind === "unknown") return false;
  }
  const key = targetKey(entry.path);
  const shadowed = entries.some(
    (other) =>
      other.access === "write" &&
      targetKey(other.path) === key &&
      outranks(other.access, entry.access),
  );
  return !shadowed;
}

/** Whether everything may be written. */
export function hasFullDiskWrite(policy: FileSystemSandboxPolicy): boolean {
  if (policy.kind !== "restricted") return true;
  const entries = policy.entries ?? [];
  return (
    entries.some((entry) => isRootEntry(entry) && entry.access === "write") &&
    !entries.some((entry) => narrowsWrites(entry, entries))
  );
}

/** Whether the system folders that programs need are to be readable besides the listed roots. */
export function includesPlatformDefaults(policy: FileSystemSandboxPolicy): boolean {
  return (
    policy.kind === "restricted" &&
    !hasFullDiskRead(policy) &&
    (policy.entries ?? []).some(
      (entry) =>
        entry.path.type === "special" &&
        entry.path.value.kind === "minimal" &&
        entry.access !== "none",
    )
  );
}
