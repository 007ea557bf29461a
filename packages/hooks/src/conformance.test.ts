import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { conformancePage } from "../scripts/conformance-page.ts";
import { dialectConformance } from "./conformance.ts";
import { dialectNamed } from "./dialect.ts";

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

// The formatter pads the cells.
const unpadded = (page: string) => page.replaceAll(/ +(?=\|)/g, " ").replaceAll(/-{3,}/g, "---");

test("the page shows the table as it is", async () => {
  const page = await readFile(new URL("../CONFORMANCE.md", import.meta.url), "utf8");
  expect(unpadded(page)).toBe(unpadded(conformancePage()));
});
