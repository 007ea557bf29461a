// Paths of git's as text. Almost all are UTF-8 and stand as they are; the others are written as git
// itself quotes them in C style, so that they survive JSON.
import { isUtf8 } from "node:buffer";

const escapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  '"': 34,
  "\\": 92,
};

/** The bytes of a path as text: itself, or C-quoted when it is not UTF-8 or begins with a quote. */
export function pathText(bytes: Uint8Array): string {
  if (bytes[0] !== 34 && isUtf8(bytes)) return Buffer.from(bytes).toString("utf8");
  let text = '"';
  for (const byte of bytes) {
    if (byte === 34 || byte === 92) text += `\\${String.fromCharCode(byte)}`;
    else if (byte >= 32 && byte < 127) text += String.fromCharCode(byte);
    else text += `\\${byte.toString(8).padStart(3, "0")}`;
  }
  return `${text}"`;
}

/** The bytes of a path that {@link pathText} or git wrote. */
export function pathBytes(text: string): Buffer {
  const quoted = /^"(.*)"$/s.exec(text)?.[1];
  return quoted === undefined ? Buffer.from(text, "utf8") : unescapeC(quoted);
}

/** The bytes that C-escaped text (without its quotes) stands for; unknown escapes stay as written. */
export function unescapeC(text: string): Buffer {
  const parts: Buffer[] = [];
  for (const [whole, octal, letter] of text.matchAll(/\\([0-7]{1,3})|\\(.)|[^\\]+|\\$/gs)) {
    if (octal !== undefined) parts.push(Buffer.from([Number.parseInt(octal, 8) & 0xff]));
    else if (letter !== undefined) {
      const byte = escapes[letter];
      parts.push(byte === undefined ? Buffer.from(whole, "utf8") : Buffer.from([byte]));
    } else parts.push(Buffer.from(whole, "utf8"));
  }
  return Buffer.concat(parts);
}

/** The pieces of NUL-separated output. */
export function splitAtNul(output: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let start = 0; start < output.length;) {
    const end = output.indexOf(0, start);
    if (end === -1) {
      pieces.push(output.subarray(start));
      break;
    }
    pieces.push(output.subarray(start, end));
    start = end + 1;
  }
  return pieces;
}

/** Paths, each followed by a NUL, as git's `-z --stdin` commands read them. */
export function joinWithNul(paths: Iterable<string>): Buffer {
  const pieces: Buffer[] = [];
  for (const path of paths) pieces.push(pathBytes(path), Buffer.of(0));
  return Buffer.concat(pieces);
}
