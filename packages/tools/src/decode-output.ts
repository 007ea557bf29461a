// Bytes of a command to text. Most are UTF-8; for the rest the encoding is guessed.
import { isUtf8 } from "node:buffer";

/** How much of a text its encoding is guessed from. */
const SAMPLE_BYTES = 64 * 1024;

/**
 * Decodes what a command printed. Bytes that are not UTF-8 are decoded by the encoding that they look
 * like, and when they look like none (or like no text at all) with U+FFFD in place of what is wrong.
 */
export async function decodeOutput(bytes: Uint8Array): Promise<string> {
  if (isUtf8(bytes) || bytes.includes(0)) return new TextDecoder().decode(bytes);
  if (hasOnlySmartPunctuation(bytes)) return new TextDecoder("windows-1252").decode(bytes);
  // By its default export: a bundler gives a CommonJS module no other one.
  const { default: chardet } = await import("chardet");
  const encoding = chardet.detect(bytes.subarray(0, SAMPLE_BYTES));
  try {
    return new TextDecoder(encoding ?? "utf-8", { ignoreBOM: false }).decode(bytes);
  } catch {
    // An encoding that the detector knows and the decoder does not.
    return new TextDecoder().decode(bytes);
  }
}

/** Whether the only bytes beyond ASCII are Windows-1252's quotes and dashes, beside ASCII letters. */
function hasOnlySmartPunctuation(bytes: Uint8Array): boolean {
  return bytes.every((byte, index) => {
    if (byte < 0x80) return true;
    const isPunctuation = (byte >= 0x91 && byte <= 0x97) || byte === 0x99;
    return isPunctuation && (isLetter(bytes[index - 1]) || isLetter(bytes[index + 1]));
  });
}

function isLetter(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
