// Where each key and value of a TOML text stands. The parser keeps no positions, so this reads the
// text a second time, and only when a message needs a place to point to. It expects valid TOML.

/** Offsets into the text, in UTF-16 units; `end` is exclusive. */
export interface TomlSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * Where an entry stands. For a table that a header opens, both spans lie in the header; for one that
 * only exists through a dotted key, both are the key's segment.
 */
export interface TomlPlace {
  readonly key: TomlSpan;
  readonly value: TomlSpan;
}

/** One step of a path: a key, or the index of an array element. */
export type TomlPathSegment = string | number;
export type TomlPath = readonly TomlPathSegment[];

export interface TomlPositions {
  /** The place of the entry at `path`, or undefined when the text does not have it. */
  readonly find: (path: TomlPath) => TomlPlace | undefined;
}

interface Node {
  place: TomlPlace;
  readonly children: Map<string, Node>;
  /** Set for an array of tables: later headers go into its last element. */
  arrayOfTables: boolean;
}

interface KeySegment {
  readonly name: string;
  readonly span: TomlSpan;
}

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
  readonly root: Node;

  constructor(text: string) {
    this.#text = text;
    const whole = { start: 0, end: 0 };
    this.root = { place: { key: whole, value: whole }, children: new Map(), arrayOfTables: false };
  }

  readDocument(): void {
    let table = this.root;
    for (;;) {
      this.#skipBlank();
      if (this.#at >= this.#text.length) return;
      const before = this.#at;
      if (this.#text[this.#at] === "[") table = this.#readHeader();
      else this.#readEntry(table);
      if (this.#at === before) this.#at += 1;
    }
  }

  #readHeader(): Node {
    const start = this.#at;
    const isArray = this.#text[this.#at + 1] === "[";
    this.#at += isArray ? 2 : 1;
    const segments = this.#readKey();
    this.#skipSpaces();
    while (this.#text[this.#at] === "]") this.#at += 1;
    const header = { start, end: this.#at };
    let node = this.root;
    for (const [index, { name, span }] of segments.entries()) {
      const place = { key: span, value: header };
      const isLast = index === segments.length - 1;
      if (isLast && isArray) return this.#appendElement(node, name, place);
      const child = this.#child(node, name, place);
      // A table that dotted headers made before its own header came is better pointed to here.
      if (isLast) child.place = place;
      node = child.arrayOfTables ? (child.children.get(lastIndexOf(child)) ?? child) : child;
    }
    return node;
  }

  #appendElement(node: Node, name: string, place: TomlPlace): Node {
    const array = this.#child(node, name, place);
    array.arrayOfTables = true;
    const element: Node = { place, children: new Map(), arrayOfTables: false };
    array.children.set(String(array.children.size), element);
    return element;
  }

  #readEntry(table: Node): void {
    const segments = this.#readKey();
    this.#skipSpaces();
    if (this.#text[this.#at] !== "=") return;
    this.#at += 1;
    this.#skipSpaces();
    let node = table;
    for (const [index, { name, span }] of segments.entries()) {
      const isLast = index === segments.length - 1;
      node = isLast
        ? this.#readValueInto(node, name, span)
        : this.#child(node, name, { key: span, value: span });
    }
  }

  #readValueInto(parent: Node, name: string, key: TomlSpan): Node {
    const start = this.#at;
    const node: Node = {
      place: { key, value: { start, end: start } },
      children: new Map(),
      arrayOfTables: false,
    };
    parent.children.set(name, node);
    const opening = this.#text[start];
    if (opening === '"' || opening === "'") this.#skipString();
    else if (opening === "[") this.#readArray(node);
    else if (opening === "{") this.#readInlineTable(node);
    else this.#skipScalar();
    node.place = { key, value: { start, end: this.#at } };
    return node;
  }

  #readArray(node: Node): void {
    this.#at += 1;
    for (let index = 0; ; index += 1) {
      this.#skipBlank(",");
      if (this.#atEndOf("]")) return;
      const start = this.#at;
      this.#readValueInto(node, String(index), { start, end: start });
      if (this.#at === start) this.#at += 1;
    }
  }

  #readInlineTable(node: Node): void {
    this.#at += 1;
    for (;;) {
      this.#skipBlank(",");
      if (this.#atEndOf("}")) return;
      const start = this.#at;
      this.#readEntry(node);
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

  #child(node: Node, name: string, place: TomlPlace): Node {
    const known = node.children.get(name);
    if (known !== undefined) return known;
    const child: Node = { place, children: new Map(), arrayOfTables: false };
    node.children.set(name, child);
    return child;
  }
}

function lastIndexOf(array: Node): string {
  return String(array.children.size - 1);
}

/** Reads where the entries of a valid TOML text stand. */
export function readTomlPositions(text: string): TomlPositions {
  const reader = new Reader(text);
  reader.readDocument();
  return {
    find(path) {
      let node: Node | undefined = reader.root;
      for (const segment of path) node = node?.children.get(String(segment));
      return node === undefined || node === reader.root ? undefined : node.place;
    },
  };
}

/** A 1-based line and column of a text; the column counts characters (code points). */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** How many characters (code points) a text has. */
export function countCharacters(text: string): number {
  return Array.from(text).length;
}

export function positionAt(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  let line = 1;
  for (let at = before.indexOf("\n"); at >= 0; at = before.indexOf("\n", at + 1)) line += 1;
  return { line, column: countCharacters(before.slice(lineStart)) + 1 };
}

/** The text of a 1-based line, without its line end. */
export function lineOf(text: string, line: number): string {
  return (text.split("\n", line)[line - 1] ?? "").replace(/\r$/, "");
}
