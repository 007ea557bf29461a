// argument-comment/uncommented-literal: a bare literal carries the name of its parameter.
import type { TSESLint, TSESTree } from "@typescript-eslint/utils";
import { argumentStart, type Call } from "../argument-comment.ts";
import { type LiteralKind, literalKind } from "../literal.ts";
import { forNamedArguments } from "../rule-input.ts";

export interface UncommentedLiteralOptions {
  /** Globs of package names or folders that are first-party; every workspace package by default. */
  readonly workspacePackages?: readonly string[];
  /** Whether strings need a comment too; "ignore" by default, as most strings name themselves. */
  readonly strings?: "ignore" | "require";
  /** Each kind is checked unless it is false. */
  readonly numbers?: boolean;
  readonly booleans?: boolean;
  readonly null?: boolean;
  readonly undefined?: boolean;
  /** Callees that are left alone, as they are written: `logger.info`, or `info` for any receiver. */
  readonly ignoreCallees?: readonly string[];
}

const flag = { type: "boolean" } as const;
const words = { type: "array", items: { type: "string" } } as const;

export const uncommentedLiteral: TSESLint.RuleModule<"missing", [UncommentedLiteralOptions?]> = {
  meta: {
    type: "suggestion",
    docs: { description: "A bare literal argument carries the name of its parameter" },
    fixable: "code",
    schema: [
      {
        type: "object",
        properties: {
          workspacePackages: words,
          strings: { type: "string", enum: ["ignore", "require"] },
          numbers: flag,
          booleans: flag,
          null: flag,
          undefined: flag,
          ignoreCallees: words,
        },
        additionalProperties: false,
      },
    ],
    messages: {
      missing:
        "`{{literal}}` does not say what it is: write /*{{name}}*/ before it, or give the function a parameter that reads by itself",
    },
  },
  create(context) {
    const options = context.options[0] ?? {};
    const source = context.sourceCode;
    const checked: Readonly<Record<LiteralKind, boolean>> = {
      boolean: options.booleans !== false,
      null: options.null !== false,
      undefined: options.undefined !== false,
      number: options.numbers !== false,
      string: options.strings === "require",
    };
    const ignored = new Set(options.ignoreCallees);
    return forNamedArguments(
      context,
      options,
      (argument, comment, call) => {
        if (comment !== null) return false;
        const kind = literalKind(argument, source);
        return kind !== null && checked[kind] && !isIgnored(call, ignored, source);
      },
      ({ node, call, name }) =>
        context.report({
          node,
          messageId: "missing",
          data: { literal: shortened(source.getText(node)), name },
          fix: (fixer) => {
            const start = argumentStart(node, call, source);
            return fixer.insertTextBeforeRange([start, start], `/*${name}*/ `);
          },
        }),
    );
  },
};

function isIgnored(
  { callee }: Call,
  ignored: ReadonlySet<string>,
  source: Readonly<TSESLint.SourceCode>,
): boolean {
  if (ignored.size === 0) return false;
  return ignored.has(source.getText(callee)) || ignored.has(lastName(callee) ?? "");
}

function lastName(callee: TSESTree.Node): string | null {
  if (callee.type !== "MemberExpression") return null;
  return callee.property.type === "Identifier" ? callee.property.name : null;
}

function shortened(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 37)}…`;
}
