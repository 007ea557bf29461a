// Failures that a person reads: one line of what happened, and the way out.
import { visibleText } from "./visible-text.ts";

/** Ends a command with `exitCode` after `message` was shown on stderr. 2 is for wrong usage. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly exitCode: 1 | 2;

  constructor(
    message: string,
    options: { readonly exitCode?: 1 | 2; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The text for stderr: `Error: …`, with the stack only where CODEX_TS_DEBUG is set. */
export function failureText(
  error: unknown,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error && (env["CODEX_TS_DEBUG"] ?? "") !== "" ? error.stack : null;
  // A service's own words may be in it.
  return `Error: ${visibleText(message)}\n${stack === null || stack === undefined ? "" : `${stack}\n`}`;
}
