// Changes values in a TOML text and leaves every other line as it is.
import { ConfigError } from "./errors.ts";
import { setPath, valueAt, withoutPath } from "./key-path.ts";
import { isTable, parseToml, type TomlTable, type TomlValue } from "./toml.ts";
import {
  allEntries,
  blockLines,
  endWithComments,
  type FoundEntry,
  type InlineTableSyntax,
  lineEnd,
  lineStart,
  nearestContainer,
  readTomlBlocks,
  startsWith,
  startWithComments,
  type TomlBlock,
  type TomlContainer,
} from "./toml-blocks.ts";
import type { TomlSpan } from "./toml-syntax.ts";
import { writeBlocks, writeKey, writeValue } from "./toml-write.ts";

/** One change. A path goes through tables alone, by their keys. */
export type TomlEdit =
  | {
      readonly set: readonly string[];
      /** A table replaces the one that is there key by key, so that what is equal keeps its lines. */
      readonly value: TomlValue;
    }
  | {
      readonly clear: readonly string[];
      /** Also remove the tables above that are empty then. */
      readonly prune?: boolean;
    };

/**
 * `text` with the edits made, in order. Lines that no edit concerns keep every byte; comments stay, but
 * for those inside of a table that is removed. A value that is as it should be is not written anew.
 *
 * @throws TomlSyntaxError when `text` is not TOML.
 */
export async function editToml(text: string, edits: readonly TomlEdit[]): Promise<string> {
  const draft = new Draft(text, await parseToml(text));
  for (const edit of edits) {
    if ("set" in edit) draft.set(edit.set, edit.value);
    else draft.clear(edit.clear, edit.prune ?? false);
  }
  // Whatever the text looked like: what is not what was asked for is never handed out.
  const written = await parseToml(draft.text).catch(() => undefined);
  if (written === undefined || !sameValue(withoutEmpty(written), withoutEmpty(draft.table))) {
    throw new ConfigError(
      "not_written",
      "this change cannot be made without rewriting other parts of the file; make it by hand",
    );
  }
  return draft.text;
}

class Draft {
  text: string;
  /** What the text comes to. Tables that no key is left of may be missing from the text. */
  table: TomlTable;
  readonly #eol: string;

  constructor(text: string, table: TomlTable) {
    this.text = text;
    this.table = table;
    this.#eol = text.includes("\r\n") ? "\r\n" : "\n";
  }

  set(path: readonly string[], value: TomlValue): void {
    const existing = valueAt(this.table, path);
    if (existing !== undefined && sameValue(existing, value)) return;
    if (isTable(existing) && isTable(value)) {
      for (const name of Object.keys(existing)) {
        if (!Object.hasOwn(value, name)) this.clear([...path, name], /*prune*/ false);
      }
      for (const [name, item] of Object.entries(value)) this.set([...path, name], item);
      return;
    }
    this.#clearInTheWay(path);
    const entry = this.#find((found) => samePath(found.path, path))?.entry;
    if (entry === undefined) {
      this.#remove(path);
      this.#create(path, value);
    } else this.#replace(entry.value.span, writeValue(value));
    this.table = setPath(this.table, path, value);
  }

  clear(path: readonly string[], prune: boolean): void {
    if (valueAt(this.table, path) === undefined) return;
    this.#remove(path);
    this.table = withoutPath(this.table, path);
    const above = path.slice(0, -1);
    const left = valueAt(this.table, above);
    if (prune && above.length > 0 && isTable(left) && Object.keys(left).length === 0) {
      this.clear(above, prune);
    }
  }

