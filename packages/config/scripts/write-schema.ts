// Writes what is made from the schemas: config.schema.json and src/settings-shape.ts.
// Run it in this folder: node --conditions=@codex-ts/source scripts/write-schema.ts
import { writeFileSync } from "node:fs";
import { configJsonSchema } from "./json-schema.ts";
import { settingsShapeModule } from "./settings-shape.ts";

writeFileSync(new URL("../src/settings-shape.ts", import.meta.url), settingsShapeModule());
writeFileSync(new URL("../config.schema.json", import.meta.url), configJsonSchema());
