// What the model says, as a terminal shows it best: prose wrapped between words, code left alone.
import type { Paint } from "../colors.ts";
import { proseLines } from "./screen-lines.ts";
import { visibleText } from "../visible-text.ts";

const FENCE = /^\s*(?:```|~~~)/;
const HEADING = /^#{1,6}\s/;
const LIST_ITEM = /^(\s*(?:[-*+]|\d{1,3}[.)])\s+)(.*)$/;

/**
 * The lines of a text in Markdown. With colours, headings and `**strong**` words are bold and code is
 * cyan without its marks; without colours the text keeps all of them. Lines of a code block are never
 * wrapped, so that they can be copied.
 */
export function messageLines(
  text: string,
  options: { readonly paint: Paint; readonly isPainted: boolean; readonly columns: number | null },
): readonly string[] {
  const { paint, isPainted, columns } = options;
  let isCode = false;
  return visibleText(text)
    .trimEnd()
    .split("\n")
    .flatMap((line): readonly string[] => {
      if (FENCE.test(line)) {
        isCode = !isCode;
        return [paint(line, "dim")];
      }
      if (isCode) return [paint(line, "cyan")];
      if (HEADING.test(line)) return proseLines(paint(line, "bold"), columns);
      const [, mark, itself] = LIST_ITEM.exec(line) ?? [];
      const prose = (words: string): string => (isPainted ? painted(words, paint) : words);
      if (mark === undefined || itself === undefined) {
        const indent = /^\s*/.exec(line)?.[0] ?? "";
        return proseLines(prose(line.slice(indent.length)), columns, {
          first: indent,
          rest: indent,
        });
      }
      return proseLines(prose(itself), columns, { first: mark, rest: " ".repeat(mark.length) });
    });
}

/** Code spans are looked for first: what stands in them is no Markdown. */
function painted(line: string, paint: Paint): string {
  return line
    .split(/(`[^`]+`)/)
    .map((part, index) =>
      index % 2 === 1
        ? paint(part.slice(1, -1), "cyan")
        : part.replaceAll(/\*\*(?=\S)([^*]+?)(?<=\S)\*\*/g, (_, words: string) =>
            paint(words, "bold"),
          ),
    )
    .join("");
}
