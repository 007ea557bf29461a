// pnpm docs [--check]: write the pages, or say which are out of date and which exports nobody explains.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readWorkspace } from "@codex-ts/boundaries";
import { apiFolder, readApi } from "./api-pages.ts";
import { errorsFile } from "./errors-page.ts";

const root = resolve(import.meta.dirname, "../../..");

function current(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function main(): void {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  const folder = join(root, apiFolder);
  mkdirSync(folder, { recursive: true });
  const { pages, errors, undocumented } = readApi(readWorkspace(root));
  const stale = readdirSync(folder).filter((name) => !pages.has(name));
  const changed = [...pages].filter(([name, text]) => current(join(folder, name)) !== text);
  if (values.check) {
    for (const name of [...changed.map(([page]) => page), ...stale]) {
      console.error(`${apiFolder}/${name} is not what the doc comments say; run pnpm docs`);
      process.exitCode = 1;
    }
    if (current(join(root, errorsFile)) !== errors.text) {
      console.error(`${errorsFile} is not what the sources say; run pnpm docs`);
      process.exitCode = 1;
    }
    for (const problem of errors.problems) {
      console.error(problem);
      process.exitCode = 1;
    }
    for (const { package: owner, name, file, line } of undocumented) {
      console.error(`${owner}: ${name}, ${file}:${line}: it is exported and has no doc comment`);
      process.exitCode = 1;
    }
    return;
  }
  for (const [name, text] of changed) writeFileSync(join(folder, name), text);
  writeFileSync(join(root, errorsFile), errors.text);
  for (const name of stale) rmSync(join(folder, name));
  console.log(`${pages.size} pages in ${apiFolder}, ${changed.length} written`);
  console.log(`${undocumented.length} exported names have no doc comment`);
}

main();
