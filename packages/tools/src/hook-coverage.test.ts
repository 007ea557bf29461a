import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { hookCoveragePage } from "../scripts/hook-coverage.ts";

// The formatter pads the cells.
const rows = (page: string) => page.replaceAll(/ +(?=\|)/g, " ").replaceAll(/-{3,}/g, "---");

test("the page shows every tool that a turn can have, as hooks see it", async () => {
  const page = await readFile(new URL("../HOOKS.md", import.meta.url), "utf8");
  expect(rows(page)).toBe(rows(await hookCoveragePage()));
});

test("no cell of the table is empty", async () => {
  const cells = (await hookCoveragePage())
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .flatMap((line) => line.slice(1, -1).split("|"));
  expect(cells.filter((cell) => cell.trim() === "")).toEqual([]);
});
