/** JSON Schema as TypeScript types, on one line, for a model to read. */
import { toIdentifier } from "./identifier.ts";

type Schema = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function nonEmpty(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) && value.length > 0 ? value : undefined;
}

/**
 * The type of the values that a JSON Schema describes. Descriptions, defaults, formats, bounds and
 * references are not looked at; what is not understood is `unknown`.
 */
export function schemaToType(schema: unknown): string {
  if (schema === true) return "unknown";
  if (schema === false) return "never";
  if (!isObject(schema)) return "unknown";
  if ("const" in schema) return literal(schema["const"]);
  const values = nonEmpty(schema["enum"]);
  if (values) return values.map(literal).join(" | ");
  const variants = nonEmpty(schema["anyOf"]) ?? nonEmpty(schema["oneOf"]);
  if (variants) return variants.map(schemaToType).join(" | ");
  const parts = nonEmpty(schema["allOf"]);
  if (parts) return parts.map(schemaToType).join(" & ");
  const { type } = schema;
  if (Array.isArray(type)) {
    const names = type.filter((name) => typeof name === "string");
    if (names.length > 0) return names.map((name) => ofKeyword(name, schema)).join(" | ");
  }
  if (typeof type === "string") return ofKeyword(type, schema);
  if ("properties" in schema || "additionalProperties" in schema || "required" in schema) {
    return ofObject(schema);
  }
  if ("items" in schema || "prefixItems" in schema) return ofArray(schema);
  return "unknown";
}

function literal(value: unknown): string {
  return JSON.stringify(value) ?? "unknown";
}

function ofKeyword(keyword: string, schema: Schema): string {
  switch (keyword) {
    case "string":
    case "number":
    case "boolean":
    case "null":
      return keyword;
    case "integer":
      return "number";
    case "array":
      return ofArray(schema);
    case "object":
      return ofObject(schema);
    default:
      return "unknown";
  }
}

function ofArray(schema: Schema): string {
  if ("items" in schema) return `Array<${schemaToType(schema["items"])}>`;
  const prefix = nonEmpty(schema["prefixItems"]);
  return prefix ? `[${prefix.map(schemaToType).join(", ")}]` : "unknown[]";
}

function ofObject(schema: Schema): string {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const members = Object.keys(properties)
    .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((name) => {
      const key = toIdentifier(name) === name ? name : JSON.stringify(name);
      const optional = required.includes(name) ? "" : "?";
      return `${key}${optional}: ${schemaToType(properties[name])};`;
    });
  const additional = schema["additionalProperties"];
  if (additional === true || (additional === undefined && members.length === 0)) {
    members.push("[key: string]: unknown;");
  } else if (additional !== undefined && additional !== false) {
    members.push(`[key: string]: ${schemaToType(additional)};`);
  }
  return members.length === 0 ? "{}" : `{ ${members.join(" ")} }`;
}
