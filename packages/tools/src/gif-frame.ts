// The first frame of a GIF as pixels. Source: GIF89a specification, appendix F for the compression.

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Four bytes a pixel: red, green, blue, alpha. */
  readonly rgba: Uint8Array;
}

const IMAGE_SEPARATOR = 0x2c;
const EXTENSION = 0x21;
const GRAPHIC_CONTROL = 0xf9;
const MAX_CODE_BITS = 12;
/** Where each of the four passes of an interlaced image starts, and its step. */
const INTERLACE: readonly (readonly [start: number, step: number])[] = [
  [0, 8],
  [4, 8],
  [2, 4],
  [1, 2],
];

/** Decodes the first frame; what the file does not cover stays transparent. @throws RangeError when it is cut short. */
export function decodeFirstGifFrame(bytes: Uint8Array): Pixels {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = data.readUInt16LE(6);
  const height = data.readUInt16LE(8);
  const flags = data.readUInt8(10);
  const globalPalette = (flags & 0x80) === 0 ? null : readPalette(data, /*at*/ 13, flags);
  let at = 13 + (globalPalette?.length ?? 0);
  let transparent = -1;
  for (;;) {
    const kind = data.readUInt8(at);
    if (kind === EXTENSION) {
      const isControl = data.readUInt8(at + 1) === GRAPHIC_CONTROL;
      if (isControl && (data.readUInt8(at + 3) & 1) === 1) transparent = data.readUInt8(at + 6);
      at = skipSubBlocks(data, at + 2);
      continue;
    }
    if (kind !== IMAGE_SEPARATOR) throw new RangeError("the GIF holds no image");
    break;
  }
  const frame = {
    left: data.readUInt16LE(at + 1),
    top: data.readUInt16LE(at + 3),
    width: data.readUInt16LE(at + 5),
    height: data.readUInt16LE(at + 7),
  };
  const frameFlags = data.readUInt8(at + 9);
  const localPalette = (frameFlags & 0x80) === 0 ? null : readPalette(data, at + 10, frameFlags);
  const palette = localPalette ?? globalPalette;
  if (palette === null) throw new RangeError("the GIF has no palette");
  const codeStart = at + 10 + (localPalette?.length ?? 0);
  const indexes = decompress(
    readSubBlocks(data, codeStart + 1),
    data.readUInt8(codeStart),
    frame.width * frame.height,
  );
  const rows = rowOrder(frame.height, (frameFlags & 0x40) !== 0);
  const rgba = new Uint8Array(width * height * 4);
  for (const [storedRow, row] of rows.entries()) {
    for (let column = 0; column < frame.width; column += 1) {
      const index = indexes[storedRow * frame.width + column] ?? 0;
      const x = frame.left + column;
      const y = frame.top + row;
      if (index === transparent || x >= width || y >= height) continue;
      const target = (y * width + x) * 4;
      rgba.set(palette.subarray(index * 3, index * 3 + 3), target);
      rgba[target + 3] = 0xff;
    }
  }
  return { width, height, rgba };
}

function readPalette(data: Buffer, at: number, flags: number): Buffer {
  const length = 3 * 2 ** ((flags & 7) + 1);
  if (at + length > data.length) throw new RangeError("the GIF's palette is cut short");
  return data.subarray(at, at + length);
}

function skipSubBlocks(data: Buffer, start: number): number {
  let at = start;
  for (let length = data.readUInt8(at); length > 0; length = data.readUInt8(at)) at += 1 + length;
  return at + 1;
}

function readSubBlocks(data: Buffer, start: number): Uint8Array {
  const blocks: Buffer[] = [];
  let at = start;
  for (let length = data.readUInt8(at); length > 0; length = data.readUInt8(at)) {
    blocks.push(data.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return Buffer.concat(blocks);
}

function rowOrder(height: number, isInterlaced: boolean): readonly number[] {
  const passes: typeof INTERLACE = isInterlaced ? INTERLACE : [[0, 1]];
  const rows: number[] = [];
  for (const [start, step] of passes)
    for (let row = start; row < height; row += step) rows.push(row);
  return rows;
}

/** LZW with variable code sizes: each code stands for an earlier one's string and one more index. */
function decompress(data: Uint8Array, minimumBits: number, length: number): Uint8Array {
  const clear = 2 ** minimumBits;
  const end = clear + 1;
  const prefixes = new Uint16Array(2 ** MAX_CODE_BITS);
  const suffixes = new Uint8Array(2 ** MAX_CODE_BITS);
  const lengths = new Uint16Array(2 ** MAX_CODE_BITS);
  for (let code = 0; code < clear; code += 1) {
    suffixes[code] = code;
    lengths[code] = 1;
  }
  const output = new Uint8Array(length);
  let written = 0;
  let nextCode = end + 1;
  let bits = minimumBits + 1;
  let previous = -1;
  let accumulator = 0;
  let available = 0;
  let position = 0;
  while (written < length) {
    while (available < bits) {
      const byte = data[position];
      if (byte === undefined) throw new RangeError("the GIF's image data is cut short");
      accumulator |= byte << available;
      available += 8;
      position += 1;
    }
    const code = accumulator & (2 ** bits - 1);
    accumulator >>>= bits;
    available -= bits;
    if (code === clear) {
      nextCode = end + 1;
      bits = minimumBits + 1;
      previous = -1;
      continue;
    }
    if (code === end) break;
    const isKnown = code < nextCode;
    if (!isKnown && (code > nextCode || previous === -1)) {
      throw new RangeError("the GIF's image data is damaged");
    }
    // A code that is only now being defined is the previous string and its own first index.
    const source = isKnown ? code : previous;
    const sourceLength = lengths[source] ?? 0;
    let at = source;
    for (let offset = sourceLength - 1; offset >= 0; offset -= 1) {
      if (written + offset < length) output[written + offset] = suffixes[at] ?? 0;
      at = prefixes[at] ?? 0;
    }
    const first = output[written] ?? 0;
    written += sourceLength;
    if (!isKnown && written < length) {
      output[written] = first;
      written += 1;
    }
    if (previous !== -1 && nextCode < 2 ** MAX_CODE_BITS) {
      prefixes[nextCode] = previous;
      suffixes[nextCode] = first;
      lengths[nextCode] = (lengths[previous] ?? 0) + 1;
      nextCode += 1;
      if (nextCode === 2 ** bits && bits < MAX_CODE_BITS) bits += 1;
    }
    previous = code;
  }
  return output;
}
