// Writes what is made from the schemas: config.schema.json, src/settings-shape.ts and docs/config.md.
// Run it in this folder: node --conditions=@codex-ts/source scripts/write-schema.ts
import { writeFileSync } from "node:fs";
import { configJsonSchema } from "./json-schema.ts";
import { configReferencePage } from "./reference-page.ts";
import { settingsShapeModule } from "./settings-shape.ts";

writeFileSync(new URL("../src/settings-shape.ts", import.meta.url), settingsShapeModule());
writeFileSync(new URL("../config.schema.json", import.meta.url), configJsonSchema());
writeFileSync(new URL("../../../docs/config.md", import.meta.url), configReferencePage());
