// Writes docs/features.md. Run it in this folder: node scripts/write-page.ts
import { writeFileSync } from "node:fs";
import { featuresPage } from "./features-page.ts";

writeFileSync(new URL("../../../docs/features.md", import.meta.url), featuresPage());
