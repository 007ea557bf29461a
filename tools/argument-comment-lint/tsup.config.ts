import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/main.ts", "src/eslint-config.ts"],
  format: "esm",
  target: "node22",
  platform: "node",
  outDir: "dist",
  dts: false,
  splitting: true,
  treeshake: true,
});
