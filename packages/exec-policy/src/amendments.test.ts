import { describe, expect, test } from "vitest";
import { allowPrefix, generalPrefix, isBannedPrefix, listAllowedPrefixes } from "./amendments.ts";
import { ExecPolicyError } from "./exec-policy-error.ts";
import { evaluate } from "./match-command.ts";
import { parseRules } from "./parse-rules.ts";
import { createPolicy } from "./policy.ts";

function policyOf(text: string) {
  return createPolicy([parseRules(text, "/a.rules")]);
}

function words(line: string): readonly string[] {
  return line.split(" ");
}

describe("isBannedPrefix", () => {
  test.each(
    (
      "python3|python3 -|python3 -c|python|python -|python -c|py|py -3|pythonw|pyw|pypy|pypy3|git|bash|" +
      "bash -lc|sh|sh -c|sh -lc|zsh|zsh -lc|/bin/zsh|/bin/zsh -lc|/bin/bash|/bin/bash -lc|pwsh|" +
      "pwsh -Command|pwsh -c|powershell|powershell -Command|powershell -c|powershell.exe|" +
      "powershell.exe -Command|powershell.exe -c|env|sudo|node|node -e|perl|perl -e|ruby|ruby -e|php|" +
      "php -r|lua|lua -e|osascript|/usr/bin/python3 -c"
    ).split("|"),
  )("%s is banned", (line) => {
    expect(isBannedPrefix(words(line))).toBe(true);
  });

  test.each(["python -c X", "git add", "bash -lc ls", "node x.js", "env A=1", "cargo"])(
    "%s is not",
    (line) => {
      expect(isBannedPrefix(words(line))).toBe(false);
    },
  );
});

describe("allowPrefix", () => {
  test("the policy gains the rule for the session", () => {
    const policy = allowPrefix(policyOf(""), ["git", "add"]);
    expect(evaluate(policy, [["git", "add", "x"]])).toMatchObject({
      decision: "allow",
      matches: [{ rule: { source: { layer: "session", file: null, line: null } } }],
    });
    expect(evaluate(policy, [["git", "push"]]).decision).toBeNull();
  });

  test("a policy that allows the prefix already stays as it is", () => {
    const policy = policyOf('prefix_rule(["git"])');
    expect(allowPrefix(policy, ["git", "add"])).toBe(policy);
  });

  test("a stricter rule still decides", () => {
    const policy = allowPrefix(policyOf('prefix_rule(["git"], "forbidden")'), ["git", "add"]);
    expect(evaluate(policy, [["git", "add"]]).decision).toBe("forbidden");
    expect(policy.prefixRules).toHaveLength(2);
  });

  test("broken files and places of programs are kept", () => {
    const source = { layer: "user", file: "/b.rules", line: 1 };
    const rules = parseRules('host_executable("git", [])', "/a.rules");
    const policy = createPolicy([rules], [{ source, message: "broken" }]);
    const amended = allowPrefix(policy, ["git"]);
    expect([amended.brokenRules, amended.hostExecutables]).toEqual([
      policy.brokenRules,
      policy.hostExecutables,
    ]);
  });

  test("an empty prefix and broken characters are refused", () => {
    expect(() => allowPrefix(policyOf(""), [])).toThrow(ExecPolicyError);
    expect(() => allowPrefix(policyOf(""), ["\ud800"])).toThrow(ExecPolicyError);
  });
});

test.each([
  ["npm run build -- --watch", "npm run build"],
  ["npm run build", null],
  ["npm test -- x", "npm test"],
  ["npm run -s build", null],
  ["git commit -m x", "git commit"],
  ["git -C /x commit -m x", null],
  ["git push origin", null],
  ["make all x", null],
  ["constructor prototype x", null],
])("the general prefix of `%s` is %s", (command, general) => {
  expect(generalPrefix(words(command))).toEqual(general === null ? null : words(general));
});

describe("listAllowedPrefixes", () => {
  test("short ones come first, then by length and text, each once", () => {
    const policy = policyOf(`
prefix_rule(["npm", ["i", "install"]])
prefix_rule(["git", "push"])
prefix_rule(["ls"])
prefix_rule(["cp"])
prefix_rule(["ls"])
prefix_rule(["rm"], "forbidden")
prefix_rule(["a long name"])
`);
    expect(listAllowedPrefixes(policy).split("\n")).toEqual([
      '- ["cp"]',
      '- ["ls"]',
      '- ["a long name"]',
      '- ["git", "push"]',
      '- ["npm", ["i", "install"]]',
    ]);
    expect(listAllowedPrefixes(policyOf(""))).toBe("");
  });

  test("at most 100 are listed, in at most 5000 characters", () => {
    const listOf = (count: number, padding = "") => {
      const names = Array.from({ length: count }, (_, index) => `"${index}${padding}"`);
      return listAllowedPrefixes(policyOf(`prefix_rule([[${names.join(", ")}]])`)).split("\n");
    };
    expect(listOf(/*count*/ 100)).toHaveLength(100);
    expect(listOf(/*count*/ 103).slice(99)).toEqual([
      '- ["99"]',
      "(and 3 more that are not listed)",
    ]);
    const long = listOf(/*count*/ 20, "x".repeat(1000));
    expect(long).toHaveLength(5);
    expect(long.at(-1)).toBe("(and 16 more that are not listed)");
  });
});