  /** Removes the value above `path` that is no table. */
  #clearInTheWay(path: readonly string[]): void {
    for (let length = 1; length < path.length; length += 1) {
      const above = path.slice(0, length);
      const value = valueAt(this.table, above);
      if (value !== undefined && !isTable(value)) return this.clear(above, /*prune*/ false);
    }
  }

  #find(matches: (found: FoundEntry) => boolean): FoundEntry | undefined {
    for (const found of allEntries(readTomlBlocks(this.text))) if (matches(found)) return found;
    return undefined;
  }

  #replace({ start, end }: TomlSpan, replacement: string): void {
    this.text = `${this.text.slice(0, start)}${replacement}${this.text.slice(end)}`;
  }

  #insert(at: number, inserted: string): void {
    this.#replace({ start: at, end: at }, inserted);
  }

  /** Inserts whole lines at a line's start; a last line without an end gets one first. */
  #insertLines(at: number, lines: string): void {
    const isCut = at > 0 && this.text[at - 1] !== "\n";
    this.#insert(at, isCut ? `${this.#eol}${lines}` : lines);
  }

  /** Removes everything that stands at or below `path`, one piece after the other. */
  #remove(path: readonly string[]): void {
    for (;;) {
      const blocks = readTomlBlocks(this.text);
      const block = blocks.find((each) => each.header !== undefined && startsWith(each.path, path));
      if (block !== undefined) {
        this.#replace(blockLines(this.text, block), "");
        continue;
      }
      const found = this.#find((each) => startsWith(each.path, path));
      if (found === undefined) return;
      this.#removeEntry(found);
    }
  }

  #removeEntry({ entry, inside }: FoundEntry): void {
    const { start, end } = entry.span;
    if (inside !== undefined) {
      this.#replace(spanInInlineTable(this.text, inside, entry.span), "");
    } else {
      this.#replace({ start: lineStart(this.text, start), end: lineEnd(this.text, end) }, "");
    }
  }

  #create(path: readonly string[], value: TomlValue): void {
    const blocks = readTomlBlocks(this.text);
    const container = nearestContainer(blocks, path);
    const rest = path.slice(container.path.length);
    if (container.kind === "inline") {
      this.#addInline(container.table, `${writeKey(rest)} = ${writeValue(value)}`);
    } else if (container.kind === "dotted") {
      this.#addDotted(container, path, value);
    } else if (isTable(value)) {
      this.#addBlocks(blocks, path, value);
    } else if (rest.length > 1) {
      const name = path.at(-1) ?? "";
      this.#addBlocks(blocks, path.slice(0, -1), { [name]: value });
    } else {
      this.#addLine(blocks, container, `${writeKey(rest)} = ${writeValue(value)}`);
    }
  }

  #addInline({ span, entries }: InlineTableSyntax, entry: string): void {
    const last = entries.at(-1);
    if (last !== undefined) this.#insert(last.span.end, `, ${entry}`);
    else if (this.text.slice(span.start + 1, span.end - 1).trim() === "") {
      this.#replace(span, `{ ${entry} }`);
    } else this.#insert(span.start + 1, ` ${entry}`);
  }

  #addDotted(
    { block, after }: Extract<TomlContainer, { readonly kind: "dotted" }>,
    path: readonly string[],
    value: TomlValue,
  ): void {
    const indent = this.#indentAt(after.span.start);
    const lines = leaves(path.slice(block.path.length), value).map(
      ([key, leaf]) => `${indent}${writeKey(key)} = ${writeValue(leaf)}${this.#eol}`,
    );
    this.#insertLines(lineEnd(this.text, after.span.end), lines.join(""));
  }

  #indentAt(offset: number): string {
    const line = this.text.slice(lineStart(this.text, offset), offset);
    return /^[ \t]*/.exec(line)?.[0] ?? "";
  }

  /** Adds a line to a table that is there. */
  #addLine(
    blocks: readonly TomlBlock[],
    container: Extract<TomlContainer, { readonly kind: "block" | "implied" }>,
    entry: string,
  ): void {
    const eol = this.#eol;
    if (container.kind === "implied") {
      const { header } = container.first;
      const at = header === undefined ? 0 : startWithComments(this.text, header);
      this.#insert(at, `[${writeKey(container.path)}]${eol}${entry}${eol}${eol}`);
      return;
    }
    const { header, entries } = container.block;
    const last = entries.at(-1) ?? header;
    if (last !== undefined) {
      const indent = this.#indentAt(last.span.start);
      this.#insertLines(lineEnd(this.text, last.span.end), `${indent}${entry}${eol}`);
      return;
    }
    const next = blocks[1]?.header;
    if (next === undefined) this.#insertLines(this.text.length, `${entry}${eol}`);
    else this.#insert(startWithComments(this.text, next), `${entry}${eol}${eol}`);
  }

  /** Adds a table below headers of its own, behind the tables that it has most in common with. */
  #addBlocks(blocks: readonly TomlBlock[], path: readonly string[], table: TomlTable): void {
    const written = writeBlocks(path, table, { eol: this.#eol });
    const related = closestRelative(blocks, path);
    const at =
      related === undefined || related === blocks.at(-1)
        ? this.text.length
        : endWithComments(this.text, related);
    const before = this.text.slice(0, at);
    const isApart = before.trim() === "" || /\n\s*\n$/.test(before);
    this.#insertLines(at, isApart ? written : `${this.#eol}${written}`);
  }
}

