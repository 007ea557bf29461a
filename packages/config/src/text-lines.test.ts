import * as fc from "fast-check";
import { expect, test } from "vitest";
import { countCharacters, textLines } from "./text-lines.ts";

test("columns count characters, not UTF-16 units", () => {
  const text = 'a = ["😀", 1]';
  expect(textLines(text).positionAt('a = ["😀", '.length)).toEqual({ line: 1, column: 11 });
});

test("a line comes without its line end, and is empty where there is none", () => {
  const { lineOf } = textLines("a\r\nb\nc");
  expect([0, 1, 2, 3, 4].map(lineOf)).toEqual(["", "a", "b", "c", ""]);
});

test("an offset's line and column lead back to it", () => {
  const anyText = fc
    .array(fc.constantFrom("a", "é", "😀", " ", "\n", "\r\n"))
    .map((all) => all.join(""));
  fc.assert(
    fc.property(anyText, fc.nat(), (text, any) => {
      const offset = Array.from(text)
        .slice(0, any % (countCharacters(text) + 1))
        .join("").length;
      const { line, column } = textLines(text).positionAt(offset);
      const above = text.split("\n").slice(0, line - 1);
      const inLine = Array.from(text.split("\n")[line - 1] ?? "");
      const before = [...above, inLine.slice(0, column - 1).join("")].join("\n");
      expect(before).toBe(text.slice(0, offset));
    }),
  );
});
