// No command that is judged to be harmless writes, deletes or talks to the network. `pnpm bench
// harmless-commands` does the same with 10,000 command lines.
import { expect, test } from "vitest";
import { generateScripts } from "./command-lines.fixture.ts";
import { harmlessOf, runHarmless } from "./harmless-runs.fixture.ts";

test("of generated command lines, what is judged harmless leaves no trace, and needs nothing that is denied", async () => {
  const harmless = harmlessOf(generateScripts(/*count*/ 2000, /*seed*/ 20_260_401));
  expect(harmless.length).toBeGreaterThan(200);
  const { bare, denied, probes } = await runHarmless(harmless);
  expect(bare.map(({ script }) => script)).toEqual(harmless);
  expect(bare.filter(({ changed, connected }) => changed || connected)).toEqual([]);
  const comparable = bare.map((run) => ({ ...run, changed: false, connected: false }));
  expect(denied).toEqual(comparable);
  // What is to be found is found.
  expect(probes.map(({ changed, connected }) => ({ changed, connected }))).toEqual([
    { changed: true, connected: false },
    { changed: true, connected: false },
    { changed: false, connected: true },
    { changed: true, connected: false },
    { changed: true, connected: false },
    { changed: false, connected: false },
  ]);
}, 300_000);
