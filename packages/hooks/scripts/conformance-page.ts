// CONFORMANCE.md, from the table.
import { type ConformanceRow, dialectConformance } from "../src/conformance.ts";

const titles: Readonly<Record<ConformanceRow["dialect"], string>> = {
  claude: "## Claude Code\n\nsettings.json, https://code.claude.com/docs/en/hooks",
  gemini: "## Gemini CLI\n\nsettings.json, https://geminicli.com/docs/hooks/reference",
};

/** The page's text; the formatter pads the cells. */
export function conformancePage(): string {
  const sections = (["claude", "gemini"] as const).map((dialect) => {
    const rows = dialectConformance
      .filter((row) => row.dialect === dialect)
      .map(({ kind, name, mapsTo, note }) => [kind, name, mapsTo ?? "refused", note]);
    const lines = [["kind", "theirs", "ours", "note"], ["---", "---", "---", "---"], ...rows];
    return `${titles[dialect]}\n\n${lines.map(tableLine).join("")}`;
  });
  return `# Conformance of the dialects

What of another program's hooks maps to this engine's contract, what is refused, and why. The same table is exported as \`dialectConformance\`; the cases in [fixtures](fixtures/README.md) run it.

${sections.join("\n")}`;
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
}
