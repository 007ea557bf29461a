/** The optional first line of a script: `// @exec: {"yield_time_ms": 15000}`. */
import { CodeModeError } from "./errors.ts";

/** What the optional first line of a script starts with. */
export const pragmaPrefix = "// @exec:";

/** A script, and what its first line asks for. */
export interface ParsedSource {
  /** The script, without the line of the pragma. */
  readonly code: string;
  /** Answer after this many ms although the script runs on. */
  readonly yieldTimeMs?: number;
  /** Budget of the answer's output. */
  readonly maxOutputTokens?: number;
}

const form = `an optional first line \`${pragmaPrefix} {"yield_time_ms": 15000, "max_output_tokens": 2000}\``;
const fields = "`yield_time_ms` and `max_output_tokens`";

function invalid(message: string): CodeModeError {
  return new CodeModeError("invalid_source", message);
}

/**
 * Splits what the model sent into the script and its options.
 *
 * @throws {CodeModeError} `invalid_source`, with a message for the model
 */
export function parseSource(input: string): ParsedSource {
  if (input.trim() === "") {
    throw invalid(`exec expects raw JavaScript source text (non-empty), with ${form}.`);
  }
  const lineEnd = input.indexOf("\n");
  const first = (lineEnd === -1 ? input : input.slice(0, lineEnd)).trimStart();
  if (!first.startsWith(pragmaPrefix)) return { code: input };
  const code = lineEnd === -1 ? "" : input.slice(lineEnd + 1);
  if (code.trim() === "") {
    throw invalid("The exec pragma must be followed by JavaScript source on the lines after it.");
  }
  const options = parseOptions(first.slice(pragmaPrefix.length).trim());
  return { code, ...options };
}

function parseOptions(directive: string): Omit<ParsedSource, "code"> {
  const shape = `The exec pragma must be a JSON object with the supported fields ${fields}.`;
  if (directive === "") throw invalid(shape);
  let value: unknown;
  try {
    value = JSON.parse(directive);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalid(
      `The exec pragma must be valid JSON with the supported fields ${fields}: ${reason}`,
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(shape);
  const { yield_time_ms, max_output_tokens, ...rest } = value as Record<string, unknown>;
  const [unknownKey] = Object.keys(rest);
  if (unknownKey !== undefined) {
    throw invalid(`The exec pragma supports only ${fields}; \`${unknownKey}\` is not one of them.`);
  }
  const yieldTimeMs = integer("yield_time_ms", yield_time_ms);
  const maxOutputTokens = integer("max_output_tokens", max_output_tokens);
  return {
    ...(yieldTimeMs === undefined ? {} : { yieldTimeMs }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
  };
}

function integer(field: string, value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw invalid(`\`${field}\` in the exec pragma must be a non-negative safe integer.`);
}
