import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { joinWords, splitWords } from "./index.ts";

const anyWord = fc.oneof(
  fc.string({ unit: fc.constantFrom(...Array.from("ab .-$`\"'\\!^*~#=,%\n\t\u00e9{}[]()<>|&;?")) }),
  fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", "")),
);

describe("splitWords", () => {
  test.each([
    ["", []],
    ["  \t\n ", []],
    ["ls -la", ["ls", "-la"]],
    ["a 'b c' \"d e\"", ["a", "b c", "d e"]],
    ["a'b'\"c\"\\d", ["abcd"]],
    ["'' \"\"", ["", ""]],
    ['"\\$\\`\\"\\\\\\n"', ['$`"\\\\n']],
    ["'\\'", ["\\"]],
    ["a\\ b \\#", ["a b", "#"]],
    ["a # comment\nb", ["a", "b"]],
    ["a#b", ["a#b"]],
    ["a \\\n b\\\nc", ["a", "bc"]],
    ["a|b && c>d $x *", ["a|b", "&&", "c>d", "$x", "*"]],
  ])("%j", (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  test.each(["'a", '"a', "a'b", "a\\", '"a\\"'])("%j is not closed", (line) => {
    expect(splitWords(line)).toBeNull();
  });
});

describe("joinWords", () => {
  test.each([
    [["echo", "hi"], "echo hi"],
    [[""], "''"],
    [["a b"], "'a b'"],
    [["it's"], '"it\'s"'],
    [['a"b'], "'a\"b'"],
    [["a\\b"], '"a\\\\b"'],
    [["$x", "a`b"], "'$x' 'a`b'"],
    [["a'\"b"], '"a\'\\"b"'],
    [["a'$b"], "\"a'\"'$b'"],
    [["a!b'c"], "'a!b'\"'c\""],
    [["a^b"], "a'^b'"],
    [["^'!"], "'^'\"'\"'!'"],
    [["A-z0_9./:@+]"], "A-z0_9./:@+]"],
    [["a=b", "x,y", "~", "%", "#", "{a}", "[x]"], "'a=b' 'x,y' '~' '%' '#' '{a}' '[x]'"],
    [["\u00e9"], "'\u00e9'"],
  ])("%j", (words, line) => {
    expect(joinWords(words)).toBe(line);
  });

  test("splitting gives back what was joined", () => {
    fc.assert(
      fc.property(fc.array(anyWord), (words) => {
        expect(splitWords(joinWords(words))).toEqual(words);
      }),
      { numRuns: 2_000 },
    );
  });

  test.skipIf(process.platform === "win32")(
    "a shell reads what was joined as the same words",
    () => {
      const lists = fc.sample(fc.array(anyWord, { minLength: 1 }), 500);
      const script = lists.map((words) => `p ${joinWords(words)}`).join("\n");
      const output = execFileSync(
        "sh",
        ["-c", `p() { printf '%s\\0' "$@"; printf '\\1\\0'; }\n${script}`],
        { encoding: "utf8" },
      );
      const read = output.split("\u0001\0").slice(0, -1);
      expect(read).toEqual(lists.map((words) => words.map((word) => `${word}\0`).join("")));
    },
  );
});
