// Which files can have findings: the compiler's own trees are enough to say so, and to make ESLint's of
// every file would take three times as long as all else. ESLint decides on the suspects.
import ts from "typescript";
import { createFirstParty, type FirstParty } from "./first-party.ts";
import { parameterNames } from "./parameter-names.ts";
import { parsedConfig } from "./workspace.ts";

/**
 * The files among `paths` with a call that may break a rule: every file with a finding is among them,
 * and hardly another.
 *
 * @param projects the tsconfigs that cover the paths, the one that decides first.
 */
export function suspects(
  paths: readonly string[],
  projects: readonly string[],
  cwd: string,
): readonly string[] {
  const left = new Set(paths);
  const firstParty = createFirstParty({ cwd });
  const found: string[] = [];
  for (const project of projects) {
    if (left.size === 0) break;
    const { fileNames, options } = parsedConfig(project);
    const program = ts.createProgram(fileNames, { ...options, noEmit: true });
    for (const path of left) {
      const file = program.getSourceFile(path);
      if (file === undefined) continue;
      left.delete(path);
      if (isSuspect(file, program, firstParty)) found.push(path);
    }
  }
  return [...found, ...left];
}

function isSuspect(file: ts.SourceFile, program: ts.Program, firstParty: FirstParty): boolean {
  const visit = (node: ts.Node): boolean =>
    ((ts.isCallExpression(node) || ts.isNewExpression(node)) &&
      isSuspectCall(node, file, program, firstParty)) ||
    ts.forEachChild(node, visit) === true;
  return visit(file);
}

function isSuspectCall(
  call: ts.CallExpression | ts.NewExpression,
  file: ts.SourceFile,
  program: ts.Program,
  firstParty: FirstParty,
): boolean {
  const given = call.arguments ?? [];
  const spread = given.findIndex(ts.isSpreadElement);
  const counted = spread === -1 ? given : given.slice(0, spread);
  const candidates = counted.flatMap((argument, index) => {
    const comment = namingComment(argument, file);
    return comment !== null || isBare(argument) ? [{ comment, index }] : [];
  });
  if (candidates.length === 0) return false;
  const kind = ts.isNewExpression(call) ? "NewExpression" : "CallExpression";
  const names = parameterNames(call, kind, program, firstParty);
  return candidates.some(({ comment, index }) => {
    const name = names?.[index];
    return name !== undefined && name !== comment;
  });
}

const trivia = /(?:\s|\/\*[^]*?\*\/|\/\/.*)*/y;
const commentAtEnd = /\/\*([A-Za-z_$][\w$]*)\*\/\s*$/;

/** The name in the comment right before an argument or within the parentheses that it begins with. */
function namingComment(argument: ts.Expression, file: ts.SourceFile): string | null {
  const { text } = file;
  let begin = argument.getFullStart();
  for (;;) {
    trivia.lastIndex = begin;
    const skipped = trivia.exec(text)?.[0] ?? "";
    const name = commentAtEnd.exec(skipped)?.[1];
    if (name !== undefined) return name;
    begin += skipped.length;
    if (text[begin] !== "(") return null;
    begin += 1;
  }
}

/** A bare literal that asks for a name, under whatever does not hide it. */
function isBare(node: ts.Expression): boolean {
  if (
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isSatisfiesExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isTypeAssertionExpression(node)
  ) {
    return isBare(node.expression);
  }
  const operand = operandOf(node);
  if (operand !== null) return isBare(operand) || ts.isStringLiteralLike(operand);
  switch (node.kind) {
    case ts.SyntaxKind.TrueKeyword:
    case ts.SyntaxKind.FalseKeyword:
    case ts.SyntaxKind.NullKeyword:
    case ts.SyntaxKind.NumericLiteral:
    case ts.SyntaxKind.BigIntLiteral:
      return true;
    default:
      return ts.isIdentifier(node) && node.text === "undefined";
  }
}

function operandOf(node: ts.Expression): ts.Expression | null {
  if (ts.isPrefixUnaryExpression(node)) return node.operand;
  return ts.isVoidExpression(node) ? node.expression : null;
}
