// Reads the JSON arguments of a function call, field by field.
import { type ToolCall, ToolError } from "./tool.ts";

/** Says what is wrong with the arguments; the model reads it. */
export function badArguments(reason: string): ToolError {
  return new ToolError("respond", `failed to parse function arguments: ${reason}`);
}

/**
 * Access to the fields of a JSON object. A field that is missing or null counts as absent. Every
 * method throws a `respond` {@link ToolError} that names the field when its value does not fit.
 */
export class ToolArguments {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #path: string;

  private constructor(fields: Readonly<Record<string, unknown>>, path: string) {
    this.#fields = fields;
    this.#path = path;
  }

  /** Parses the raw arguments of a call. */
  static parse(json: string): ToolArguments {
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch (error) {
      throw badArguments(error instanceof Error ? error.message : String(error));
    }
    return ToolArguments.of(value);
  }

  /** The arguments of a function call; for another kind of call there are none. */
  static ofCall({ payload }: ToolCall): ToolArguments {
    return ToolArguments.parse(payload.kind === "function" ? payload.arguments : "{}");
  }

  /** Arguments that are parsed already. */
  static of(value: unknown, path = ""): ToolArguments {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw badArguments(`${path === "" ? "the arguments" : `\`${path}\``} must be an object`);
    }
    return new ToolArguments(value as Readonly<Record<string, unknown>>, path);
  }

  /** Refuses fields other than these. */
  allowOnly(...names: readonly string[]): void {
    const unknown = Object.keys(this.#fields).find((name) => !names.includes(name));
    if (unknown === undefined) return;
    throw badArguments(`unknown field ${this.#label(unknown)}, expected ${names.join(", ")}`);
  }

  string(name: string): string {
    return this.#required(name, this.optionalString(name));
  }

  optionalString(name: string): string | undefined {
    return this.#typed(name, "a string", (value) => typeof value === "string");
  }

  optionalBoolean(name: string): boolean | undefined {
    return this.#typed(name, "a boolean", (value) => typeof value === "boolean");
  }

  /** A whole number that is not negative. */
  optionalCount(name: string): number | undefined {
    return this.#typed(
      name,
      "a whole number that is not negative",
      (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0,
    );
  }

  count(name: string): number {
    return this.#required(name, this.optionalCount(name));
  }

  optionalChoice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    return this.#typed(name, `one of ${choices.join(", ")}`, (value): value is T =>
      choices.includes(value as T),
    );
  }

  choice<T extends string>(name: string, choices: readonly T[]): T {
    return this.#required(name, this.optionalChoice(name, choices));
  }

  optionalStrings(name: string): readonly string[] | undefined {
    return this.#typed(
      name,
      "a list of strings",
      (value): value is readonly string[] =>
        Array.isArray(value) && value.every((element) => typeof element === "string"),
    );
  }

  strings(name: string): readonly string[] {
    return this.#required(name, this.optionalStrings(name));
  }

  optionalObject(name: string): ToolArguments | undefined {
    const value = this.#fields[name] ?? undefined;
    return value === undefined ? undefined : ToolArguments.of(value, this.#pathOf(name));
  }

  object(name: string): ToolArguments {
    return this.#required(name, this.optionalObject(name));
  }

  objects(name: string): readonly ToolArguments[] {
    const list = this.#typed(name, "a list", (value): value is readonly unknown[] =>
      Array.isArray(value),
    );
    return this.#required(name, list).map((element, index) =>
      ToolArguments.of(element, `${this.#pathOf(name)}[${index}]`),
    );
  }

  #typed<T>(name: string, wanted: string, fits: (value: unknown) => value is T): T | undefined {
    const value = this.#fields[name] ?? undefined;
    if (value === undefined) return undefined;
    if (!fits(value)) throw badArguments(`${this.#label(name)} must be ${wanted}`);
    return value;
  }

  #required<T>(name: string, value: T | undefined): T {
    if (value === undefined) throw badArguments(`missing field ${this.#label(name)}`);
    return value;
  }

  #pathOf(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }

  #label(name: string): string {
    return `\`${this.#pathOf(name)}\``;
  }
}
