// Keys and values as TOML text, on one line each.
import { isTable, type TomlValue } from "./toml.ts";

/** A basic string. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("\u007F", String.raw`\u007F`);
}

/** One part of a key, in quotes where it needs them. */
function writeKeySegment(name: string): string {
  return /^[\w-]+$/.test(name) ? name : quoted(name);
}

/** A dotted key. */
export function writeKey(path: readonly string[]): string {
  return path.map(writeKeySegment).join(".");
}

function writeNumber(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const isLarge = Number.isInteger(value) && !Number.isSafeInteger(value);
  return isLarge ? value.toExponential() : String(value);
}

/** A value; a table is written as an inline one. */
export function writeValue(value: TomlValue): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number") return writeNumber(value);
  if (typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `[${value.map(writeValue).join(", ")}]`;
  if (!isTable(value)) return (value as Date).toISOString();
  const entries = Object.entries(value).map(
    ([name, item]) => `${writeKeySegment(name)} = ${writeValue(item)}`,
  );
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** A table and the tables below it, each below a header of its own. */
export function writeBlocks(
  path: readonly string[],
  table: { readonly [key: string]: TomlValue },
  options: {
    /** The line end. */
    readonly eol?: string | undefined;
    /** What to put behind a value. */
    readonly note?: ((path: readonly string[]) => string) | undefined;
  } = {},
): string {
  const { eol = "\n", note } = options;
  const lines: string[] = [];
  const below: string[] = [];
  for (const [name, value] of Object.entries(table)) {
    const full = [...path, name];
    if (isTable(value)) below.push(writeBlocks(full, value, options));
    else lines.push(`${writeKeySegment(name)} = ${writeValue(value)}${note?.(full) ?? ""}${eol}`);
  }
  const header = path.length === 0 ? "" : `[${writeKey(path)}]${eol}`;
  const isOpened = lines.length > 0 || below.length === 0;
  const own = isOpened ? [`${header}${lines.join("")}`] : [];
  return [...own, ...below].join(eol);
}
