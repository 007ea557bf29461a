import type { FunctionToolSpec, ToolSchema } from "@codex-ts/protocol";

/** The spec of a function tool: properties in name order, nothing else allowed. */
export function functionSpec(parts: {
  readonly name: string;
  readonly description: string;
  readonly properties: Readonly<Record<string, ToolSchema>>;
  readonly required?: readonly string[] | undefined;
}): FunctionToolSpec {
  return {
    type: "function",
    name: parts.name,
    description: parts.description,
    strict: false,
    parameters: objectSchema(parts.properties, parts.required),
  };
}

/** The schema of an object: properties in name order, nothing else allowed. */
export function objectSchema(
  properties: Readonly<Record<string, ToolSchema>>,
  required: readonly string[] = [],
): ToolSchema {
  const inOrder = Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    type: "object",
    properties: Object.fromEntries(inOrder),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}
