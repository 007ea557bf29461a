// Which arguments say nothing by themselves.
import type { TSESLint, TSESTree } from "@typescript-eslint/utils";

export type LiteralKind = "boolean" | "null" | "undefined" | "number" | "string";

/** What an argument is under parentheses, `as`, `satisfies`, `!` and type assertions. */
function unwrapped(node: TSESTree.Node): TSESTree.Node {
  switch (node.type) {
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "TSNonNullExpression":
    case "TSTypeAssertion":
      return unwrapped(node.expression);
    default:
      return node;
  }
}

/**
 * The kind of a bare literal; null for what is none. Signs and `!` before a literal change nothing,
 * `void 0` is undefined. Regular expressions, objects, arrays, functions, names such as `NaN` and
 * templates with substitutions are not bare.
 */
export function literalKind(
  argument: TSESTree.Node,
  sourceCode: Readonly<TSESLint.SourceCode>,
): LiteralKind | null {
  const node = unwrapped(argument);
  switch (node.type) {
    case "Literal":
      if ("regex" in node) return null;
      if (node.value === null) return "bigint" in node ? "number" : "null";
      switch (typeof node.value) {
        case "boolean":
          return "boolean";
        case "string":
          return "string";
        case "number":
        case "bigint":
          return "number";
        default:
          return null;
      }
    case "TemplateLiteral":
      return node.expressions.length === 0 ? "string" : null;
    case "UnaryExpression":
      return unaryKind(node, sourceCode);
    case "Identifier":
      return node.name === "undefined" && isGlobal(node, sourceCode) ? "undefined" : null;
    default:
      return null;
  }
}

function unaryKind(
  { operator, argument }: TSESTree.UnaryExpression,
  sourceCode: Readonly<TSESLint.SourceCode>,
): LiteralKind | null {
  const kind = literalKind(argument, sourceCode);
  if (kind === null) return null;
  switch (operator) {
    case "void":
      return "undefined";
    case "!":
      return "boolean";
    case "-":
    case "+":
    case "~":
      return "number";
    default:
      return null;
  }
}

/** Nothing in the file declares the name. */
function isGlobal(node: TSESTree.Identifier, sourceCode: Readonly<TSESLint.SourceCode>): boolean {
  type Scope = ReturnType<NonNullable<typeof sourceCode.getScope>>;
  for (
    let scope: Scope | null = sourceCode.getScope?.(node) ?? null;
    scope !== null;
    scope = scope.upper
  ) {
    const variable = scope.set.get(node.name);
    if (variable !== undefined) return variable.defs.length === 0;
  }
  return true;
}
