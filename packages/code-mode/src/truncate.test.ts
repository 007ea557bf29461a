import { expect, test } from "vitest";
import type { ContentItem } from "./content.ts";
import { truncateItems, truncateMiddle } from "./truncate.ts";

const text = (value: string): ContentItem => ({ type: "input_text", text: value });
const image: ContentItem = { type: "input_image", image_url: "data:image/png;base64,AA==" };

test("a text within the budget is kept as it is", () => {
  expect(truncateMiddle("abcdefgh", /*maxTokens*/ 2)).toBe("abcdefgh");
});

test("what is over the budget goes from the middle", () => {
  expect(truncateMiddle("abcdefghi", /*maxTokens*/ 2)).toBe("abcd…1 tokens truncated…fghi");
  expect(truncateMiddle("12345", /*maxTokens*/ 0)).toBe("…2 tokens truncated…");
});

test("characters are never cut in two", () => {
  expect(truncateMiddle("ééééé", /*maxTokens*/ 1)).toBe("é…2 tokens truncated…é");
  expect(truncateMiddle("😀😀😀", /*maxTokens*/ 1)).toBe("…2 tokens truncated…");
});

test("texts alone are joined and cut as one, with their number of lines", () => {
  expect(truncateItems([text("1")], /*maxTokens*/ 0)).toEqual([
    text("Total output lines: 1\n\n…1 tokens truncated…"),
  ]);
  expect(truncateItems([text("aaaa\naaaa"), text("bbbb"), text("")], /*maxTokens*/ 2)).toEqual([
    text("Total output lines: 3\n\naaaa…2 tokens truncated…bbb\n"),
  ]);
});

test("texts within the budget are not joined", () => {
  const items = [text(""), text("aaaa"), text("bbb")];
  expect(truncateItems(items, /*maxTokens*/ 2)).toBe(items);
});

test("images are free, and texts after the budget is spent are counted", () => {
  const items = [text("A".repeat(100)), image, text("B".repeat(100)), text("C")];
  expect(truncateItems(items, /*maxTokens*/ 30)).toEqual([
    text("A".repeat(100)),
    image,
    text(`${"B".repeat(10)}…20 tokens truncated…${"B".repeat(10)}`),
    text("[omitted 1 text items ...]"),
  ]);
});
