// pnpm boundaries [--fix]   checks; --fix first rewrites tsconfig references
// pnpm graph                writes the package graph into docs/architecture.md
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { writeArchitecturePage } from "./architecture-page.ts";
import { fixReferences } from "./check-references.ts";
import { checkWorkspace } from "./check-workspace.ts";
import { formatViolation } from "./violation.ts";
import { readWorkspace } from "./workspace.ts";

const { values } = parseArgs({
  options: {
    fix: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    root: { type: "string", default: resolve(import.meta.dirname, "../../..") },
  },
});

if (values.fix) {
  for (const file of fixReferences(readWorkspace(values.root))) console.log(`rewrote ${file}`);
}
const workspace = readWorkspace(values.root);
const violations = values.write ? writeArchitecturePage(workspace) : checkWorkspace(workspace);
for (const violation of violations) console.error(formatViolation(violation));
if (violations.length > 0) {
  console.error(`${violations.length} broken ${violations.length === 1 ? "rule" : "rules"}`);
  process.exitCode = 1;
} else if (!values.write) {
  console.log(`${workspace.packages.length} packages within their boundaries`);
}
