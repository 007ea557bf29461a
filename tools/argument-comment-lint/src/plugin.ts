// The ESLint plugin.
import { booleanParameter } from "./rules/boolean-parameter.ts";
import { mismatch } from "./rules/mismatch.ts";
import { uncommentedLiteral } from "./rules/uncommented-literal.ts";

/** A rule as ESLint takes it; written without ESLint's types, so that none of them are needed. */
export interface Rule {
  readonly meta: object;
  create(context: never): Record<string, (() => void) | undefined>;
}

/** An ESLint plugin; register it as `argument-comment`. */
export interface Plugin {
  readonly meta: { readonly name: string; readonly version: string };
  readonly rules: Readonly<Record<"mismatch" | "uncommented-literal" | "boolean-parameter", Rule>>;
}

/**
 * The three rules: a comment that names another parameter, an opaque literal without a comment, and
 * a boolean parameter that should be an option.
 */
export const plugin: Plugin = {
  meta: { name: "@codex-ts/argument-comment-lint", version: "0.1.0" },
  rules: {
    mismatch: asRule(mismatch),
    "uncommented-literal": asRule(uncommentedLiteral),
    "boolean-parameter": asRule(booleanParameter),
  },
};

function asRule(rule: { readonly meta: object }): Rule {
  return rule as Rule;
}
