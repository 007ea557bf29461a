// A configuration for people and programs to look at: no credential in it.
import type { ConfigLayer, ConfigLayerName } from "./layers.ts";
import type { LoadedConfig } from "./load-config.ts";
import { type ConfigOriginName, formatOrigin } from "./origins.ts";
import { asksForSecret, looksLikeSecret, mayBeSecret } from "./secrets.ts";
import { emptyTable, isTable, type TomlTable, type TomlValue } from "./toml.ts";
import type { TomlPath } from "./toml-positions.ts";
import { writeBlocks } from "./toml-write.ts";

const hidden = "<hidden>";

/** The value, with what may be a credential replaced by `<hidden>`. */
export function withoutSecrets(value: TomlTable): TomlTable;
export function withoutSecrets(value: TomlValue, path: TomlPath): TomlValue;
export function withoutSecrets(value: TomlValue, path: TomlPath = []): TomlValue {
  if (Array.isArray(value)) {
    return value.map((item: TomlValue, at) =>
      asksForSecret(value[at - 1]) && typeof item === "string"
        ? hidden
        : withoutSecrets(item, [...path, at]),
    );
  }
  if (isTable(value)) {
    const shown = emptyTable();
    for (const [key, item] of Object.entries(value)) {
      shown[key] = withoutSecrets(item, [...path, key]);
    }
    return shown;
  }
  const isSecret = typeof value === "string" && (mayBeSecret(path) || looksLikeSecret(value));
  return isSecret ? hidden : value;
}

/** One layer, as a report names it. */
export interface ReportedLayer {
  readonly name: ConfigLayerName;
  /** The file behind it; null for the command line. */
  readonly file: string | null;
  readonly exists: boolean;
  /** Why it does not count; null when it does. */
  readonly disabled_reason: string | null;
}

/** Where a value was set. Lines and columns are 1-based. */
export interface ReportedOrigin {
  readonly layer: ConfigOriginName;
  /** The key as it stands there: `profiles.work.model` when a profile sets `model`. */
  readonly key: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  /** The command-line item: `-c model`. */
  readonly override: string | null;
}

/** What `config show --json` prints. */
export interface ConfigReport {
  readonly profile: string | null;
  /** Lowest first, those that do not count included. */
  readonly layers: readonly ReportedLayer[];
  /** Every setting that is no default, in the words of the file. */
  readonly config: TomlTable;
  readonly origins: Readonly<Record<string, ReportedOrigin>>;
  readonly warnings: readonly string[];
}

/** The configuration as plain data, without credentials. */
export function reportConfig(loaded: LoadedConfig): ConfigReport {
  const origins = [...loaded.origins()].map(([key, origin]): [string, ReportedOrigin] => [
    key,
    {
      layer: origin.layer,
      key: origin.key,
      file: origin.path ?? null,
      line: origin.line ?? null,
      column: origin.column ?? null,
      override: origin.override ?? null,
    },
  ]);
  return {
    profile: loaded.config.profile ?? null,
    layers: loaded.layers.map(reportLayer),
    config: withoutSecrets(loaded.effective),
    origins: Object.fromEntries(origins),
    warnings: loaded.config.startupWarnings,
  };
}

function reportLayer({ name, file, text, disabledReason }: ConfigLayer): ReportedLayer {
  return {
    name,
    file: file ?? null,
    exists: file === undefined || text !== undefined,
    disabled_reason: disabledReason ?? null,
  };
}

/**
 * The configuration as TOML, without credentials: a comment that lists the layers, then every setting
 * that is no default. With `origins` each line ends in a comment that says where its value stands.
 */
export function formatConfig(
  loaded: LoadedConfig,
  { origins = false }: { readonly origins?: boolean } = {},
): string {
  const note = (path: TomlPath): string => {
    const origin = origins ? loaded.originOf(path) : undefined;
    return origin === undefined ? "" : ` # ${formatOrigin(origin)}`;
  };
  const layers = loaded.layers.map((layer) => `#   ${layerLine(layer)}\n`);
  const { profile } = loaded.config;
  const head = [
    "# Settings that are not defaults. Of these layers the later ones win:\n",
    ...layers,
    ...(profile === undefined ? [] : [`# The active profile is ${profile}.\n`]),
  ].join("");
  const settings = withoutSecrets(loaded.effective);
  const isEmpty = Object.keys(settings).length === 0;
  return isEmpty ? head : `${head}\n${writeBlocks([], settings, { note })}`;
}

const layerKinds: Readonly<Record<ConfigLayerName["type"], string>> = {
  system: "system",
  user: "user",
  project: "project",
  sessionFlags: "command line",
  legacyManagedConfigTomlFromFile: "managed",
};

function layerLine({ name, file, text, disabledReason }: ConfigLayer): string {
  const state =
    file !== undefined && text === undefined
      ? " (not there)"
      : disabledReason === undefined
        ? ""
        : " (ignored: not trusted)";
  return `${layerKinds[name.type].padEnd(12)} ${file ?? ""}${state}`.trimEnd();
}
