// `[permissions]`: named profiles of what commands may read, write and reach.
import nodePath from "node:path";
import { type AbsolutePath, fromAbsolute, isInside, join, resolve } from "@codex-ts/absolute-path";
import { closestName } from "@codex-ts/features";
import type {
  FileSystemAccess,
  FileSystemPath,
  FileSystemSandboxEntry,
  FileSystemSandboxPolicy,
  NetworkSandboxPolicy,
  SandboxMode,
  SandboxPolicy,
  SpecialPath,
} from "@codex-ts/protocol";
import type { Settings } from "./check-settings.ts";
import type { Problem } from "./shape.ts";

/** A profile, compiled for enforcement. */
export interface PermissionProfileSettings {
  readonly name: string;
  readonly fileSystem: FileSystemSandboxPolicy;
  readonly network: NetworkSandboxPolicy;
}

export interface CompiledProfile {
  readonly profile: PermissionProfileSettings;
  readonly problems: readonly Problem[];
  /** For the person, each a line. */
  readonly warnings: readonly string[];
}

type Profiles = NonNullable<Settings["permissions"]>;
type ProfileTable = Profiles[string];
type FileRules = NonNullable<ProfileTable["filesystem"]>;

const specials: Readonly<Record<string, SpecialPath>> = {
  ":root": { kind: "root" },
  ":minimal": { kind: "minimal" },
  ":project_roots": { kind: "project_roots" },
  ":tmpdir": { kind: "tmpdir" },
};

/** Wildcards; a bracket alone is part of many a file's name. */
const isPattern = (text: string): boolean => /[*?]/.test(text);

const byName = <T>(table: Readonly<Record<string, T>>): readonly (readonly [string, T])[] =>
  Object.entries(table).toSorted(([a], [b]) => (a < b ? -1 : 1));

/** Where the rules of a table start, and how something below is named. */
interface Base {
  readonly path: FileSystemPath;
  /** Null where nothing can be named below. */
  readonly below: ((subpath: string) => FileSystemPath) | null;
}

function baseOf(key: string, home: string | undefined): Base | null {
  const special = specials[key];
  if (special !== undefined) {
    const isNested = special.kind === "project_roots";
    return {
      path: { type: "special", value: special },
      // A pattern starts at the session's folder anyway.
      below: isNested
        ? (subpath) =>
            isPattern(subpath)
              ? { type: "glob_pattern", pattern: subpath }
              : { type: "special", value: { kind: "project_roots", subpath } }
        : null,
    };
  }
  if (key.startsWith(":")) {
    const unknown = (subpath?: string): FileSystemPath => ({
      type: "special",
      value: { kind: "unknown", path: key, ...(subpath === undefined ? {} : { subpath }) },
    });
    return { path: unknown(), below: unknown };
  }
  const path = placeOf(key, home);
  if (path === null) return null;
  const at = (place: AbsolutePath): FileSystemPath =>
    isPattern(place) ? { type: "glob_pattern", pattern: place } : { type: "path", path: place };
  return { path: at(path), below: (subpath) => at(join(path, subpath)) };
}

/** The absolute path that a key spells; null when it spells none. */
function placeOf(key: string, home: string | undefined): AbsolutePath | null {
  if (key.includes("\0")) return null;
  if (nodePath.isAbsolute(key)) return fromAbsolute(key);
  const isInHome = key === "~" || /^~[\\/]/.test(key);
  return isInHome && home !== undefined ? resolve(key, fromAbsolute(home), { home }) : null;
}

function isNormalSubpath(key: string): boolean {
  return (
    !key.includes("\0") &&
    !nodePath.isAbsolute(key) &&
    key.split(/[\\/]/).every((part) => part !== "" && part !== "." && part !== "..")
  );
}

/** Collects the entries of one profile, and what is wrong with it. */
function compileFiles(
  rules: FileRules,
  at: readonly string[],
  home: string | undefined,
): {
  readonly entries: readonly FileSystemSandboxEntry[];
  readonly problems: readonly Problem[];
  readonly ignored: readonly string[];
} {
  const entries: FileSystemSandboxEntry[] = [];
  const problems: Problem[] = [];
  const ignored: string[] = [];
  const add = (key: readonly string[], path: FileSystemPath, access: FileSystemAccess): void => {
    if (path.type === "glob_pattern" && access !== "none") {
      problems.push({
        path: [...at, ...key],
        message: `a path with wildcards can only be denied ("none"); name the folder to ${access} it`,
      });
    } else {
      entries.push({ path, access });
    }
  };
  for (const [key, rule] of byName(rules)) {
    const base = baseOf(key, home);
    if (base === null) {
      problems.push({
        path: [...at, key],
        message: `${JSON.stringify(key)} is no place: write an absolute path, a path that starts with ~/, or one of ${Object.keys(specials).join(", ")}`,
      });
      continue;
    }
    const isUnknown = base.path.type === "special" && base.path.value.kind === "unknown";
    if (typeof rule === "string") {
      if (isUnknown) ignored.push(key);
      add([key], base.path, rule);
      continue;
    }
    for (const [subpath, access] of byName(rule)) {
      if (isUnknown) ignored.push(subpath === "." ? key : `${key} ${subpath}`);
      if (subpath === ".") {
        add([key, subpath], base.path, access);
      } else if (base.below === null) {
        problems.push({
          path: [...at, key, subpath],
          message: `${key} does not support nested entries`,
        });
      } else if (!isNormalSubpath(subpath)) {
        problems.push({
          path: [...at, key, subpath],
          message: `${JSON.stringify(subpath)} does not lie below ${key}: write a relative path without "." and ".."`,
        });
      } else {
        add([key, subpath], base.below(subpath), access);
      }
    }
  }
  return { entries, problems, ignored };
}

