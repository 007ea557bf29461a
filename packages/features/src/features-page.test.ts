import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { featuresPage } from "../scripts/features-page.ts";

const cells = (page: string): readonly string[][] =>
  page.split("\n").map((line) => line.split("|").map((cell) => cell.trim().replace(/^-+$/, "-")));

// After a change of the registry: `pnpm run page` in this package.
test("docs/features.md is what the registry says", async () => {
  const committed = await readFile(new URL("../../../docs/features.md", import.meta.url), "utf8");
  // The formatter may pad the cells; their words are compared.
  expect(cells(committed)).toEqual(cells(featuresPage()));
});
