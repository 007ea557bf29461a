/** What went wrong outside of the script itself. */
export type CodeModeErrorCode =
  | "invalid_source"
  | "invalid_tool"
  | "engine_unavailable"
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
