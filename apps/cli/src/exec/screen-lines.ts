// Lines as they fit a screen: wrapped at its width, and few enough to be read.
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";
import { visibleText } from "../visible-text.ts";

export interface Room {
  /** The width in columns; null where nothing is wrapped, such as in a log file. */
  readonly columns: number | null;
  /** How many lines of one output are shown. */
  readonly lines: number;
}

/** Below this a text cannot be wrapped with any sense. */
const LEAST_COLUMNS = 30;
/** Prose in wider lines is hard to read. */
const PROSE_COLUMNS = 100;
/** How many rows of a screen one line of an output may take, and how many characters of a log. */
const ROWS_OF_A_LINE = 3;
const CHARACTERS_OF_A_LINE = 2000;

/** Prose, which may hold colours, wrapped between words; `rest` stands in front of each further row. */
export function proseLines(
  text: string,
  columns: number | null,
  { first = "", rest = "" }: { readonly first?: string; readonly rest?: string } = {},
): readonly string[] {
  const width = Math.min(columns ?? 0, PROSE_COLUMNS) - stringWidth(first);
  const rows =
    columns === null || columns < LEAST_COLUMNS
      ? [text]
      : wrapAnsi(text, Math.max(1, width), { hard: true, trim: true }).split("\n");
  return rows.map((row, index) => `${index === 0 ? first : rest}${row}`);
}

/** How a row looks; `line` is the whole line that it belongs to. */
export type PaintRow = (row: string, line: string) => string;

/**
 * What a program wrote, in rows of at most the room's width: the beginning and the end where it is long,
 * as errors stand at either. What is left out is said.
 */
export function outputLines(
  text: string,
  room: Room,
  indent: string,
  paintRow: PaintRow,
): readonly string[] {
  const { head, left, tail } = headAndTail(text.replace(/(?:\r?\n)+$/, "").split("\n"), room.lines);
  const rows = (line: string): readonly string[] =>
    outputRows(line, room.columns, indent).map((row) => paintRow(row, line));
  const note = `${indent}… ${counted(left, "line")} more`;
  const shown = [
    ...head.flatMap(rows),
    ...(left === 0 ? [] : [paintRow(note, /*line*/ note)]),
    ...tail.flatMap(rows),
  ];
  // Control characters alone leave nothing to be seen.
  return shown.slice(0, shown.findLastIndex((row) => visibleText(row).trim() !== "") + 1);
}

/** The first and the last of too many lines. */
function headAndTail(
  lines: readonly string[],
  most: number,
): { readonly head: readonly string[]; readonly left: number; readonly tail: readonly string[] } {
  if (lines.length <= most) return { head: lines, left: 0, tail: [] };
  const first = Math.floor((most - 1) / 3);
  const last = most - 1 - first;
  return {
    head: lines.slice(0, first),
    left: lines.length - first - last,
    tail: lines.slice(-last),
  };
}

/** One line of an output, cut hard at the width; of a very long one the beginning. */
function outputRows(line: string, columns: number | null, indent: string): readonly string[] {
  const width = columns === null || columns < LEAST_COLUMNS ? null : columns - indent.length;
  const most = width === null ? CHARACTERS_OF_A_LINE : (ROWS_OF_A_LINE + 1) * width;
  // Cut before it is measured: the widths of a megabyte on one line would take seconds.
  const text = visibleText(line.slice(0, 4 * most)).replaceAll("\t", "    ");
  const all =
    width === null
      ? [text.slice(0, most)]
      : wrapAnsi(text, width, { hard: true, wordWrap: false, trim: false }).split("\n");
  // The note would take a row itself.
  const rows = all.length === ROWS_OF_A_LINE + 1 ? all : all.slice(0, ROWS_OF_A_LINE);
  const shown = rows.join("").length;
  const isCut = shown < text.length || line.length > 4 * most;
  const note = isCut ? [`… ${counted(line.length - shown, "character")} more`] : [];
  return [...rows, ...note].map((row) => `${indent}${row}`.trimEnd());
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}
