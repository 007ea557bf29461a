import type { AbsolutePath } from "@codex-ts/absolute-path";

/** Why a text is no patch. */
export type PatchParseErrorCode =
  /** The first line is not `*** Begin Patch`. */
  | "missing_begin_marker"
  /** The last line is not `*** End Patch`. */
  | "missing_end_marker"
  /** A line that should open a section is none of the three headers. */
  | "unknown_header"
  /** An Update section has neither a move nor a chunk. */
  | "empty_update"
  /** A chunk that is not the first of its section does not start with `@@`. */
  | "missing_context_marker"
  /** A chunk has no lines. */
  | "empty_chunk"
  /** The first line of a chunk starts with none of space, `+` and `-`. */
  | "bad_chunk_line";

/** Why a patch cannot be applied, or was not applied to its end. */
export type PatchApplyErrorCode =
  /** The patch has no sections. */
  | "empty_patch"
  /** A path of the patch cannot name a file. */
  | "invalid_path"
  /** A file that the patch updates, deletes or overwrites cannot be read. */
  | "unreadable_file"
  /** The file to update is not text. */
  | "binary_file"
  /** The text after `@@` is not in the file. */
  | "context_not_found"
  /** The context and removed lines of a chunk are not in the file. */
  | "lines_not_found"
  /** An added line has a character that the file's encoding lacks. */
  | "unencodable_text"
  /** A file is no longer what the plan was made from. */
  | "changed_on_disk"
  /** A folder or file cannot be written. */
  | "write_failed"
  /** A file cannot be deleted. */
  | "delete_failed"
  /** A write failed, and so did undoing what had been done before it. */
  | "rollback_failed";

/** What every error of this package is. */
export abstract class ApplyPatchError extends Error {
  abstract readonly code: PatchParseErrorCode | PatchApplyErrorCode;
}

/** The text is not a patch. */
export class PatchParseError extends ApplyPatchError {
  override readonly name = "PatchParseError";
  override readonly code: PatchParseErrorCode;
  /** The offending line, counted from 1 at `*** Begin Patch`; null when the envelope is at fault. */
  readonly line: number | null;

  constructor(code: PatchParseErrorCode, line: number | null, message: string) {
    super(message);
    this.code = code;
    this.line = line;
  }
}

/** The patch cannot be applied, or could not be applied to its end. */
export class PatchApplyError extends ApplyPatchError {
  override readonly name = "PatchApplyError";
  override readonly code: PatchApplyErrorCode;
  /** The file at fault; null when it is the patch as a whole. */
  readonly path: AbsolutePath | null;
  /** The files that keep their new state; empty but for `rollback_failed`. */
  readonly kept: readonly AbsolutePath[];

  constructor(
    code: PatchApplyErrorCode,
    path: AbsolutePath | null,
    message: string,
    options: ErrorOptions & { readonly kept?: readonly AbsolutePath[] | undefined } = {},
  ) {
    super(message, options);
    this.code = code;
    this.path = path;
    this.kept = options.kept ?? [];
  }
}

/** The operating system's words for a failed file operation, without the path that we name ourselves. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message.replace(/, (?:[a-z]+)(?: '.*)?$/s, "");
}

/** The errno name of a failed file operation, such as `ENOENT`; undefined for other errors. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}
