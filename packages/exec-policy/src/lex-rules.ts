// The words of a rules file. The language is a part of Starlark, which looks like Python.
import { type Place, RuleError } from "./exec-policy-error.ts";

export type RuleToken = Place &
  (
    | { readonly kind: "name" | "symbol" | "number"; readonly text: string }
    /** The pieces of a string; only those that begin with `f` name constants. */
    | { readonly kind: "string"; readonly pieces: readonly StringPiece[] }
    /**
     * `newline` ends a statement: a line's end outside brackets, or a semicolon. `indent` is where a
     * statement begins after blanks.
     */
    | { readonly kind: "newline" | "indent" | "end" }
  );

export type StringPiece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "name"; readonly name: string };

const blank = /[ \t]+|\\\n|#[^\n]*/y;
const stringStart = /([rf]|fr)?("""|'''|"|')/y;
/** A name, a number or a symbol. */
const word =
  /([A-Za-z_][A-Za-z0-9_]*)|(\d[\w.]*)|\/\/=?|[=!<>]=|[-+*/%&|^]=|\*\*|<<|>>|[-+*/%&|^~=<>()[\]{},.:]/y;

/** @throws RuleError for what no word begins with, and for strings that do not end. */
export function lexRules(source: string, file: string): readonly RuleToken[] {
  const text = source.replaceAll("\r\n", "\n");
  const tokens: RuleToken[] = [];
  const placeAt = placesOf(text);
  const take = (pattern: RegExp, at: number): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  let depth = 0;
  for (let at = 0; at < text.length;) {
    const place = placeAt(at);
    const skipped = take(blank, at);
    if (skipped !== null) {
      at += skipped[0].length;
      const isIndent = place.column === 1 && /[ \t]/.test(skipped[0].charAt(0));
      const isFirst = (tokens.at(-1)?.kind ?? "newline") === "newline" && depth === 0;
      if (isIndent && isFirst && /[^\n#\\]/.test(text.charAt(at))) {
        tokens.push({ kind: "indent", ...placeAt(at) });
      }
      continue;
    }
    const character = text.charAt(at);
    if (character === "\n" || character === ";") {
      if (depth === 0) tokens.push({ kind: "newline", ...place });
      else if (character === ";") throw new RuleError(file, place, "unexpected `;` in brackets");
      at += 1;
      continue;
    }
    const opening = take(stringStart, at);
    if (opening !== null) {
      const { pieces, end } = lexString(text, at, opening, (offset, problem) => {
        throw new RuleError(file, placeAt(offset), problem);
      });
      tokens.push({ kind: "string", pieces, ...place });
      at = end;
      continue;
    }
    const match = take(word, at);
    if (match === null) {
      const shown = JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0));
      throw new RuleError(file, place, `unexpected character ${shown}`);
    }
    const [matched, name, number] = match;
    if (/^[([{]$/.test(matched)) depth += 1;
    if (/^[)\]}]$/.test(matched)) depth = Math.max(0, depth - 1);
    const kind = name !== undefined ? "name" : number !== undefined ? "number" : "symbol";
    tokens.push({ kind, text: matched, ...place });
    at += matched.length;
  }
  const last = placeAt(text.length);
  return [...tokens, { kind: "newline", ...last }, { kind: "end", ...last }];
}

/** Where an offset is. Calls must go forward, or to the line of the call before. */
function placesOf(text: string): (offset: number) => Place {
  let line = 1;
  let lineStart = 0;
  let lineEnd = text.indexOf("\n");
  return (offset) => {
    while (lineEnd !== -1 && lineEnd < offset) {
      line += 1;
      lineStart = lineEnd + 1;
      lineEnd = text.indexOf("\n", lineStart);
    }
    return { line, column: offset - lineStart + 1 };
  };
}

type Fail = (offset: number, problem: string) => never;

function lexString(
  text: string,
  start: number,
  opening: RegExpExecArray,
  fail: Fail,
): { readonly pieces: readonly StringPiece[]; readonly end: number } {
  const [whole, prefix = "", quote = ""] = opening;
  const isRaw = prefix.includes("r");
  const isFormat = prefix.includes("f");
  const pieces: StringPiece[] = [];
  let piece = "";
  for (let at = start + whole.length; at < text.length;) {
    if (text.startsWith(quote, at)) {
      pieces.push({ kind: "text", text: piece });
      return { pieces, end: at + quote.length };
    }
    const character = text.charAt(at);
    if (character === "\n" && quote.length === 1) break;
    if (character === "\\") {
      const escape = isRaw ? rawEscape(text, at) : readEscape(text, at, fail);
      piece += escape.text;
      at += escape.length;
      continue;
    }
    if (isFormat && (character === "{" || character === "}")) {
      if (text.charAt(at + 1) === character) {
        piece += character;
        at += 2;
        continue;
      }
      const hole = /^\{([A-Za-z_][A-Za-z0-9_]*)\}/.exec(text.slice(at, at + 200));
      if (hole?.[1] === undefined) {
        return fail(at, "between the braces of a string with `f` stands the name of a constant");
      }
      pieces.push({ kind: "text", text: piece }, { kind: "name", name: hole[1] });
      piece = "";
      at += hole[0].length;
      continue;
    }
    piece += character;
    at += 1;
  }
  return fail(start, "this string does not end; close its quotes");
}

interface Escape {
  readonly text: string;
  readonly length: number;
}

/** In a raw string a backslash stands for itself, but still keeps a quote from ending the string. */
function rawEscape(text: string, at: number): Escape {
  const length = /['"\\\n]/.test(text.charAt(at + 1)) ? 2 : 1;
  return { text: text.slice(at, at + length), length };
}

const simpleEscapes: Readonly<Record<string, string>> = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

function readEscape(text: string, at: number, fail: Fail): Escape {
  const letter = text.charAt(at + 1);
  const simple = simpleEscapes[letter];
  if (simple !== undefined) return { text: simple, length: 2 };
  const octal = /^[0-7]{1,3}/.exec(text.slice(at + 1, at + 4));
  if (octal !== null) {
    return {
      text: String.fromCodePoint(Number.parseInt(octal[0], 8)),
      length: octal[0].length + 1,
    };
  }
  const digits = { x: 2, u: 4, U: 8 }[letter];
  if (digits === undefined) return { text: text.slice(at, at + 2), length: 2 };
  const code = text.slice(at + 2, at + 2 + digits);
  const value = /^[0-9A-Fa-f]+$/.test(code) ? Number.parseInt(code, 16) : -1;
  if (code.length < digits || value < 0 || value > 0x10_ff_ff || value >> 11 === 0x1b) {
    return fail(at, `\`\\${letter}\` needs ${digits} hexadecimal digits that name a character`);
  }
  return { text: String.fromCodePoint(value), length: digits + 2 };
}
