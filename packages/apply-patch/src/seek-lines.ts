// Where in a file a run of lines stands: exactly if possible, else with typography forgiven.

/** From strict to lenient; a pass sees every place before the next one starts. */
const passes: readonly ((line: string) => string)[] = [
  (line) => line,
  (line) => line.trimEnd(),
  (line) => line.trim(),
  (line) => foldTypography(line.trim()),
];

/** Dashes, quotes and spaces that editors and models put in place of the ASCII ones. */
function foldTypography(line: string): string {
  return line
    .replaceAll(/[\u2010-\u2015\u2212]/g, "-")
    .replaceAll(/[\u2018-\u201b]/g, "'")
    .replaceAll(/[\u201c-\u201f]/g, '"')
    .replaceAll(/[\u00a0\u2002-\u200a\u202f\u205f\u3000]/g, " ");
}

/**
 * Finds `pattern` as consecutive `lines`. Four passes run over all places,
 * and the first hit wins: equal text, trailing blanks ignored, blanks at both ends ignored, and
 * typographic dashes, quotes and spaces taken for their ASCII forms as well.
 *
 * @param options.start the index at which to begin, by default 0.
 * @param options.endOfFile tries the last lines first, in all passes, and then the rest as usual.
 * @returns the index of the first line of the hit (`start` for an empty pattern), or null.
 */
export function seekLines(
  lines: readonly string[],
  pattern: readonly string[],
  options: { readonly start?: number | undefined; readonly endOfFile?: boolean | undefined } = {},
): number | null {
  const { start = 0, endOfFile = false } = options;
  if (pattern.length === 0) return start;
  const last = lines.length - pattern.length;
  if (endOfFile && last >= start) {
    const atEnd = seekBetween(lines, pattern, last, last);
    if (atEnd !== null) return atEnd;
  }
  return seekBetween(lines, pattern, start, last);
}

function seekBetween(
  lines: readonly string[],
  pattern: readonly string[],
  first: number,
  last: number,
): number | null {
  for (const normalize of passes) {
    const wanted = pattern.map(normalize);
    for (let place = first; place <= last; place += 1) {
      if (wanted.every((text, offset) => normalize(lines[place + offset] ?? "") === text)) {
        return place;
      }
    }
  }
  return null;
}
