// SandboxPolicy, the form that turns and session files carry, as the two policies that are enforced.
import { type AbsolutePath, isInside, resolve } from "@codex-ts/absolute-path";
import type {
  FileSystemAccess,
  FileSystemPath,
  FileSystemSandboxEntry,
  FileSystemSandboxPolicy,
  NetworkSandboxPolicy,
  ReadOnlyAccess,
  SandboxPolicy,
  SpecialPath,
} from "@codex-ts/protocol";
import { type PathContext, resolveEntries, resolveEntryPath } from "./access.ts";
import { nodeHostFiles } from "./host-files.ts";
import { protectedSubpaths } from "./protected-paths.ts";

/** A policy as it is enforced: files and network apart. */
export interface SplitPolicy {
  readonly fileSystem: FileSystemSandboxPolicy;
  readonly network: NetworkSandboxPolicy;
}

const special = (value: SpecialPath, access: FileSystemAccess): FileSystemSandboxEntry => ({
  path: { type: "special", value },
  access,
});

const atPath = (path: string, access: FileSystemAccess): FileSystemSandboxEntry => ({
  path: { type: "path", path },
  access,
});

function readEntries(access: ReadOnlyAccess | undefined): readonly FileSystemSandboxEntry[] {
  if (access === undefined || access.type === "full-access") {
    return [special({ kind: "root" }, "read")];
  }
  const defaults = access.include_platform_defaults ?? true;
  return [
    ...(defaults ? [special({ kind: "minimal" }, "read")] : []),
    ...(access.readable_roots ?? []).map((root) => atPath(root, "read")),
  ];
}

type WorkspaceWrite = Extract<SandboxPolicy, { type: "workspace-write" }>;

function writeEntries(policy: WorkspaceWrite): readonly FileSystemSandboxEntry[] {
  return [
    special({ kind: "current_working_directory" }, "write"),
    ...(policy.exclude_slash_tmp === true ? [] : [special({ kind: "slash_tmp" }, "write")]),
    ...(policy.exclude_tmpdir_env_var === true ? [] : [special({ kind: "tmpdir" }, "write")]),
    ...(policy.writable_roots ?? []).map((root) => atPath(root, "write")),
  ];
}

/** Whether one of the roots holds `path` outside its protected subpaths. */
function isWritableUnder(
  roots: readonly AbsolutePath[],
  path: AbsolutePath,
  context: PathContext,
): boolean {
  const files = context.files ?? nodeHostFiles;
  return roots.some(
    (root) =>
      isInside(path, root) &&
      !protectedSubpaths(root, { files, missingCodex: root === context.cwd }).some((subpath) =>
        isInside(path, subpath),
      ),
  );
}

function workspaceEntries(
  policy: WorkspaceWrite,
  context: PathContext,
): readonly FileSystemSandboxEntry[] {
  const files = context.files ?? nodeHostFiles;
  const writes = writeEntries(policy);
  const roots = resolveEntries({ kind: "restricted", entries: writes }, context).map(
    (entry) => entry.path,
  );
  const isAlreadyWritable = (path: FileSystemPath): boolean => {
    if (path.type !== "path") return false;
    const resolved = resolveEntryPath(path, context);
    return resolved !== null && isWritableUnder(roots, resolved, context);
  };
  const reads = readEntries(policy.read_only_access).filter(
    (entry) => !isAlreadyWritable(entry.path),
  );

  const entries = [...reads, ...writes];
  const named = new Set(
    resolveEntries({ kind: "restricted", entries }, context).map((entry) => entry.path),
  );
  const configured = (policy.writable_roots ?? []).map((root) => resolve(root, context.cwd));
  const protectedPaths = [
    ...protectedSubpaths(context.cwd, { files, missingCodex: true }),
    ...configured.flatMap((root) => protectedSubpaths(root, { files, missingCodex: false })),
  ];
  for (const path of protectedPaths) {
    if (named.has(path)) continue;
    named.add(path);
    entries.push(atPath(path, "read"));
  }
  return entries;
}

/**
 * Takes a {@link SandboxPolicy} apart. The protected subpaths of the current folder and of the
 * configured writable roots become entries of their own; a `.codex` of the current folder is protected
 * even while it does not exist.
 */
export function fromSandboxPolicy(policy: SandboxPolicy, context: PathContext): SplitPolicy {
  switch (policy.type) {
    case "danger-full-access":
      return { fileSystem: { kind: "unrestricted" }, network: "enabled" };
    case "external-sandbox":
      return {
        fileSystem: { kind: "external-sandbox" },
        network: policy.network_access ?? "restricted",
      };
    case "read-only": {
      const { access } = policy;
      const cwdRead =
        access?.type === "restricted"
          ? [special({ kind: "current_working_directory" }, "read")]
          : [];
      return {
        fileSystem: { kind: "restricted", entries: [...cwdRead, ...readEntries(access)] },
        network: policy.network_access === true ? "enabled" : "restricted",
      };
    }
    case "workspace-write":
      return {
        fileSystem: { kind: "restricted", entries: workspaceEntries(policy, context) },
        network: policy.network_access === true ? "enabled" : "restricted",
      };
  }
}
