// The patch language: text to sections. Nothing here touches the disk.
import { PatchParseError } from "./errors.ts";

/** One line of a chunk, without its prefix and its line ending. */
export interface ChunkLine {
  readonly kind: "context" | "remove" | "add";
  readonly text: string;
}

/** A place in a file and what changes there. */
export interface Chunk {
  /** The texts after `@@`, each to be found below the one before. */
  readonly contexts: readonly string[];
  readonly lines: readonly ChunkLine[];
  /** Whether `*** End of File` says that the chunk's lines are the last of the file. */
  readonly endOfFile: boolean;
}

/** What a patch does to one file. Paths are as written in the patch. */
export type Section =
  | { readonly kind: "add"; readonly path: string; readonly content: string }
  | { readonly kind: "delete"; readonly path: string }
  | {
      readonly kind: "update";
      readonly path: string;
      /** Where the file goes; null when it stays. */
      readonly movePath: string | null;
      readonly chunks: readonly Chunk[];
    };

/** A parsed patch: its sections in the order of the text. */
export interface Patch {
  readonly sections: readonly Section[];
}

const beginMarker = "*** Begin Patch";
const endMarker = "*** End Patch";
const addHeader = "*** Add File: ";
const deleteHeader = "*** Delete File: ";
const updateHeader = "*** Update File: ";
const moveLine = "*** Move to: ";
const endOfFileLine = "*** End of File";

/** The lines between the envelope's markers, with a place in them. Line 1 is `*** Begin Patch`. */
interface Cursor {
  readonly lines: readonly string[];
  index: number;
}

/**
 * Reads a patch. Blank space around the patch, around its two markers and before section headers is
 * allowed, and so is a here-document wrapper (`<<EOF` … `EOF`) that was left around it. A patch
 * without sections parses; it is refused when it is planned.
 *
 * @throws PatchParseError with the number of the offending line.
 * @example
 * parsePatch("*** Begin Patch\n*** Add File: a.txt\n+hello\n*** End Patch").sections;
 * // [{ kind: "add", path: "a.txt", content: "hello\n" }]
 */
export function parsePatch(text: string): Patch {
  const cursor: Cursor = { lines: linesInsideEnvelope(splitLines(text)), index: 0 };
  const sections: Section[] = [];
  skipBlankLines(cursor);
  while (cursor.index < cursor.lines.length) {
    sections.push(parseSection(cursor));
    skipBlankLines(cursor);
  }
  return { sections };
}

function splitLines(text: string): string[] {
  return text
    .trim()
    .split("\n")
    .map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
}

function linesInsideEnvelope(lines: readonly string[]): readonly string[] {
  const problem = envelopeProblem(lines);
  if (problem === null) return lines.slice(1, -1);
  const wrapped =
    lines.length >= 4 &&
    /^<<(?:EOF|'EOF'|"EOF")$/.test(lines[0] ?? "") &&
    (lines.at(-1) ?? "").endsWith("EOF");
  if (!wrapped) throw problem;
  return linesInsideEnvelope(lines.slice(1, -1));
}

function envelopeProblem(lines: readonly string[]): PatchParseError | null {
  if (lines[0]?.trim() !== beginMarker) {
    return new PatchParseError(
      "missing_begin_marker",
      /*line*/ null,
      `the first line of a patch must be '${beginMarker}'`,
    );
  }
  if (lines.length < 2 || lines.at(-1)?.trim() !== endMarker) {
    return new PatchParseError(
      "missing_end_marker",
      /*line*/ null,
      `the last line of a patch must be '${endMarker}'`,
    );
  }
  return null;
}

function skipBlankLines(cursor: Cursor): void {
  while (cursor.lines[cursor.index]?.trim() === "") cursor.index += 1;
}

function lineNumber(index: number): number {
  return index + 2;
}

function parseSection(cursor: Cursor): Section {
  const headerIndex = cursor.index;
  const header = (cursor.lines[headerIndex] ?? "").trim();
  cursor.index += 1;
  if (header.startsWith(addHeader)) {
    return { kind: "add", path: header.slice(addHeader.length), content: parseAdded(cursor) };
  }
  if (header.startsWith(deleteHeader)) {
    return { kind: "delete", path: header.slice(deleteHeader.length) };
  }
  if (header.startsWith(updateHeader)) {
    return parseUpdate(cursor, header.slice(updateHeader.length), headerIndex);
  }
  throw new PatchParseError(
    "unknown_header",
    lineNumber(headerIndex),
    `'${header}' does not open a section; a section starts with '${addHeader}PATH', '${deleteHeader}PATH' or '${updateHeader}PATH'`,
  );
}

