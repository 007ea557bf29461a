// Matchers: which tool names, or which session sources, a handler is for.
import { HookError } from "./errors.ts";
import { compileLinearPattern } from "./linear-pattern.ts";
import { PatternSyntaxError } from "./pattern-reader.ts";

/** Says whether a handler is for this tool name or session source. */
export type Matcher = (input: string) => boolean;

/**
 * Compiles a matcher. Absent, null, `""` and `"*"` match everything; anything else is a
 * case-sensitive regular expression that is searched for anywhere in the input, in linear time.
 *
 * @throws HookError `bad_matcher`
 */
export function compileMatcher(pattern: string | null | undefined): Matcher {
  if (pattern === undefined || pattern === null || pattern === "" || pattern === "*") {
    return () => true;
  }
  try {
    const compiled = compileLinearPattern(pattern);
    return (input) => compiled.search(input);
  } catch (error) {
    if (!(error instanceof PatternSyntaxError)) throw error;
    throw new HookError(
      "bad_matcher",
      `the matcher ${JSON.stringify(pattern)} is no regular expression that hooks support: ${error.message}`,
      { cause: error },
    );
  }
}