/** The last of the blocks that share most of `path`; undefined when none shares any. */
function closestRelative(
  blocks: readonly TomlBlock[],
  path: readonly string[],
): TomlBlock | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const shared = path.slice(0, length);
    const relative = blocks.findLast((each) => startsWith(each.path, shared));
    if (relative !== undefined) return relative;
  }
  return undefined;
}

/** What to cut out of an inline table: one of its entries, with the comma that only it needs. */
function spanInInlineTable(
  text: string,
  { span, entries }: InlineTableSyntax,
  removed: TomlSpan,
): TomlSpan {
  const at = entries.findIndex((entry) => entry.span.start === removed.start);
  const next = entries[at + 1];
  if (next !== undefined) return { start: removed.start, end: next.span.start };
  const previous = entries[at - 1];
  if (previous !== undefined) return { start: previous.span.end, end: removed.end };
  const behind = text.slice(removed.end, span.end - 1);
  const isBare = /^[\s,]*$/.test(behind) && text.slice(span.start + 1, removed.start).trim() === "";
  if (isBare) return { start: span.start + 1, end: span.end - 1 };
  const comma = /^\s*,/.exec(behind)?.[0].length ?? 0;
  return { start: removed.start, end: removed.end + comma };
}

/** The values of a table with their dotted keys. */
function leaves(
  path: readonly string[],
  value: TomlValue,
): readonly (readonly [path: readonly string[], value: TomlValue])[] {
  const isLeaf = !isTable(value) || Object.keys(value).length === 0;
  if (isLeaf) return [[path, value]];
  return Object.entries(value).flatMap(([name, item]) => leaves([...path, name], item));
}

function samePath(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((segment, at) => segment === b[at]);
}

/** Whether two values are the same in TOML. */
export function sameValue(a: TomlValue | undefined, b: TomlValue | undefined): boolean {
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item: TomlValue, at) => sameValue(item, b[at] as TomlValue));
  }
  if (isTable(a) && isTable(b)) {
    const names = Object.keys(a);
    if (names.length !== Object.keys(b).length) return false;
    return names.every((name) => Object.hasOwn(b, name) && sameValue(a[name], b[name]));
  }
  if (a instanceof Date && b instanceof Date) return a.toISOString() === b.toISOString();
  return Object.is(a, b);
}

/** The table without tables that hold nothing: that a key is left of them is no difference. */
function withoutEmpty(table: TomlTable): TomlTable {
  const entries = Object.entries(table).flatMap(([name, value]): [string, TomlValue][] => {
    if (!isTable(value)) return [[name, value]];
    const kept = withoutEmpty(value);
    return Object.keys(kept).length === 0 ? [] : [[name, kept]];
  });
  return Object.assign(Object.create(null) as object, Object.fromEntries(entries));
}
