// Where the value of a key came from: which layer, file, line and column.
import { type ConfigPlace, formatPlace } from "./errors.ts";
import { formatKeyPath, leafPaths, valueAt } from "./key-path.ts";
import type { ConfigLayer, ConfigLayerName } from "./layers.ts";
import type { ParsedOverride } from "./overrides.ts";
import { lineMayShowSecret, mayBeSecret } from "./secrets.ts";
import type { TomlTable } from "./toml.ts";
import { countCharacters, type TextLines, textLines } from "./text-lines.ts";
import { readTomlPositions, type TomlPath, type TomlPositions } from "./toml-positions.ts";

/** What set a value. Everything but `flag` is also a layer of its own. */
export type ConfigOriginName = ConfigLayerName | { readonly type: "flag" };

/** Where an effective value was set. */
export interface ConfigOrigin extends ConfigPlace {
  readonly layer: ConfigOriginName;
  /** The key as it stands there: `profiles.work.model` when the profile `work` sets `model`. */
  readonly key: string;
}

/** One table of the stack that the effective configuration is made of. */
export interface Stratum {
  readonly layer: ConfigLayer;
  /** Where in the layer's table this stratum begins: `profiles`, `work` for a profile. */
  readonly prefix: readonly string[];
  /** The keys that count in it; undefined: all. */
  readonly keys?: ReadonlySet<string> | undefined;
}

export interface Origins {
  /** The highest place that sets `path`; undefined when nothing does. */
  readonly find: (path: TomlPath) => ConfigOrigin | undefined;
  /** The same for `path` or, when nothing sets it, for the nearest key above it. */
  readonly nearest: (path: TomlPath) => ConfigOrigin | undefined;
  /** The place of `path` in one layer; `at` says whether the key or the value is pointed to. */
  readonly inLayer: (layer: ConfigLayer, path: TomlPath, at?: "key" | "value") => ConfigOrigin;
  /** Every leaf of `table`, by its dotted key. */
  readonly all: (table: TomlTable) => ReadonlyMap<string, ConfigOrigin>;
}

interface TextPlaces {
  readonly values: TomlPositions;
  readonly lines: TextLines;
}

function isPrefix(prefix: TomlPath, path: TomlPath): boolean {
  return prefix.every((segment, index) => segment === path[index]);
}

/**
 * @param strata What the effective configuration was merged from, lowest first.
 * @param overrides The items that the session's flags were made of, in order.
 * @param flags The top-level keys that dedicated flags set; they stand above everything.
 */
export function createOrigins(
  strata: readonly Stratum[],
  overrides: readonly ParsedOverride[],
  flags: ReadonlySet<string> = new Set(),
): Origins {
  const read = new Map<ConfigLayer, TextPlaces>();

  function placesOf(layer: ConfigLayer, text: string): TextPlaces {
    const known = read.get(layer) ?? { values: readTomlPositions(text), lines: textLines(text) };
    read.set(layer, known);
    return known;
  }

  function overrideFor(path: TomlPath): string | undefined {
    return overrides.findLast((item) => isPrefix(item.path, path) || isPrefix(path, item.path))
      ?.label;
  }

  function inLayer(
    layer: ConfigLayer,
    path: TomlPath,
    at: "key" | "value" = "value",
  ): ConfigOrigin {
    const origin = { layer: layer.name, key: formatKeyPath(path) };
    if (layer.file === undefined) return { ...origin, override: overrideFor(path) };
    const { file, text } = layer;
    if (text === undefined) return { ...origin, path: file };
    const { values, lines } = placesOf(layer, text);
    const span = values.find(path)?.[at];
    if (span === undefined) return { ...origin, path: file };
    const { line, column } = lines.positionAt(span.start);
    const sourceLine = lines.lineOf(line);
    const endsOnLine = !text.slice(span.start, span.end).includes("\n");
    const length = endsOnLine ? countCharacters(text.slice(span.start, span.end)) : 1;
    return {
      ...origin,
      path: file,
      line,
      column,
      endColumn: column + Math.max(length, 1) - 1,
      sourceLine: mayBeSecret(path) || lineMayShowSecret(sourceLine) ? undefined : sourceLine,
    };
  }

  function find(path: TomlPath): ConfigOrigin | undefined {
    const [first] = path;
    if (typeof first === "string" && flags.has(first)) {
      return { layer: { type: "flag" }, key: formatKeyPath(path) };
    }
    const stratum = strata.findLast(
      ({ layer, prefix, keys }) =>
        (keys === undefined || keys.has(String(first))) &&
        valueAt(layer.table, [...prefix, ...path]) !== undefined,
    );
    if (stratum === undefined) return undefined;
    return inLayer(stratum.layer, [...stratum.prefix, ...path]);
  }

  return {
    find,
    inLayer,
    nearest(path) {
      for (let length = path.length; length > 0; length -= 1) {
        const origin = find(path.slice(0, length));
        if (origin !== undefined) return origin;
      }
      return undefined;
    },
    all(table) {
      const found = new Map<string, ConfigOrigin>();
      for (const path of leafPaths(table)) {
        const origin = find(path);
        if (origin !== undefined) found.set(formatKeyPath(path), origin);
      }
      return found;
    },
  };
}

/** One line for a listing: the place, or what kind of flag it was. */
export function formatOrigin(origin: ConfigOrigin): string {
  const place = formatPlace(origin);
  return place === "" ? "command line" : place;
}
