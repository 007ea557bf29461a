// Permissions beyond the sandbox policy: read, put together, and held against what was granted.
import { realpath } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { type AbsolutePath, resolve } from "@codex-ts/absolute-path";
import type { PermissionProfile } from "@codex-ts/protocol";
import type { ToolArguments } from "./tool-arguments.ts";

type Paths = readonly string[] | undefined;

/** Makes a profile without members that say nothing. An empty list is kept: it is not the same as none. */
function profileOf(network: boolean | undefined, read: Paths, write: Paths): PermissionProfile {
  return {
    ...(network === undefined ? {} : { network: { enabled: network } }),
    ...(read === undefined && write === undefined
      ? {}
      : {
          file_system: {
            ...(read === undefined ? {} : { read }),
            ...(write === undefined ? {} : { write }),
          },
        }),
  };
}

/** Whether a profile asks for nothing: neither the network nor any path. */
export function isEmptyProfile(profile: PermissionProfile | undefined): boolean {
  const files = profile?.file_system;
  return profile?.network?.enabled !== true && !files?.read?.length && !files?.write?.length;
}

/** The profile with every path where it really is, each once. A path that does not exist stays as it is. */
export async function normalizeProfile(profile: PermissionProfile): Promise<PermissionProfile> {
  const real = async (paths: Paths): Promise<Paths> => {
    if (paths === undefined) return undefined;
    const found = await Promise.all(paths.map((path) => realpath(path).catch(() => path)));
    return [...new Set(found)];
  };
  const { network, file_system: files } = profile;
  return profileOf(network?.enabled, await real(files?.read), await real(files?.write));
}

/** What either grants. */
export function mergeProfiles(
  base: PermissionProfile | undefined,
  added: PermissionProfile | undefined,
): PermissionProfile | undefined {
  if (base === undefined || added === undefined) return base ?? added;
  const union = (first: Paths, second: Paths): Paths => {
    if (first === undefined || second === undefined) return first ?? second;
    const all = [...new Set([...first, ...second])];
    return all.length === 0 ? undefined : all;
  };
  return profileOf(
    base.network?.enabled === true || added.network?.enabled === true ? true : undefined,
    union(base.file_system?.read, added.file_system?.read),
    union(base.file_system?.write, added.file_system?.write),
  );
}

/**
 * The part of a request that was granted. Paths count word for word: a granted folder does not grant
 * what is in it. A requested list that is empty stays, if that list was granted at all; so whoever
 * grants nothing grants an empty profile.
 */
export function intersectProfiles(
  requested: PermissionProfile,
  granted: PermissionProfile,
): PermissionProfile {
  const common = (wanted: Paths, given: Paths): Paths => {
    if (wanted === undefined || given === undefined) return undefined;
    if (wanted.length === 0) return wanted;
    const both = wanted.filter((path) => given.includes(path));
    return both.length === 0 ? undefined : both;
  };
  return profileOf(
    requested.network?.enabled === true && granted.network?.enabled === true ? true : undefined,
    common(requested.file_system?.read, granted.file_system?.read),
    common(requested.file_system?.write, granted.file_system?.write),
  );
}

/** Whether all that is requested was granted already. */
export function isGranted(
  requested: PermissionProfile,
  granted: PermissionProfile | undefined,
): boolean {
  return (
    granted !== undefined && isDeepStrictEqual(intersectProfiles(requested, granted), requested)
  );
}

/** Reads a profile from arguments; relative paths start from `folder`, `~` is `home`. */
export function readProfile(
  args: ToolArguments,
  folder: AbsolutePath,
  home: string | undefined,
): PermissionProfile {
  const files = args.optionalObject("file_system");
  const paths = (name: string): Paths =>
    files?.optionalStrings(name)?.map((path) => resolve(path, folder, { home }));
  return profileOf(
    args.optionalObject("network")?.optionalBoolean("enabled"),
    paths("read"),
    paths("write"),
  );
}
