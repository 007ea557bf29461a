// argument-comment/mismatch: a comment that names an argument names the right parameter.
import type { TSESLint } from "@typescript-eslint/utils";
import { forNamedArguments } from "../rule-input.ts";

export interface MismatchOptions {
  /** Globs of package names or folders that are first-party; every workspace package by default. */
  readonly workspacePackages?: readonly string[];
}

export const mismatch: TSESLint.RuleModule<"mismatch", [MismatchOptions?]> = {
  meta: {
    type: "problem",
    docs: { description: "A comment that names an argument names the parameter that it is for" },
    fixable: "code",
    schema: [
      {
        type: "object",
        properties: { workspacePackages: { type: "array", items: { type: "string" } } },
        additionalProperties: false,
      },
    ],
    messages: {
      mismatch:
        "The comment says `{{actual}}`, but the parameter is `{{expected}}`: write /*{{expected}}*/",
    },
  },
  create: (context) =>
    forNamedArguments(
      context,
      context.options[0] ?? {},
      (_argument, comment) => comment !== null,
      ({ node, comment, name }) => {
        if (comment === null || comment.name === name) return;
        context.report({
          node,
          messageId: "mismatch",
          data: { actual: comment.name, expected: name },
          fix: (fixer) => fixer.replaceTextRange(comment.range, `/*${name}*/`),
        });
      },
    ),
};
