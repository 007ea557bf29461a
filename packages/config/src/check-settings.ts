// The check of settings, and what is said of keys that mean nothing.
import { closestName, isKnownFeatureKey, knownFeatureKeys } from "@codex-ts/features";
import type { ModelProviderInput } from "@codex-ts/model-providers";
import type { z } from "zod";
import { refuseProblems } from "./diagnose.ts";
import type { ConfigWarning } from "./errors.ts";
import { formatKeyPath, valueAt } from "./key-path.ts";
import type { ConfigLayer } from "./layers.ts";
import type { Origins } from "./origins.ts";
import type { settingsSchema } from "./schema-settings.ts";
import { openKeyPrefixes } from "./open-keys.ts";
import { settingsShape } from "./settings-shape.ts";
import { findProblems, type Problem, unknownKeys } from "./shape.ts";
import { isTable, type TomlTable } from "./toml.ts";
import type { TomlPath } from "./toml-positions.ts";

/** A checked config file. */
export type Settings = z.infer<typeof settingsSchema> & {
  readonly model_providers?: Readonly<Record<string, ModelProviderInput>>;
};

/** What the package that owns providers says of a wire API that it once had. */
async function removedWireApi(table: TomlTable, { path }: Problem): Promise<string | undefined> {
  const [first, id, key] = path;
  if (first !== "model_providers" || key !== "wire_api" || typeof id !== "string") return undefined;
  const [{ ModelProviderError }, { parseModelProvider }] = await Promise.all([
    import("@codex-ts/model-providers"),
    import("@codex-ts/model-providers/schemas"),
  ]);
  try {
    parseModelProvider(id, { name: id, wire_api: valueAt(table, path) });
  } catch (error) {
    if (error instanceof ModelProviderError && error.code === "removed_wire_api") {
      return error.message;
    }
  }
  return undefined;
}

/** Every value in `table` that its key does not allow. */
export async function settingsProblems(table: TomlTable): Promise<readonly Problem[]> {
  return Promise.all(
    findProblems(settingsShape, table).map(async (problem) => {
      const message = await removedWireApi(table, problem);
      return message === undefined ? problem : { ...problem, message };
    }),
  );
}

/** @throws ConfigError `invalid_value`, for the problem that comes first in the files. */
export async function checkSettings(table: TomlTable, origins: Origins): Promise<Settings> {
  refuseProblems(await settingsProblems(table), origins);
  return table;
}

function suggestion(name: string, known: Iterable<string>): string {
  const nearest = closestName(name, known);
  return nearest === undefined ? "" : `; did you mean \`${nearest}\`?`;
}

/** Keys that are accepted and do nothing, and what to do about them. */
const topLevelKeysWithoutEffect = [
  { path: ["instructions"], advice: "use `developer_instructions` or an AGENTS.md file" },
  { path: ["tools", "view_image"], advice: "remove it" },
] as const;
const projectKeysWithoutEffect = [
  ...topLevelKeysWithoutEffect,
  ...[["project_root_markers"], ["skills", "config"]].map((path) => ({
    path,
    advice: "a project has no say in it; set it in your own config.toml",
  })),
] as const;
const profileKeysWithoutEffect = [
  { path: ["tools", "view_image"], advice: "remove it" },
  { path: ["tools_view_image"], advice: "remove it" },
] as const;

interface Scope {
  readonly path: readonly string[];
  readonly table: TomlTable;
  readonly withoutEffect: readonly { readonly path: TomlPath; readonly advice: string }[];
}

/** The top level of a layer and each of its profiles. */
function scopesOf({ table, name: { type } }: ConfigLayer): readonly Scope[] {
  const profiles = table["profiles"];
  const withoutEffect = type === "project" ? projectKeysWithoutEffect : topLevelKeysWithoutEffect;
  const scopes: Scope[] = [{ path: [], table, withoutEffect }];
  for (const name of isTable(profiles) ? Object.keys(profiles) : []) {
    const profile = valueAt(table, ["profiles", name]);
    if (!isTable(profile)) continue;
    const path = ["profiles", name];
    scopes.push({ path, table: profile, withoutEffect: profileKeysWithoutEffect });
  }
  return scopes;
}

/** What one layer says that means nothing, with the key that was probably meant. */
export function* layerWarnings(layer: ConfigLayer, origins: Origins): Generator<ConfigWarning> {
  const warn = (code: ConfigWarning["code"], path: TomlPath, problem: string): ConfigWarning => {
    const key = formatKeyPath(path);
    const place = origins.inLayer(layer, path, "key");
    return { code, message: `\`${key}\` ${problem}`, key, place };
  };
  for (const { path, known } of unknownKeys(settingsShape, layer.table)) {
    const name = String(path.at(-1));
    if (path.length === 1 && openKeyPrefixes.some((prefix) => name.startsWith(prefix))) continue;
    yield warn("unknown_key", path, `is not a known key${suggestion(name, known)}`);
  }
  for (const { path, table, withoutEffect } of scopesOf(layer)) {
    const features = table["features"];
    for (const name of isTable(features) ? Object.keys(features) : []) {
      if (isKnownFeatureKey(name)) continue;
      const problem = `is not a known feature${suggestion(name, knownFeatureKeys())}`;
      yield warn("unknown_feature", [...path, "features", name], problem);
    }
    for (const { path: tail, advice } of withoutEffect) {
      if (valueAt(table, tail) === undefined) continue;
      yield warn("no_effect", [...path, ...tail], `has no effect; ${advice}`);
    }
  }
}
