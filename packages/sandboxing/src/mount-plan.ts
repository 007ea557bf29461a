// The mounts that show a command exactly the file system of its policy, as bubblewrap arguments.
import nodePath from "node:path";
import { type AbsolutePath, isInside, join } from "@codex-ts/absolute-path";
import type { FileSystemSandboxPolicy } from "@codex-ts/protocol";
import { hasFullDiskRead, includesPlatformDefaults, type PathContext } from "./access.ts";
import { folderOf, selfAndFolders } from "./ancestors.ts";
import { type LocateOptions, locateClosedPath } from "./closed-path.ts";
import { followedKind, nodeHostFiles } from "./host-files.ts";
import { readableRoots, unreadableRoots, writableRoots } from "./roots.ts";

/** System folders that programs need, for policies that list what may be read. */
const platformDefaultRoots: readonly string[] = [
  "/bin",
  "/sbin",
  "/usr",
  "/etc",
  "/lib",
  "/lib64",
  "/nix/store",
  "/run/current-system/sw",
];

export interface MountPlan {
  readonly args: readonly string[];
  /**
   * Protected paths that do not exist. Each is covered by an empty folder, which bubblewrap needs on
   * the host for as long as the command runs.
   */
  readonly mountPoints: readonly AbsolutePath[];
  /** Symbolic links on the way to protected paths: no mount can hold a link in place. */
  readonly links: readonly AbsolutePath[];
  /** Writable roots that do not exist and are left out. */
  readonly missingRoots: readonly AbsolutePath[];
}

export interface MountPlanOptions {
  /** A descriptor that reads as empty, for denied files. */
  readonly nullFd: number;
  /** Empty folders that other commands hold in place right now: they count as missing. */
  readonly isMountPoint?: LocateOptions["isMountPoint"];
}

/** `protect` is read-only wherever it would be writable; `cover` keeps a missing path missing. */
type RuleKind = "read" | "protect" | "cover" | "write" | "deny";

interface Rule {
  readonly kind: RuleKind;
  readonly path: AbsolutePath;
}

/** What a command may do at a place, given the mounts so far; `hidden` is an empty file system. */
type Exposure = "hidden" | "read" | "write" | "deny";

/** Parents before what lies in them, siblings by name. */
function inTreeOrder<T>(items: Iterable<T>, pathOf: (item: T) => string): readonly T[] {
  const keyed = [...items].map((item) => ({
    item,
    key: pathOf(item).replaceAll(nodePath.sep, "\0"),
  }));
  keyed.sort((a, b) => (a.key === b.key ? 0 : a.key < b.key ? -1 : 1));
  return keyed.map(({ item }) => item);
}

function isFileSystemRoot(path: AbsolutePath): boolean {
  return folderOf(path) === null;
}

interface RuleSet {
  readonly rules: readonly Rule[];
  readonly readsAll: boolean;
  readonly links: readonly AbsolutePath[];
  readonly missingRoots: readonly AbsolutePath[];
}

/** One rule per place, in tree order. For the same place `deny` wins over `write` over the rest. */
function rulesOf(
  policy: FileSystemSandboxPolicy,
  context: PathContext,
  options: MountPlanOptions,
): RuleSet {
  const files = context.files ?? nodeHostFiles;
  const readable = readableRoots(policy, context);
  const defaults = includesPlatformDefaults(policy) ? platformDefaultRoots : [];
  const writable = writableRoots(policy, context);
  const [existing, missing] = [
    writable.filter(({ root }) => followedKind(files, root) !== null),
    writable.filter(({ root }) => followedKind(files, root) === null),
  ];
  const locate: LocateOptions = {
    files,
    writableRoots: new Set(existing.map(({ root }) => root)),
    isMountPoint: options.isMountPoint,
  };

  const rules = new Map<AbsolutePath, Rule>();
  const links = new Set<AbsolutePath>();
  const add = (kind: RuleKind, path: AbsolutePath): void => {
    rules.set(path, { kind, path });
  };
  const addClosed = (kind: "protect" | "deny", path: AbsolutePath): void => {
    const found = locateClosedPath(path, locate);
    for (const link of found.links) links.add(link);
    if (found.place === null) return;
    // A place that may be read is closed for writing by that, and opened in what is denied around it.
    if (kind === "protect" && rules.get(found.place.path)?.kind === "read") return;
    add(found.place.kind === "missing" ? "cover" : kind, found.place.path);
  };

  for (const path of [...defaults.map((root) => join(context.cwd, root)), ...readable]) {
    if (followedKind(files, path) !== null) add("read", path);
  }
  for (const { readOnlySubpaths } of existing) {
    for (const path of readOnlySubpaths) addClosed("protect", path);
  }
  for (const { root } of existing) add("write", root);
  for (const path of unreadableRoots(policy, context)) addClosed("deny", path);

  return {
    rules: inTreeOrder(rules.values(), ({ path }) => path),
    readsAll: hasFullDiskRead(policy) || readable.some(isFileSystemRoot),
    links: [...links],
    missingRoots: missing.map(({ root }) => root),
  };
}

