import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { DiscoveryError, discoverBenchmarks, selectBenchmarks } from "./discover.ts";

function workspace(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "bench-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const source = (name: string) =>
  `export const benchmark = { name: "${name}", question: "?", subjects: () => [] };\n`;

test("benchmarks are found here and in the packages, in order of their names", async () => {
  const root = workspace({
    "package.json": '{ "type": "module" }',
    "tools/bench/src/benches/z.ts": source("z"),
    "packages/one/bench/a.bench.ts": source("a"),
    "packages/one/bench/helper.ts": "export const nothing = 1;\n",
    "apps/cli/bench/m.bench.ts": source("m"),
  });
  const found = await discoverBenchmarks(root);
  expect(found.map(({ name }) => name)).toEqual(["a", "m", "z"]);
});

test("a benchmark file without a benchmark is named", async () => {
  const root = workspace({ "packages/one/bench/a.bench.ts": "export const other = 1;\n" });
  await expect(discoverBenchmarks(root)).rejects.toThrow(/packages\/one\/bench\/a\.bench\.ts/);
});

test("an unknown name is refused with the names of all", async () => {
  const found = await discoverBenchmarks(resolve(import.meta.dirname, "../../.."));
  expect(selectBenchmarks(found, [])).toBe(found);
  expect(selectBenchmarks(found, ["node-start"]).map(({ name }) => name)).toEqual(["node-start"]);
  expect(() => selectBenchmarks(found, ["nod-start"])).toThrow(DiscoveryError);
  expect(() => selectBenchmarks(found, ["nod-start"])).toThrow(/"nod-start".*node-start/);
});
