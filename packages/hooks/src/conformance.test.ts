import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { dialectConformance } from "./conformance.ts";
import { type DialectName, dialectNamed } from "./dialect.ts";

test("every event of a dialect has its row, mapped or refused with a reason", () => {
  for (const name of ["claude", "gemini"] as const) {
    const dialect = dialectNamed(name);
    const rows = dialectConformance
      .filter((row) => row.dialect === name && row.kind === "event")
      .map((row) => [row.name, row.mapsTo]);
    const refused = Object.keys(dialect.refusedEvents).map((event) => [event, null]);
    expect(rows).toEqual([...Object.entries(dialect.events), ...refused]);
  }
});

test("what is refused says why", () => {
  expect(dialectConformance.filter(({ mapsTo, note }) => mapsTo === null && note === "")).toEqual(
    [],
  );
});

const titles: Readonly<Record<Exclude<DialectName, "codex">, string>> = {
  claude: "Claude Code",
  gemini: "Gemini CLI",
};

test("the page shows the table as it is", async () => {
  const page = await readFile(new URL("../CONFORMANCE.md", import.meta.url), "utf8");
  const cells = (line: string) => line.split("|").map((cell) => cell.replaceAll("\\", "").trim());
  for (const name of ["claude", "gemini"] as const) {
    const section = page.split(/^## /m).find((text) => text.startsWith(titles[name])) ?? "";
    const shown = section
      .split("\n")
      .filter((line) => line.startsWith("| ") && !/^\| (kind|-)/.test(line))
      .map((line) => cells(line.replaceAll("\\|", "¦")).slice(1, 5));
    const rows = dialectConformance
      .filter(({ dialect }) => dialect === name)
      .map(({ kind, name: word, mapsTo, note }) =>
        [kind, word, mapsTo ?? "refused", note].map((cell) => cell.replaceAll("|", "¦")),
      );
    expect(shown).toEqual(rows);
  }
});
