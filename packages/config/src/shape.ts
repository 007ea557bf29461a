// A quick answer to the usual question: is there anything to say about this table? A shape is what a
// schema comes down to as plain data. It is stricter than the schema in that it knows no key that
// deserves a word, and it leaves what it cannot express to the schema, which is loaded only then.
import { isTable, type TomlValue } from "./toml.ts";

export type Shape =
  | "any"
  | "boolean"
  | "number"
  | "path"
  | "string"
  /** The schema has to decide. */
  | "unsure"
  | { readonly words: readonly string[] }
  | { readonly whole: readonly [minimum: number, maximum: number] }
  | { readonly atLeast: number }
  | { readonly each: Shape }
  | { readonly entries: Shape }
  | {
      readonly keys: Readonly<Record<string, Shape>>;
      readonly required?: readonly string[];
      readonly others?: Shape;
    }
  | { readonly oneOf: readonly Shape[] };

/** Whether `value` is surely fine. False says nothing but that the schema must be asked. */
export function fits(shape: Shape, value: TomlValue): boolean {
  switch (shape) {
    case "any":
      return true;
    case "unsure":
      return false;
    case "path":
      return typeof value === "string" && !value.includes("\0");
    case "boolean":
    case "string":
      return typeof value === shape;
    case "number":
      return Number.isFinite(value);
  }
  if ("words" in shape) return typeof value === "string" && shape.words.includes(value);
  if ("whole" in shape) {
    const [minimum, maximum] = shape.whole;
    return Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= maximum;
  }
  if ("atLeast" in shape) return Number.isFinite(value) && Number(value) >= shape.atLeast;
  if ("oneOf" in shape) return shape.oneOf.some((option) => fits(option, value));
  if ("each" in shape) {
    return Array.isArray(value) && value.every((item: TomlValue) => fits(shape.each, item));
  }
  if (!isTable(value)) return false;
  const entries = Object.entries(value);
  if ("entries" in shape) return entries.every(([, item]) => fits(shape.entries, item));
  const { keys, required = [], others = "unsure" } = shape;
  return (
    required.every((name) => Object.hasOwn(value, name)) &&
    entries.every(([name, item]) =>
      fits((Object.hasOwn(keys, name) ? keys[name] : undefined) ?? others, item),
    )
  );
}
