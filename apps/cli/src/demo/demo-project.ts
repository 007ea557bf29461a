// The small program that the demo repairs: a price calculator with a failing test.

/** File name → text. */
export const demoFiles: Readonly<Record<string, string>> = {
  "package.json": `{
  "name": "price-list",
  "private": true,
  "type": "module",
  "scripts": { "test": "node --test" }
}
`,
  "AGENTS.md": `# Price list

- Run the tests with \`node --test\`.
- Amounts are whole cents; round half up.
`,
  "src/price.js": `// Prices in whole cents.

/** The price after a discount in percent. */
export function discounted(cents, percent) {
  return Math.floor((cents * (100 - percent)) / 100);
}

/** The sum of a cart's lines: price times quantity. */
export function total(lines) {
  return lines.reduce((sum, line) => sum + line.cents * line.quantity, 0);
}
`,
  "test/price.test.js": `import assert from "node:assert/strict";
import { test } from "node:test";
import { discounted, total } from "../src/price.js";

test("a discount rounds half up", () => {
  assert.equal(discounted(999, 10), 899);
  assert.equal(discounted(995, 50), 498);
});

test("a cart sums price times quantity", () => {
  assert.equal(total([{ cents: 250, quantity: 2 }, { cents: 99, quantity: 1 }]), 599);
});
`,
};

export const demoPrompt = "The test suite fails. Find out why, fix it, and show that it passes.";
