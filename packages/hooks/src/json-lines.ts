// JSON with the line that each value stands on.
import {
  findNodeAtLocation,
  parse,
  parseTree,
  printParseErrorCode,
  type ParseError,
} from "jsonc-parser";

export interface PositionedJson {
  readonly value: unknown;
  /** 1-based; null when nothing stands at `path`. */
  line(path: readonly (string | number)[]): number | null;
}

/** @throws SyntaxError. With `comments`, `//` and `/*` comments and trailing commas are let pass. */
export function parseJsonWithLines(text: string, comments: boolean): PositionedJson {
  const value: unknown = comments ? parseLoosely(text) : JSON.parse(text);
  const root = parseTree(text);
  return {
    value,
    line(path) {
      const node = root === undefined ? undefined : findNodeAtLocation(root, [...path]);
      return node === undefined ? null : lineAt(text, node.offset);
    },
  };
}

function parseLoosely(text: string): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first === undefined) return value;
  throw new SyntaxError(
    `${printParseErrorCode(first.error)} in line ${lineAt(text, first.offset)}`,
  );
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
