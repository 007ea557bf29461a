/** What is wrong with a session file, or with what was asked about one. */
export type RolloutErrorCode =
  /** The file is missing, or the system does not let us read it. */
  | "unreadable"
  /** The file holds no line. */
  | "blank_file"
  /** No line says which thread the file is of. */
  | "no_session_meta"
  /** Lines that were to be recorded are not safely in the file. */
  | "write_failed"
  /** A path that is to be archived or brought back is not a session file of that home. */
  | "not_a_session_file"
  /** A thread name without a visible character. */
  | "blank_name"
  /** A page token that no listing gave. */
  | "invalid_cursor";

/** What goes wrong with session files. `cause` is the system's error where there is one. */
export class RolloutError extends Error {
  override readonly name = "RolloutError";
  readonly code: RolloutErrorCode;

  constructor(code: RolloutErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The system's own words for an error, with a full stop left to the caller. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether a path, or a folder on the way to it, is simply not there. */
export function isMissing(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ENOTDIR";
}
