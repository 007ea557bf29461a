// The errors of this package.

/** What is wrong with the rules. */
export type ExecPolicyErrorCode =
  /** A rules file does not say anything that can be read; always a {@link RuleError}. */
  | "bad_rules"
  /** A rules file or folder is there and cannot be read. */
  | "unreadable_rules"
  /** An administrator's rules are not as they must be. */
  | "bad_requirement"
  /** A rule that was to be saved or added says nothing, or cannot be written. */
  | "bad_amendment"
  /** The file that saved rules go to cannot be written. */
  | "not_saved";

/**
 * Thrown for rules that cannot be read or saved; the message names file and line where there are
 * any.
 */
export class ExecPolicyError extends Error {
  override readonly name: string = "ExecPolicyError";
  readonly code: ExecPolicyErrorCode;

  constructor(code: ExecPolicyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A place in a rules file. */
export interface Place {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
}

/** A rules file is wrong at a place. The message begins with `FILE:LINE:COLUMN: `. */
export class RuleError extends ExecPolicyError {
  override readonly name = "RuleError";
  declare readonly code: "bad_rules";
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What is wrong, without the place. */
  readonly problem: string;

  constructor(file: string, { line, column }: Place, problem: string) {
    super("bad_rules", `${file}:${line}:${column}: ${problem}`);
    this.file = file;
    this.line = line;
    this.column = column;
    this.problem = problem;
  }
}
