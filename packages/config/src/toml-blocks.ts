// A TOML text as the blocks that its headers open, each with the path that it really stands for, and
// the questions that an edit asks of it.
import type { TomlPath } from "./toml-positions.ts";
import {
  type EntrySyntax,
  type HeaderSyntax,
  readTomlSyntax,
  type TomlSpan,
  type ValueSyntax,
} from "./toml-syntax.ts";

export type InlineTableSyntax = Extract<ValueSyntax, { readonly kind: "inline table" }>;

/** A header and the entries below it; the first block of a text has no header. */
export interface TomlBlock {
  /** Indexes stand for elements of arrays of tables. */
  readonly path: TomlPath;
  readonly header?: HeaderSyntax;
  readonly entries: EntrySyntax[];
}

export function startsWith(path: TomlPath, prefix: TomlPath): boolean {
  return prefix.length <= path.length && prefix.every((segment, at) => segment === path[at]);
}

function samePath(a: TomlPath, b: TomlPath): boolean {
  return a.length === b.length && startsWith(a, b);
}

/** The path of an entry whose key stands in the table at `base`. */
function entryPath(base: TomlPath, { segments }: EntrySyntax): TomlPath {
  return [...base, ...segments.map(({ name }) => name)];
}

/** The blocks of a valid TOML text; there is always a first one. */
export function readTomlBlocks(text: string): readonly [TomlBlock, ...TomlBlock[]] {
  const elements = new Map<string, number>();
  const first: TomlBlock = { path: [], entries: [] };
  const blocks: [TomlBlock, ...TomlBlock[]] = [first];
  let open = first;
  for (const statement of readTomlSyntax(text)) {
    if (statement.kind === "entry") {
      open.entries.push(statement);
      continue;
    }
    let path: TomlPath = [];
    for (const [at, { name }] of statement.segments.entries()) {
      path = [...path, name];
      const id = JSON.stringify(path);
      if (statement.isArray && at === statement.segments.length - 1) {
        elements.set(id, (elements.get(id) ?? 0) + 1);
      }
      const count = elements.get(id);
      if (count !== undefined) path = [...path, count - 1];
    }
    open = { path, header: statement, entries: [] };
    blocks.push(open);
  }
  return blocks;
}

/** Where the last statement of a block ends; 0 for an empty first block. */
function endOfStatements({ header, entries }: TomlBlock): number {
  return entries.at(-1)?.span.end ?? header?.span.end ?? 0;
}

/** An entry, and the inline table that it stands in, if it does. */
export interface FoundEntry {
  readonly entry: EntrySyntax;
  readonly path: TomlPath;
  readonly inside?: InlineTableSyntax;
}

/** Every entry of the blocks, those of inline tables too, outer ones first. */
export function* allEntries(blocks: readonly TomlBlock[]): Generator<FoundEntry> {
  for (const { path, entries } of blocks) {
    for (const entry of entries) yield* entriesFrom({ entry, path: entryPath(path, entry) });
  }
}

function* entriesFrom(found: FoundEntry): Generator<FoundEntry> {
  yield found;
  const { value } = found.entry;
  if (value.kind !== "inline table") return;
  for (const entry of value.entries) {
    yield* entriesFrom({ entry, path: entryPath(found.path, entry), inside: value });
  }
}

/** Where a new key can be put. */
export type TomlContainer = { readonly path: readonly string[] } & (
  | { readonly kind: "block"; readonly block: TomlBlock }
  /** Between the braces of an inline table. */
  | { readonly kind: "inline"; readonly table: InlineTableSyntax }
  /** Dotted keys made the table; only more of them can add to it. */
  | { readonly kind: "dotted"; readonly block: TomlBlock; readonly after: EntrySyntax }
  /** Only headers of tables below made the table; `first` is the first of them. */
  | { readonly kind: "implied"; readonly first: TomlBlock }
);

/** The table at exactly this path, if the text has it. */
function containerAt(
  blocks: readonly [TomlBlock, ...TomlBlock[]],
  path: readonly string[],
): TomlContainer | undefined {
  const block = blocks.find((each) => samePath(each.path, path));
  if (block !== undefined) return { path, kind: "block", block };
  for (const found of allEntries(blocks)) {
    const { value } = found.entry;
    if (value.kind === "inline table" && samePath(found.path, path)) {
      return { path, kind: "inline", table: value };
    }
  }
  for (const each of blocks) {
    if (!startsWith(path, each.path)) continue;
    const after = each.entries.findLast((entry) => {
      const full = entryPath(each.path, entry);
      return full.length > path.length && startsWith(full, path);
    });
    if (after !== undefined) return { path, kind: "dotted", block: each, after };
  }
  const first = blocks.find((each) => startsWith(each.path, path));
  return first === undefined ? undefined : { path, kind: "implied", first };
}

/** The table that is nearest to `path` from above. */
export function nearestContainer(
  blocks: readonly [TomlBlock, ...TomlBlock[]],
  path: readonly string[],
): TomlContainer {
  for (let length = path.length - 1; length > 0; length -= 1) {
    const container = containerAt(blocks, path.slice(0, length));
    if (container !== undefined) return container;
  }
  return { path: [], kind: "block", block: blocks[0] };
}

/** The start of the line that `offset` is on. */
export function lineStart(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
}

/** The offset behind the end of the line that `offset` is on. */
export function lineEnd(text: string, offset: number): number {
  const newline = text.indexOf("\n", offset);
  return newline < 0 ? text.length : newline + 1;
}

function isLine(text: string, { start, end }: TomlSpan, pattern: RegExp): boolean {
  return start < end && pattern.test(text.slice(start, end));
}

const commentLine = /^[ \t]*#/;
const blankLine = /^\s*$/;

/** `offset`, a line's start, moved up over the lines before it that match. */
function upOver(text: string, offset: number, pattern: RegExp): number {
  let at = offset;
  while (at > 0) {
    const start = lineStart(text, at - 1);
    if (!isLine(text, { start, end: at }, pattern)) break;
    at = start;
  }
  return at;
}

/** `offset`, a line's start, moved down over the lines from it that match. */
function downOver(text: string, offset: number, pattern: RegExp): number {
  let at = offset;
  while (at < text.length) {
    const end = lineEnd(text, at);
    if (!isLine(text, { start: at, end }, pattern)) break;
    at = end;
  }
  return at;
}

/**
 * Where what comes before a header starts: above the comments that stand right over it. The comment at
 * the very start of a file is taken to be about the file.
 */
export function startWithComments(text: string, header: HeaderSyntax): number {
  const own = lineStart(text, header.span.start);
  const start = upOver(text, own, commentLine);
  return start === 0 ? own : start;
}

/** Where a block ends for what comes after it: its last statement, and the comments that follow that. */
export function endWithComments(text: string, block: TomlBlock): number {
  const own = lineEnd(text, endOfStatements(block));
  const end = downOver(text, own, commentLine);
  const isFree =
    end === text.length || isLine(text, { start: end, end: lineEnd(text, end) }, blankLine);
  return isFree ? end : own;
}

/** The lines of a block from its header on, with the blank lines that would be left over without it. */
export function blockLines(text: string, block: TomlBlock): TomlSpan {
  const start = lineStart(text, block.header?.span.start ?? 0);
  const end = lineEnd(text, endOfStatements(block));
  const above = upOver(text, start, blankLine);
  const below = downOver(text, end, blankLine);
  if (below === text.length) return { start: above, end: below };
  return { start, end: above < start || start === 0 ? below : end };
}
