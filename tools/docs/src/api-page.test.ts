import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@codex-ts/test-support";
import ts from "typescript";
import { expect, test } from "vitest";
import { apiPage } from "./api-page.ts";

const source = `
/**
 * Adds up, see {@link Total}. @param first the one. @throws {Error} when it overflows
 *
 * @example
 * if (true) {
 *   await add(1, 2); // 3
 * }
 */
export async function add(first: number, second = 1): Promise<number> { return first + second; }
export function over(a: string): void;
export function over(a: number): void;
export function over(_a: unknown): void {}
/** A sum. */
export interface Total { /** In cents. */ readonly value: number }
export class Box {
  /** What is in it. */
  readonly content: string = "x";
  #secret = 1;
  private hidden = 2;
  open() { return this.#secret + this.hidden; }
}
/** Ten. */
export const limit = 10;
`;

test("a page shows what a consumer sees: docs, signatures, no bodies, nothing private", async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, "index.ts");
  writeFileSync(path, source);
  const program = ts.createProgram([path], { strict: true, target: ts.ScriptTarget.ES2022 });
  const page = apiPage(
    {
      name: "demo",
      description: "A demo.",
      readme: "../README.md",
      entries: [{ specifier: "demo", source: path }],
    },
    program,
  );
  expect(page).toBe(`# demo

<!-- Made by \`pnpm docs\` from the doc comments; changes here are overwritten. -->

A demo. See the [README](../README.md) for what it is for and an example.

## Functions

### add

Adds up, see \`Total\`.

- \`first\`: the one.
- Throws Error when it overflows

Example:

\`\`\`ts
if (true) {
  await add(1, 2); // 3
}
\`\`\`

\`\`\`ts
function add(first: number, second = 1): Promise<number>;
\`\`\`

### over

\`\`\`ts
function over(a: string): void;
function over(a: number): void;
\`\`\`

## Classes

### Box

\`\`\`ts
class Box {
  /** What is in it. */
  readonly content: string;
  open(): number;
}
\`\`\`

## Constants

### limit

Ten.

\`\`\`ts
const limit: 10;
\`\`\`

## Types

### Total

A sum.

\`\`\`ts
interface Total { /** In cents. */ readonly value: number }
\`\`\`
`);
});
