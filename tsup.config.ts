// One build recipe for every library: the entries are what package.json exports.
import { readFileSync } from "node:fs";
import { type Options, defineConfig } from "tsup";

interface Manifest {
  readonly exports: Record<string, string | Record<string, string>>;
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
const entries = Object.values(manifest.exports).flatMap((target) =>
  typeof target === "string" ? [] : [target["@codex-ts/source"] ?? []].flat(),
);

/** Started as a thread or a process. Code shared with it would cut a library into more files to load. */
const isProgram = (entry: string): boolean => /[/-](?:worker|process)\.ts$/.test(entry);

const build = (entry: string[]): Options => ({
  entry,
  format: "esm",
  target: "node22",
  platform: "node",
  outDir: "dist",
  clean: false,
  dts: false,
  splitting: true,
  sourcemap: false,
  treeshake: true,
  loader: { ".md": "text" },
});

export default defineConfig([
  build(entries.filter((entry) => !isProgram(entry))),
  ...entries.filter(isProgram).map((entry) => build([entry])),
]);
