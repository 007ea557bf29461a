import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["@codex-ts/source", "module", "node", "development|production"] },
  ssr: { resolve: { conditions: ["@codex-ts/source", "node", "import", "default"] } },
  test: {
    include: ["{packages,apps,tools}/*/src/**/*.test.{ts,tsx}"],
    pool: "forks",
    maxWorkers: 2,
    // Long enough for a machine that does much else; what hangs is still found.
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // Real processes on a busy machine: the report marks what passed only the second time.
    retry: process.env["CI"] === undefined ? 0 : 1,
    restoreMocks: true,
  },
});
