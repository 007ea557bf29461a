// What is said of a configuration: the one error of this package, and what only deserves a warning.

/** What is wrong with the configuration. */
export type ConfigErrorCode =
  /** `CODEX_HOME` names no folder. */
  | "bad_codex_home"
  /** A file is there and cannot be read, or is not UTF-8. */
  | "unreadable_file"
  /** A file is not TOML. */
  | "syntax"
  /** A value has the wrong type, is not one of the allowed ones, or contradicts another. */
  | "invalid_value"
  /** A key that nobody knows; only when unknown keys are to be refused. */
  | "unknown_key"
  /** A `-c` item cannot be taken apart. */
  | "invalid_override"
  /** `--enable` or `--disable` with a name that is no feature. */
  | "unknown_feature"
  /** The chosen profile does not exist. */
  | "unknown_profile"
  /** The chosen model provider does not exist. */
  | "unknown_provider"
  /** A change could not be written. */
  | "not_written";

/** Where a value was set. Lines and columns are 1-based; columns count characters. */
export interface ConfigPlace {
  /** The file; missing for what came from the command line. */
  readonly path?: string | undefined;
  /** From 1. */
  readonly line?: number | undefined;
  /** From 1. */
  readonly column?: number | undefined;
  /** The last column of the value on that line, inclusive. */
  readonly endColumn?: number | undefined;
  /** The text of that line; left out when it may hold a secret. */
  readonly sourceLine?: string | undefined;
  /** The command-line item, by its key alone: `-c model`, `--enable undo`. */
  readonly override?: string | undefined;
}

/** Something that does not stop the run and should be known. */
export interface ConfigWarning {
  readonly code: "unknown_key" | "unknown_feature" | "no_effect";
  /** What is wrong and what may have been meant. */
  readonly message: string;
  /** The dotted key. */
  readonly key: string;
  readonly place: ConfigPlace;
}

/** `path:line:column`, as far as known, or the command-line item; empty when nothing is known. */
export function formatPlace(place: ConfigPlace): string {
  if (place.path === undefined) return place.override ?? "";
  if (place.line === undefined) return place.path;
  return `${place.path}:${place.line}:${place.column ?? 1}`;
}

function excerpt({ line, column = 1, endColumn = column, sourceLine }: ConfigPlace): string {
  if (line === undefined || sourceLine === undefined) return "";
  const gutter = " ".repeat(String(line).length);
  const before = Array.from(sourceLine).slice(0, column - 1);
  const indent = before.map((character) => (character === "\t" ? "\t" : " ")).join("");
  const carets = "^".repeat(Math.max(1, endColumn - column + 1));
  return `\n${gutter} |\n${line} | ${sourceLine}\n${gutter} | ${indent}${carets}`;
}

/**
 * Thrown when the configuration cannot be used. `message` says what is wrong and what is allowed;
 * `display` adds where it stands, with the source line. Neither holds a secret.
 */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code: ConfigErrorCode;
  /** The dotted key at fault. */
  readonly key: string | undefined;
  readonly place: ConfigPlace;

  constructor(
    code: ConfigErrorCode,
    message: string,
    options: {
      readonly key?: string | undefined;
      readonly place?: ConfigPlace | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.key = options.key;
    this.place = options.place ?? {};
  }

  /** The file at fault, if it is a file. */
  get path(): string | undefined {
    return this.place.path;
  }

  get line(): number | undefined {
    return this.place.line;
  }

  get column(): number | undefined {
    return this.place.column;
  }

  /** `path:line:column: message`, then the source line with carets under the value. */
  get display(): string {
    const place = formatPlace(this.place);
    return `${place === "" ? "" : `${place}: `}${this.message}${excerpt(this.place)}`;
  }
}
