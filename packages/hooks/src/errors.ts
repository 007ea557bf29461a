// The one error of this package. Hooks that misbehave are never errors: they end as failed runs.

/** What the caller did wrong. */
export type HookErrorCode =
  /** A matcher is no pattern that this engine can search with. */
  | "bad_matcher"
  /** A payload lacks a field of its event or holds one of the wrong type. */
  | "bad_input"
  /** A name is none of the five events. */
  | "unknown_event";

/** What a caller did wrong, and the way out. */
export class HookError extends Error {
  override readonly name = "HookError";
  readonly code: HookErrorCode;

  constructor(code: HookErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
