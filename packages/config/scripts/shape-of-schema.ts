// What a schema comes down to as plain data; see src/shape.ts.
import type { $ZodCheckDef, $ZodType, $ZodTypes } from "zod/v4/core";
import { path } from "../src/schema-parts.ts";
import type { Shape, TableShape } from "../src/shape.ts";

/** The schema below wrappers that say nothing about the value itself. */
export function unwrap(schema: $ZodType): $ZodTypes {
  const known = schema as $ZodTypes;
  const { def } = known._zod;
  return def.type === "optional" || def.type === "default" ? unwrap(def.innerType) : known;
}

function isRequired(schema: $ZodType): boolean {
  return schema._zod.optin === undefined;
}

function tableShape(
  shape: Readonly<Record<string, $ZodType>>,
  catchall: $ZodType | undefined,
): TableShape {
  const entries = Object.entries(shape);
  const required = entries.filter(([, schema]) => isRequired(schema)).map(([name]) => name);
  return {
    keys: Object.fromEntries(entries.map(([name, schema]) => [name, shapeOfSchema(schema)])),
    ...(required.length > 0 && { required }),
    ...(catchall !== undefined && { others: shapeOfSchema(catchall) }),
  };
}

interface Bound {
  readonly value?: number;
}

function numberShape({ def }: $ZodTypes["_zod"]): Shape {
  const checks = (def.checks ?? []).map((check) => check._zod.def as $ZodCheckDef & Bound);
  const bound = (kind: string) => checks.find(({ check }) => check === kind)?.value;
  const minimum = bound("greater_than");
  const maximum = bound("less_than");
  if ("format" in def && def.format === "safeint") {
    return { whole: [minimum ?? Number.MIN_SAFE_INTEGER, maximum ?? Number.MAX_SAFE_INTEGER] };
  }
  if (maximum !== undefined) throw new Error("a shape has no upper bound for fractions");
  return minimum === undefined ? "number" : { atLeast: minimum };
}

/**
 * A provider's own rules, such as keys that exclude each other, are not part of its shape: the package
 * that owns them checks them when the providers are put together.
 *
 * @throws Error for a kind of schema that no config key has used so far.
 */
export function shapeOfSchema(schema: $ZodType): Shape {
  const inner = unwrap(schema);
  if (inner === path) return "path";
  const { def } = inner._zod;
  switch (def.type) {
    case "string":
    case "boolean":
      return def.type;
    case "unknown":
      return "any";
    case "number":
      return numberShape(inner._zod);
    case "enum":
      return { words: Object.values(def.entries).map(String) };
    case "literal":
      return { words: def.values.map(String) };
    case "array":
      return { each: shapeOfSchema(def.element) };
    case "record":
      return { entries: shapeOfSchema(def.valueType) };
    case "object":
      return tableShape(def.shape, def.catchall);
    case "union":
      return { oneOf: def.options.map(shapeOfSchema) };
    default:
      throw new Error(`no shape for a schema of type ${def.type}`);
  }
}