function parseAdded(cursor: Cursor): string {
  let content = "";
  for (;;) {
    const line = cursor.lines[cursor.index];
    if (line === undefined || !line.startsWith("+")) return content;
    content += `${line.slice(1)}\n`;
    cursor.index += 1;
  }
}

function parseUpdate(cursor: Cursor, path: string, headerIndex: number): Section {
  let movePath: string | null = null;
  const afterHeader = cursor.lines[cursor.index];
  if (afterHeader?.startsWith(moveLine) === true) {
    movePath = afterHeader.slice(moveLine.length).trimEnd();
    cursor.index += 1;
  }
  const chunks: Chunk[] = [];
  for (;;) {
    skipBlankLines(cursor);
    const line = cursor.lines[cursor.index];
    if (line === undefined || line.startsWith("***")) break;
    chunks.push(parseChunk(cursor, chunks.length === 0));
  }
  if (chunks.length === 0 && movePath === null) {
    throw new PatchParseError(
      "empty_update",
      lineNumber(headerIndex),
      `the update of '${path}' is empty; it needs a chunk or a '${moveLine}' line`,
    );
  }
  return { kind: "update", path, movePath, chunks };
}

function parseChunk(cursor: Cursor, isFirst: boolean): Chunk {
  const contexts: string[] = [];
  const headerIndex = cursor.index;
  for (;;) {
    const line = cursor.lines[cursor.index];
    if (line !== "@@" && line?.startsWith("@@ ") !== true) break;
    const context = line.slice(3);
    if (context.trim() !== "") contexts.push(context);
    cursor.index += 1;
  }
  if (cursor.index === headerIndex && !isFirst) {
    throw new PatchParseError(
      "missing_context_marker",
      lineNumber(headerIndex),
      `a further chunk must start with a '@@' context marker, but the line is '${cursor.lines[headerIndex]}'`,
    );
  }
  return { contexts, ...parseChunkLines(cursor) };
}

function parseChunkLines(cursor: Cursor): Pick<Chunk, "lines" | "endOfFile"> {
  const firstIndex = cursor.index;
  const lines: ChunkLine[] = [];
  let endOfFile = false;
  let blanksAtEnd = 0;
  for (; cursor.index < cursor.lines.length; cursor.index += 1) {
    const raw = cursor.lines[cursor.index] ?? "";
    const line = parseChunkLine(raw);
    if (line !== null) {
      lines.push(line);
      blanksAtEnd = raw === "" ? blanksAtEnd + 1 : 0;
      continue;
    }
    if (raw.trimEnd() === endOfFileLine && lines.length > 0) {
      endOfFile = true;
      cursor.index += 1;
    } else if (lines.length === 0 && !raw.startsWith("***")) {
      throw new PatchParseError(
        "bad_chunk_line",
        lineNumber(cursor.index),
        `'${raw}' cannot stand in a chunk; every line starts with ' ' (context), '+' (added) or '-' (removed)`,
      );
    }
    break;
  }
  if (lines.length === 0) {
    throw new PatchParseError("empty_chunk", lineNumber(firstIndex), "the chunk has no lines");
  }
  // Blank lines that set the next section off are not context of a chunk that only adds.
  const written = lines.length - blanksAtEnd;
  const onlyAdds = written > 0 && lines.slice(0, written).every((line) => line.kind === "add");
  return { lines: onlyAdds ? lines.slice(0, written) : lines, endOfFile };
}

function parseChunkLine(raw: string): ChunkLine | null {
  if (raw === "") return { kind: "context", text: "" };
  switch (raw[0]) {
    case " ":
      return { kind: "context", text: raw.slice(1) };
    case "+":
      return { kind: "add", text: raw.slice(1) };
    case "-":
      return { kind: "remove", text: raw.slice(1) };
    default:
      return null;
  }
}

/**
 * The answer to a patch that was applied: one line per section, first what was added, then what was
 * modified (a moved file by its new name), then what was deleted, with the paths of the patch.
 */
export function formatSummary(patch: Patch): string {
  const added: string[] = [];
  const modified: string[] = [];
  const deleted: string[] = [];
  for (const section of patch.sections) {
    if (section.kind === "add") added.push(`A ${section.path}`);
    else if (section.kind === "delete") deleted.push(`D ${section.path}`);
    else modified.push(`M ${section.movePath ?? section.path}`);
  }
  const lines = ["Success. Updated the following files:", ...added, ...modified, ...deleted];
  return lines.map((line) => `${line}\n`).join("");
}
