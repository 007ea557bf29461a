/**
 * What is used of a Standard Schema (https://standardschema.dev): a validator of any library that
 * speaks it, and its JSON Schema where the library gives one.
 */
export interface StandardSchema {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>;
    readonly jsonSchema?:
      | {
          readonly input: (options: { target: "draft-2020-12" }) => Record<string, unknown>;
          readonly output: (options: { target: "draft-2020-12" }) => Record<string, unknown>;
        }
      | undefined;
  };
}

export type StandardResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return "~standard" in value;
}

/** The JSON Schema of what goes into, or comes out of, a validator; undefined when it gives none. */
export function jsonSchemaOf(schema: unknown, direction: "input" | "output"): unknown {
  if (!isStandardSchema(schema)) return schema;
  try {
    return schema["~standard"].jsonSchema?.[direction]({ target: "draft-2020-12" });
  } catch {
    // A validator may allow values that JSON Schema has no words for.
    return undefined;
  }
}

/**
 * The value as the validator passes it on.
 *
 * @throws {TypeError} with every issue and its path
 */
export async function validate(schema: StandardSchema, value: unknown): Promise<unknown> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map(({ message, path }) => {
    const keys = (path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
    return keys.length === 0 ? message : `${keys.join(".")}: ${message}`;
  });
  throw new TypeError(issues.join("; "));
}
