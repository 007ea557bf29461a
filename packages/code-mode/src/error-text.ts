import type { CellError } from "./content.ts";

/** What the prelude reads from the value that a script ended with. */
interface ThrownFacts {
  readonly isError: boolean;
  readonly string: string;
  /** The text of an error of a helper or of a failed tool call. */
  readonly plain?: string;
  readonly stack?: string;
  readonly name?: string;
  readonly message?: string;
}

/** How the refusal of an import begins; the specifier follows. */
export const unsupportedImport = "Unsupported import in exec: ";

const maxLength = 64 * 1024;
/** Frames that are shown; a recursion has hundreds that are all alike. */
const maxFrames = 10;

/**
 * The text for a value that a script ended with: its stack if it has one, headed by name and message
 * and without the frames of the prelude; the bare message of a helper's or a failed tool's error; else the value as text.
 *
 * @param json the facts that the prelude read; "" when reading did not end well
 */
export function describeError(json: string, scriptFile: string, preludeFile: string): CellError {
  if (json === "") {
    const text = "The script threw a value that cannot be read.";
    return { text, message: text };
  }
  const facts = JSON.parse(json) as ThrownFacts;
  const named = {
    ...(facts.name === undefined ? {} : { name: cut(facts.name) }),
    ...(facts.message === undefined ? {} : { message: cut(facts.message) }),
  };
  const plain =
    facts.plain ?? (facts.message?.startsWith(unsupportedImport) ? facts.message : undefined);
  const stack = facts.stack ?? "";
  if (!facts.isError && facts.stack !== undefined) return { ...named, text: cut(stack) };
  if (!facts.isError) return { message: cut(facts.string), text: cut(facts.string) };
  const frames = stack
    .split("\n")
    .filter((line) => line !== "" && !line.includes(preludeFile) && !line.includes("(native)"))
    .slice(0, maxFrames)
    .join("\n");
  const message = facts.message === undefined || facts.message === "" ? "" : `: ${facts.message}`;
  const head = `${facts.name ?? "Error"}${message}`;
  const text =
    plain ?? (frames === "" ? head : frames.startsWith(head) ? frames : `${head}\n${frames}`);
  const start = frames.indexOf(`${scriptFile}:`);
  const place = start === -1 ? null : /:(\d+)(?::(\d+))?/.exec(frames.slice(start));
  return {
    ...named,
    text: cut(text),
    ...(place?.[1] === undefined ? {} : { line: Number(place[1]) }),
    ...(place?.[2] === undefined ? {} : { column: Number(place[2]) }),
  };
}

/** For an exception that came out of the engine itself; the instance is replaced. */
export function engineFailure(thrown: unknown): CellError {
  const nested = thrown instanceof RangeError;
  const message = nested
    ? "the script nests deeper than the engine can follow"
    : "the engine ran out of memory or failed while it ran the script";
  const name = nested ? "RangeError" : "InternalError";
  return { text: `${name}: ${message}`, name, message };
}

function cut(text: string): string {
  const whole = text.toWellFormed();
  return whole.length <= maxLength ? whole : `${whole.slice(0, maxLength).toWellFormed()}…`;
}
