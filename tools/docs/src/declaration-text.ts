// A declaration as a consumer sees it: without `export`, without bodies, without what is private.
import ts from "typescript";

/** Types that nobody wrote down are cut here. */
const longestType = 400;

/** The declaration's own text; empty for what says nothing, such as the body of an overloaded function. */
export function declarationText(declaration: ts.Declaration, checker: ts.TypeChecker): string {
  const file = declaration.getSourceFile();
  const text = (from: number, to: number): string => file.text.slice(from, to).trim();
  if (ts.isFunctionDeclaration(declaration)) {
    if (declaration.body !== undefined && isOverloaded(declaration, checker)) return "";
    return functionText(declaration, checker);
  }
  if (ts.isInterfaceDeclaration(declaration) || ts.isTypeAliasDeclaration(declaration)) {
    return withoutExport(text(declaration.getStart(), declaration.end));
  }
  if (ts.isClassDeclaration(declaration)) return classText(declaration, checker);
  if (ts.isVariableDeclaration(declaration)) {
    const type =
      declaration.type?.getText() ??
      checker.typeToString(
        checker.getTypeAtLocation(declaration),
        declaration,
        ts.TypeFormatFlags.NoTruncation,
      );
    const shown = type.length > longestType ? `${type.slice(0, longestType)}…` : type;
    return `const ${declaration.name.getText()}: ${shown};`;
  }
  return withoutExport(text(declaration.getStart(), declaration.end));
}

function isOverloaded(declaration: ts.FunctionDeclaration, checker: ts.TypeChecker): boolean {
  const { name } = declaration;
  const symbol = name === undefined ? undefined : checker.getSymbolAtLocation(name);
  return (symbol?.declarations?.length ?? 1) > 1;
}

type Callable =
  | ts.FunctionDeclaration
  | ts.MethodDeclaration
  | ts.ConstructorDeclaration
  | ts.AccessorDeclaration;

function functionText(declaration: Callable, checker: ts.TypeChecker): string {
  const file = declaration.getSourceFile();
  const end = declaration.body?.getStart() ?? declaration.end;
  const head = file.text.slice(declaration.getStart(), end).trim().replace(/;$/, "");
  const signature = checker.getSignatureFromDeclaration(declaration);
  const hasType =
    declaration.type !== undefined ||
    ts.isConstructorDeclaration(declaration) ||
    ts.isSetAccessor(declaration);
  const type =
    hasType || signature === undefined
      ? ""
      : `: ${checker.typeToString(signature.getReturnType(), declaration, ts.TypeFormatFlags.NoTruncation)}`;
  return `${withoutExport(head).replaceAll(/\basync (?=function|\*|[\w#[])/g, "")}${type};`;
}

function classText(declaration: ts.ClassDeclaration, checker: ts.TypeChecker): string {
  const file = declaration.getSourceFile();
  const head = withoutExport(
    file.text.slice(declaration.getStart(), declaration.members.pos).trim(),
  );
  const members = declaration.members.filter(isPublic).map((member) => {
    const doc = file.text.slice(
      member.getStart(file, /*includeJsDocComment*/ true),
      member.getStart(),
    );
    return `  ${doc.trim() === "" ? "" : `${doc.trim()}\n  `}${memberText(member, checker)}`;
  });
  return members.length === 0 ? `${head} }` : `${head}\n${members.join("\n")}\n}`;
}

function memberText(member: ts.ClassElement, checker: ts.TypeChecker): string {
  if (
    ts.isMethodDeclaration(member) ||
    ts.isConstructorDeclaration(member) ||
    ts.isAccessor(member)
  ) {
    return functionText(member, checker);
  }
  if (ts.isPropertyDeclaration(member) && member.initializer !== undefined) {
    const type = member.type?.getText() ?? checker.typeToString(checker.getTypeAtLocation(member));
    return `${member.getText().split("=")[0]?.trim() ?? ""}${member.type === undefined ? `: ${type}` : ""};`;
  }
  return member.getText();
}

function isPublic(member: ts.ClassElement): boolean {
  if (member.name !== undefined && ts.isPrivateIdentifier(member.name)) return false;
  const flags = ts.getCombinedModifierFlags(member);
  return (flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) === 0;
}

function withoutExport(text: string): string {
  return text.replace(/^export (default )?/, "");
}
