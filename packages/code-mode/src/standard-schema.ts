/** The schemas that a tool may come with: what they look like to a model, and how they check an input. */

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

/** What a Standard Schema's validator gives: the value, or what is wrong with it. */
export type StandardResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One fault of an input, as Standard Schema has it. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return "~standard" in value;
}

/** What `jsonSchema()` of the AI SDK makes: a JSON Schema and, when it was given one, a validator. */
export interface ValidatedJsonSchema {
  /** A promise when it is loaded lazily; a model is then told nothing of it. */
  readonly jsonSchema: unknown;
  readonly validate?:
    | ((value: unknown) => ValidationResult | PromiseLike<ValidationResult>)
    | undefined;
}

/** What a validator of the AI SDK's `jsonSchema()` gives. */
export type ValidationResult =
  | { readonly success: true; readonly value: unknown }
  | { readonly success: false; readonly error: Error };

function isValidatedJsonSchema(value: unknown): value is ValidatedJsonSchema {
  if (typeof value !== "object" || value === null || !("jsonSchema" in value)) return false;
  return typeof value.jsonSchema === "object" && value.jsonSchema !== null;
}

/** A validator may be a function too, as those of some libraries are; a lazy schema is nothing else. */
function resolved(schema: unknown): unknown {
  return typeof schema === "function" && !isStandardSchema(schema) ? (schema() as unknown) : schema;
}

/** The JSON Schema of what goes into, or comes out of, a validator; undefined when it gives none. */
export function jsonSchemaOf(given: unknown, direction: "input" | "output"): unknown {
  const schema = resolved(given);
  if (!isStandardSchema(schema)) {
    if (!isValidatedJsonSchema(schema)) return schema;
    return schema.jsonSchema instanceof Promise ? undefined : schema.jsonSchema;
  }
  try {
    return schema["~standard"].jsonSchema?.[direction]({ target: "draft-2020-12" });
  } catch {
    // A validator may allow values that JSON Schema has no words for.
    return undefined;
  }
}

/**
 * The value as the schema passes it on; a JSON Schema without a validator passes everything.
 *
 * @throws {TypeError} with every issue and its path
 */
export async function checkInput(given: unknown, value: unknown): Promise<unknown> {
  const schema = resolved(given);
  if (isStandardSchema(schema)) return validate(schema, value);
  if (!isValidatedJsonSchema(schema) || schema.validate === undefined) return value;
  const result = await schema.validate(value);
  if (result.success) return result.value;
  throw new TypeError(result.error.message, { cause: result.error });
}

async function validate(schema: StandardSchema, value: unknown): Promise<unknown> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map(({ message, path }) => {
    const keys = (path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
    return keys.length === 0 ? message : `${keys.join(".")}: ${message}`;
  });
  throw new TypeError(issues.join("; "));
}
