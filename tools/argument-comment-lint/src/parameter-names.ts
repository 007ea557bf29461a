// From a call to the names of the parameters that its arguments are for.
import type ts from "typescript";
import type { FirstParty } from "./first-party.ts";

/**
 * The name of the parameter at each position. Undefined where there is no name to give: positions of
 * a rest parameter, destructured parameters, names that begin with an underscore. Null when the call
 * is none of ours: it has no declaration, or the declaration is third-party or the language's own.
 *
 * Of overloads, the one that the call resolves to counts. A callee that may be one of several
 * functions counts when all of them agree on all names.
 */
export function parameterNames(
  node: ts.CallExpression | ts.NewExpression,
  kind: "CallExpression" | "NewExpression",
  program: ts.Program,
  firstParty: FirstParty,
): readonly (string | undefined)[] | null {
  const checker = program.getTypeChecker();
  const alternatives = calleeAlternatives(node, kind, checker);
  if (alternatives !== null) {
    const names = alternatives.map((signature) => namesOf(signature, program, firstParty));
    const [first] = names;
    const agree = names.every((other) => JSON.stringify(other) === JSON.stringify(first));
    return agree ? (first ?? null) : null;
  }
  const signature = checker.getResolvedSignature(node);
  return signature === undefined ? null : namesOf(signature, program, firstParty);
}

/** The signatures of a callee that is one of several functions; null when it is one. */
function calleeAlternatives(
  node: ts.CallExpression | ts.NewExpression,
  kind: "CallExpression" | "NewExpression",
  checker: ts.TypeChecker,
): readonly ts.Signature[] | null {
  const type = checker.getTypeAtLocation(node.expression);
  const members = checker.getNonNullableType(type);
  if (!members.isUnion()) return null;
  return members.types.flatMap((member) =>
    kind === "NewExpression" ? member.getConstructSignatures() : member.getCallSignatures(),
  );
}

function namesOf(
  signature: ts.Signature,
  program: ts.Program,
  firstParty: FirstParty,
): readonly (string | undefined)[] | null {
  // The compiler knows signatures without a declaration: those of implied constructors.
  const declaration = signature.declaration as ts.SignatureDeclaration | undefined;
  if (declaration === undefined) return null;
  const file = declaration.getSourceFile();
  if (program.isSourceFileDefaultLibrary(file) || !firstParty(file.fileName)) return null;
  const names: (string | undefined)[] = [];
  for (const { name, dotDotDotToken } of declaration.parameters) {
    // From a rest parameter on, positions have no names.
    if (dotDotDotToken !== undefined) break;
    const text = "escapedText" in name ? name.text : undefined;
    if (text === "this") continue;
    names.push(text === "" || text?.startsWith("_") === true ? undefined : text);
  }
  return names;
}
