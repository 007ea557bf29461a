// A YAML mapping whose values know their line. The library is loaded at the first file.
import type { Node, YAMLMap } from "yaml";

/** A problem in the text; `line` is counted from 1. */
export interface YamlProblem {
  readonly line: number;
  readonly message: string;
}

export interface YamlField {
  /** Counted from 1. */
  readonly line: number;
  readonly value:
    | { readonly kind: "text"; readonly text: string }
    | { readonly kind: "flag"; readonly flag: boolean }
    | { readonly kind: "list"; readonly items: readonly YamlField[] }
    | { readonly kind: "mapping"; readonly fields: ReadonlyMap<string, YamlField> }
    | { readonly kind: "empty" };
}

const hints: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: "A value that holds a colon and a blank must stand in quotes.",
  TAB_AS_INDENT: "Indent with blanks.",
  DUPLICATE_KEY: "Keep one of the two.",
};

/** Reads a mapping; numbers and dates come as they are written. */
export async function readYamlMapping(
  text: string,
): Promise<
  { readonly fields: ReadonlyMap<string, YamlField> } | { readonly problem: YamlProblem }
> {
  const { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument } = await import("yaml");
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: "silent" });
  const [error] = document.errors;
  if (error !== undefined) {
    const hint = hints[error.code];
    const message = `The YAML is not valid: ${error.message.replace(/\.$/, "")}.`;
    return {
      problem: {
        line: lineCounter.linePos(error.pos[0]).line,
        message: hint === undefined ? message : `${message} ${hint}`,
      },
    };
  }

  const field = (node: Node | null, line: number): YamlField => {
    const target = isAlias(node) ? (node.resolve(document) ?? null) : node;
    const at =
      node?.range === null || node?.range === undefined
        ? line
        : lineCounter.linePos(node.range[0]).line;
    if (isScalar(target)) {
      if (typeof target.value === "boolean") {
        return { line: at, value: { kind: "flag", flag: target.value } };
      }
      if (target.value === null) return { line: at, value: { kind: "empty" } };
      // Numbers and dates: as they are written.
      const shown = typeof target.value === "string" ? target.value : (target.source ?? "");
      return { line: at, value: { kind: "text", text: shown } };
    }
    // An alias inside of what it stands for would never end; none of our files needs one there.
    if (isSeq(target) && !isAlias(node)) {
      const items = target.items.map((item) => field(item as Node | null, at));
      return { line: at, value: { kind: "list", items } };
    }
    if (isMap(target) && !isAlias(node)) {
      return { line: at, value: { kind: "mapping", fields: fieldsOf(target, at) } };
    }
    return { line: at, value: { kind: "empty" } };
  };
  const fieldsOf = (map: YAMLMap, line: number): ReadonlyMap<string, YamlField> =>
    new Map(
      map.items.flatMap(({ key, value }) => {
        if (!isScalar(key)) return [];
        const at = key.range == null ? line : lineCounter.linePos(key.range[0]).line;
        const inner = field(value as Node | null, at);
        return [[String(key.value), { ...inner, line: at }] as const];
      }),
    );

  const { contents } = document;
  if (contents === null) return { fields: new Map() };
  if (!isMap(contents)) {
    const line = lineCounter.linePos(contents.range?.[0] ?? 0).line;
    return { problem: { line, message: "Here must stand keys with values, such as `name: …`." } };
  }
  return { fields: fieldsOf(contents, /*line*/ 1) };
}
