import { describe, expect, test } from "vitest";
import { decodeInput, PromptError, readPrompt } from "./prompt.ts";

async function read(
  argument: string | undefined,
  stdin: string | null,
): Promise<{ readonly prompt: string; readonly notes: readonly string[] }> {
  const notes: string[] = [];
  const prompt = await readPrompt({
    argument,
    stdinIsTerminal: stdin === null,
    readStdin: () => Promise.resolve(Buffer.from(stdin ?? "")),
    note: (text) => notes.push(text),
  });
  return { prompt, notes };
}

describe("a prompt argument", () => {
  test("is taken as it is at a terminal", async () => {
    expect(await read("fix it", /*stdin*/ null)).toEqual({ prompt: "fix it", notes: [] });
  });

  test("is followed by what was piped in", async () => {
    expect(await read("P", "text")).toEqual({
      prompt: "P\n\n<stdin>\ntext\n</stdin>",
      notes: ["Reading additional input from stdin..."],
    });
    expect((await read("P", "text\n")).prompt).toBe("P\n\n<stdin>\ntext\n</stdin>");
  });

  test("stands alone when the pipe was blank", async () => {
    expect((await read("P", " \n")).prompt).toBe("P");
  });
});

describe("standard input as the prompt", () => {
  test("is used verbatim", async () => {
    expect((await read(/*argument*/ undefined, "prompt\n")).prompt).toBe("prompt\n");
    expect(await read("-", "prompt\n")).toEqual({ prompt: "prompt\n", notes: [] });
  });

  test("that is blank, or a terminal without a prompt, is an error that says what to do", async () => {
    await expect(read("-", "")).rejects.toThrow("No prompt provided via stdin.");
    await expect(read(/*argument*/ undefined, " ")).rejects.toThrow(
      "No prompt provided via stdin.",
    );
    await expect(read(/*argument*/ undefined, /*stdin*/ null)).rejects.toThrow(
      /give one as an argument/,
    );
  });
});

describe("decoding", () => {
  test.each([
    ["UTF-8 with a mark", [0xef, 0xbb, 0xbf, 0x68, 0x69]],
    ["UTF-16LE", [0xff, 0xfe, 0x68, 0, 0x69, 0]],
    ["UTF-16BE", [0xfe, 0xff, 0, 0x68, 0, 0x69]],
  ])("%s", (_name, bytes) => {
    expect(decodeInput(Uint8Array.from(bytes))).toBe("hi");
  });

  test.each([
    ["UTF-32LE", [0xff, 0xfe, 0, 0, 0x68, 0, 0, 0], /UTF-32LE, which is not supported/],
    ["UTF-32BE", [0, 0, 0xfe, 0xff], /UTF-32BE, which is not supported/],
    ["UTF-16LE of odd length", [0xff, 0xfe, 0x68], /not valid UTF-16LE/],
    ["bytes that are not UTF-8", [0xc3, 0x28], /the byte at offset 0 /],
    ["a bad byte behind text", [0x68, 0x69, 0xff], /the byte at offset 2 /],
    ["a bad byte behind a character of three bytes", [0xe2, 0x82, 0xac, 0xfe], /offset 3 /],
    ["a text that ends inside a character", [0x68, 0xe2, 0x82], /offset 1 /],
  ])("%s is refused", (_name, bytes, message) => {
    expect(() => decodeInput(Uint8Array.from(bytes))).toThrow(PromptError);
    expect(() => decodeInput(Uint8Array.from(bytes))).toThrow(message);
  });
});
