import { describe, expect, test } from "vitest";
import { decodeFirstGifFrame } from "./gif-frame.ts";

/** Packs codes, lowest bit first, into the sub-blocks of a GIF. */
function imageData(
  minimumBits: number,
  codes: readonly (readonly [code: number, bits: number])[],
): number[] {
  const bytes: number[] = [];
  let accumulator = 0;
  let available = 0;
  for (const [code, bits] of codes) {
    accumulator |= code << available;
    available += bits;
    while (available >= 8) {
      bytes.push(accumulator & 0xff);
      accumulator >>>= 8;
      available -= 8;
    }
  }
  if (available > 0) bytes.push(accumulator);
  return [minimumBits, bytes.length, ...bytes, 0];
}

/** A GIF whose pixels are single codes: a clear code before each pair keeps the code size at 3 bits. */
function gif(parts: {
  readonly width: number;
  readonly height: number;
  readonly pixels: readonly number[];
  readonly frame?: readonly [left: number, top: number, width: number, height: number];
  readonly interlaced?: boolean;
  readonly transparent?: number;
}): Uint8Array {
  const { width, height, pixels, interlaced = false, transparent } = parts;
  const [left, top, frameWidth, frameHeight] = parts.frame ?? [0, 0, width, height];
  const word = (value: number): number[] => [value & 0xff, value >> 8];
  const codes = pixels.flatMap((pixel, index): [number, number][] =>
    index % 2 === 0
      ? [
          [4, 3],
          [pixel, 3],
        ]
      : [[pixel, 3]],
  );
  return Uint8Array.from([
    ...Buffer.from("GIF89a"),
    ...word(width),
    ...word(height),
    0x81,
    0,
    0,
    0,
    0,
    0,
    255,
    0,
    0,
    0,
    255,
    0,
    0,
    0,
    255,
    ...(transparent === undefined ? [] : [0x21, 0xf9, 4, 1, 0, 0, transparent, 0]),
    0x2c,
    ...word(left),
    ...word(top),
    ...word(frameWidth),
    ...word(frameHeight),
    interlaced ? 0x40 : 0,
    ...imageData(/*minimumBits*/ 2, [...codes, [5, 3]]),
    0x3b,
  ]);
}

const colours: readonly (readonly number[])[] = [
  [0, 0, 0, 255],
  [255, 0, 0, 255],
  [0, 255, 0, 255],
  [0, 0, 255, 255],
];
const rgba = (...indexes: readonly number[]): Uint8Array =>
  Uint8Array.from(indexes.flatMap((index) => colours[index] ?? [0, 0, 0, 0]));
const CLEAR = 9;

describe("decodeFirstGifFrame", () => {
  test("reads palette and pixels", () => {
    expect(decodeFirstGifFrame(gif({ width: 3, height: 2, pixels: [0, 1, 2, 3, 0, 1] }))).toEqual({
      width: 3,
      height: 2,
      rgba: rgba(0, 1, 2, 3, 0, 1),
    });
  });

  test("puts interlaced rows in order", () => {
    const stored = [0, 1, 2, 3, 1];
    const image = gif({ width: 1, height: 5, pixels: stored, interlaced: true });
    // Rows 0 and 4 come first, then 2, then 1 and 3.
    expect(decodeFirstGifFrame(image).rgba).toEqual(rgba(0, 3, 2, 1, 1));
  });

  test("leaves transparent pixels and what the frame does not cover clear", () => {
    const image = gif({
      width: 2,
      height: 2,
      frame: [1, 0, 1, 2],
      pixels: [1, 2],
      transparent: 2,
    });
    expect(decodeFirstGifFrame(image).rgba).toEqual(rgba(CLEAR, 1, CLEAR, CLEAR));
  });

  test("follows codes that stand for several pixels, as the code size grows", () => {
    // 1, then code 6 (that is being defined: 1 1), 7 (1 1 1), 8 in four bits (1 1 1 1), and the end.
    const data = imageData(/*minimumBits*/ 2, [
      [4, 3],
      [1, 3],
      [6, 3],
      [7, 3],
      [8, 4],
      [5, 4],
    ]);
    const header = gif({ width: 10, height: 1, pixels: [] });
    const frameEnd = header.lastIndexOf(0x2c) + 10;
    const image = Uint8Array.from([...header.subarray(0, frameEnd), ...data, 0x3b]);
    expect(decodeFirstGifFrame(image).rgba).toEqual(rgba(...Array<number>(10).fill(1)));
  });

  test("refuses a file that is cut short", () => {
    const whole = gif({ width: 2, height: 2, pixels: [0, 1, 2, 3] });
    for (let length = 7; length < whole.length - 5; length += 1) {
      expect(() => decodeFirstGifFrame(whole.subarray(0, length)), `${length} bytes`).toThrow(
        RangeError,
      );
    }
  });
});
