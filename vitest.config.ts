import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["@codex-ts/source", "module", "node", "development|production"] },
  ssr: { resolve: { conditions: ["@codex-ts/source", "node", "import", "default"] } },
  test: {
    include: ["{packages,apps,tools}/*/src/**/*.test.{ts,tsx}"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    restoreMocks: true,
  },
});
