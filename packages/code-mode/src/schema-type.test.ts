import { expect, test } from "vitest";
import { schemaToType } from "./schema-type.ts";

test.each<[unknown, string]>([
  [true, "unknown"],
  [false, "never"],
  ["string", "unknown"],
  [null, "unknown"],
  [{ const: { a: 1 } }, '{"a":1}'],
  [{ enum: ["a", 1, null] }, '"a" | 1 | null'],
  [{ enum: [], type: "string" }, "string"],
  [{ anyOf: [{ type: "string" }, { type: "null" }], oneOf: [{}] }, "string | null"],
  [{ oneOf: [{ type: "number" }, { type: "boolean" }] }, "number | boolean"],
  [{ anyOf: [], oneOf: [{ type: "string" }] }, "string"],
  [{ allOf: [{ type: "string" }, { const: 1 }] }, "string & 1"],
  [{ type: ["string", "integer"] }, "string | number"],
  [{ type: [1] }, "unknown"],
  [{ type: "integer" }, "number"],
  [{ type: "null" }, "null"],
  [{ type: "date" }, "unknown"],
  [{ type: "array" }, "unknown[]"],
  [{ type: "array", items: { type: "string" } }, "Array<string>"],
  [{ prefixItems: [{ type: "string" }, true] }, "[string, unknown]"],
  [{ type: "array", prefixItems: [] }, "unknown[]"],
  [{ type: "object" }, "{ [key: string]: unknown; }"],
  [{ type: "object", additionalProperties: false }, "{}"],
  [{ properties: {} }, "{ [key: string]: unknown; }"],
  [{ required: ["a"] }, "{ [key: string]: unknown; }"],
  [{ additionalProperties: { type: "number" } }, "{ [key: string]: number; }"],
  [
    {
      type: "object",
      properties: { b: { type: "string" }, a: {}, "x-y": { type: "boolean" }, Z: false },
      required: ["b"],
      additionalProperties: true,
    },
    '{ Z?: never; a?: unknown; b: string; "x-y"?: boolean; [key: string]: unknown; }',
  ],
  [{ $ref: "#/$defs/x" }, "unknown"],
  [{ description: "text", format: "uri", type: "string", minLength: 1 }, "string"],
])("%j is %s", (schema, type) => {
  expect(schemaToType(schema)).toBe(type);
});
