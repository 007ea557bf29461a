// Writes schemas/, hooks.schema.json and CONFORMANCE.md. Run it in this folder: node --conditions=@codex-ts/source scripts/write-schemas.ts
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { conformancePage } from "./conformance-page.ts";
import { hookJsonSchemas, hooksFileJsonSchema } from "./json-schemas.ts";

const folder = new URL("../schemas/", import.meta.url);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
for (const [name, text] of hookJsonSchemas()) writeFileSync(new URL(name, folder), text);
writeFileSync(new URL("../hooks.schema.json", import.meta.url), hooksFileJsonSchema());
writeFileSync(new URL("../CONFORMANCE.md", import.meta.url), conformancePage());
