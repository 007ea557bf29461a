// Writes HOOKS.md. Run it in this folder: node --conditions=@codex-ts/source scripts/write-hook-coverage.ts
import { writeFileSync } from "node:fs";
import { hookCoveragePage } from "./hook-coverage.ts";

writeFileSync(new URL("../HOOKS.md", import.meta.url), await hookCoveragePage());
