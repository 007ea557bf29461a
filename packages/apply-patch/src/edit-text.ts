// One Update section against one file: chunks to bytes.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { PatchApplyError } from "./errors.ts";
import type { Chunk, ChunkLine } from "./parse.ts";
import { seekLines } from "./seek-lines.ts";
import { encodeText, readText, type TextFile } from "./text-file.ts";

/** What the chunks do to a file, by line index. */
interface Edits {
  readonly removed: Set<number>;
  /** New lines that come before the line of that index. */
  readonly inserted: Map<number, string[]>;
  /** New lines for the end of the file. */
  readonly appended: string[];
}

/**
 * Applies chunks to the bytes of a file. Only removed and added lines differ in the result: every
 * other line keeps its bytes, also where it matched the patch only loosely. Added lines take the
 * file's encoding and the line ending of their neighbours.
 *
 * @param path names the file in errors.
 * @throws PatchApplyError `binary_file`, `context_not_found`, `lines_not_found`, `unencodable_text`.
 */
export function editText(
  bytes: Uint8Array,
  chunks: readonly Chunk[],
  path: AbsolutePath,
): Uint8Array {
  if (chunks.length === 0) return bytes;
  const file = readText(bytes);
  if (file === null) {
    throw new PatchApplyError(
      "binary_file",
      path,
      `cannot update ${path}: it is a binary file, and only text can be patched`,
    );
  }
  return render(file, locate(file, chunks, path), path);
}

function locate(file: TextFile, chunks: readonly Chunk[], path: AbsolutePath): Edits {
  const edits: Edits = { removed: new Set(), inserted: new Map(), appended: [] };
  const seek = makeSeek(file);
  let cursor = 0;
  for (const chunk of chunks) {
    for (const context of chunk.contexts) {
      const found = seek([context], { start: cursor });
      if (found === null) {
        throw new PatchApplyError(
          "context_not_found",
          path,
          `cannot find the context '${context}' in ${path}`,
        );
      }
      cursor = found + 1;
    }
    const { start, lines } = place(chunk, cursor, seek, path);
    if (lines.every((line) => line.kind === "add")) {
      const added = lines.map((line) => line.text);
      if (chunk.contexts.length === 0 || chunk.endOfFile) edits.appended.push(...added);
      else insertBefore(edits, cursor, added);
      continue;
    }
    cursor = start;
    for (const line of lines) {
      if (line.kind === "add") {
        insertBefore(edits, cursor, [line.text]);
      } else {
        if (line.kind === "remove") edits.removed.add(cursor);
        cursor += 1;
      }
    }
  }
  return edits;
}

interface SeekOptions {
  readonly start: number;
  readonly endOfFile?: boolean;
}

type Seek = (pattern: readonly string[], options: SeekOptions) => number | null;

function makeSeek(file: TextFile): Seek {
  const texts = file.lines.map((line) => line.text);
  const lossyTexts = file.lines.map((line) => line.lossyText);
  const isLossy = file.lines.some((line) => line.text !== line.lossyText);
  return (pattern, options) => {
    const found = seekLines(texts, pattern, options);
    return found === null && isLossy ? seekLines(lossyTexts, pattern, options) : found;
  };
}

/**
 * Finds the lines of a chunk below its contexts. Its lines may repeat the last context, and blank
 * lines at its end are given up where the file does not have them.
 */
function place(
  chunk: Chunk,
  cursor: number,
  seek: Seek,
  path: AbsolutePath,
): { readonly start: number; readonly lines: readonly ChunkLine[] } {
  let lines = chunk.lines;
  for (;;) {
    const old = oldTexts(lines);
    const { endOfFile } = chunk;
    const start =
      seek(old, { start: cursor, endOfFile }) ??
      (chunk.contexts.length > 0 ? seek(old, { start: cursor - 1, endOfFile }) : null);
    if (start !== null) return { start, lines };
    if (old.at(-1) !== "") break;
    lines = withoutBlankEnd(lines);
  }
  const expected = oldTexts(chunk.lines).map((text) => `\n${text}`);
  throw new PatchApplyError(
    "lines_not_found",
    path,
    `cannot find these lines in ${path}:${expected.join("")}`,
  );
}

function oldTexts(lines: readonly ChunkLine[]): string[] {
  return lines.filter((line) => line.kind !== "add").map((line) => line.text);
}

/**
 * Takes the last old line, a blank one, out of what is sought. As a new line it stays, unless it or
 * another blank is the last of those.
 */
function withoutBlankEnd(lines: readonly ChunkLine[]): readonly ChunkLine[] {
  const lastOld = lines.findLastIndex((line) => line.kind !== "add");
  const lastNew = lines.findLastIndex((line) => line.kind !== "remove");
  const newIsBlank = lines[lastNew]?.text === "";
  return lines.flatMap((line, index): ChunkLine[] => {
    if (newIsBlank && index === lastNew) return [];
    if (index !== lastOld) return [line];
    return line.kind === "context" ? [{ kind: "add", text: "" }] : [];
  });
}

function insertBefore(edits: Edits, index: number, texts: readonly string[]): void {
  const earlier = edits.inserted.get(index);
  if (earlier === undefined) edits.inserted.set(index, [...texts]);
  else earlier.push(...texts);
}

function render(file: TextFile, edits: Edits, path: AbsolutePath): Uint8Array {
  const { lines } = file;
  const pieces: Uint8Array[] = [file.byteOrderMark];
  const write = (text: string) => {
    const bytes = encodeText(text, file.encoding);
    if (bytes === null) {
      throw new PatchApplyError(
        "unencodable_text",
        path,
        `cannot write '${text.trimEnd()}' to ${path}: the file is not UTF-8 but ${file.encoding} (Latin-1), which lacks a character of that line; leave the line out or convert the file first`,
      );
    }
    pieces.push(bytes);
  };
  const appendAt = lines.at(-1)?.text === "" ? lines.length - 1 : lines.length;
  let isLineOpen = false;
  for (let index = 0; index <= lines.length; index += 1) {
    const added = [...(edits.inserted.get(index) ?? [])];
    if (index === appendAt) added.push(...edits.appended);
    const ending = endingNear(file, index);
    if (isLineOpen && added.length > 0) write(ending);
    for (const text of added) write(text + ending);
    const line = lines[index];
    if (line === undefined || edits.removed.has(index)) continue;
    pieces.push(line.bytes);
    isLineOpen = line.ending === "";
  }
  return concatenate(pieces);
}

/** The ending for a line that is put before `index`: that of the line above, else of the one below. */
function endingNear({ lines }: TextFile, index: number): string {
  const above = lines.slice(Math.max(0, index - 2), index).findLast((line) => line.ending !== "");
  return above?.ending || lines[index]?.ending || "\n";
}

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}
