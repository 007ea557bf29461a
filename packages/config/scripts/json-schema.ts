// The JSON schema of config.toml, for editors.
import { knownFeatureKeys } from "@codex-ts/features";
import { modelProviderAuthSchema } from "@codex-ts/model-providers/schemas";
import { z } from "zod";
import { openKeyPrefixes } from "../src/open-keys.ts";
import { features } from "../src/schema-parts.ts";
import { configTomlSchema } from "../src/schemas.ts";

type JsonSchemaObject = Record<string, unknown>;

/** Removes what is true of any TOML: names are strings, and whole numbers fit into JavaScript's. */
function dropTheObvious(schema: JsonSchemaObject): void {
  if (schema["minimum"] === Number.MIN_SAFE_INTEGER) delete schema["minimum"];
  if (schema["maximum"] === Number.MAX_SAFE_INTEGER) delete schema["maximum"];
  delete schema["propertyNames"];
}

/** Object keys in alphabetical order, at every level, so that the file shows what changed. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

/** The schema as text. Unlike the loader, it refuses unknown keys: an editor should mark them. */
export function configJsonSchema(): string {
  const schema: JsonSchemaObject = z.toJSONSchema(configTomlSchema, {
    target: "draft-7",
    io: "input",
    override({ zodSchema, jsonSchema }) {
      dropTheObvious(jsonSchema);
      // The providers' own schema says that this is a string; here it is known to be a path.
      if (zodSchema === modelProviderAuthSchema && jsonSchema.properties !== undefined) {
        jsonSchema.properties["cwd"] = { allOf: [{ $ref: "#/definitions/Path" }] };
      }
      if (zodSchema === features) {
        jsonSchema.properties = Object.fromEntries(
          knownFeatureKeys()
            .filter((key) => key !== "artifact")
            .map((key) => [key, { type: "boolean" }]),
        );
        jsonSchema.additionalProperties = false;
      }
      if (zodSchema._zod.def.type === "object") jsonSchema.additionalProperties ??= false;
    },
  });
  schema["title"] = "config.toml";
  schema["patternProperties"] = Object.fromEntries(
    openKeyPrefixes.map((prefix) => [`^${prefix}`, {}]),
  );
  return `${JSON.stringify(sorted(schema), null, 2)}\n`;
}
