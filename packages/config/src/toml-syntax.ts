// The statements of a TOML text and where they stand. The parser keeps no positions, so this reads the
// text a second time, and only when a message needs a place to point to or a file is edited. It expects
// valid TOML.

/** Offsets into the text, in UTF-16 units; `end` is exclusive. */
export interface TomlSpan {
  readonly start: number;
  readonly end: number;
}

/** One part of a dotted key. */
export interface KeySegment {
  readonly name: string;
  readonly span: TomlSpan;
}

/** `key = value`, in a table or between the braces of an inline one. */
export interface EntrySyntax {
  readonly kind: "entry";
  readonly segments: readonly KeySegment[];
  readonly value: ValueSyntax;
  /** From the key to the end of the value. */
  readonly span: TomlSpan;
}

/** `[table]` or `[[array.of.tables]]`. */
export interface HeaderSyntax {
  readonly kind: "header";
  readonly segments: readonly KeySegment[];
  readonly isArray: boolean;
  readonly span: TomlSpan;
}

export type ValueSyntax =
  | { readonly kind: "scalar"; readonly span: TomlSpan }
  | { readonly kind: "array"; readonly span: TomlSpan; readonly items: readonly ValueSyntax[] }
  | {
      readonly kind: "inline table";
      readonly span: TomlSpan;
      readonly entries: readonly EntrySyntax[];
    };

export type StatementSyntax = EntrySyntax | HeaderSyntax;

const simpleEscapes: Readonly<Record<string, string>> = {
  b: "\b",
  t: "\t",
  n: "\n",
  f: "\f",
  r: "\r",
  e: "\u001B",
};

/** The text that stands between the quotes of a basic string, with its escapes resolved. */
export function unescapeBasicString(raw: string): string {
  return raw.replaceAll(
    /\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|x([\da-fA-F]{2})|(.))/gs,
    (_match, short?: string, long?: string, byte?: string, single?: string) => {
      const digits = short ?? long ?? byte;
      if (digits !== undefined) {
        const codePoint = Number.parseInt(digits, 16);
        return codePoint <= 0x10_ff_ff ? String.fromCodePoint(codePoint) : "\uFFFD";
      }
      return simpleEscapes[single ?? ""] ?? single ?? "";
    },
  );
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readDocument(): StatementSyntax[] {
    const statements: StatementSyntax[] = [];
    for (;;) {
      this.#skipBlank();
      if (this.#at >= this.#text.length) return statements;
      const before = this.#at;
      if (this.#text[this.#at] === "[") statements.push(this.#readHeader());
      else statements.push(...this.#readEntry());
      if (this.#at === before) this.#at += 1;
    }
  }

  #readHeader(): HeaderSyntax {
    const start = this.#at;
    const isArray = this.#text[this.#at + 1] === "[";
    this.#at += isArray ? 2 : 1;
    const segments = this.#readKey();
    this.#skipSpaces();
    while (this.#text[this.#at] === "]") this.#at += 1;
    return { kind: "header", segments, isArray, span: { start, end: this.#at } };
  }

  /** One entry; none where the text is no TOML. */
  #readEntry(): readonly EntrySyntax[] {
    const start = this.#at;
    const segments = this.#readKey();
    this.#skipSpaces();
    if (this.#text[this.#at] !== "=") return [];
    this.#at += 1;
    this.#skipSpaces();
    const value = this.#readValue();
    return [{ kind: "entry", segments, value, span: { start, end: this.#at } }];
  }

  #readValue(): ValueSyntax {
    const start = this.#at;
    const opening = this.#text[start];
    if (opening === "[") {
      const items = this.#readArray();
      return { kind: "array", span: { start, end: this.#at }, items };
    }
    if (opening === "{") {
      const entries = this.#readInlineTable();
      return { kind: "inline table", span: { start, end: this.#at }, entries };
    }
    if (opening === '"' || opening === "'") this.#skipString();
    else this.#skipScalar();
    return { kind: "scalar", span: { start, end: this.#at } };
  }

  #readArray(): ValueSyntax[] {
    const items: ValueSyntax[] = [];
    this.#at += 1;
    for (;;) {
      this.#skipBlank(",");
      if (this.#atEndOf("]")) return items;
      const start = this.#at;
      items.push(this.#readValue());
      if (this.#at === start) this.#at += 1;
    }
  }

  #readInlineTable(): EntrySyntax[] {
    const entries: EntrySyntax[] = [];
    this.#at += 1;
    for (;;) {
      this.#skipBlank(",");
      if (this.#atEndOf("}")) return entries;
      const start = this.#at;
      entries.push(...this.#readEntry());
      if (this.#at === start) this.#at += 1;
    }
  }

  /** Steps over `closing`; the end of the text closes everything. */
  #atEndOf(closing: string): boolean {
    if (this.#at >= this.#text.length) return true;
    if (this.#text[this.#at] !== closing) return false;
    this.#at += 1;
    return true;
  }

  #readKey(): KeySegment[] {
    const segments: KeySegment[] = [];
    for (;;) {
      this.#skipSpaces();
      segments.push(this.#readKeySegment());
      this.#skipSpaces();
      if (this.#text[this.#at] !== ".") return segments;
      this.#at += 1;
    }
  }

  #readKeySegment(): KeySegment {
    const start = this.#at;
    const opening = this.#text[start];
    if (opening === '"' || opening === "'") {
      this.#skipString();
      const raw = this.#text.slice(start + 1, this.#at - 1);
      const name = opening === '"' ? unescapeBasicString(raw) : raw;
      return { name, span: { start, end: this.#at } };
    }
    this.#skipWhile(/[\w-]/);
    return { name: this.#text.slice(start, this.#at), span: { start, end: this.#at } };
  }

  #skipString(): void {
    const quote = this.#text.charAt(this.#at);
    const isMultiLine = this.#text.startsWith(quote.repeat(3), this.#at);
    const closing = isMultiLine ? quote.repeat(3) : quote;
    this.#at += closing.length;
    while (this.#at < this.#text.length && !this.#text.startsWith(closing, this.#at)) {
      this.#at += quote === '"' && this.#text[this.#at] === "\\" ? 2 : 1;
    }
    this.#at = Math.min(this.#at + closing.length, this.#text.length);
    if (!isMultiLine) return;
    // A multi-line string may end in one or two quotes of its own.
    for (let extra = 0; extra < 2 && this.#text[this.#at] === quote; extra += 1) this.#at += 1;
  }

  #skipScalar(): void {
    const start = this.#at;
    this.#skipWhile(/[^,\]}#\r\n]/);
    this.#at = start + this.#text.slice(start, this.#at).trimEnd().length;
  }

  #skipSpaces(): void {
    this.#skipWhile(/[ \t]/);
  }

  /** Over blanks, line ends, comments and the `also` character. */
  #skipBlank(also = " "): void {
    for (;;) {
      const character = this.#text[this.#at];
      if (character === "#") this.#skipWhile(/[^\n]/);
      else if (character !== undefined && (/\s/.test(character) || character === also)) {
        this.#at += 1;
      } else return;
    }
  }

  #skipWhile(pattern: RegExp): void {
    while (this.#at < this.#text.length && pattern.test(this.#text.charAt(this.#at))) this.#at += 1;
  }
}

/** Reads the statements of a valid TOML text, in its order. */
export function readTomlSyntax(text: string): readonly StatementSyntax[] {
  return new Reader(text).readDocument();
}