/** Keys that narrow the network down to hosts or sockets; nothing here filters by those. */
const networkLimits = [
  "mode",
  "domains",
  "unix_sockets",
  "proxy_url",
  "socks_url",
  "allow_upstream_proxy",
] as const;

function compileNetwork(
  name: string,
  table: ProfileTable["network"],
): { readonly network: NetworkSandboxPolicy; readonly warnings: readonly string[] } {
  if (table?.enabled !== true) return { network: "restricted", warnings: [] };
  const limits = networkLimits.filter((key) => table[key] !== undefined);
  if (limits.length === 0) return { network: "enabled", warnings: [] };
  return {
    network: "restricted",
    warnings: [
      `The permission profile \`${name}\` limits the network by \`${limits.join("`, `")}\`, which this version cannot enforce: commands have no network at all. Remove the limits to give them all of it.`,
    ],
  };
}

/** Compiles the profile `name`; an unknown name is a problem of `default_permissions`. */
export function compileProfile(
  name: string,
  profiles: Profiles,
  home: string | undefined,
): CompiledProfile {
  const table = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (table === undefined) {
    const known = Object.keys(profiles).toSorted();
    const nearest = closestName(name, known);
    const hint = nearest === undefined ? "" : `; did you mean \`${nearest}\`?`;
    const list = known.length === 0 ? "none is defined" : `there are: ${known.join(", ")}`;
    return {
      profile: { name, fileSystem: { kind: "restricted", entries: [] }, network: "restricted" },
      problems: [
        {
          path: ["default_permissions"],
          message: `permission profile \`${name}\` not found${hint} (${list}); define it as [permissions.${name}]`,
        },
      ],
      warnings: [],
    };
  }
  const at = ["permissions", name, "filesystem"];
  const { entries, problems, ignored } = compileFiles(table.filesystem ?? {}, at, home);
  const { network, warnings } = compileNetwork(name, table.network);
  return {
    profile: { name, fileSystem: { kind: "restricted", entries }, network },
    problems,
    warnings: [
      ...(entries.length === 0 && problems.length === 0
        ? [
            `The permission profile \`${name}\` has no \`filesystem\` entries: commands can read and write nothing.`,
          ]
        : []),
      ...ignored.map(
        (token) =>
          `The permission profile \`${name}\` names ${token}, which this version does not know and ignores; a newer one may be needed.`,
      ),
      ...warnings,
    ],
  };
}

/** The paths that a profile opens for writing, the workspace and TMPDIR apart. */
function writesOf(
  { fileSystem }: PermissionProfileSettings,
  cwd: AbsolutePath,
): {
  readonly paths: readonly AbsolutePath[];
  readonly workspace: boolean;
  readonly tmpdir: boolean;
} {
  const paths: AbsolutePath[] = [];
  let workspace = false;
  let tmpdir = false;
  for (const { path, access } of fileSystem.entries ?? []) {
    if (access !== "write" || path.type === "glob_pattern") continue;
    if (path.type === "path") {
      const at = fromAbsolute(path.path);
      if (isInside(cwd, at)) workspace = true;
      if (at !== cwd) paths.push(at);
    } else if (path.value.kind === "root") {
      workspace = true;
      paths.push(fromAbsolute(nodePath.parse(cwd).root));
    } else if (path.value.kind === "tmpdir") {
      tmpdir = true;
    } else if (path.value.kind === "project_roots") {
      if (path.value.subpath === undefined) workspace = true;
      else paths.push(join(cwd, path.value.subpath));
    }
  }
  return { paths, workspace, tmpdir };
}

/** The sandbox mode that allows at least what the profile does: limits on modes hold for it. */
export function modeOfProfile(profile: PermissionProfileSettings, cwd: AbsolutePath): SandboxMode {
  const { paths, workspace, tmpdir } = writesOf(profile, cwd);
  if (paths.some((path) => path === nodePath.parse(path).root)) return "danger-full-access";
  return workspace || tmpdir || paths.length > 0 ? "workspace-write" : "read-only";
}

/** The nearest policy that older programs and session files know. It is a name, and never enforced. */
export function policyOfProfile(
  profile: PermissionProfileSettings,
  cwd: AbsolutePath,
): SandboxPolicy {
  const { paths, workspace, tmpdir } = writesOf(profile, cwd);
  const network = profile.network === "enabled";
  if (!workspace) return { type: "read-only", ...(network ? { network_access: true } : {}) };
  return {
    type: "workspace-write",
    writable_roots: [...new Set(paths)],
    network_access: network,
    exclude_tmpdir_env_var: !tmpdir,
    exclude_slash_tmp: true,
  };
}

/** The profile with further folders that may be written, as far as it lets anything be written. */
export function withWritableRoots(
  profile: PermissionProfileSettings,
  roots: readonly AbsolutePath[],
): PermissionProfileSettings {
  const entries = roots.map((path) => ({ path: { type: "path", path }, access: "write" }) as const);
  const { fileSystem } = profile;
  return {
    ...profile,
    fileSystem: { ...fileSystem, entries: [...(fileSystem.entries ?? []), ...entries] },
  };
}
