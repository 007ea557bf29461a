import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@codex-ts/test-support";
import ts from "typescript";
import { expect, test } from "vitest";
import { undocumentedExports } from "./undocumented.ts";

test("an exported name of ours without a doc comment is listed once, with where it is declared", async () => {
  await using folder = await temporaryDirectory();
  const write = (name: string, text: string): string => {
    const path = join(folder.path, name);
    writeFileSync(path, text);
    return path;
  };
  const index = write("index.ts", `export * from "./sums.ts";\nexport const limit = 10;\n`);
  const sums = write(
    "sums.ts",
    `// This is no doc comment.
export function bare(): void {}
/** Explained where it is implemented or at one of its overloads. */
export function over(a: string): void;
export function over(a: number): void;
export function over(_a: unknown): void {}
/** @throws Error always: a tag alone says not what it does. */
export function tagged(): never { throw new Error(); }
/** A sum. */
export interface Total { readonly value: number }
interface Hidden { readonly value: number }
export type { Hidden as Shown };
export type { Theirs } from "their-library";
`,
  );
  const library = join(folder.path, "node_modules/their-library");
  mkdirSync(library, { recursive: true });
  writeFileSync(
    join(library, "index.d.ts"),
    "export interface Theirs { readonly value: number }\n",
  );
  const program = ts.createProgram([index, sums], {
    allowImportingTsExtensions: true,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
  });
  const face = {
    name: "demo",
    description: "",
    readme: "",
    entries: [
      { specifier: "demo", source: index },
      { specifier: "demo/sums", source: sums },
    ],
  };
  expect(undocumentedExports(folder.path, [face], program)).toEqual([
    { package: "demo", name: "Shown", file: "sums.ts", line: 11 },
    { package: "demo", name: "bare", file: "sums.ts", line: 2 },
    { package: "demo", name: "limit", file: "index.ts", line: 2 },
    { package: "demo", name: "tagged", file: "sums.ts", line: 8 },
  ]);
});
