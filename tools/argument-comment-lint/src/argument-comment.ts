// The comment that names an argument: its name in a block comment right before it, and nothing else.
import type { TSESLint, TSESTree } from "@typescript-eslint/utils";

export type Call = TSESTree.CallExpression | TSESTree.NewExpression;

export interface ArgumentComment {
  readonly name: string;
  readonly range: readonly [number, number];
}

type Source = Readonly<TSESLint.SourceCode>;
type TokenOrComment = TSESTree.Token | TSESTree.Comment;

const exactName = /^[A-Za-z_$][\w$]*$/;

/**
 * The naming comment of an argument; null when it has none. Blanks and line breaks may stand between
 * the two, and so may parentheses that open the argument. A comment of another shape (blanks inside,
 * an equals sign, a line comment) does not count, and neither does one that something else follows.
 */
export function argumentComment(
  argument: TSESTree.Node,
  call: Call,
  source: Source,
): ArgumentComment | null {
  const [first] = withParentheses(argument, call, source);
  const before = source.getTokenBefore(first, { includeComments: true });
  let found = before === null ? null : nameIn(before);
  // Within the parentheses that the argument begins with, as in `(value) as Type`.
  let opening: TokenOrComment | null = source.getTokenByRangeStart(first.range[0]);
  while (found === null && opening?.value === "(") {
    opening = source.getTokenAfter(opening, { includeComments: true });
    if (opening !== null) found = nameIn(opening);
  }
  return found;
}

/** Where an argument begins, its parentheses included: the place for a new comment. */
export function argumentStart(argument: TSESTree.Node, call: Call, source: Source): number {
  return withParentheses(argument, call, source)[0].range[0];
}

/** The first and the last of the argument with the parentheses around it, those of the call apart. */
function withParentheses(
  argument: TSESTree.Node,
  call: Call,
  source: Source,
): readonly [first: TSESTree.Node | TSESTree.Token, last: TSESTree.Node | TSESTree.Token] {
  let first: TSESTree.Node | TSESTree.Token = argument;
  let last: TSESTree.Node | TSESTree.Token = argument;
  for (;;) {
    const before: TSESTree.Token | null = source.getTokenBefore(first);
    const after: TSESTree.Token | null = source.getTokenAfter(last);
    if (before?.value !== "(" || after?.value !== ")" || after.range[1] === call.range[1]) {
      return [first, last];
    }
    first = before;
    last = after;
  }
}

function nameIn(token: TokenOrComment): ArgumentComment | null {
  if (token.type !== "Block" || !exactName.test(token.value)) return null;
  return { name: token.value, range: token.range };
}
