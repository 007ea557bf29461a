// POSIX shell quoting: words to one line and back.

/**
 * Splits a line into words as a POSIX shell would if nothing expanded: blanks separate, quotes and
 * backslashes are undone, `#` at the start of a word opens a comment. Null for an unclosed quote or a
 * backslash at the end.
 *
 * @example
 * splitWords("grep 'a b' c\\ d"); // ["grep", "a b", "c d"]
 */
export function splitWords(line: string): string[] | null {
  const words: string[] = [];
  const token =
    /#[^\n]*|(?:[ \t\n]|\\\n)+|(?:[^ \t\n'"\\]|\\[^]|'[^']*'|"(?:[^"\\]|\\[^])*")+|[^]/gy;
  for (const [text] of line.matchAll(token)) {
    if (/^(?:#|[ \t\n]|\\\n)/.test(text)) continue;
    const word = unquote(text);
    if (word === null) return null;
    words.push(word);
  }
  return words;
}

/** Undoes the quotes of one word; null when they are not closed. */
function unquote(word: string): string | null {
  let text = "";
  for (const [piece] of word.matchAll(/[^'"\\]+|\\[^]|'[^']*'|"(?:[^"\\]|\\[^])*"|[^]/g)) {
    if (/^['"\\]$/.test(piece)) return null;
    if (piece.startsWith("'")) text += piece.slice(1, -1);
    else if (piece.startsWith('"'))
      text += piece.slice(1, -1).replaceAll(/\\([$`"\\])|\\\n/g, "$1");
    else text += piece.startsWith("\\") ? piece.slice(1).replace("\n", "") : piece;
  }
  return text;
}

/** What each kind of quoting cannot hold, in the order of preference. */
const forbidden = {
  bare: /[^A-Za-z0-9_./:@+\]-]/,
  single: /['\\^]/,
  double: /[!$`^]/,
};

type Quoting = keyof typeof forbidden;

/**
 * Writes words as one line that a POSIX shell, and {@link splitWords}, reads back as the same words.
 * A word is left bare if it can be, else single-quoted, else double-quoted. One that no single kind of
 * quoting can hold gets several; `^` is single-quoted at the start of a run.
 *
 * @example
 * joinWords(["bash", "-lc", "echo 'hi'"]); // bash -lc "echo 'hi'"
 */
export function joinWords(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}

function quoteWord(word: string): string {
  if (word === "") return "''";
  let quoted = "";
  for (let start = 0; start < word.length;) {
    // The longest run that one kind of quoting can hold, and the first kind that holds it.
    const opensWithCaret = word[start] === "^";
    let kinds: readonly Quoting[] = opensWithCaret ? ["single"] : ["bare", "single", "double"];
    let end = opensWithCaret ? start + 1 : start;
    for (; end < word.length; end += 1) {
      const left = kinds.filter((kind) => !forbidden[kind].test(word.charAt(end)));
      if (left.length === 0) break;
      kinds = left;
    }
    quoted += quoteRun(word.slice(start, end), kinds[0]);
    start = end;
  }
  return quoted;
}

function quoteRun(run: string, kind: Quoting | undefined): string {
  if (kind === "bare") return run;
  return kind === "single" ? `'${run}'` : `"${run.replaceAll(/["\\]/g, "\\$&")}"`;
}
