// The permission profile of the settings, as threads and the sandbox take it.
import type { Config } from "@codex-ts/config";
import type { SplitPolicy } from "@codex-ts/sandboxing";

/** What is enforced in place of the sandbox policy, where a permission profile is in force. */
export function splitPermissions({ permissions }: Config): SplitPolicy | undefined {
  if (permissions === undefined) return undefined;
  const { fileSystem, network } = permissions;
  return { fileSystem, network };
}
