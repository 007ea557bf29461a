// Bytes of a file as lines that can be matched as text and written back unchanged.

/** How added lines are written into a file. */
export type TextEncoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

export interface TextLine {
  /** The line as text, without its ending. */
  readonly text: string;
  /** The same with U+FFFD for each invalid UTF-8 sequence, as most programs would print it. */
  readonly lossyText: string;
  readonly ending: "" | "\n" | "\r\n";
  /** The line as it is in the file, ending included. */
  readonly bytes: Uint8Array;
}

export interface TextFile {
  readonly encoding: TextEncoding;
  readonly byteOrderMark: Uint8Array;
  readonly lines: readonly TextLine[];
}

/** What the bytes 0x80 to 0x9F stand for in windows-1252 (WHATWG table: a bijection). */
const windows1252 =
  "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f" +
  "\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lossyUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const newline = 0x0a;

/**
 * Splits a file into lines. Encodings are told apart by byte order mark, then by validity as UTF-8;
 * a file that is neither is read line by line, as UTF-8 where a line is valid and as windows-1252
 * (a superset of Latin-1) where it is not.
 *
 * @returns null for a file that is not text.
 */
export function readText(bytes: Uint8Array): TextFile | null {
  if (startsWith(bytes, [0xef, 0xbb, 0xbf])) {
    const body = readEightBit(bytes.subarray(3));
    return body === null ? null : { ...body, byteOrderMark: bytes.subarray(0, 3) };
  }
  if (startsWith(bytes, [0xff, 0xfe])) return readSixteenBit(bytes, "utf-16le");
  if (startsWith(bytes, [0xfe, 0xff])) return readSixteenBit(bytes, "utf-16be");
  return readEightBit(bytes);
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}

function readEightBit(bytes: Uint8Array): TextFile | null {
  const isUtf8 = decodeStrictly(bytes) !== null;
  if (bytes.includes(0)) {
    // Stray NUL bytes are text; more of them are a binary file, or UTF-16 without its mark.
    const nulBytes = bytes.reduce((count, byte) => (byte === 0 ? count + 1 : count), 0);
    if (!isUtf8 || nulBytes * 4 > bytes.length) return null;
  }
  let encoding: TextEncoding = isUtf8 ? "utf-8" : "windows-1252";
  const lines = splitAfterNewlines(bytes).map((line): TextLine => {
    const lossyText = lossyUtf8.decode(line);
    const strictText = isUtf8 ? lossyText : decodeStrictly(line);
    if (strictText === null) return textLine(line, decodeWindows1252(line), lossyText);
    if (strictText.length < line.length) encoding = "utf-8";
    return textLine(line, strictText, lossyText);
  });
  return { encoding, byteOrderMark: bytes.subarray(0, 0), lines };
}

function readSixteenBit(bytes: Uint8Array, encoding: "utf-16le" | "utf-16be"): TextFile | null {
  if (bytes.length % 2 !== 0) return null;
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  const lowByte = encoding === "utf-16le" ? 0 : 1;
  const lines: TextLine[] = [];
  for (let start = 2, end = 4; start < bytes.length; end += 2) {
    const unit = end - 2;
    const isNewline = bytes[unit + lowByte] === newline && bytes[unit + 1 - lowByte] === 0;
    if (!isNewline && end < bytes.length) continue;
    const line = bytes.subarray(start, end);
    const text = decoder.decode(line);
    lines.push(textLine(line, text, text));
    start = end;
  }
  return { encoding, byteOrderMark: bytes.subarray(0, 2), lines };
}

function splitAfterNewlines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(newline, start);
    const end = found === -1 ? bytes.length : found + 1;
    lines.push(bytes.subarray(start, end));
    start = end;
  }
  return lines;
}

function textLine(bytes: Uint8Array, text: string, lossyText: string): TextLine {
  const ending = text.endsWith("\r\n") ? "\r\n" : text.endsWith("\n") ? "\n" : "";
  const withoutEnding = (line: string) => line.slice(0, line.length - ending.length);
  return { text: withoutEnding(text), lossyText: withoutEnding(lossyText), ending, bytes };
}

function decodeStrictly(bytes: Uint8Array): string | null {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return null;
  }
}

function decodeWindows1252(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    text += (byte >= 0x80 && byte < 0xa0 && windows1252[byte - 0x80]) || String.fromCharCode(byte);
  }
  return text;
}

/** Writes `text` in `encoding`; null when the encoding lacks one of its characters. */
export function encodeText(text: string, encoding: TextEncoding): Uint8Array | null {
  switch (encoding) {
    case "utf-8":
      return new TextEncoder().encode(text);
    case "windows-1252":
      return encodeWindows1252(text);
    case "utf-16le":
    case "utf-16be": {
      const view = new DataView(new ArrayBuffer(text.length * 2));
      for (let index = 0; index < text.length; index += 1) {
        view.setUint16(index * 2, text.charCodeAt(index), encoding === "utf-16le");
      }
      return new Uint8Array(view.buffer);
    }
  }
}

function encodeWindows1252(text: string): Uint8Array | null {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    const high = windows1252.indexOf(text.charAt(index));
    if (high !== -1) bytes[index] = 0x80 + high;
    else if (code < 0x80 || (code >= 0xa0 && code <= 0xff)) bytes[index] = code;
    else return null;
  }
  return bytes;
}

/**
 * A file's content for people to read. Invalid UTF-8 is shown as windows-1252, and a file that is not
 * text is described instead.
 */
export function displayText(bytes: Uint8Array): string {
  const file = readText(bytes);
  if (file === null) return `Binary file, ${bytes.length} bytes\n`;
  return file.lines.map((line) => line.text + line.ending).join("");
}
