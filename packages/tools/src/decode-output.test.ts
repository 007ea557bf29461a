import { expect, test } from "vitest";
import { decodeOutput } from "./decode-output.ts";

test("UTF-8 is taken as it is", async () => {
  expect(await decodeOutput(Buffer.from("naïve – 日本\n"))).toBe("naïve – 日本\n");
});

test("Windows quotes and dashes between ASCII letters are Windows-1252", async () => {
  expect(await decodeOutput(Buffer.from("it\x92s a \x93test\x94", "latin1"))).toBe("it’s a “test”");
});

test("a Latin-1 text is recognised", async () => {
  const text = "Les élèves français préfèrent les vacances d'été à la plage.";
  expect(await decodeOutput(Buffer.from(text, "latin1"))).toBe(text);
});

test("a Shift_JIS text is recognised", async () => {
  const bytes = Buffer.from("93fa967b8cea82cc8365834c8358836782c582b78142", "hex");
  expect(await decodeOutput(bytes)).toBe("日本語のテキストです。");
});

test("what holds NUL bytes is no text: wrong bytes become U+FFFD", async () => {
  expect(await decodeOutput(Uint8Array.from([0x61, 0x00, 0xff]))).toBe("a\0\uFFFD");
});
