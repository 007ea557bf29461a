/** What went wrong outside of the script itself. */
export type CodeModeErrorCode =
  /** The script is empty, or its pragma line makes no sense. */
  | "invalid_source"
  /** A tool has no name, or is neither a function nor has one. */
  | "invalid_tool"
  /** The engine could not be started, or is not the one that this package knows. */
  | "engine_unavailable"
  /** The service was disposed. */
  | "disposed";

/** The package's one error: `code` says which kind, the message what to do. */
export class CodeModeError extends Error {
  readonly code: CodeModeErrorCode;

  constructor(code: CodeModeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CodeModeError";
    this.code = code;
  }
}
