// Model-written JavaScript that calls this program's functions: parallel, bounded, without the host.
import assert from "node:assert/strict";
import { createCodeMode } from "@codex-ts/code-mode";

const prices: Readonly<Record<string, number>> = { apple: 3, pear: 4, plum: 5 };

await using codeMode = createCodeMode({
  tools: {
    price: async ({ fruit }: { fruit: string }) => prices[fruit] ?? null,
  },
});

/** What a model might have written. */
const total = await codeMode.run(`
  const names = ["apple", "pear", "plum"];
  const found = await Promise.all(names.map((fruit) => tools.price({ fruit })));
  text(found.reduce((sum, price) => sum + price, 0));
`);
console.log(total);
assert.deepEqual(total, {
  status: "completed",
  contentItems: [{ type: "input_text", text: "12" }],
});

// It has no file system, no network and no process; a mistake is an answer, not a crash.
const hostile = await codeMode.run(
  `text([typeof process, typeof fetch, typeof require]); nothing();`,
);
console.log(hostile);
assert.deepEqual(
  [hostile.status, hostile.contentItems],
  ["failed", [{ type: "input_text", text: '["undefined","undefined","undefined"]' }]],
);
