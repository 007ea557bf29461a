// The split permission model: file system and network, and grants on top of them.

/** Whether commands may use the network. */
export type NetworkSandboxPolicy = "restricted" | "enabled";
/** What may be done with a path; `write` includes reading, `none` takes away both. */
export type FileSystemAccess = "read" | "write" | "none";

/** A path that is known by its role; it is resolved against the sandbox's current folder. */
export type SpecialPath =
  | { readonly kind: "root" }
  | { readonly kind: "minimal" }
  | { readonly kind: "current_working_directory" }
  | { readonly kind: "project_roots"; readonly subpath?: string }
  | { readonly kind: "tmpdir" }
  | { readonly kind: "slash_tmp" }
  | { readonly kind: "unknown"; readonly path: string; readonly subpath?: string };

/** What an entry is about. `path` is absolute and stands for all below it. */
export type FileSystemPath =
  | { readonly type: "path"; readonly path: string }
  /** Every path that the pattern (`*`, `**`, `?`, `[a-z]`) names. For access `none` alone. */
  | { readonly type: "glob_pattern"; readonly pattern: string }
  | { readonly type: "special"; readonly value: SpecialPath };

/** One grant, or with access `none` one refusal. */
export interface FileSystemSandboxEntry {
  readonly path: FileSystemPath;
  readonly access: FileSystemAccess;
}

/**
 * What commands may do with files. `external-sandbox`: another sandbox sees to it, so none is made
 * here.
 */
export interface FileSystemSandboxPolicy {
  readonly kind: "restricted" | "unrestricted" | "external-sandbox";
  /** Only meaningful when `kind` is `restricted`. */
  readonly entries?: readonly FileSystemSandboxEntry[];
}

/** A grant for one command or for a while. Paths are absolute; an empty list is not the same as none. */
export interface PermissionProfile {
  readonly network?: { readonly enabled?: boolean };
  readonly file_system?: { readonly read?: readonly string[]; readonly write?: readonly string[] };
}

/**
 * How a tool call wants to be confined: as the turn is, not at all (after approval), or as the turn
 * is plus a {@link PermissionProfile} that the call brings.
 */
export type SandboxPermissions =
  | "use_default"
  | "require_escalated"
  | "with_additional_permissions";
