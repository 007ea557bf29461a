// The stack that the effective configuration is merged from: files, profile, and what stands above.
import { closestName } from "@codex-ts/features";
import { ConfigError } from "./errors.ts";
import { mergeTables, valueAt } from "./key-path.ts";
import type { ConfigLayer } from "./layers.ts";
import { createOrigins, type Origins, type Stratum } from "./origins.ts";
import type { ParsedOverride } from "./overrides.ts";
import { profileKeys } from "./settings-shape.ts";
import { emptyTable, isTable, type TomlTable } from "./toml.ts";

/** Merged settings, and where each part of them came from. */
export interface Stack {
  readonly profile: string | undefined;
  /** What the files say, without the profile. */
  readonly base: TomlTable;
  /** What the profile adds. */
  readonly profiled: TomlTable;
  /** What stands above the profile: the command line and the managed file. */
  readonly above: TomlTable;
  /** All of it. */
  readonly table: TomlTable;
  readonly origins: Origins;
  /** The key that decides what commands may do; undefined when neither is set. */
  readonly permissionsKey: "sandbox_mode" | "default_permissions" | undefined;
}

export function mergeLayers(layers: readonly ConfigLayer[]): TomlTable {
  return layers.map(({ table }) => table).reduce(mergeTables, emptyTable());
}

/** The places of plain layers, without a profile. */
export function layerOrigins(
  layers: readonly ConfigLayer[],
  overrides: readonly ParsedOverride[],
): Origins {
  return createOrigins(layers.map(plainStratum), overrides);
}

function plainStratum(layer: ConfigLayer): Stratum {
  return { layer, prefix: [] };
}

/** The active profile's name. @throws ConfigError `unknown_profile` when there is no such profile. */
function activeProfile(
  table: TomlTable,
  override: string | undefined,
  origins: Origins,
): string | undefined {
  const named = override ?? table["profile"];
  if (typeof named !== "string") return undefined;
  const profiles = table["profiles"];
  const known = isTable(profiles) ? Object.keys(profiles).toSorted() : [];
  if (known.includes(named)) return named;
  const nearest = closestName(named, known);
  const hint = nearest === undefined ? "" : `; did you mean \`${nearest}\`?`;
  const list =
    known.length === 0 ? "no profile is defined" : `the profiles are: ${known.join(", ")}`;
  throw new ConfigError(
    "unknown_profile",
    `config profile \`${named}\` not found${hint} (${list})`,
    {
      key: "profile",
      place: override === undefined ? origins.find(["profile"]) : { override: "--profile" },
    },
  );
}

/** The part of a layer that a profile adds: only the keys that count in one. */
function profileTable(layer: ConfigLayer, name: string | undefined): TomlTable {
  const table = name === undefined ? undefined : valueAt(layer.table, ["profiles", name]);
  const counting = emptyTable();
  for (const key of isTable(table) ? Object.keys(table) : []) {
    const value = isTable(table) && profileKeys.has(key) ? table[key] : undefined;
    if (value !== undefined) counting[key] = value;
  }
  return counting;
}

/**
 * Merges the layers that count, each list lowest first.
 *
 * @param flagged What dedicated flags set; it is not merged, but they are its origin.
 * @throws ConfigError `unknown_profile`.
 */
export function buildStack(options: {
  readonly files: readonly ConfigLayer[];
  readonly above: readonly ConfigLayer[];
  readonly overrides: readonly ParsedOverride[];
  readonly profile: string | undefined;
  readonly flagged: TomlTable;
}): Stack {
  const { files, overrides } = options;
  const layers = [...files, ...options.above];
  const profile = activeProfile(
    mergeLayers(layers),
    options.profile,
    layerOrigins(layers, overrides),
  );
  const profileStrata =
    profile === undefined
      ? []
      : layers.map((layer) => ({ layer, prefix: ["profiles", profile], keys: profileKeys }));
  const strata = [...files.map(plainStratum), ...profileStrata, ...options.above.map(plainStratum)];
  const base = mergeLayers(files);
  const profiled = layers
    .map((layer) => profileTable(layer, profile))
    .reduce(mergeTables, emptyTable());
  const above = mergeLayers(options.above);
  return {
    permissionsKey: permissionsKey(layers, profiled),
    profile,
    base,
    profiled,
    above,
    table: [profiled, above].reduce(mergeTables, base),
    origins: createOrigins(strata, overrides, new Set(Object.keys(options.flagged))),
  };
}

/** The highest layer that sets one decides; in a layer that sets both it is `default_permissions`. */
function permissionsKey(
  layers: readonly ConfigLayer[],
  profiled: TomlTable,
): Stack["permissionsKey"] {
  if (profiled["sandbox_mode"] !== undefined) return "sandbox_mode";
  return layers
    .flatMap(({ table }) =>
      (["sandbox_mode", "default_permissions"] as const).filter((key) => table[key] !== undefined),
    )
    .at(-1);
}
