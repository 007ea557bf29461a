import type { ToolOutputPart } from "@codex-ts/protocol";
import { describe, expect, test } from "vitest";
import {
  approximateTokens,
  countLines,
  formatOutput,
  truncateMiddle,
  truncateToolOutput,
} from "./truncate.ts";

const bytes = (limit: number) => ({ mode: "bytes", limit }) as const;
const tokens = (limit: number) => ({ mode: "tokens", limit }) as const;
const text = (value: string): ToolOutputPart => ({ type: "input_text", text: value });
const image: ToolOutputPart = { type: "input_image", image_url: "data:image/png;base64,AA==" };

describe("approximateTokens", () => {
  test("is a quarter of the bytes, rounded up", () => {
    expect(["", "a", "abcd", "abcde", "é", "😀😀"].map(approximateTokens)).toEqual([
      0, 1, 1, 2, 1, 2,
    ]);
  });
});

describe("truncateMiddle", () => {
  test("text within the limit stays as it is", () => {
    expect(truncateMiddle("example", bytes(/*limit*/ 7))).toBe("example");
    expect(truncateMiddle("", tokens(/*limit*/ 0))).toBe("");
  });

  test("a limit of bytes counts the characters left out, one of tokens the tokens", () => {
    expect(truncateMiddle("example output", bytes(/*limit*/ 1))).toBe("…13 chars truncated…t");
    expect(truncateMiddle("example output", tokens(/*limit*/ 1))).toBe("ex…3 tokens truncated…ut");
  });

  test("a limit of nothing leaves the marker alone", () => {
    expect(truncateMiddle("aé", bytes(/*limit*/ 0))).toBe("…2 chars truncated…");
    expect(truncateMiddle("abcde", tokens(/*limit*/ 0))).toBe("…2 tokens truncated…");
  });

  test("no character is split", () => {
    const input = `${"😀".repeat(10)}\nsecond line with text\n`;
    expect(truncateMiddle(input, tokens(/*limit*/ 8))).toBe(
      "😀😀😀😀…8 tokens truncated… line with text\n",
    );
    expect(approximateTokens(input)).toBe(16);
    expect(truncateMiddle("ééé", bytes(/*limit*/ 3))).toBe("…2 chars truncated…é");
  });
});

describe("formatOutput", () => {
  test("names the number of lines when it cuts", () => {
    expect(formatOutput("example output", bytes(/*limit*/ 1))).toBe(
      "Total output lines: 1\n\n…13 chars truncated…t",
    );
    expect(formatOutput("example output", bytes(/*limit*/ 14))).toBe("example output");
  });

  test("seq 1 100000 under 10000 tokens is cut once", () => {
    const output = Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join("");
    const cut = formatOutput(output, tokens(/*limit*/ 10_000));
    expect(cut.startsWith("Total output lines: 100000\n\n1\n2\n")).toBe(true);
    expect(cut.match(/truncated…/g)).toHaveLength(1);
    expect(cut).toContain("…137224 tokens truncated…");
    expect(formatOutput(output, tokens(/*limit*/ 200_000))).toBe(output);
  });
});

test("countLines counts an end without a line break, and no empty end", () => {
  expect(["", "\n", "a", "a\n", "a\nb", "a\n\nb\n"].map(countLines)).toEqual([0, 1, 1, 1, 2, 3]);
});

describe("truncateToolOutput", () => {
  test("a text is cut without a line count", () => {
    expect(truncateToolOutput("example output", tokens(/*limit*/ 1))).toBe(
      "ex…3 tokens truncated…ut",
    );
  });

  test("texts share one budget, images are kept, later texts are counted", () => {
    const chunk = "0123456789";
    const items = [
      text(chunk),
      text(chunk),
      image,
      text(chunk.repeat(10)),
      text(chunk),
      text(chunk),
    ];
    expect(truncateToolOutput(items, bytes(/*limit*/ 30))).toEqual([
      text(chunk),
      text(chunk),
      image,
      text("01234…90 chars truncated…56789"),
      text("[omitted 2 text items ...]"),
    ]);
  });

  test("an image without text keeps no summary", () => {
    expect(truncateToolOutput([image], bytes(/*limit*/ 0))).toEqual([image]);
  });

  test("a spent budget leaves nothing of a text", () => {
    expect(truncateToolOutput([text("abcd"), text("e"), image], tokens(/*limit*/ 1))).toEqual([
      text("abcd"),
      image,
      text("[omitted 1 text items ...]"),
    ]);
  });
});
