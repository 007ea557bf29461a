// Draws the rows of a terminal: every run of text stands at its column, whatever font there is.
import type { Run } from "./rows.ts";

export interface PictureOptions {
  readonly columns: number;
  /** What the picture shows, for those who do not see it. */
  readonly title: string;
}

const cell = { width: 8, height: 18 };
const margin = 20;
const foreground = "#d6dbe5";
const background = "#14181f";
/** The sixteen colours, the bright ones behind the plain. */
const palette = (
  "#3b4252 #f2777a #8fd694 #f0c674 #7aa6da #c397d8 #70c0ba #d6dbe5 " +
  "#667084 #ff9da4 #b5f0b9 #ffe2a0 #a8ccf5 #ddb9ef #9ae0da #ffffff"
).split(" ");

export function terminalSvg(rows: readonly (readonly Run[])[], options: PictureOptions): string {
  const width = options.columns * cell.width + 2 * margin;
  const height = rows.length * cell.height + 2 * margin;
  const texts = rows.flatMap((runs, row) => {
    let column = 0;
    return runs.flatMap((run) => {
      const text = run.text.trimStart();
      const start = column + run.text.length - text.length;
      column += Array.from(run.text).length;
      return text === "" ? [] : [drawn({ ...run, text: text.trimEnd() }, start, row)];
    });
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${escaped(options.title)}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="${background}"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13" fill="${foreground}">`,
    ...texts,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

function drawn(run: Run, column: number, row: number): string {
  const length = Array.from(run.text).length;
  const attributes = {
    x: margin + column * cell.width,
    y: margin + row * cell.height + 13,
    textLength: length * cell.width,
    lengthAdjust: "spacingAndGlyphs",
    fill: run.color === null ? undefined : palette[run.color],
    "font-weight": run.bold ? "bold" : undefined,
    "font-style": run.italic ? "italic" : undefined,
    opacity: run.dim ? 0.6 : undefined,
  };
  const written = Object.entries(attributes)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}="${value}"`]))
    .join(" ");
  return `<text ${written}>${escaped(run.text)}</text>`;
}

function escaped(text: string): string {
  const markup = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  // Blanks in a row would be drawn as one.
  return markup.replaceAll(" ", "\u00a0");
}
