import { describe, expect, test } from "vitest";
import { checkCommand } from "./check-command.ts";
import { evaluate, type FallbackOptions, matchCommand } from "./match-command.ts";
import { parseRules } from "./parse-rules.ts";
import { createPolicy, overlayRules, type Policy } from "./policy.ts";

const resolving: FallbackOptions = { resolveHostExecutables: true, platform: "linux" };

/** A policy of files, one text each. */
function policyOf(...texts: readonly string[]): Policy {
  return createPolicy(
    texts.map((text, index) => parseRules(text, `/rules/${index}.rules`, { platform: "linux" })),
  );
}

function words(line: string): readonly string[] {
  return line.split(" ");
}

describe("matchCommand", () => {
  test("every rule that the command begins with matches, in the order of reading", () => {
    const policy = policyOf(
      'prefix_rule(["git"], "prompt")',
      '\nprefix_rule(["git", "commit"], "forbidden", justification="not here")',
    );
    const command = words("git commit -m hi");
    expect(matchCommand(policy, command)).toEqual([
      {
        kind: "prefix",
        decision: "prompt",
        matchedPrefix: ["git"],
        resolvedProgram: null,
        rule: {
          pattern: [["git"]],
          decision: "prompt",
          justification: null,
          source: { layer: "rules", file: "/rules/0.rules", line: 1 },
        },
      },
      {
        kind: "prefix",
        decision: "forbidden",
        matchedPrefix: ["git", "commit"],
        resolvedProgram: null,
        rule: {
          pattern: [["git"], ["commit"]],
          decision: "forbidden",
          justification: "not here",
          source: { layer: "rules", file: "/rules/1.rules", line: 2 },
        },
      },
    ]);
    expect(evaluate(policy, [command]).decision).toBe("forbidden");
    expect(evaluate(policy, [words("git status")]).decision).toBe("prompt");
  });

  test("words are compared exactly and with regard to case", () => {
    const policy = policyOf('prefix_rule(["git", ["a", "b"]])');
    const isMatched = (line: string) => matchCommand(policy, words(line)).length > 0;
    expect(
      ["git a", "git b x", "git", "git ab", "Git a", "git A", "x git a"].map(isMatched),
    ).toEqual([true, true, false, false, false, false, false]);
    expect(matchCommand(policy, [])).toEqual([]);
  });

  test("the fallback decides only where no rule matches", () => {
    const policy = policyOf('prefix_rule(["a"])');
    const fallback = () => "prompt" as const;
    expect(matchCommand(policy, ["b", "c"], { fallback })).toEqual([
      { kind: "heuristic", decision: "prompt", command: ["b", "c"] },
    ]);
    expect(evaluate(policy, [["a"]], { fallback }).decision).toBe("allow");
    expect(evaluate(policy, [["b"]])).toEqual({ decision: null, matches: [] });
  });

  test("of several commands the strictest match decides, and all are told", () => {
    const policy = policyOf('prefix_rule(["a"])\nprefix_rule(["b"], "prompt")');
    const { decision, matches } = evaluate(policy, [["a"], ["b"], ["a"]]);
    expect(decision).toBe("prompt");
    expect(matches.map((match) => match.decision)).toEqual(["allow", "prompt", "allow"]);
  });
});

describe("programs named by path", () => {
  test("a rule for the path goes before rules for the name", () => {
    const policy = policyOf(
      'prefix_rule(["/usr/bin/git"], "prompt")\nprefix_rule(["git"], "forbidden")',
    );
    const matches = matchCommand(policy, words("/usr/bin/git status"), resolving);
    expect(matches.map((match) => match.decision)).toEqual(["prompt"]);
  });

  test("without places of the program every path of its name matches, and is told", () => {
    const policy = policyOf('prefix_rule(["git", "status"])');
    const command = words("/usr/bin/git status -s");
    expect(matchCommand(policy, command, resolving)).toMatchObject([
      { matchedPrefix: ["git", "status"], resolvedProgram: "/usr/bin/git" },
    ]);
    expect(matchCommand(policy, command, { platform: "linux" })).toEqual([]);
    expect(matchCommand(policy, words("bin/git status"), resolving)).toEqual([]);
  });

  test("with places only those match, and an empty list matches nowhere", () => {
    const isMatched = (places: string, program: string) =>
      matchCommand(
        policyOf(`prefix_rule(["git"])\nhost_executable("git", ${places})`),
        [program],
        resolving,
      ).length > 0;
    expect(isMatched('["/usr/bin/git"]', "/usr/bin/git")).toBe(true);
    expect(isMatched('["/usr/bin/git"]', "/tmp/git")).toBe(false);
    expect(isMatched("[]", "/usr/bin/git")).toBe(false);
    expect(isMatched("[]", "git")).toBe(true);
  });

  test("on Windows the name has no case and no suffix", () => {
    const policy = policyOf('prefix_rule(["git"])');
    const options = { resolveHostExecutables: true, platform: "win32" } as const;
    const program = String.raw`C:\Git\bin\GIT.EXE`;
    expect(matchCommand(policy, [program, "log"], options)).toMatchObject([
      { matchedPrefix: ["git"], resolvedProgram: program },
    ]);
  });
});

describe("overlayRules", () => {
  test("its rules come after the others, its places of programs win by name", () => {
    const policy = policyOf(
      'prefix_rule(["a"])\nhost_executable("a", [])\nhost_executable("b", ["/b"])',
    );
    const overlay = parseRules(
      'prefix_rule(["a"], "forbidden")\nhost_executable("a", ["/bin/a"])',
      "/requirements",
      { platform: "linux" },
    );
    const merged = overlayRules(policy, overlay);
    expect(evaluate(merged, [["a"]]).matches.map((match) => match.decision)).toEqual([
      "allow",
      "forbidden",
    ]);
    expect(merged.hostExecutables).toEqual(
      new Map([
        ["a", ["/bin/a"]],
        ["b", ["/b"]],
      ]),
    );
  });
});

describe("checkCommand", () => {
  const policy = policyOf('prefix_rule(["git"], "prompt", justification="ask me")');

  test("prints the matches and the decision in the one order of keys", () => {
    expect(JSON.stringify(checkCommand(policy, words("/usr/bin/git push"), resolving))).toBe(
      '{"matchedRules":[{"prefixRuleMatch":{"matchedPrefix":["git"],"decision":"prompt","resolvedProgram":"/usr/bin/git","justification":"ask me"}}],"decision":"prompt"}',
    );
  });

  test("prints no decision where nothing matches, and looks into no script", () => {
    expect(JSON.stringify(checkCommand(policy, ["hg"]))).toBe('{"matchedRules":[]}');
    expect(JSON.stringify(checkCommand(policy, ["bash", "-lc", "git push"]))).toBe(
      '{"matchedRules":[]}',
    );
  });

  test("says where rules stand, and what a fallback decides, on request", () => {
    const options: FallbackOptions & { showSources: boolean } = {
      fallback: () => "allow",
      showSources: true,
    };
    expect(checkCommand(policy, ["git"], options)).toEqual({
      matchedRules: [
        {
          prefixRuleMatch: {
            matchedPrefix: ["git"],
            decision: "prompt",
            justification: "ask me",
            source: { layer: "rules", file: "/rules/0.rules", line: 1 },
          },
        },
      ],
      decision: "prompt",
    });
    expect(checkCommand(policy, ["ls", "-a"], options)).toEqual({
      matchedRules: [{ heuristicsRuleMatch: { command: ["ls", "-a"], decision: "allow" } }],
      decision: "allow",
    });
  });
});
