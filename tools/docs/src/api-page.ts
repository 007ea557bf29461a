// The page of one package: what each of its entries exports, with doc comments and signatures.
import ts from "typescript";
import { declarationText } from "./declaration-text.ts";

export interface EntryPoint {
  /** As it is imported, for example `@codex-ts/config/schemas`. */
  readonly specifier: string;
  /** Absolute path of its source. */
  readonly source: string;
}

export interface PackageFace {
  readonly name: string;
  readonly description: string;
  /** From the page to the package's README. */
  readonly readme: string;
  readonly entries: readonly EntryPoint[];
}

interface Exported {
  readonly name: string;
  readonly group: (typeof groups)[number];
  readonly doc: string;
  readonly text: string;
}

const groups = ["Functions", "Classes", "Constants", "Types"] as const;

/** The page as Markdown, made from the checked program that holds the sources. */
export function apiPage(face: PackageFace, program: ts.Program): string {
  const parts = [
    `# ${face.name}`,
    `<!-- Made by \`pnpm docs\` from the doc comments; changes here are overwritten. -->`,
    `${face.description} See the [README](${face.readme}) for what it is for and an example.`,
    ...face.entries.flatMap((entry) => entryParts(entry, face.entries.length > 1, program)),
  ];
  return `${parts.join("\n\n")}\n`;
}

function entryParts(entry: EntryPoint, isOneOfMany: boolean, program: ts.Program): string[] {
  const exported = exportsOf(entry, program);
  return [
    ...(isOneOfMany ? [`# \`${entry.specifier}\``] : []),
    ...groups.flatMap((group) => {
      const members = exported.filter((one) => one.group === group);
      if (members.length === 0) return [];
      return [`## ${group}`, ...members.flatMap(memberParts)];
    }),
  ];
}

function memberParts({ name, doc, text }: Exported): string[] {
  return [`### ${name}`, ...(doc === "" ? [] : [doc]), `\`\`\`ts\n${text}\n\`\`\``];
}

function exportsOf(entry: EntryPoint, program: ts.Program): Exported[] {
  const checker = program.getTypeChecker();
  return exportedSymbols(entry, program).map(({ name, symbol }) => ({
    name,
    group: groupOf(symbol),
    doc: docOf(symbol, checker),
    text: (symbol.declarations ?? [])
      .map((declaration) => declarationText(declaration, checker))
      .filter((text) => text !== "")
      .join("\n"),
  }));
}

/** What an entry exports, sorted by name; a re-export stands for what it names. */
export function exportedSymbols(
  { source }: EntryPoint,
  program: ts.Program,
): { readonly name: string; readonly symbol: ts.Symbol }[] {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(source);
  const module = file === undefined ? undefined : checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${source} is no module of the program`);
  return checker
    .getExportsOfModule(module)
    .map((symbol) => ({
      name: symbol.name,
      symbol:
        (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol),
    }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

function groupOf({ flags }: ts.Symbol): Exported["group"] {
  if ((flags & ts.SymbolFlags.Function) !== 0) return "Functions";
  if ((flags & ts.SymbolFlags.Class) !== 0) return "Classes";
  return (flags & ts.SymbolFlags.Value) === 0 ? "Types" : "Constants";
}

function docOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const plain = (parts: ts.SymbolDisplayPart[] | undefined): string =>
    ts
      .displayPartsToString(parts)
      .replaceAll(/\{@link\s+([^}\s]+)[^}]*\}/g, "`$1`")
      .trim();
  const tags = symbol.getJsDocTags(checker).flatMap((tag) => {
    const text = plain(tag.text);
    if (text === "") return [];
    switch (tag.name) {
      case "param": {
        const [name = "", ...rest] = text.split(/\s+/);
        return [`- \`${name}\`: ${rest.join(" ").replace(/^- /, "")}`];
      }
      case "returns":
        return [`- Returns ${text}`];
      case "throws":
        return [`- Throws ${text.replace(/^\{([^}]*)\}/, "$1")}`];
      case "see":
        return [`- See ${text}`];
      default:
        return [];
    }
  });
  const examples = (symbol.declarations ?? []).flatMap((declaration) =>
    ts
      .getJSDocTags(declaration)
      .filter(({ tagName }) => tagName.text === "example")
      .map((tag) => fenced(exampleText(tag))),
  );
  const doc = plain(symbol.getDocumentationComment(checker));
  return [doc, tags.join("\n"), ...examples].filter((part) => part !== "").join("\n\n");
}

/** From the source, since the compiler's own text of a tag loses indentation. */
function exampleText(tag: ts.JSDocTag): string {
  return tag
    .getText()
    .replace(/^@example/, "")
    .replaceAll(/^[^\S\n]*\* ?/gm, "")
    .trim();
}

/** An example as a block of code, unless it is written as one. */
function fenced(example: string): string {
  return example.includes("```") ? example : `Example:\n\n\`\`\`ts\n${example}\n\`\`\``;
}
