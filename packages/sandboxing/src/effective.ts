// A policy with the permissions that a person granted on top of it.
import type {
  FileSystemSandboxEntry,
  FileSystemSandboxPolicy,
  NetworkSandboxPolicy,
  PermissionProfile,
  ReadOnlyAccess,
  SandboxPolicy,
} from "@codex-ts/protocol";

/**
 * Appends the granted folders, reads before writes, leaving out what is there word for word. Denied
 * paths stay, and still win where they are more specific.
 */
export function effectiveFileSystem(
  base: FileSystemSandboxPolicy,
  granted: PermissionProfile | undefined,
): FileSystemSandboxPolicy {
  if (base.kind !== "restricted" || granted?.file_system === undefined) return base;
  const entries = [...(base.entries ?? [])];
  const append = (path: string, access: FileSystemSandboxEntry["access"]): void => {
    const known = entries.some(
      (entry) => entry.path.type === "path" && entry.path.path === path && entry.access === access,
    );
    if (!known) entries.push({ path: { type: "path", path }, access });
  };
  for (const path of granted.file_system.read ?? []) append(path, "read");
  for (const path of granted.file_system.write ?? []) append(path, "write");
  return { kind: "restricted", entries };
}

/** Enabled when the policy or the grant says so. */
export function effectiveNetwork(
  base: NetworkSandboxPolicy,
  granted: PermissionProfile | undefined,
): NetworkSandboxPolicy {
  return base === "enabled" || granted?.network?.enabled === true ? "enabled" : "restricted";
}

function union(a: readonly string[] | undefined, b: readonly string[] | undefined): string[] {
  return [...new Set([...(a ?? []), ...(b ?? [])])];
}

function withReads(
  access: ReadOnlyAccess | undefined,
  reads: readonly string[] | undefined,
): ReadOnlyAccess | undefined {
  if (access?.type !== "restricted") return access;
  const roots = union(access.readable_roots, reads);
  return roots.length === 0 ? access : { ...access, readable_roots: roots };
}

/**
 * The granted permissions as a {@link SandboxPolicy}, for people and for files. A read-only policy with
 * extra writes reads as workspace-write here, which says too much: what is enforced comes from
 * {@link effectiveFileSystem}.
 */
export function effectiveSandboxPolicy(
  base: SandboxPolicy,
  granted: PermissionProfile | undefined,
): SandboxPolicy {
  if (granted === undefined || base.type === "danger-full-access") return base;
  const network = granted.network?.enabled === true;
  const reads = granted.file_system?.read;
  const writes = granted.file_system?.write ?? [];
  if (base.type === "external-sandbox") {
    return network ? { type: "external-sandbox", network_access: "enabled" } : base;
  }
  const networkAccess = base.network_access === true || network;
  if (base.type === "workspace-write") {
    const access = withReads(base.read_only_access, reads);
    return {
      ...base,
      writable_roots: union(base.writable_roots, writes),
      ...(access === undefined ? {} : { read_only_access: access }),
      network_access: networkAccess,
    };
  }
  const access = withReads(base.access, reads);
  if (writes.length === 0) {
    return {
      type: "read-only",
      ...(access === undefined ? {} : { access }),
      network_access: networkAccess,
    };
  }
  return {
    type: "workspace-write",
    writable_roots: union(writes, []),
    ...(access === undefined ? {} : { read_only_access: access }),
    network_access: networkAccess,
    exclude_tmpdir_env_var: false,
    exclude_slash_tmp: false,
  };
}
