// The JSON schemas of payloads and answers, from the zod schemas.
import { z } from "zod";
import { hookEventLabel, hookEventNames } from "../src/events.ts";
import { hookInputSchemas, hookOutputSchemas, hooksFileSchema } from "../src/schemas.ts";

type Json = Record<string, unknown>;

/** File name → text, for all ten files. */
export function hookJsonSchemas(): ReadonlyMap<string, string> {
  const files = hookEventNames.flatMap((event) => {
    const label = hookEventLabel(event);
    return [
      schemaFile(`${label}.command.input`, hookInputSchemas[event]),
      schemaFile(`${label}.command.output`, hookOutputSchemas[event]),
    ];
  });
  return new Map(files);
}

/** The text of hooks.schema.json, for editors. */
export function hooksFileJsonSchema(): string {
  const [, text] = schemaFile("hooks.json", hooksFileSchema);
  return text;
}

function schemaFile(title: string, schema: z.ZodType): readonly [name: string, text: string] {
  const made = z.toJSONSchema(schema, {
    target: "draft-07",
    io: "input",
    override: ({ zodSchema, jsonSchema }) => simplify(zodSchema, jsonSchema),
  });
  const text = JSON.stringify(sorted({ ...made, title }), null, 2);
  return [`${title}.schema.json`, text];
}

/** What may be left out is shown by its type alone, as the convention has it; `null` means the same. */
function simplify(schema: z.core.$ZodType, json: Json): void {
  if (schema instanceof z.ZodLazy) {
    // Any JSON value.
    for (const key of Object.keys(json)) delete json[key];
    return;
  }
  const { anyOf } = json as { readonly anyOf?: readonly Json[] };
  if (anyOf?.length !== 2 || anyOf[1]?.["type"] !== "null") return;
  delete json["anyOf"];
  Object.assign(json, anyOf[0]);
  if (json["id"] === "NullableString") json["type"] = ["string", "null"];
}

function isAnonymous(reference: unknown): boolean {
  return typeof reference === "string" && reference.startsWith("#/definitions/__");
}

/** Keys in order, and schemas that say nothing in the place of references to them. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  if ("$ref" in value && isAnonymous(value.$ref)) return {};
  const entries = Object.entries(value)
    .filter(([key]) => !isAnonymous(`#/definitions/${key}`))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    entries.map(([key, inner]) => [
      key,
      key === "required" && Array.isArray(inner) ? inner.map(String).toSorted() : sorted(inner),
    ]),
  );
}
