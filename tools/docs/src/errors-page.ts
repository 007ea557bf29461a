// The page of errors: which families the libraries throw, with their codes.
import ts from "typescript";
import { exportedSymbols, type PackageFace } from "./api-page.ts";

/** Where the page is, from the workspace's root on. */
export const errorsFile = "docs/errors.md";

interface ErrorCode {
  readonly code: string;
  /** From the comment at the code, or empty. */
  readonly doc: string;
}

interface ErrorFamily {
  /** The names that are exported, the root first. */
  readonly names: readonly string[];
  readonly doc: string;
  readonly codes: readonly ErrorCode[];
}

export interface ErrorsPage {
  readonly text: string;
  /** Errors that one could not tell apart by a code. */
  readonly problems: readonly string[];
}

/** Made from the checked program that holds the sources. */
export function errorsPage(faces: readonly PackageFace[], program: ts.Program): ErrorsPage {
  const found = faces.map((face) => ({ face, families: familiesOf(face, program) }));
  const sections = found
    .filter(({ families }) => families.length > 0)
    .map(({ face, families }) =>
      [`## ${face.name}`, ...families.flatMap((family) => familyParts(family))].join("\n\n"),
    );
  const silent = found.filter(({ families }) => families.length === 0);
  return {
    text: `${[
      "# Errors",
      "<!-- Made by `pnpm docs` from the sources; changes here are overwritten. -->",
      introduction,
      ...sections,
      "## The others",
      `${silent.map(({ face }) => `\`${face.name}\``).join(", ")} export no error of their own.`,
    ].join("\n\n")}\n`,
    problems: found.flatMap(({ face, families }) =>
      families
        .filter(({ codes }) => codes.length === 0)
        .map(({ names }) => `${face.name}: ${names[0]} has no \`code\` of literal strings`),
    ),
  };
}

const introduction = `What the libraries throw on purpose. Each error has a \`code\`, which is part of the public face: messages may be worded anew at any time, codes are changed [as names are](versions.md). A message says what is wrong and what to do about it, and holds no credential; \`cause\` keeps the error that led to it.

Tell errors apart by \`name\` and \`code\`: \`instanceof\` fails where two copies of a library are loaded.

\`\`\`ts
const isRefused = (error: unknown): boolean =>
  error instanceof Error && error.name === "SandboxError" && "code" in error && error.code === "sandbox_unavailable";
\`\`\`

An aborted call rejects with the \`reason\` of its signal, or with the code \`aborted\` where a family has it.`;

function familyParts({ names, doc, codes }: ErrorFamily): string[] {
  const [root = "", ...others] = names;
  const heading = others.length === 0 ? `### ${root}` : `### ${root} (${others.join(", ")})`;
  const rows = codes.map((one) => `| \`${one.code}\` | ${one.doc} |`);
  return [heading, doc, ["| code | |", "| --- | --- |", ...rows].join("\n")].filter(
    (part) => part !== "",
  );
}

function familiesOf(face: PackageFace, program: ts.Program): ErrorFamily[] {
  const checker = program.getTypeChecker();
  const exported = new Map(
    face.entries
      .flatMap((entry) => exportedSymbols(entry, program))
      .filter(({ symbol }) => (symbol.flags & ts.SymbolFlags.Class) !== 0)
      .map(({ symbol, name }) => [symbol, { name, root: rootOf(symbol, checker) }]),
  );
  const families = Map.groupBy(
    [...exported].filter(([, { root }]) => root !== undefined),
    ([, { root }]) => root,
  );
  return [...families].map(([root, members]): ErrorFamily => {
    const symbols = members
      .map(([symbol]) => symbol)
      .toSorted((one, other) => Number(other === root) - Number(one === root));
    const codes = new Map(
      symbols
        .flatMap((symbol) => codesOf(symbol, checker))
        .map((one): [string, ErrorCode] => [one.code, one]),
    );
    return {
      names: symbols.map(({ name }) => name),
      doc: oneLine(ts.displayPartsToString(symbols[0]?.getDocumentationComment(checker))),
      codes: [...codes.values()],
    };
  });
}

/** The class between `Error` and this one that is nearest to `Error`; undefined when it is no error. */
function rootOf(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol | undefined {
  const type = checker.getDeclaredTypeOfSymbol(symbol);
  if (!type.isClassOrInterface()) return undefined;
  const [base] = checker.getBaseTypes(type);
  if (base === undefined) return undefined;
  if (base.symbol.name === "Error") return symbol;
  return rootOf(base.symbol, checker);
}

function codesOf(symbol: ts.Symbol, checker: ts.TypeChecker): ErrorCode[] {
  const property = checker.getDeclaredTypeOfSymbol(symbol).getProperty("code");
  const declaration = property?.valueDeclaration;
  if (property === undefined || declaration === undefined) return [];
  const type = checker.getTypeOfSymbolAtLocation(property, declaration);
  const docs = ts.isPropertyDeclaration(declaration)
    ? docsOf(declaration.type, checker)
    : new Map();
  const members = type.isUnion() ? type.types : [type];
  const codes = members.flatMap((member) => (member.isStringLiteral() ? [member.value] : []));
  if (codes.length < members.length) return [];
  // In the order of the declaration; the compiler's own follows its inner numbers.
  const ordered = [...docs.keys()].filter((code) => codes.includes(code));
  return [...new Set([...ordered, ...codes])].map((code) => ({ code, doc: docs.get(code) ?? "" }));
}

/** The comments at the members of a union, through the names of the types that it is made of. */
function docsOf(node: ts.TypeNode | undefined, checker: ts.TypeChecker): Map<string, string> {
  if (node === undefined) return new Map();
  if (ts.isUnionTypeNode(node)) {
    return new Map(node.types.flatMap((member) => [...docsOf(member, checker)]));
  }
  if (ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal)) {
    return new Map([[node.literal.text, leadingComment(node)]]);
  }
  if (!ts.isTypeReferenceNode(node)) return new Map();
  const named = checker.getSymbolAtLocation(node.typeName);
  const symbol =
    named !== undefined && (named.flags & ts.SymbolFlags.Alias) !== 0
      ? checker.getAliasedSymbol(named)
      : named;
  const alias = symbol?.declarations?.find(ts.isTypeAliasDeclaration);
  return docsOf(alias?.type, checker);
}

function leadingComment(node: ts.Node): string {
  const text = node.getSourceFile().text;
  // The comment stands before the member's bar.
  const before = text.slice(0, node.getStart()).replace(/\|\s*$/, "");
  const comment = /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*$/.exec(before)?.[1] ?? "";
  return oneLine(comment.replaceAll(/^\s*\* ?/gm, ""));
}

function oneLine(text: string): string {
  return text
    .replaceAll(/\{@link\s+([^}\s]+)[^}]*\}/g, "`$1`")
    .replaceAll(/\s+/g, " ")
    .replaceAll("|", "\\|")
    .trim();
}
