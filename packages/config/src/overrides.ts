// `-c key=value`, `--enable` and `--disable`: one table, in the order of the command line.
import {
  closestName,
  featureForKey,
  isKnownFeatureKey,
  knownFeatureKeys,
} from "@codex-ts/features";
import { ConfigError } from "./errors.ts";
import { formatKeyPath, setPath } from "./key-path.ts";
import { emptyTable, isTable, parseToml, type TomlTable, type TomlValue } from "./toml.ts";
import { unescapeBasicString } from "./toml-syntax.ts";

/** One item of the command line: the text after `-c`, or a feature to switch. */
export type CliOverride = string | { readonly enable: string } | { readonly disable: string };

/** What the command line sets, above all files. */
export interface CliOverrides {
  /** `-c` items, in order. To keep the order among `-c`, `--enable` and `--disable`, list all three here. */
  readonly cli?: readonly CliOverride[] | undefined;
  /** `--enable` values; they come after `cli`. */
  readonly enable?: readonly string[] | undefined;
  /** `--disable` values; they come after `enable`. */
  readonly disable?: readonly string[] | undefined;
}

/** One override, taken apart. */
export interface ParsedOverride {
  readonly path: readonly string[];
  readonly value: TomlValue;
  /** How to name it in a message; it never shows the value. */
  readonly label: string;
}

/** The offset of the first `=` that is not inside a quoted key segment. */
function findEquals(text: string): number {
  let atSegmentStart = true;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === "=") return at;
    if (atSegmentStart && (character === '"' || character === "'")) {
      const closing = closingQuote(text, at);
      if (closing < 0) return text.indexOf("=");
      at = closing;
    }
    if (character.trim() !== "") atSegmentStart = character === ".";
  }
  return -1;
}

/** The offset of the quote that closes the one at `start`; -1 when nothing does. */
function closingQuote(text: string, start: number): number {
  const quote = text.charAt(start);
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === quote) return at;
    if (quote === '"' && text[at] === "\\") at += 1;
  }
  return -1;
}

/** Splits a dotted key; a segment may be quoted as in TOML, everything else is taken as it is. */
export function splitKey(key: string): string[] {
  const segments: string[] = [];
  let start = 0;
  for (;;) {
    while (key[start] === " " || key[start] === "\t") start += 1;
    const opening = key[start];
    if (opening === '"' || opening === "'") {
      const closing = closingQuote(key, start);
      const after = /^\s*(\.|$)/.exec(key.slice(closing + 1));
      if (closing > 0 && after !== null) {
        const raw = key.slice(start + 1, closing);
        segments.push(opening === '"' ? unescapeBasicString(raw) : raw);
        start = closing + 1 + after[0].length;
        if (after[1] === "") return segments;
        continue;
      }
    }
    const dot = key.indexOf(".", start);
    segments.push(key.slice(start, dot < 0 ? undefined : dot).trim());
    if (dot < 0) return segments;
    start = dot + 1;
  }
}

/** A TOML value; text that is none is a string, without the quotes around it. */
async function parseValue(text: string): Promise<TomlValue> {
  const table = await parseToml(`value = ${text}`).catch(() => undefined);
  const value = table?.["value"];
  if (table !== undefined && value !== undefined && Object.keys(table).length === 1) return value;
  return text.replaceAll(/^["']+|["']+$/g, "");
}

/**
 * Takes one `-c` item apart.
 *
 * @throws ConfigError `invalid_override` when there is no `=` or no key.
 */
export async function parseCliOverride(item: string): Promise<ParsedOverride> {
  const equals = findEquals(item);
  if (equals < 0) {
    throw new ConfigError(
      "invalid_override",
      `Invalid override (missing '='): ${item}; write it as key=value`,
      { place: { override: "-c" } },
    );
  }
  const key = item.slice(0, equals).trim();
  if (key === "") {
    throw new ConfigError(
      "invalid_override",
      "Empty key in override; write it as key=value, for example model=gpt-5",
      { place: { override: "-c" } },
    );
  }
  const path = key === "use_legacy_landlock" ? ["features", key] : splitKey(key);
  if (path.includes("")) {
    throw new ConfigError(
      "invalid_override",
      `the key ${key} has an empty part; parts are joined by single dots, and a part that holds a dot is quoted`,
      { place: { override: "-c" }, key },
    );
  }
  const value = await parseValue(item.slice(equals + 1).trim());
  return { path, value, label: `-c ${formatKeyPath(path)}` };
}

function featureOverride(name: string, flag: "--enable" | "--disable"): ParsedOverride {
  if (!isKnownFeatureKey(name)) {
    const nearest = closestName(name, knownFeatureKeys());
    const hint =
      nearest === undefined
        ? "`codex-ts features list` shows all of them"
        : `did you mean \`${nearest}\`?`;
    throw new ConfigError("unknown_feature", `Unknown feature flag: ${name} (${hint})`, {
      place: { override: flag },
      key: `features.${name}`,
    });
  }
  return { path: ["features", name], value: flag === "--enable", label: `${flag} ${name}` };
}

/**
 * Takes all items apart, in the order in which they count.
 *
 * @throws ConfigError `invalid_override`, `unknown_feature`.
 */
export async function parseOverrides(overrides: CliOverrides): Promise<readonly ParsedOverride[]> {
  const items = [
    ...(overrides.cli ?? []),
    ...(overrides.enable ?? []).map((enable) => ({ enable })),
    ...(overrides.disable ?? []).map((disable) => ({ disable })),
  ];
  const parsed: ParsedOverride[] = [];
  for (const item of items) {
    if (typeof item === "string") parsed.push(await parseCliOverride(item));
    else if ("enable" in item) parsed.push(featureOverride(item.enable, "--enable"));
    else parsed.push(featureOverride(item.disable, "--disable"));
  }
  return parsed;
}

/** A later switch of a feature replaces an earlier one that used another of its names. */
function withoutOtherNames(table: TomlTable, path: readonly string[]): TomlTable {
  const [first, name] = path;
  const features = table["features"];
  if (first !== "features" || name === undefined || path.length !== 2 || !isTable(features)) {
    return table;
  }
  const feature = featureForKey(name);
  const kept = emptyTable();
  for (const key of Object.keys(features)) {
    const value = features[key];
    const isOtherName = key !== name && feature !== undefined && featureForKey(key) === feature;
    if (value !== undefined && !isOtherName) kept[key] = value;
  }
  return setPath(table, ["features"], kept);
}

/** The table that the overrides make, each applied on top of those before it. */
export function overridesTable(overrides: readonly ParsedOverride[]): TomlTable {
  let table: TomlTable = emptyTable();
  for (const { path, value } of overrides) {
    table = setPath(withoutOtherNames(table, path), path, value);
  }
  return table;
}
