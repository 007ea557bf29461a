// The grammar against the parser. The grammar has no recursion, so it can be turned into a regular
// expression and run.
import fc from "fast-check";
import { expect, test } from "vitest";
import { applyPatchGrammar, applyPatchInstructions, PatchParseError, parsePatch } from "./index.ts";

function grammarToRegExp(grammar: string): RegExp {
  const rules = new Map<string, string>();
  for (const line of grammar.split("\n")) {
    const rule = /^(\w+): (.*)$/.exec(line);
    if (rule?.[1] !== undefined && rule[2] !== undefined) rules.set(rule[1], rule[2]);
  }
  const expand = (name: string): string => {
    const body = rules.get(name);
    if (body === undefined) throw new Error(`the grammar lacks ${name}`);
    const tokens = body.match(/"[^"]*"|\/(?:[^/\\]|\\.)+\/|\w+|[()|?*+]/g) ?? [];
    const source = tokens.map((token) => {
      if (token.startsWith('"')) return `(?:${token.slice(1, -1).replaceAll(/[*+]/g, "\\$&")})`;
      if (token.startsWith("/")) return `(?:${token.slice(1, -1)})`;
      if (/^\w/.test(token)) return expand(token);
      return token === "(" ? "(?:" : token;
    });
    return `(?:${source.join("")})`;
  };
  return new RegExp(`^${expand("start")}$`);
}

const grammar = grammarToRegExp(applyPatchGrammar);

function parses(text: string): boolean {
  try {
    return parsePatch(text).sections.length > 0;
  } catch (error) {
    if (error instanceof PatchParseError) return false;
    throw error;
  }
}

const line = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("@@", "@@ def f", "+a", "-b", " c", "", " ", "\t") },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "*** Add File: a",
      "*** Delete File: b",
      "*** Update File: c",
      "*** Move to: d",
      "*** End of File",
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom("foo", "*** Add File: ", "@@x", "***", "*** Frob: a") },
);

test("the grammar takes exactly the lines that the parser takes", () => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 9 }), (lines) => {
      const text = `*** Begin Patch\n${lines.map((text) => `${text}\n`).join("")}*** End Patch`;
      const isPatch = parses(text);
      if (isPatch) accepted += 1;
      // Blank space that opens the patch is tolerated by the parser alone.
      if (lines[0]?.trim() === "") return;
      expect([text, grammar.test(text)]).toEqual([text, isPatch]);
    }),
    { numRuns: 20_000 },
  );
  expect(accepted).toBeGreaterThan(500);
});

test("the example of the instructions parses and fits the grammar", () => {
  const example = /^\*\*\* Begin Patch\n\*\*\* Add[^]*?^\*\*\* End Patch$/m.exec(
    applyPatchInstructions,
  )?.[0];
  expect(grammar.test(example ?? "")).toBe(true);
  expect(parsePatch(example ?? "").sections.map((section) => section.kind)).toEqual([
    "add",
    "update",
    "delete",
  ]);
});
