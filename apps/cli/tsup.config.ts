// One bundle for the command line: what a run needs is one small file and a few chunks loaded on demand.
import { chmodSync, copyFileSync } from "node:fs";
import { defineConfig } from "tsup";

export default defineConfig({
  entry: { "codex-ts": "src/codex-ts.ts" },
  format: "esm",
  target: "node22",
  platform: "node",
  outDir: "dist",
  clean: true,
  dts: false,
  splitting: true,
  minify: true,
  treeshake: true,
  noExternal: [/.*/],
  external: ["koffi", "@lydell/node-pty"],
  esbuildOptions(options) {
    options.conditions = ["@codex-ts/source"];
    options.legalComments = "external";
    options.chunkNames = "chunks/[name]-[hash]";
  },
  banner: {
    // CommonJS libraries in the bundle ask for built-in modules through `require`.
    js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
  },
  async onSuccess() {
    copyFileSync("src/launcher.sh", "dist/codex-ts");
    chmodSync("dist/codex-ts", 0o755);
  },
});
