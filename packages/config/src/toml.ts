// TOML text to plain data. The parser is loaded when the first text is met.
import type { TomlDate } from "smol-toml";
import { countCharacters } from "./text-lines.ts";

/** A TOML date or time. */
export type { TomlDate };

/** Any TOML value. Integers beyond ±(2^53 - 1) are cut to that: as a limit they mean the same. */
export type TomlValue = string | number | boolean | TomlDate | readonly TomlValue[] | TomlTable;

/** A TOML table; it has no prototype, so any key is safe to look up. */
export type TomlTable = { readonly [key: string]: TomlValue };

/** Thrown for text that is not TOML. Line and column are 1-based; the column counts characters. */
export class TomlSyntaxError extends Error {
  override readonly name = "TomlSyntaxError";
  readonly line: number;
  readonly column: number;

  constructor(message: string, line: number, column: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/** Deeper nesting than this is no config file; it would only exhaust the stack of those who walk it. */
const maxDepth = 100;

export function isTable(value: unknown): value is TomlTable {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)
  );
}

/** A table to build on, without a prototype. */
export function emptyTable(): Record<string, TomlValue> {
  return Object.create(null) as Record<string, TomlValue>;
}

function plain(value: unknown, depth: number): TomlValue {
  if (depth > maxDepth) {
    throw new TomlSyntaxError(
      `tables and arrays are nested more than ${maxDepth} deep`,
      /*line*/ 1,
      /*column*/ 1,
    );
  }
  if (typeof value === "bigint") {
    return value > 0 ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
  }
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  if (isTable(value)) {
    const table = emptyTable();
    for (const key of Object.keys(value)) table[key] = plain(value[key], depth + 1);
    return table;
  }
  return value as TomlValue;
}

/** @throws TomlSyntaxError when `text` is not TOML. */
export async function parseToml(text: string): Promise<TomlTable> {
  const { parse, TomlError } = await import("smol-toml");
  try {
    return plain(parse(text, { integersAsBigInt: "asNeeded" }), /*depth*/ 0) as TomlTable;
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [summary = "not valid TOML"] = error.message.split("\n", 1);
    const line = text.split("\n", error.line).at(-1) ?? "";
    const column = countCharacters(line.slice(0, error.column - 1)) + 1;
    throw new TomlSyntaxError(summary.replace("Invalid TOML document: ", ""), error.line, column);
  }
}
