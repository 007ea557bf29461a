// Lines and columns of a text, as people count them.

/** A 1-based line and column of a text; the column counts characters (code points). */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** A text by its lines. */
export interface TextLines {
  readonly positionAt: (offset: number) => TextPosition;
  /** The text of a 1-based line, without its line end; empty when there is no such line. */
  readonly lineOf: (line: number) => string;
}

/** How many characters (code points) a text has. */
export function countCharacters(text: string): number {
  let count = 0;
  for (const _character of text) count += 1;
  return count;
}

/** Reads where the lines of `text` begin, once for all questions. */
export function textLines(text: string): TextLines {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  const startOf = (index: number) => starts[index] ?? text.length + 1;
  return {
    positionAt(offset) {
      let low = 0;
      let high = starts.length - 1;
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if (startOf(middle) <= offset) low = middle;
        else high = middle - 1;
      }
      return { line: low + 1, column: countCharacters(text.slice(startOf(low), offset)) + 1 };
    },
    lineOf(line) {
      if (line < 1 || line > starts.length) return "";
      return text.slice(startOf(line - 1), startOf(line) - 1).replace(/\r$/, "");
    },
  };
}
