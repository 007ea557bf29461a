// The check of a table against what the schemas come down to as plain data, which scripts write. To
// load zod and build the schemas would cost each start more time than all the rest of the loading.
import { closestName } from "@codex-ts/features";
import { formatKeyPath } from "./key-path.ts";
import { mayBeSecret } from "./secrets.ts";
import { isTable, type TomlTable, type TomlValue } from "./toml.ts";
import type { TomlPath } from "./toml-positions.ts";

/** A value that is not looked into. */
export type SimpleShape =
  | "any"
  | "boolean"
  | "number"
  | "path"
  | "string"
  | { readonly words: readonly string[] }
  | { readonly whole: readonly [minimum: number, maximum: number] }
  | { readonly atLeast: number };

export interface ArrayShape {
  readonly each: Shape;
}

/** A table with names of the person's own. */
export interface MapShape {
  readonly entries: Shape;
}

/** A table with known keys. */
export interface TableShape {
  readonly keys: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  /** What other keys hold; when missing, other keys are unknown. */
  readonly others?: Shape;
}

export interface ChoiceShape {
  readonly oneOf: readonly Shape[];
}

/** What may stand somewhere. */
export type Shape = ArrayShape | ChoiceShape | MapShape | SimpleShape | TableShape;

/** What is wrong at one key. */
export interface Problem {
  readonly path: TomlPath;
  readonly message: string;
}

type Problems = readonly Problem[];

function describeWords(words: readonly string[]): string {
  const quoted = words.map((word) => JSON.stringify(word)).join(", ");
  return words.length === 1 ? quoted : `one of ${quoted}`;
}

function describeWhole([minimum, maximum]: readonly [number, number]): string {
  if (minimum === Number.MIN_SAFE_INTEGER) return "a whole number";
  return maximum === Number.MAX_SAFE_INTEGER
    ? `a whole number, at least ${minimum}`
    : `a whole number from ${minimum} to ${maximum}`;
}

function describeTable(keys: readonly string[]): string {
  if (keys.length > 6) return "a table";
  return `a table with ${keys.map((name) => `\`${name}\``).join(", ")}`;
}

/** What may stand there, in words that follow "must be". */
export function describeShape(shape: Shape): string {
  switch (shape) {
    case "any":
      return "a value";
    case "boolean":
      return "true or false";
    case "number":
      return "a number";
    case "path":
      return "a path in quotes";
    case "string":
      return "a string";
  }
  if ("words" in shape) return describeWords(shape.words);
  if ("whole" in shape) return describeWhole(shape.whole);
  if ("atLeast" in shape) return `a number, at least ${shape.atLeast}`;
  if ("each" in shape) return `an array, each element ${describeShape(shape.each)}`;
  if ("entries" in shape) return "a table";
  if ("oneOf" in shape) return shape.oneOf.map(describeShape).join(", or ");
  return describeTable(Object.keys(shape.keys));
}

function describeValue(value: TomlValue, path: TomlPath): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return "an array";
  if (isTable(value)) return "a table";
  if (typeof value !== "string") return "a date";
  if (mayBeSecret(path)) return "a string";
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

/** The words that `shape` allows, among whatever else it allows. */
function wordsOf(shape: Shape): readonly string[] {
  if (typeof shape === "string") return [];
  if ("words" in shape) return shape.words;
  return "oneOf" in shape ? shape.oneOf.flatMap(wordsOf) : [];
}

function mismatch(shape: Shape, value: TomlValue, path: TomlPath): Problem {
  const nearest = typeof value === "string" ? closestName(value, wordsOf(shape)) : undefined;
  const hint = nearest === undefined ? "" : `; did you mean ${JSON.stringify(nearest)}?`;
  const found = describeValue(value, path);
  return {
    path,
    message: `\`${formatKeyPath(path)}\` must be ${describeShape(shape)}, not ${found}${hint}`,
  };
}

function isWithin(value: TomlValue, minimum: number, maximum = Number.MAX_VALUE): boolean {
  return typeof value === "number" && value >= minimum && value <= maximum;
}

