import { fromAbsolute } from "@codex-ts/absolute-path";
import { describe, expect, test } from "vitest";
import { ExecPolicyError } from "./exec-policy-error.ts";
import { evaluate } from "./match-command.ts";
import { allowPrefix } from "./amendments.ts";
import { judgeCommand } from "./command-policy.ts";
import { parseRules } from "./parse-rules.ts";
import { createPolicy, requireRules } from "./policy.ts";
import { parseRequirementRules } from "./requirement-rules.ts";

const source = { layer: "requirements", file: "/etc/codex/requirements.toml" };
const rm = [{ token: "rm" }, { any_of: ["-r", "-f"] }];

test("required rules forbid or ask, with tokens and alternatives", () => {
  const rules = parseRequirementRules(
    {
      prefix_rules: [
        { pattern: rm, decision: "forbidden", justification: "no" },
        { pattern: [{ any_of: ["npm", "pnpm"] }], decision: "prompt" },
      ],
    },
    { ...source, lines: [3, null] },
  );
  const common = { source: { ...source, line: null } };
  expect(rules).toEqual([
    {
      pattern: [["rm"], ["-r", "-f"]],
      decision: "forbidden",
      justification: "no",
      source: { ...source, line: 3 },
    },
    { pattern: [["npm"]], decision: "prompt", justification: null, ...common },
    { pattern: [["pnpm"]], decision: "prompt", justification: null, ...common },
  ]);
  const policy = requireRules(createPolicy([]), rules);
  expect(evaluate(policy, [["rm", "-f", "x"]]).decision).toBe("forbidden");
});

describe("nothing loosens a required rule", () => {
  const required = parseRequirementRules(
    { prefix_rules: [{ pattern: [{ token: "rm" }], decision: "forbidden" }] },
    source,
  );
  const judge = (argv: readonly string[], rules = "", amendment?: readonly string[]) => {
    const policy = requireRules(createPolicy([parseRules(rules, "/a.rules")]), required);
    return judgeCommand(amendment === undefined ? policy : allowPrefix(policy, amendment), {
      argv,
      cwd: fromAbsolute("/work"),
      approvalPolicy: "on-request",
      sandboxPolicy: { type: "danger-full-access" },
      sandboxPermissions: "use_default",
      trustedPrograms: [],
    }).kind;
  };

  test.each([
    ["a rule that allows the same", 'prefix_rule(["rm"])', ["rm", "x"]],
    ["a longer one", 'prefix_rule(["rm", "x"])', ["rm", "x"]],
    ["one for the program's path", 'prefix_rule(["/bin/rm"])', ["/bin/rm", "x"]],
    ["one that says where the program is", 'host_executable("rm", [])', ["/bin/rm", "x"]],
  ])("%s does not", (_, rules, argv) => {
    expect(judge(argv, rules)).toBe("forbidden");
    expect(judge(["bash", "-lc", argv.join(" ")], rules)).toBe("forbidden");
  });

  test("nor does what a person allows for good", () => {
    expect(judge(["rm", "x"], "", ["rm"])).toBe("forbidden");
    expect(judge(["/bin/rm", "x"], "", ["/bin/rm"])).toBe("forbidden");
    expect(judge(["ls"])).toBe("run");
  });
});

test.each([
  [{}, "rules.prefix_rules", "must be a list of rules"],
  [{ prefix_rules: [] }, "rules.prefix_rules", "must hold a rule"],
  [{ prefix_rules: ["rm"] }, "rules.prefix_rules[0]", "must be a table"],
  [
    {
      prefix_rules: [
        { pattern: rm, decision: "prompt" },
        { pattern: [], decision: "prompt" },
      ],
    },
    "rules.prefix_rules[1].pattern",
    "must be a list that is not empty",
  ],
  [
    { prefix_rules: [{ pattern: rm, decision: "allow" }] },
    "rules.prefix_rules[0].decision",
    'cannot be "allow": required rules only tighten',
  ],
  [
    { prefix_rules: [{ pattern: rm }] },
    "rules.prefix_rules[0].decision",
    'must be "prompt" or "forbidden"',
  ],
  [
    { prefix_rules: [{ pattern: rm, decision: "prompt", justification: " " }] },
    "rules.prefix_rules[0].justification",
    "must be a text that is not blank",
  ],
  [
    { prefix_rules: [{ pattern: [{ token: "a", any_of: ["b"] }], decision: "prompt" }] },
    "rules.prefix_rules[0].pattern[0]",
    "must have either `token` or `any_of`",
  ],
  [
    { prefix_rules: [{ pattern: [{ token: "a" }, {}], decision: "prompt" }] },
    "rules.prefix_rules[0].pattern[1]",
    "must have either `token` or `any_of`",
  ],
  [
    { prefix_rules: [{ pattern: [{ token: " " }], decision: "prompt" }] },
    "rules.prefix_rules[0].pattern[0].token",
    "must be a text that is not blank",
  ],
  [
    { prefix_rules: [{ pattern: [{ any_of: [] }], decision: "prompt" }] },
    "rules.prefix_rules[0].pattern[0].any_of",
    "must be a list that is not empty",
  ],
  [
    { prefix_rules: [{ pattern: [{ any_of: ["a", ""] }], decision: "prompt" }] },
    "rules.prefix_rules[0].pattern[0].any_of[1]",
    "must be a text that is not blank",
  ],
])("%j is refused by its place", (table, path, problem) => {
  const message = `${source.file}: \`${path}\` ${problem}`;
  expect(() => parseRequirementRules(table, source)).toThrow(
    new ExecPolicyError("bad_requirement", message),
  );
});