/** A bind of `/` would bring the host's device nodes back, and unusable at that. */
function bindWritable(root: AbsolutePath): readonly string[] {
  if (root === "/dev") return ["--dev-bind", root, root];
  return ["--bind", root, root, ...(isFileSystemRoot(root) ? ["--dev", "/dev"] : [])];
}

/**
 * The folders between a writable root and the mounts below it. Renaming one would carry a mount's path
 * away and leave its old place open, so each is bound to itself; what is laid over it later hides that
 * bind from every path, which keeps renames across it working.
 */
function pinnedFolders(
  targets: readonly AbsolutePath[],
  roots: readonly AbsolutePath[],
): readonly AbsolutePath[] {
  const mounted = new Set(targets);
  const pins = new Set<AbsolutePath>();
  const rootSet = new Set(roots);
  for (const target of targets) {
    const folders = selfAndFolders(target).slice(1);
    const outermost = folders.findLast((folder) => rootSet.has(folder));
    if (outermost === undefined) continue;
    for (const folder of folders.slice(0, folders.indexOf(outermost))) {
      if (!mounted.has(folder)) pins.add(folder);
    }
  }
  return inTreeOrder(pins, (path) => path);
}

/** Whether something in the folder of a rule is opened again. */
function isReopened(rules: readonly Rule[], index: number): boolean {
  const folder = rules[index]?.path;
  if (folder === undefined) return false;
  // In tree order what lies in the folder comes right after it.
  for (let next = index + 1; next < rules.length; next += 1) {
    const rule = rules[next];
    if (rule === undefined || !isInside(rule.path, folder)) return false;
    if (rule.kind === "read" || rule.kind === "write") return true;
  }
  return false;
}

/**
 * Plans the mounts for a `restricted` policy. Rules are laid down from the outside in, each only where
 * it changes what the rule around it gives, so that the most specific rule decides everywhere.
 */
export function planMounts(
  policy: FileSystemSandboxPolicy,
  context: PathContext,
  options: MountPlanOptions,
): MountPlan {
  const files = context.files ?? nodeHostFiles;
  const { rules, readsAll, links, missingRoots } = rulesOf(policy, context, options);

  const mounts: string[] = [];
  const targets: AbsolutePath[] = [];
  const mountPoints: AbsolutePath[] = [];
  const around: { readonly path: AbsolutePath; readonly exposure: Exposure }[] = [];
  const sealed = new Set<AbsolutePath>();
  const leaveUntilInside = (path: AbsolutePath | null): void => {
    for (let top = around.at(-1); top !== undefined; top = around.at(-1)) {
      if (path !== null && isInside(path, top.path)) return;
      around.pop();
      if (sealed.has(top.path)) mounts.push("--remount-ro", top.path);
    }
  };

  for (const [index, { kind, path }] of rules.entries()) {
    leaveUntilInside(path);
    const exposure = around.at(-1)?.exposure ?? (readsAll ? "read" : "hidden");
    const mount = (next: Exposure, ...args: readonly string[]): void => {
      mounts.push(...args);
      targets.push(path);
      around.push({ path, exposure: next });
    };
    if (kind === "write") {
      mount("write", ...bindWritable(path));
    } else if (kind === "read" && exposure !== "read") {
      mount("read", "--ro-bind", path, path);
    } else if (kind === "protect" && exposure === "write") {
      mount("read", "--ro-bind", path, path);
    } else if (kind === "cover" && exposure === "write") {
      mount("read", "--perms", "555", "--tmpfs", path, "--remount-ro", path);
      mountPoints.push(path);
    } else if (kind === "deny" && exposure !== "deny" && exposure !== "hidden") {
      if (followedKind(files, path) === "directory") {
        const reopened = isReopened(rules, index);
        // What lies in the folder is mounted on the empty one, which is closed for good after that.
        sealed.add(path);
        mount("deny", "--perms", reopened ? "111" : "000", "--tmpfs", path);
      } else {
        mount("deny", "--perms", "000", "--ro-bind-data", String(options.nullFd), path);
      }
    }
  }
  leaveUntilInside(/*path*/ null);

  const roots = rules.filter(({ kind }) => kind === "write").map(({ path }) => path);
  const bindToSelf = (path: AbsolutePath): readonly string[] => ["--bind", path, path];
  const pins = pinnedFolders([...targets, ...links], roots);
  // Over an empty file system a pin needs the root's own folders to stand on.
  const pinGround = readsAll || pins.length === 0 ? [] : roots;
  return {
    args: [
      ...(readsAll ? ["--ro-bind", "/", "/"] : ["--tmpfs", "/"]),
      "--dev",
      "/dev",
      ...[...pinGround, ...pins].flatMap(bindToSelf),
      ...mounts,
    ],
    mountPoints,
    links,
    missingRoots,
  };
}
