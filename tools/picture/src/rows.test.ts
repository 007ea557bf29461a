import { expect, test } from "vitest";
import { parseRows } from "./rows.ts";
import { terminalSvg } from "./terminal-svg.ts";

const plain = { bold: false, dim: false, italic: false, color: null };

test("a look goes on to the next line until it is changed", () => {
  expect(parseRows("\u001b[1;32mok\nstill\u001b[0m plain \u001b[91mbright")).toEqual([
    [{ ...plain, text: "ok", bold: true, color: 2 }],
    [
      { ...plain, text: "still", bold: true, color: 2 },
      { ...plain, text: " plain " },
      { ...plain, text: "bright", color: 9 },
    ],
  ]);
});

test("a look that cannot be drawn is an error, not a wrong picture", () => {
  expect(() => parseRows("\u001b[38;5;200mpink")).toThrow(/SGR 38/);
});

test("each run stands at its column, with its text escaped", () => {
  const svg = terminalSvg(parseRows("a\u001b[31m<b>"), { columns: 10, title: "t" });
  expect(svg).toContain('<text x="20" y="33" textLength="8" lengthAdjust="spacingAndGlyphs">a<');
  expect(svg).toContain(
    '<text x="28" y="33" textLength="24" lengthAdjust="spacingAndGlyphs" fill="#f2777a">&lt;b&gt;<',
  );
});
