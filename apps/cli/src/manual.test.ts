import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { manualPages } from "../scripts/manual-pages.ts";

const folder = resolve(import.meta.dirname, "../../../docs/cli");

// After a change of the grammar: `pnpm run manual` in this package.
test("docs/cli is what the definition of the commands says", async () => {
  const names = await readdir(folder);
  const committed = await Promise.all(
    names.map(async (name): Promise<[string, string]> => [
      name,
      await readFile(join(folder, name), "utf8"),
    ]),
  );
  expect(Object.fromEntries(committed)).toEqual(Object.fromEntries(manualPages()));
});
