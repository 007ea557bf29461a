// Permissions that are asked for and granted on top of a policy, as values: normalised, added up, and cut
// down to what was asked for.
import { realpathSync } from "node:fs";
import type { PermissionProfile } from "@codex-ts/protocol";

type FileGrant = NonNullable<PermissionProfile["file_system"]>;
type Paths = readonly string[] | undefined;

/** Whether the profile asks for nothing. An empty list is something: it says that nothing is wanted. */
function isEmptyProfile(profile: PermissionProfile): boolean {
  return profile.network === undefined && profile.file_system === undefined;
}

/** Leaves out what is absent: an explicit `undefined` is not the same on the wire. */
function profileOf(
  network: PermissionProfile["network"],
  fileSystem: { readonly read: Paths; readonly write: Paths },
): PermissionProfile {
  const { read, write } = fileSystem;
  const files: FileGrant = {
    ...(read === undefined ? {} : { read }),
    ...(write === undefined ? {} : { write }),
  };
  return {
    ...(network?.enabled === undefined ? {} : { network }),
    ...(read === undefined && write === undefined ? {} : { file_system: files }),
  };
}

function realOr(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

/** Resolves the links of paths that exist, lists each once, and drops members that say nothing. */
export function normalizeProfile(profile: PermissionProfile): PermissionProfile {
  const unique = (paths: Paths): Paths => paths && [...new Set(paths.map(realOr))];
  const { read, write } = profile.file_system ?? {};
  return profileOf(profile.network, { read: unique(read), write: unique(write) });
}

/** Adds a grant to the ones before it; undefined when nothing is granted. Only `true` opens the network. */
export function mergeProfiles(
  base: PermissionProfile | undefined,
  added: PermissionProfile | undefined,
): PermissionProfile | undefined {
  if (added === undefined) return base;
  if (base === undefined) return isEmptyProfile(added) ? undefined : added;
  const isOpen = base.network?.enabled === true || added.network?.enabled === true;
  const union = (a: Paths, b: Paths): Paths => {
    if (a === undefined || b === undefined) return a ?? b;
    const paths = [...new Set([...a, ...b])];
    return paths.length === 0 ? undefined : paths;
  };
  const [before, after] = [base.file_system, added.file_system];
  const merged = profileOf(isOpen ? { enabled: true } : undefined, {
    read: union(before?.read, after?.read),
    write: union(before?.write, after?.write),
  });
  return isEmptyProfile(merged) ? undefined : merged;
}

function grantedPaths(requested: Paths, granted: Paths): Paths {
  // A grant comes from a client: what is no list grants nothing.
  if (requested === undefined || !Array.isArray(granted)) return undefined;
  if (requested.length === 0) return [];
  const paths = requested.filter((path) => granted.includes(path));
  return paths.length === 0 ? undefined : paths;
}

/**
 * What of `requested` is in `granted`: nobody gets more than was asked for. Paths must be equal word for
 * word. A list that was asked for empty stays empty when the grant has that list at all, so that an
 * answer which grants nothing comes to an empty profile.
 */
export function intersectProfiles(
  requested: PermissionProfile,
  granted: PermissionProfile,
): PermissionProfile {
  const isOpen = requested.network?.enabled === true && granted.network?.enabled === true;
  const [asked, given] = [requested.file_system, granted.file_system];
  return profileOf(isOpen ? { enabled: true } : undefined, {
    read: grantedPaths(asked?.read, given?.read),
    write: grantedPaths(asked?.write, given?.write),
  });
}
