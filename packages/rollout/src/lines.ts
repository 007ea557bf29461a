// Line-by-line reading from either end of a file, a block at a time.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const lineFeed = 0x0a;

/**
 * The lines of a file from its start, without their line feeds; a last line that lacks one is given
 * as well. A line's bytes are valid until the next one is asked for. Read only as far as the lines
 * are taken. @throws the system's error
 */
export function* linesFromStart(path: string, blockSize: number): Generator<Buffer, void, void> {
  const file = openSync(path, "r");
  try {
    const block = Buffer.allocUnsafe(Math.max(1, Math.min(blockSize, fstatSync(file).size)));
    // The beginning of a line that the blocks so far did not finish.
    let begun: Buffer[] = [];
    for (;;) {
      const length = readSync(file, block, 0, block.length, null);
      if (length === 0) break;
      let start = 0;
      for (;;) {
        const end = block.subarray(0, length).indexOf(lineFeed, start);
        if (end === -1) break;
        const line = block.subarray(start, end);
        yield begun.length === 0 ? line : Buffer.concat([...begun, line]);
        begun = [];
        start = end + 1;
      }
      if (start < length) begun.push(Buffer.from(block.subarray(start, length)));
    }
    if (begun.length > 0) yield Buffer.concat(begun);
  } finally {
    closeSync(file);
  }
}

/**
 * The lines of a file from its end, last line first, without line feeds. Read only as far as the
 * lines are taken. @throws the system's error
 */
export function* linesFromEnd(path: string, blockSize: number): Generator<Buffer, void, void> {
  const file = openSync(path, "r");
  try {
    // The rest of a line whose beginning lies in an earlier block; its pieces are in file order.
    let rest: Buffer[] = [];
    for (let end = fstatSync(file).size; end > 0;) {
      const start = Math.max(0, end - blockSize);
      const block = Buffer.allocUnsafe(end - start);
      const length = readSync(file, block, 0, block.length, start);
      let lineEnd = length;
      while (lineEnd > 0) {
        const before = block.lastIndexOf(lineFeed, lineEnd - 1);
        if (before === -1) break;
        const line = block.subarray(before + 1, lineEnd);
        if (rest.length > 0) yield Buffer.concat([line, ...rest]);
        else if (line.length > 0) yield line;
        rest = [];
        lineEnd = before;
      }
      if (lineEnd > 0) rest.unshift(block.subarray(0, lineEnd));
      end = start;
    }
    if (rest.length > 0) yield Buffer.concat(rest);
  } finally {
    closeSync(file);
  }
}

/** The JSON value that a line holds; undefined when it holds none. */
export function parseLine(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether a line holds nothing but space. */
export function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
