import fc from "fast-check";
import { expect, test } from "vitest";
import { HookError } from "./errors.ts";
import { compileLinearPattern } from "./linear-pattern.ts";
import { compileMatcher } from "./matcher.ts";

const matches = (pattern: string | null, input: string) => compileMatcher(pattern)(input);

test("absent, null, empty and * match everything", () => {
  for (const pattern of [undefined, null, "", "*"]) {
    expect(compileMatcher(pattern)("anything")).toBe(true);
  }
});

test("a matcher is searched for, case-sensitively", () => {
  expect([matches("ash", "Bash"), matches("bash", "Bash")]).toEqual([true, false]);
});

test("anchors hold a matcher to the whole name", () => {
  expect([matches("^Bash$", "Bash"), matches("^Bash$", "BashOutput")]).toEqual([true, false]);
});

test("an alternation has no exact-name mode", () => {
  const input = ["Edit", "Write", "NotebookEdit", "Bash"];
  expect(input.map((name) => matches("Edit|Write", name))).toEqual([true, true, true, false]);
});

test.each([
  ["[", "the pattern ends too early (at character 1)"],
  ["a(", "`(` is not closed (at character 2)"],
  ["a)", "`)` without `(` (at character 1)"],
  ["+", "`+` has nothing to repeat (at character 1)"],
  ["a{2", "the pattern ends too early (at character 3)"],
  ["a{2,1}", "a count in `{}` that runs backwards (at character 6)"],
  ["(?=a)", "look-around is not supported (at character 3)"],
  ["(?!a)", "look-around is not supported (at character 3)"],
  ["(?<=a)b", "look-around is not supported (at character 3)"],
  ["(?<!a)b", "look-around is not supported (at character 3)"],
  ["(a)\\1", "back-references are not supported (at character 5)"],
  ["[z-a]", "a range that runs backwards (at character 4)"],
  ["[[:alpha:]]", "a class inside a class is not supported (at character 1)"],
  ["[a&&b]", "`&&` in a class is not supported (at character 4)"],
  ["\\q", "`\\q` has no meaning (at character 2)"],
  ["(?x)a", "the flag `x` is not supported (at character 3)"],
  ["\\p{Nonsense}", "the Unicode property `Nonsense` is not known (at character 12)"],
  ["((a{200}){200}){200}", "the pattern is too large once its counts are spelled out"],
])("%s is refused with a reason", (pattern, reason) => {
  expect(() => compileMatcher(pattern)).toThrow(
    new HookError(
      "bad_matcher",
      `the matcher ${JSON.stringify(pattern)} is no regular expression that hooks support: ${reason}`,
    ),
  );
});

test.each([
  ["(?i)bash", "BASH", true],
  ["a(?i)b|C", "c", true],
  ["(?i:a)b", "Ab", true],
  ["(?i:a)b", "AB", false],
  ["(?P<tool>mcp__.*)__read", "mcp__files__read", true],
  ["(?<tool>x)y", "xy", true],
  ["\\bEdit\\b", "Multi Edit", true],
  ["\\bEdit\\b", "MultiEdit", false],
  ["\\AEdit\\z", "Edit", true],
  ["(?m)^b$", "a\nb", true],
  ["a.b", "a\nb", false],
  ["(?s)a.b", "a\nb", true],
  ["^\\w+$", "größe_1", true],
  ["^[^a-c\\d]+$", "xyz", true],
  ["^[^a-c\\d]+$", "xy1", false],
  ["[]a]", "]", true],
  ["[a-]", "-", true],
  ["^\\x41\\u{42}\\u0043$", "ABC", true],
  ["^\\p{Greek}+$", "λόγος", true],
  ["^\\PL$", "1", true],
  ["^(a*)*b$", "aaab", true],
  ["^(|a)+$", "aa", true],
  ["x{0}y", "y", true],
  ["^a{2,3}?$", "aaaa", false],
  ["^😀.$", "😀😀", true],
])("%s in %j: %s", (pattern, input, found) => {
  expect(matches(pattern, input)).toBe(found);
});

test("a pattern that would make a backtracking engine hang is searched at once", () => {
  expect(matches("^(a+)+$", `${"a".repeat(5000)}!`)).toBe(false);
  expect(matches("(x+x+)+y", "x".repeat(500))).toBe(false);
});

const pattern: fc.Arbitrary<string> = fc.letrec<{ pattern: string; atom: string }>((tie) => ({
  pattern: fc
    .array(fc.array(tie("atom"), { maxLength: 4 }), { minLength: 1, maxLength: 3 })
    .map((options) => options.map((parts) => parts.join("")).join("|")),
  atom: fc
    .tuple(
      fc.oneof(
        { depthSize: "small" },
        fc.constantFrom("a", "b", "c", ".", "[ab]", "[^a]", "[b-c]", "\\b", "^", "$", "\\."),
        tie("pattern").map((inner) => `(?:${inner})`),
      ),
      fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{1,2}", "{0,}", "*?"),
    )
    // JavaScript does not repeat assertions.
    .map(([atom, count]) => (/^(\^|\$|\\b)$/.test(atom) ? atom : atom + count)),
})).pattern;

test("what is found is what JavaScript's own engine finds", () => {
  fc.assert(
    fc.property(
      pattern,
      fc.string({ unit: fc.constantFrom("a", "b", "c", " ", "."), maxLength: 7 }),
      (source, text) => {
        expect(compileLinearPattern(source).search(text)).toBe(new RegExp(source, "u").test(text));
      },
    ),
    { numRuns: 1000 },
  );
});
