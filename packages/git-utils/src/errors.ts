/** Why git could not do what was asked. */
export type GitErrorCode =
  /** The program `git` cannot be started. */
  | "git_not_found"
  /** Git is older than 2.31, or otherwise cannot do what is asked. */
  | "git_too_old"
  /** The folder lies in no repository, or does not exist. */
  | "not_a_repository"
  /** The repository has no work tree here: it is bare, or the folder is its `.git`. */
  | "no_work_tree"
  /** Git refuses the repository because another user owns it. */
  | "untrusted_owner"
  /** Git ended with a status that means failure. */
  | "command_failed"
  /** Git took longer than it was given, and was ended. */
  | "timed_out"
  /** The caller's signal ended the work. */
  | "aborted"
  /** A path that must be relative is absolute. */
  | "path_not_relative"
  /** A path leads out of the repository. */
  | "path_escapes_repository"
  /** There is no such commit in the repository. */
  | "unknown_commit";

/** The call of git that failed, if there was one. */
export interface GitErrorDetails extends ErrorOptions {
  /** The arguments that git was called with. */
  readonly command?: readonly string[] | undefined;
  /** Git's exit status. */
  readonly status?: number | undefined;
  /** What git wrote to its standard error. */
  readonly stderr?: string | undefined;
}

/** Every error of this package. */
export class GitError extends Error {
  override readonly name = "GitError";
  readonly code: GitErrorCode;
  /** The arguments that git was called with; empty when no call failed. */
  readonly command: readonly string[];
  /** Git's exit status; null when it did not end by itself. */
  readonly status: number | null;
  /** What git wrote to its standard error. */
  readonly stderr: string;

  constructor(code: GitErrorCode, message: string, details: GitErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.command = details.command ?? [];
    this.status = details.status ?? null;
    this.stderr = details.stderr ?? "";
  }
}
