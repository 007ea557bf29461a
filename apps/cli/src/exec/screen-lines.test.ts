import stringWidth from "string-width";
import { expect, test } from "vitest";
import { outputLines, proseLines } from "./screen-lines.ts";

const plain = (row: string): string => row;

test("prose is wrapped between words, and what hangs over is indented", () => {
  const text = "one two three four five six seven";
  expect(proseLines(text, /*columns*/ 30, { first: "- ", rest: "  " })).toEqual([
    "- one two three four five six",
    "  seven",
  ]);
  expect(proseLines(text, /*columns*/ null)).toEqual([text]);
});

test.each([30, 41, 80])("no row is wider than %i columns, whatever stands in it", (columns) => {
  const text = [
    "日本語".repeat(30),
    "👩‍👩‍👧".repeat(50),
    "e\u0301".repeat(100),
    "\t\tx",
    "a ".repeat(90),
  ];
  const room = { columns, lines: 100 };
  const rows = [
    ...outputLines(text.join("\n"), room, "  ", plain),
    ...text.flatMap((line) => proseLines(line, columns, { first: "• ", rest: "  " })),
  ];
  expect(rows.filter((row) => stringWidth(row) > columns)).toEqual([]);
});

test("of a long output the beginning and the end are shown, and how much is left out", () => {
  const text = Array.from({ length: 12_345 }, (_, index) => `line ${index}`).join("\n");
  expect(outputLines(`${text}\n\n`, { columns: 80, lines: 7 }, "", plain)).toEqual([
    "line 0",
    "line 1",
    "… 12,339 lines more",
    "line 12341",
    "line 12342",
    "line 12343",
    "line 12344",
  ]);
});

test("of a very long line the beginning is shown, at once", () => {
  const rows = outputLines("x".repeat(5_000_000), { columns: 42, lines: 7 }, "  ", plain);
  expect(rows).toEqual([
    ...Array.from({ length: 3 }, () => `  ${"x".repeat(40)}`),
    "  … 4,999,880 characters more",
  ]);
  const log = outputLines("x".repeat(5_000_000), { columns: null, lines: 7 }, "", plain);
  expect(log).toEqual(["x".repeat(2000), "… 4,998,000 characters more"]);
});
