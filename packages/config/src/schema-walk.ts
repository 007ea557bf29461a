// Questions to a schema: what may stand at a path, which keys it knows, how to say what it allows.
import type * as z from "zod/v4/core";
import { isTable, type TomlValue } from "./toml.ts";
import type { TomlPath, TomlPathSegment } from "./toml-positions.ts";

export type Schema = z.$ZodType;

/** The schema below wrappers that say nothing about the value itself. */
export function unwrap(schema: Schema): z.$ZodTypes {
  const known = schema as z.$ZodTypes;
  const { def } = known._zod;
  switch (def.type) {
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "nonoptional":
    case "readonly":
    case "catch":
      return unwrap(def.innerType);
    default:
      return known;
  }
}

/** The schema of an entry below `schema`; undefined when the key is unknown or anything may stand there. */
function below(schema: Schema, segment: TomlPathSegment): Schema | undefined {
  const { def } = unwrap(schema)._zod;
  switch (def.type) {
    case "object":
      return Object.hasOwn(def.shape, segment) ? def.shape[segment] : def.catchall;
    case "record":
      return def.valueType;
    case "array":
      return def.element;
    case "union":
      return def.options.map((option) => below(option, segment)).find((found) => found);
    default:
      return undefined;
  }
}

/** The schema of the value at `path`, as far as one is known. */
export function schemaAt(schema: Schema, path: TomlPath): Schema | undefined {
  let found: Schema | undefined = schema;
  for (const segment of path) found = found === undefined ? undefined : below(found, segment);
  return found;
}

/** The words that `schema` allows; empty when it allows more than words. */
export function allowedWords(schema: Schema): readonly string[] {
  const { def } = unwrap(schema)._zod;
  if (def.type === "enum") return Object.values(def.entries).map(String);
  if (def.type === "literal") return def.values.map(String);
  if (def.type === "union") return def.options.flatMap(allowedWords);
  return [];
}

function describeWords(words: readonly string[]): string {
  const quoted = words.map((word) => JSON.stringify(word));
  return quoted.length === 1 ? quoted.join() : `one of ${quoted.join(", ")}`;
}

/** The limits of a number, as far as it has any. */
export interface NumberLimits {
  readonly isWhole: boolean;
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
}

export function numberLimits(schema: z.$ZodTypes): NumberLimits {
  const { def } = schema._zod;
  const bounds = (def.checks ?? []).map((check) => check._zod.def as z.$ZodCheckDef & Bound);
  const bound = (kind: string) => bounds.find(({ check }) => check === kind)?.value;
  return {
    isWhole: "format" in def && def.format === "safeint",
    minimum: bound("greater_than"),
    maximum: bound("less_than"),
  };
}

interface Bound {
  readonly value?: number;
}

function describeNumber({ isWhole, minimum, maximum }: NumberLimits): string {
  const noun = isWhole ? "a whole number" : "a number";
  if (minimum !== undefined && maximum !== undefined)
    return `${noun} from ${minimum} to ${maximum}`;
  return minimum === undefined ? noun : `${noun}, at least ${minimum}`;
}

/** What may stand there, in words that follow "must be". */
export function describe(schema: Schema): string {
  const known = unwrap(schema);
  const { def } = known._zod;
  switch (def.type) {
    case "string":
      return "a string";
    case "boolean":
      return "true or false";
    case "number":
      return describeNumber(numberLimits(known));
    case "enum":
    case "literal":
      return describeWords(allowedWords(known));
    case "array":
      return `an array, each element ${describe(def.element)}`;
    case "object":
      return describeTable(Object.keys(def.shape));
    case "record":
      return "a table";
    case "union":
      return def.options.map(describe).join(", or ");
    default:
      return "a value";
  }
}

function describeTable(keys: readonly string[]): string {
  const listed = keys.map((name) => `\`${name}\``).join(", ");
  return keys.length > 6 ? "a table" : `a table with ${listed}`;
}

/** A key that no schema knows, and the keys that could have stood in its place. */
export interface UnknownKey {
  readonly path: TomlPath;
  readonly known: readonly string[];
}

/** The unknown keys of `value`; what is below one is not looked at. */
export function* unknownKeys(
  schema: Schema,
  value: TomlValue,
  path: TomlPath = [],
): Generator<UnknownKey> {
  const { def } = unwrap(schema)._zod;
  if (def.type === "union") {
    const table = def.options.find((option) => unwrap(option)._zod.def.type === "object");
    if (table !== undefined && isTable(value)) yield* unknownKeys(table, value, path);
    return;
  }
  if (Array.isArray(value)) {
    if (def.type !== "array") return;
    for (const [index, item] of value.entries()) {
      yield* unknownKeys(def.element, item, [...path, index]);
    }
    return;
  }
  if (!isTable(value)) return;
  for (const name of Object.keys(value)) {
    const child = below(schema, name);
    const here = [...path, name];
    if (child !== undefined) yield* unknownKeys(child, value[name] ?? "", here);
    else if (def.type === "object") yield { path: here, known: Object.keys(def.shape) };
  }
}
