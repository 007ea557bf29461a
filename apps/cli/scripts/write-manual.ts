// Writes docs/cli. Run it in this folder: pnpm run manual
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { manualPages } from "./manual-pages.ts";

const folder = resolve(import.meta.dirname, "../../../docs/cli");
const pages = manualPages();
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) if (!pages.has(name)) rmSync(join(folder, name));
for (const [name, text] of pages) writeFileSync(join(folder, name), text);
