// Where each key and value of a TOML text stands, by its path.
import {
  type EntrySyntax,
  type HeaderSyntax,
  readTomlSyntax,
  type TomlSpan,
  type ValueSyntax,
} from "./toml-syntax.ts";

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
/** The way from the root of a TOML text to an entry. */
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

function makeNode(place: TomlPlace): Node {
  return { place, children: new Map(), arrayOfTables: false };
}

function childOf(node: Node, name: string, place: TomlPlace): Node {
  const known = node.children.get(name);
  if (known !== undefined) return known;
  const child = makeNode(place);
  node.children.set(name, child);
  return child;
}

/** Where entries below a header go: into the last element of an array of tables. */
function openPart(node: Node): Node {
  if (!node.arrayOfTables) return node;
  return node.children.get(String(node.children.size - 1)) ?? node;
}

/** @returns The table that the header opens. */
function addHeader(root: Node, { segments, isArray, span: header }: HeaderSyntax): Node {
  let node = root;
  for (const [index, { name, span }] of segments.entries()) {
    const place = { key: span, value: header };
    const isLast = index === segments.length - 1;
    const child = childOf(node, name, place);
    if (isLast && isArray) {
      child.arrayOfTables = true;
      const element = makeNode(place);
      child.children.set(String(child.children.size), element);
      return element;
    }
    // A table that dotted headers made before its own header came is better pointed to here.
    if (isLast) child.place = place;
    node = openPart(child);
  }
  return node;
}

function addEntry(table: Node, { segments, value }: EntrySyntax): void {
  let node = table;
  for (const [index, { name, span }] of segments.entries()) {
    if (index === segments.length - 1) addValue(node, name, span, value);
    else node = childOf(node, name, { key: span, value: span });
  }
}

function addValue(parent: Node, name: string, key: TomlSpan, value: ValueSyntax): void {
  const node = makeNode({ key, value: value.span });
  parent.children.set(name, node);
  if (value.kind === "inline table") for (const entry of value.entries) addEntry(node, entry);
  if (value.kind !== "array") return;
  for (const [index, item] of value.items.entries()) {
    const { start } = item.span;
    addValue(node, String(index), { start, end: start }, item);
  }
}

/** Reads where the entries of a valid TOML text stand. */
export function readTomlPositions(text: string): TomlPositions {
  const whole = { start: 0, end: 0 };
  const root = makeNode({ key: whole, value: whole });
  let table = root;
  for (const statement of readTomlSyntax(text)) {
    if (statement.kind === "header") table = addHeader(root, statement);
    else addEntry(table, statement);
  }
  return {
    find(path) {
      let node: Node | undefined = root;
      for (const segment of path) node = node?.children.get(String(segment));
      return node === undefined || node === root ? undefined : node.place;
    },
  };
}
