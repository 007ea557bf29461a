// The check of tables against the schemas, in words. Everything that needs zod is behind this module,
// which is loaded only when the quick check of shape.ts is not content.
import { closestName, isKnownFeatureKey, knownFeatureKeys } from "@codex-ts/features";
import type { ModelProviderInput } from "@codex-ts/model-providers";
import type { z } from "zod";
import { firstProblemError, problemsIn } from "./diagnose.ts";
import type { ConfigWarning } from "./errors.ts";
import { formatKeyPath, valueAt } from "./key-path.ts";
import type { ConfigLayer } from "./layers.ts";
import type { Origins } from "./origins.ts";
import { openKeyPrefixes, settingsSchema } from "./schema-settings.ts";
import { type Schema, unknownKeys } from "./schema-walk.ts";
import { isTable, type TomlTable, type TomlValue } from "./toml.ts";
import type { TomlPath } from "./toml-positions.ts";

/** A checked config file. */
export type Settings = z.infer<typeof settingsSchema> & {
  readonly model_providers?: Readonly<Record<string, ModelProviderInput>>;
};

/** The schema for tables of which `withProviders` says whether one of them defines providers. */
export async function loadSchema(withProviders: boolean): Promise<z.ZodType> {
  if (!withProviders) return settingsSchema;
  const { modelProvidersSchema } = await import("@codex-ts/model-providers/schemas");
  return settingsSchema.extend({ model_providers: modelProvidersSchema.optional() });
}

/** No setting is a date, but a date passes for a table without entries; a symbol passes for nothing. */
function withoutDates(value: TomlValue): unknown {
  if (value instanceof Date) return Symbol("a TOML date");
  if (Array.isArray(value)) return value.map(withoutDates);
  if (!isTable(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutDates(item)]));
}

/** @throws ConfigError `invalid_value`, for the problem that comes first in the files. */
export function checkSettings(schema: z.ZodType, table: TomlTable, origins: Origins): Settings {
  const parsed = schema.safeParse(withoutDates(table));
  if (parsed.success) return parsed.data as Settings;
  const problems = problemsIn(schema, table, parsed.error.issues);
  throw firstProblemError(problems, origins) ?? parsed.error;
}

function suggestion(name: string, known: Iterable<string>): string {
  const nearest = closestName(name, known);
  return nearest === undefined ? "" : `; did you mean \`${nearest}\`?`;
}

/** The names of keys that are accepted and do nothing. */
export const keysWithoutEffect: ReadonlySet<string> = new Set([
  "instructions",
  "tools_view_image",
  "view_image",
]);

/** Where such keys stand, and what to do about them. */
const topLevelKeysWithoutEffect = [
  { path: ["instructions"], advice: "use `developer_instructions` or an AGENTS.md file" },
  { path: ["tools", "view_image"], advice: "remove it" },
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

/** The top level of a table and each of its profiles. */
function scopesOf(table: TomlTable): readonly Scope[] {
  const profiles = table["profiles"];
  const scopes: Scope[] = [{ path: [], table, withoutEffect: topLevelKeysWithoutEffect }];
  for (const name of isTable(profiles) ? Object.keys(profiles) : []) {
    const profile = valueAt(table, ["profiles", name]);
    if (!isTable(profile)) continue;
    const path = ["profiles", name];
    scopes.push({ path, table: profile, withoutEffect: profileKeysWithoutEffect });
  }
  return scopes;
}

/** What one layer says that means nothing, with the key that was probably meant. */
export function* layerWarnings(
  schema: Schema,
  layer: ConfigLayer,
  origins: Origins,
): Generator<ConfigWarning> {
  const warn = (code: ConfigWarning["code"], path: TomlPath, problem: string): ConfigWarning => {
    const key = formatKeyPath(path);
    const place = origins.inLayer(layer, path, "key");
    return { code, message: `\`${key}\` ${problem}`, key, place };
  };
  for (const { path, known } of unknownKeys(schema, layer.table)) {
    const name = String(path.at(-1));
    if (path.length === 1 && openKeyPrefixes.some((prefix) => name.startsWith(prefix))) continue;
    yield warn("unknown_key", path, `is not a known key${suggestion(name, known)}`);
  }
  for (const { path, table, withoutEffect } of scopesOf(layer.table)) {
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
