import { describe, expect, test } from "vitest";
import { OutputBuffer, incompleteSuffixLength, outputText } from "./output-buffer.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("OutputBuffer", () => {
  test("keeps everything up to its capacity", async () => {
    const buffer = new OutputBuffer(/*capacity*/ 10);
    buffer.append(ascii("01234"));
    buffer.append(ascii("56789"));
    expect(await outputText(buffer.peek())).toBe("0123456789");
    expect(await outputText(buffer.take())).toBe("0123456789");
    expect(await outputText(buffer.take())).toBe("");
  });

  test("drops the middle and says how much", async () => {
    const buffer = new OutputBuffer(/*capacity*/ 10);
    for (const digit of "abcdefghijklmnopqrstuvwxyz") buffer.append(ascii(digit));
    expect(await outputText(buffer.peek())).toBe(
      "abcde\n[... 16 bytes of output omitted ...]\nvwxyz",
    );
  });

  test("gives the same result however the bytes arrive", async () => {
    const whole = "0123456789".repeat(7);
    const expected = "01234567\n[... 53 bytes of output omitted ...]\n123456789";
    for (const size of [1, 2, 3, 8, 9, 17, 18, 70]) {
      const buffer = new OutputBuffer(/*capacity*/ 17);
      for (let at = 0; at < whole.length; at += size)
        buffer.append(ascii(whole.slice(at, at + size)));
      expect(await outputText(buffer.take()), `in pieces of ${size}`).toBe(expected);
      buffer.append(ascii("again"));
      expect(await outputText(buffer.take())).toBe("again");
    }
  });

  test("copies, so that the caller may use its bytes again", async () => {
    const buffer = new OutputBuffer(/*capacity*/ 4);
    const bytes = ascii("abcdef");
    buffer.append(bytes);
    bytes.fill(0);
    expect(await outputText(buffer.peek())).toBe("ab\n[... 2 bytes of output omitted ...]\nef");
  });

  test("cuts between characters", async () => {
    const buffer = new OutputBuffer(/*capacity*/ 10);
    buffer.append(ascii("é".repeat(20)));
    expect(await outputText(buffer.peek())).toBe("éé\n[... 32 bytes of output omitted ...]\néé");
  });
});

test("incompleteSuffixLength finds the beginning of a character, not an invalid byte", () => {
  const lengths = [
    [],
    [0x61],
    [0xc3, 0xa9],
    [0x61, 0xc3],
    [0xe2, 0x82],
    [0xf0, 0x9f, 0x98],
    [0xf0, 0x9f, 0x98, 0x80],
    [0xff],
    [0x61, 0x80],
  ].map((bytes) => incompleteSuffixLength(Uint8Array.from(bytes)));
  expect(lengths).toEqual([0, 0, 0, 1, 2, 3, 0, 0, 0]);
});
