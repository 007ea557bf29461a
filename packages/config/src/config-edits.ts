// The changes that a person makes to their settings through commands.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { featureAliases, type FeatureKey } from "@codex-ts/features";
import type { TomlEdit } from "./edit-toml.ts";
import { ConfigError } from "./errors.ts";
import { formatKeyPath } from "./key-path.ts";
import { profileKeys } from "./settings-shape.ts";
import type { TomlTable, TomlValue } from "./toml.ts";
import type { TrustLevel } from "./trust.ts";

/** Keys that go into the active profile, if there is one: they are chosen as often as it is. */
const keysOfTheActiveProfile: ReadonlySet<string> = new Set([
  "model",
  "model_reasoning_effort",
  "service_tier",
  "personality",
]);

const looseToggles: ReadonlySet<string> = new Set([
  "include_apply_patch_tool",
  "experimental_use_freeform_apply_patch",
  "experimental_use_unified_exec_tool",
]);

/**
 * Where a key belongs in the person's file: in the profile that is named; without a name, the model and
 * what goes with it in the profile that the file itself chooses; everything else at the top.
 *
 * @throws ConfigError `invalid_value` for a key that no profile can hold.
 */
function placeOf(
  path: readonly string[],
  profile: string | undefined,
  table: TomlTable,
): readonly string[] {
  const [key = ""] = path;
  if (profile !== undefined) {
    if (profileKeys.has(key)) return ["profiles", profile, ...path];
    throw new ConfigError(
      "invalid_value",
      `\`${key}\` cannot stand in a profile; leave the profile out to set it for all of them`,
      { key: formatKeyPath(path) },
    );
  }
  const active = table["profile"];
  const isInActive = path.length === 1 && keysOfTheActiveProfile.has(key);
  return isInActive && typeof active === "string" ? ["profiles", active, ...path] : path;
}

/**
 * Sets a key, in the named or active profile where it belongs there. The function that comes back
 * throws ConfigError `invalid_value` for a key that no profile can hold, when a profile is named.
 */
export function settingEdits(
  path: readonly string[],
  value: TomlValue,
  profile?: string,
): (table: TomlTable) => readonly TomlEdit[] {
  return (table) => [{ set: placeOf(path, profile, table), value }];
}

/** Removes a key from where {@link settingEdits} would set it, and throws as that does. */
export function unsettingEdits(
  path: readonly string[],
  profile?: string,
): (table: TomlTable) => readonly TomlEdit[] {
  return (table) => [{ clear: placeOf(path, profile, table), prune: true }];
}

/** Stores the decision on a project: the root of its main work tree, or a folder outside a repository. */
export function trustEdits(folder: AbsolutePath, level: TrustLevel): readonly TomlEdit[] {
  return [{ set: ["projects", folder, "trust_level"], value: level }];
}

/**
 * Switches a feature. It is written by its own name; older names of it go. What is off anyway is
 * switched off by removing the key, but in a profile, which may stand above a file that has it on.
 *
 * @param isOnWithout Whether the feature is on when the file says nothing of it.
 */
export function featureEdits(
  feature: FeatureKey,
  enabled: boolean,
  {
    isOnWithout,
    profile,
  }: { readonly isOnWithout: boolean; readonly profile?: string | undefined },
): readonly TomlEdit[] {
  const scope = profile === undefined ? [] : ["profiles", profile];
  const at = [...scope, "features"];
  const isWritten = enabled || isOnWithout || profile !== undefined;
  const olderNames = Object.keys(featureAliases).filter((name) => featureAliases[name] === feature);
  return [
    isWritten
      ? { set: [...at, feature], value: enabled }
      : { clear: [...at, feature], prune: true },
    ...olderNames.map((name): TomlEdit => ({ clear: [...at, name], prune: true })),
    ...olderNames
      .filter((name) => looseToggles.has(name))
      .map((name): TomlEdit => ({ clear: [...scope, name] })),
  ];
}

/** What a person says of a new MCP server: a program to start, or the address of a running one. */
export type NewMcpServer =
  | {
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
    }
  | { readonly url: string; readonly bearerTokenEnvVar?: string | undefined };

/**
 * Adds a server, or replaces the one of that name.
 *
 * @throws ConfigError `invalid_value` for a name that tools could not be called by.
 */
export function addMcpServerEdits(name: string, server: NewMcpServer): readonly TomlEdit[] {
  return [{ set: ["mcp_servers", mcpServerName(name)], value: serverTable(server) }];
}

/** Removes a server. @throws ConfigError as {@link addMcpServerEdits} does. */
export function removeMcpServerEdits(name: string): readonly TomlEdit[] {
  return [{ clear: ["mcp_servers", mcpServerName(name)], prune: true }];
}

function mcpServerName(name: string): string {
  if (/^[\w-]+$/.test(name)) return name;
  throw new ConfigError(
    "invalid_value",
    `invalid server name '${name}' (use letters, numbers, '-', '_')`,
  );
}

function serverTable(server: NewMcpServer): TomlTable {
  if ("url" in server) {
    const { url, bearerTokenEnvVar: variable } = server;
    return { url, ...(variable !== undefined && { bearer_token_env_var: variable }) };
  }
  const { command, args, env } = server;
  const sorted = Object.fromEntries(Object.entries(env).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return {
    command,
    ...(args.length > 0 && { args }),
    ...(Object.keys(env).length > 0 && { env: sorted }),
  };
}
