// The policies that are enforced, as the one SandboxPolicy that turns and session files carry.
import { type AbsolutePath, fromAbsolute } from "@codex-ts/absolute-path";
import type {
  FileSystemSandboxPolicy,
  NetworkSandboxPolicy,
  ReadOnlyAccess,
  SandboxPolicy,
} from "@codex-ts/protocol";
import {
  hasFullDiskRead,
  hasFullDiskWrite,
  includesPlatformDefaults,
  type PathContext,
  resolveEntryPath,
} from "./access.ts";
import { fromSandboxPolicy, type SplitPolicy } from "./legacy-policy.ts";
import { readableRoots, unreadableRoots, writableRoots } from "./roots.ts";
import { SandboxError } from "./sandbox.ts";

function unconfinedFiles(network: NetworkSandboxPolicy): SandboxPolicy {
  return network === "enabled"
    ? { type: "danger-full-access" }
    : { type: "external-sandbox", network_access: "restricted" };
}

interface Found {
  readsAll: boolean;
  writesWorkspace: boolean;
  writesTmpdir: boolean;
  writesSlashTmp: boolean;
  readonly reads: Set<AbsolutePath>;
  readonly writes: Set<AbsolutePath>;
}

/** What the entries open; what they close has no words in a {@link SandboxPolicy}. */
function openedBy(policy: FileSystemSandboxPolicy, context: PathContext): Found {
  const found: Found = {
    readsAll: false,
    writesWorkspace: false,
    writesTmpdir: false,
    writesSlashTmp: false,
    reads: new Set(),
    writes: new Set(),
  };
  for (const { path, access } of policy.entries ?? []) {
    const resolved = resolveEntryPath(path, context);
    if (access === "none" || path.type === "glob_pattern") continue;
    const kind = path.type === "special" ? path.value.kind : "path";
    if (kind === "root") {
      found.readsAll = true;
    } else if (access === "write" && kind === "tmpdir") {
      found.writesTmpdir = true;
    } else if (access === "write" && kind === "slash_tmp") {
      found.writesSlashTmp = true;
    } else if (resolved === null) {
      continue;
    } else if (access === "read") {
      found.reads.add(resolved);
    } else if (resolved === context.cwd || kind === "project_roots") {
      found.writesWorkspace = true;
    } else {
      found.writes.add(resolved);
    }
  }
  return found;
}

/**
 * Puts the two policies into one {@link SandboxPolicy}, for people and for files. What it has no words
 * for is lost: denied paths, read-only folders in writable ones. See {@link needsDirectEnforcement}.
 *
 * @throws SandboxError `invalid_policy` when it writes outside the workspace root without writing to that.
 */
export function toSandboxPolicy(
  { fileSystem, network }: SplitPolicy,
  context: PathContext,
): SandboxPolicy {
  const networkAccess = network === "enabled";
  if (fileSystem.kind === "external-sandbox") {
    return { type: "external-sandbox", network_access: network };
  }
  if (fileSystem.kind === "unrestricted" || hasFullDiskWrite(fileSystem)) {
    return unconfinedFiles(network);
  }
  const found = openedBy(fileSystem, context);
  const roots = [...found.reads];
  const access: ReadOnlyAccess = found.readsAll
    ? { type: "full-access" }
    : {
        type: "restricted",
        include_platform_defaults: includesPlatformDefaults(fileSystem),
        ...(roots.length === 0 ? {} : { readable_roots: roots }),
      };
  if (found.writesWorkspace) {
    return {
      type: "workspace-write",
      ...(found.writes.size === 0 ? {} : { writable_roots: [...found.writes] }),
      ...(found.readsAll ? {} : { read_only_access: access }),
      network_access: networkAccess,
      exclude_tmpdir_env_var: !found.writesTmpdir,
      exclude_slash_tmp: !found.writesSlashTmp,
    };
  }
  const [outside] = found.writes;
  if (outside !== undefined || found.writesTmpdir || found.writesSlashTmp) {
    const what = outside ?? (found.writesSlashTmp ? fromAbsolute("/tmp") : "TMPDIR");
    throw new SandboxError(
      "invalid_policy",
      `the policy asks for writes outside the workspace root (${what}) without writes to the workspace, which a sandbox mode cannot say`,
    );
  }
  return {
    type: "read-only",
    ...(found.readsAll ? {} : { access }),
    ...(networkAccess ? { network_access: true } : {}),
  };
}

/** Everything that a policy comes to in a folder. */
function meaning({ fileSystem }: SplitPolicy, context: PathContext): string {
  const sorted = (paths: readonly string[]): readonly string[] => paths.toSorted();
  return JSON.stringify([
    hasFullDiskRead(fileSystem),
    hasFullDiskWrite(fileSystem),
    includesPlatformDefaults(fileSystem),
    sorted(readableRoots(fileSystem, context)),
    writableRoots(fileSystem, context)
      .map(({ root, readOnlySubpaths }) => [root, sorted(readOnlySubpaths)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    sorted(unreadableRoots(fileSystem, context)),
    (fileSystem.entries ?? []).filter(({ path }) => path.type === "glob_pattern"),
  ]);
}

/**
 * Whether the policies say more than a {@link SandboxPolicy} can: what knows only that one must refuse
 * them rather than enforce less.
 */
export function needsDirectEnforcement(policies: SplitPolicy, context: PathContext): boolean {
  if (policies.fileSystem.kind !== "restricted") return false;
  let single: SandboxPolicy;
  try {
    single = toSandboxPolicy(policies, context);
  } catch (error) {
    if (error instanceof SandboxError) return true;
    throw error;
  }
  return meaning(policies, context) !== meaning(fromSandboxPolicy(single, context), context);
}
