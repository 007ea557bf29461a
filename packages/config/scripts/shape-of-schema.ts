// What a schema comes down to as plain data; see src/shape.ts.
import { knownFeatureKeys } from "@codex-ts/features";
import type { $ZodTypes } from "zod/v4/core";
import { numberLimits, type Schema, unwrap } from "../src/schema-walk.ts";
import { features, path } from "../src/schema-parts.ts";
import type { Shape } from "../src/shape.ts";
import { keysWithoutEffect } from "../src/validate.ts";

function isRequired(schema: Schema): boolean {
  return schema._zod.optin === undefined;
}

function hasOwnChecks(schema: $ZodTypes): boolean {
  return (schema._zod.def.checks ?? []).some((check) => check._zod.def.check === "custom");
}

function tableShape(shape: Readonly<Record<string, Schema>>, catchall: Schema | undefined): Shape {
  const entries = Object.entries(shape).filter(([name]) => !keysWithoutEffect.has(name));
  const required = entries.filter(([, schema]) => isRequired(schema)).map(([name]) => name);
  return {
    keys: Object.fromEntries(entries.map(([name, schema]) => [name, shapeOfSchema(schema)])),
    ...(required.length > 0 && { required }),
    ...(catchall !== undefined && { others: shapeOfSchema(catchall) }),
  };
}

function numberShape(schema: $ZodTypes): Shape {
  const { isWhole, minimum, maximum } = numberLimits(schema);
  if (isWhole) {
    return {
      whole: [minimum ?? Number.MIN_SAFE_INTEGER, maximum ?? Number.MAX_SAFE_INTEGER],
    };
  }
  if (maximum !== undefined) throw new Error("a shape has no upper bound for fractions");
  return minimum === undefined ? "number" : { atLeast: minimum };
}

/** @throws Error for a kind of schema that no config key has used so far. */
export function shapeOfSchema(schema: Schema): Shape {
  const inner = unwrap(schema);
  if (inner === features) {
    return { keys: Object.fromEntries(knownFeatureKeys().map((name) => [name, "boolean"])) };
  }
  if (inner === path) return "path";
  const { def } = inner._zod;
  // What a check of its own refuses, a shape cannot see. Without `auth` a provider has no such fault.
  if (hasOwnChecks(inner)) {
    if (def.type !== "object" || def.shape["auth"] === undefined) return "unsure";
    const { auth: _auth, ...others } = def.shape;
    return tableShape(others, def.catchall);
  }
  switch (def.type) {
    case "string":
    case "boolean":
      return def.type;
    case "unknown":
      return "any";
    case "number":
      return numberShape(inner);
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
