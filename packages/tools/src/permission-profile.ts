// Permissions beyond the sandbox policy, as calls ask for them. How they are normalised, added up and cut
// down to what was asked for is the sandbox's own business.
import { type AbsolutePath, resolve } from "@codex-ts/absolute-path";
import type { PermissionProfile } from "@codex-ts/protocol";
import { normalizeProfile } from "@codex-ts/sandboxing/policy";
import type { DecisionContext } from "./decide-command.ts";
import { turnAccess } from "./sandbox-context.ts";
import type { ToolArguments } from "./tool-arguments.ts";

/** Whether a profile asks for nothing: neither the network nor any path. Nobody is asked for that. */
export function asksForNothing(profile: PermissionProfile | undefined): boolean {
  const files = profile?.file_system;
  return profile?.network?.enabled !== true && !files?.read?.length && !files?.write?.length;
}

/**
 * Whether a request adds nothing to what the turn's policy and its grants allow: a granted folder grants
 * what is in it, as far as the policy does not close it again.
 */
export function isGranted(requested: PermissionProfile, context: DecisionContext): boolean {
  const granted = context.grants.current();
  if (granted === undefined) return false;
  const wantsNetwork = requested.network?.enabled === true;
  const hasNetwork = granted.network?.enabled === true || context.network === "enabled";
  if (wantsNetwork && !hasNetwork) return false;
  const { read = [], write = [] } = requested.file_system ?? {};
  const { read: readable = [], write: writable = [] } = granted.file_system ?? {};
  const access = turnAccess(context);
  return (
    read.every((path) => readable.includes(path) || access.mayRead(path)) &&
    write.every((path) => writable.includes(path) || access.mayWrite(path))
  );
}

/** Reads a profile from arguments and normalises it; relative paths start from `folder`, `~` is `home`. */
export function readProfile(
  args: ToolArguments,
  folder: AbsolutePath,
  home: string | undefined,
): PermissionProfile {
  const files = args.optionalObject("file_system");
  const paths = (name: string): readonly string[] | undefined =>
    files?.optionalStrings(name)?.map((path) => resolve(path, folder, { home }));
  const [read, write] = [paths("read"), paths("write")];
  const enabled = args.optionalObject("network")?.optionalBoolean("enabled");
  return normalizeProfile({
    ...(enabled === undefined ? {} : { network: { enabled } }),
    file_system: {
      ...(read === undefined ? {} : { read }),
      ...(write === undefined ? {} : { write }),
    },
  });
}
