import nodeFs from "node:fs/promises";
import { knownFeatureKeys } from "@codex-ts/features";
import { expect, test } from "vitest";
import { configJsonSchema } from "../scripts/json-schema.ts";
import { configReferencePage } from "../scripts/reference-page.ts";
import { settingsShapeModule } from "../scripts/settings-shape.ts";

const read = (path: string) => nodeFs.readFile(new URL(path, import.meta.url), "utf8");

// After a change of the schemas: `pnpm run schema` in this package.
test("config.schema.json is what the schemas say", async () => {
  // The formatter may break lines elsewhere; values and their order are compared.
  const committed: unknown = JSON.parse(await read("../config.schema.json"));
  expect(JSON.stringify(committed)).toBe(JSON.stringify(JSON.parse(configJsonSchema())));
});

test("docs/config.md is what the schemas say", async () => {
  // The formatter may pad the cells of its table; their words are compared. The last column is of the
  // command line's sources: it is written anew with the page, and is nothing that the schemas say.
  const words = (line: string) => line.split("|").map((cell) => cell.trim().replace(/^-+$/, "-"));
  const cells = (page: string) =>
    page.split("\n").map((line) => (line.startsWith("|") ? words(line).slice(0, 5) : words(line)));
  expect(cells(await read("../../../docs/config.md"))).toEqual(cells(configReferencePage()));
});

test("the shape for the check is what the schemas say", async () => {
  expect(await read("./settings-shape.ts")).toBe(settingsShapeModule());
});

test("the schema refuses unknown keys and lists every feature but artifact", () => {
  const schema = JSON.parse(configJsonSchema());
  expect(schema).toMatchObject({
    $schema: "http://json-schema.org/draft-07/schema#",
    additionalProperties: false,
  });
  const { features, profiles, model_providers: providers } = schema.properties;
  const names = knownFeatureKeys().filter((key) => key !== "artifact");
  expect(Object.keys(features.properties)).toEqual(names.toSorted());
  expect(features.additionalProperties).toBe(false);
  const inProfile = profiles.additionalProperties.properties.features;
  expect({ ...inProfile, description: "" }).toEqual({ ...features, description: "" });
  expect(providers.additionalProperties.properties.auth).toEqual({
    additionalProperties: false,
    type: "object",
    required: ["command"],
    properties: {
      args: { type: "array", items: { type: "string" }, default: [] },
      command: { type: "string" },
      cwd: { allOf: [{ $ref: "#/definitions/Path" }] },
      refresh_interval_ms: { type: "integer", minimum: 0, default: 300_000 },
      timeout_ms: { type: "integer", minimum: 1, default: 5000 },
    },
  });
});
