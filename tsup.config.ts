// One build recipe for every library: the entries are what package.json exports.
import { readFileSync } from "node:fs";
import { defineConfig } from "tsup";

interface Manifest {
  readonly exports: Record<string, string | Record<string, string>>;
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
const entry = Object.values(manifest.exports).flatMap((target) =>
  typeof target === "string" ? [] : [target["@codex-ts/source"] ?? []].flat(),
);

export default defineConfig({
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