/** The shape of an entry; undefined for a key that is unknown. */
function shapeBelow(shape: TableShape | MapShape, name: string): Shape | undefined {
  if ("entries" in shape) return shape.entries;
  return Object.hasOwn(shape.keys, name) ? shape.keys[name] : shape.others;
}

/** Whether a value of this kind can only have been meant for `option`. */
function isMeantFor(option: Shape, value: TomlValue): boolean {
  if (typeof option === "string") return false;
  return "each" in option
    ? Array.isArray(value)
    : ("keys" in option || "entries" in option) && isTable(value);
}

function findProblemsInChoice(shape: ChoiceShape, value: TomlValue, path: TomlPath): Problems {
  const found = shape.oneOf.map((option) => findProblems(option, value, path));
  if (found.some((problems) => problems.length === 0)) return [];
  const meant = shape.oneOf.findIndex((option) => isMeantFor(option, value));
  return found[meant] ?? [mismatch(shape, value, path)];
}

function findProblemsInTable(
  shape: TableShape | MapShape,
  table: TomlTable,
  path: TomlPath,
): Problems {
  const required = "keys" in shape ? (shape.required ?? []) : [];
  const missing = required
    .filter((name) => !Object.hasOwn(table, name))
    .map((name): Problem => {
      const here = [...path, name];
      const allowed = describeShape(shapeBelow(shape, name) ?? "any");
      return {
        path: here,
        message: `\`${formatKeyPath(here)}\` is missing; it must be ${allowed}`,
      };
    });
  const wrong = Object.entries(table).flatMap(([name, item]) =>
    findProblems(shapeBelow(shape, name) ?? "any", item, [...path, name]),
  );
  return [...missing, ...wrong];
}

function isRight(shape: SimpleShape, value: TomlValue): boolean {
  switch (shape) {
    case "any":
      return true;
    case "boolean":
    case "string":
      return typeof value === shape;
    case "number":
      return Number.isFinite(value);
    case "path":
      return typeof value === "string" && !value.includes("\0");
  }
  if ("words" in shape) return typeof value === "string" && shape.words.includes(value);
  if ("atLeast" in shape) return isWithin(value, shape.atLeast);
  return Number.isSafeInteger(value) && isWithin(value, ...shape.whole);
}

/** Everything that is wrong with `value`. Unknown keys are not wrong; see {@link unknownKeys}. */
export function findProblems(shape: Shape, value: TomlValue, path: TomlPath = []): Problems {
  if (typeof shape === "object") {
    if ("oneOf" in shape) return findProblemsInChoice(shape, value, path);
    if ("each" in shape && Array.isArray(value)) {
      return value.flatMap((item: TomlValue, at) => findProblems(shape.each, item, [...path, at]));
    }
    if (("keys" in shape || "entries" in shape) && isTable(value)) {
      return findProblemsInTable(shape, value, path);
    }
    if ("each" in shape || "keys" in shape || "entries" in shape) {
      return [mismatch(shape, value, path)];
    }
  }
  return isRight(shape, value) ? [] : [mismatch(shape, value, path)];
}

/** A key that nobody knows, and those that could have stood in its place. */
export interface UnknownKey {
  readonly path: TomlPath;
  readonly known: readonly string[];
}

/** The unknown keys of `value`; what is below one is not looked at. */
export function* unknownKeys(
  shape: Shape,
  value: TomlValue,
  path: TomlPath = [],
): Generator<UnknownKey> {
  if (typeof shape === "string") return;
  if ("oneOf" in shape) {
    const meant = shape.oneOf.find((option) => isMeantFor(option, value));
    if (meant !== undefined) yield* unknownKeys(meant, value, path);
  } else if ("each" in shape && Array.isArray(value)) {
    for (const [at, item] of value.entries()) yield* unknownKeys(shape.each, item, [...path, at]);
  } else if (("keys" in shape || "entries" in shape) && isTable(value)) {
    for (const [name, item] of Object.entries(value)) {
      const inner = shapeBelow(shape, name);
      const here = [...path, name];
      if (inner !== undefined) yield* unknownKeys(inner, item, here);
      else if ("keys" in shape) yield { path: here, known: Object.keys(shape.keys) };
    }
  }
}
