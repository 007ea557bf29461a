import fc from "fast-check";
import { fromAbsolute } from "@codex-ts/absolute-path";
import { describe, expect, test } from "vitest";
import { allowPrefix } from "./amendments.ts";
import {
  type CommandJudgement,
  type CommandPolicyOptions,
  judgeCommand,
} from "./command-policy.ts";
import type { CommandRequest } from "./fallback-decision.ts";
import { parseRules } from "./parse-rules.ts";
import { createPolicy, type Policy } from "./policy.ts";

const file = "/rules/a.rules";
const linux: CommandPolicyOptions = { platform: "linux" };

type Settings = Partial<Omit<CommandRequest, "argv" | "sandboxPolicy">> & {
  readonly sandbox?: CommandRequest["sandboxPolicy"]["type"];
};

const untrusted: Settings = { approvalPolicy: "untrusted" };
const escalated: Settings = { sandboxPermissions: "require_escalated" };

function policyOf(text: string): Policy {
  return createPolicy([parseRules(text, file, { platform: "linux" })]);
}

/** A command of one string is a script. */
function request(
  command: string | readonly string[],
  { sandbox = "workspace-write", ...settings }: Settings = {},
): CommandRequest {
  return {
    argv: typeof command === "string" ? ["bash", "-lc", command] : command,
    approvalPolicy: "on-request",
    sandboxPolicy: { type: sandbox },
    sandboxPermissions: "use_default",
    cwd: fromAbsolute("/work"),
    trustedPrograms: [],
    ...settings,
  };
}

/** The judgement without its trace, and with the amendment's prefix for the amendment. */
function judge(rules: string, command: string | readonly string[], settings?: Settings): unknown {
  return summary(judgeCommand(policyOf(rules), request(command, settings), linux));
}

function summary(judgement: CommandJudgement): unknown {
  const {
    trace: _trace,
    reliesOnLooking: _relies,
    ...rest
  } = { reliesOnLooking: false, ...judgement };
  return "amendment" in rest ? { ...rest, amendment: rest.amendment?.prefix ?? null } : rest;
}

function ask(reason: string | null, amendment: readonly string[] | null): unknown {
  return { kind: "ask", reason, amendment };
}

function run(bypassSandbox: boolean, amendment: readonly string[] | null): unknown {
  return { kind: "run", bypassSandbox, amendment };
}

describe("forbidden", () => {
  test("a rule forbids a command of a script; the text shows the whole argv and the prefix", () => {
    expect(judge('prefix_rule(["rm"], "forbidden")', "rm -rf X")).toEqual({
      kind: "forbidden",
      reason:
        "`bash -lc 'rm -rf X'` rejected: a rule forbids commands that begin with `rm` (/rules/a.rules:1)",
    });
  });

  test("the justification of the longest matching prefix is told", () => {
    const rules = `
prefix_rule(["git"], "forbidden", justification="no git")
prefix_rule(["git", "push"], "forbidden", justification="nothing leaves")
prefix_rule(["git", "push", "x"], "prompt", justification="ask")
`;
    expect(judge(rules, ["git", "push", "x"])).toEqual({
      kind: "forbidden",
      reason: "`git push x` rejected: nothing leaves (/rules/a.rules:3)",
    });
  });

  test("a heuristic that forbids names the policy", () => {
    const never: Settings = { approvalPolicy: "never", sandbox: "read-only" };
    expect(judge("", "rm -rf X", never)).toEqual({
      kind: "forbidden",
      reason:
        "`bash -lc 'rm -rf X'` rejected: it may destroy more than is meant, and the approval policy is never to ask",
    });
  });

  test("a program named by its path is forbidden by a rule for its name", () => {
    expect(judge('prefix_rule(["rm"], "forbidden")', "/bin/rm x")).toMatchObject({
      kind: "forbidden",
    });
  });
});

describe("asking", () => {
  test("a rule that asks gives its reason, and no amendment", () => {
    expect(judge('prefix_rule(["rm"], "prompt", justification="careful")', "rm x")).toEqual(
      ask("`bash -lc 'rm x'` needs approval: careful (/rules/a.rules:1)", /*amendment*/ null),
    );
    expect(judge('prefix_rule(["rm"], "prompt")', ["rm", "x"])).toEqual(
      ask(
        "`rm x` needs approval: a rule asks about commands that begin with `rm` (/rules/a.rules:1)",
        /*amendment*/ null,
      ),
    );
    expect(judge('prefix_rule(["rm"], "prompt")', "rm x && apple", untrusted)).toMatchObject({
      amendment: null,
    });
  });

  test("an unknown command under untrusted offers its own words", () => {
    expect(judge("", ["cargo", "build"], untrusted)).toEqual(
      ask(/*reason*/ null, ["cargo", "build"]),
    );
    expect(judge("", "cargo build", untrusted)).toEqual(ask(/*reason*/ null, ["cargo", "build"]));
  });

  test("what rules allow is left out of the offer", () => {
    expect(judge('prefix_rule(["cat"])', "cat && apple", untrusted)).toEqual(
      ask(/*reason*/ null, ["apple"]),
    );
  });

  test("nothing is offered that would not cover the whole script", () => {
    expect(judge("", "apple && pear", untrusted)).toEqual(ask(/*reason*/ null, /*amendment*/ null));
    expect(judge("", "ls && pear", untrusted)).toEqual(ask(/*reason*/ null, ["pear"]));
  });

  test("nothing is offered for words that the shell expands, nor for a bare interpreter", () => {
    expect(judge("", "rm -f *.o")).toEqual(ask(/*reason*/ null, /*amendment*/ null));
    expect(judge("", ["/usr/bin/python3"], untrusted)).toEqual(
      ask(/*reason*/ null, /*amendment*/ null),
    );
  });

  test("a shorter prefix is offered beside the exact one where it covers the call", () => {
    const general = (command: string) => {
      const judgement = judgeCommand(policyOf(""), request(command, untrusted), linux);
      return judgement.kind === "ask" ? judgement.amendment : null;
    };
    expect(general("cargo test --workspace")).toEqual({
      prefix: ["cargo", "test", "--workspace"],
      general: ["cargo", "test"],
    });
    expect(general("cargo test")).toEqual({ prefix: ["cargo", "test"], general: null });
  });

  test("a here-document has no words to offer", () => {
    const script = "python3 <<'PY'\nprint(1)\nPY";
    expect(judge("", script, untrusted)).toEqual(ask(/*reason*/ null, /*amendment*/ null));
  });
});

describe("the prefix that the model suggests", () => {
  const suggest = (
    prefixRule: readonly string[],
    command = "cargo install x",
    rules = "",
  ): unknown => judge(rules, command, { ...escalated, prefixRule });
  const own = ask(/*reason*/ null, ["cargo", "install", "x"]);

  test("it is offered if it covers the call", () => {
    expect(suggest(["cargo", "install"])).toEqual(ask(/*reason*/ null, ["cargo", "install"]));
    expect(suggest(["touch"], "ls; touch a && touch b")).toEqual(ask(/*reason*/ null, ["touch"]));
  });

  test("one that is empty, that does not match, or that covers a part only is not", () => {
    expect(suggest([])).toEqual(own);
    expect(suggest(["cargo", "build"])).toEqual(own);
    expect(suggest(["touch"], "touch a && curl b")).toEqual(
      ask(/*reason*/ null, /*amendment*/ null),
    );
  });

  test("a banned one is not, a longer one is", () => {
    const command = "python3 -c X";
    expect(suggest(["python3"], command)).toEqual(ask(/*reason*/ null, ["python3", "-c", "X"]));
    expect(suggest(["python3", "-c"], command)).toEqual(
      ask(/*reason*/ null, ["python3", "-c", "X"]),
    );
    expect(suggest(["python3", "-c", "X"], command)).toEqual(
      ask(/*reason*/ null, ["python3", "-c", "X"]),
    );
  });

  test("none is taken where a rule has matched", () => {
    const rules = 'prefix_rule(["touch"])';
    expect(suggest(["curl"], "touch a && curl b", rules)).toEqual(
      ask(/*reason*/ null, ["curl", "b"]),
    );
    expect(suggest(["touch"], "touch a", 'prefix_rule(["touch"], "prompt")')).toMatchObject({
      amendment: null,
    });
  });

  test("none is taken for a here-document that also writes to files", () => {
    const heredoc = (redirect: string) => `apple <<'X'${redirect}\ntext\nX`;
    expect(suggest(["apple"], heredoc(""))).toEqual(ask(/*reason*/ null, ["apple"]));
    expect(suggest(["apple"], heredoc(" > /tmp/x"))).toEqual(
      ask(/*reason*/ null, /*amendment*/ null),
    );
  });
});

describe("running", () => {
  test("a known-safe command runs confined, even when it asks for more", () => {
    expect(judge("", "echo a", untrusted)).toEqual(run(/*bypassSandbox*/ false, ["echo", "a"]));
    expect(judge("", "echo a", escalated)).toEqual(run(/*bypassSandbox*/ false, ["echo", "a"]));
  });

  test("a command that a rule allows runs unconfined, and offers nothing", () => {
    expect(judge('prefix_rule(["cargo"])', "cargo build", untrusted)).toEqual(
      run(/*bypassSandbox*/ true, /*amendment*/ null),
    );
    expect(judge('prefix_rule(["cargo"])', ["cargo", "build"], untrusted)).toEqual(
      run(/*bypassSandbox*/ true, /*amendment*/ null),
    );
  });

  test("a rule for one command does not free another in the same script", () => {
    const rules = 'prefix_rule(["cargo"])';
    expect(judge(rules, "cargo build && curl x")).toEqual(
      run(/*bypassSandbox*/ false, /*amendment*/ null),
    );
    expect(judge(rules, "cargo build | tail -n 3")).toEqual(
      run(/*bypassSandbox*/ true, /*amendment*/ null),
    );
    expect(judge(rules, "cargo build && ls *.rs | wc -l", untrusted)).toEqual(
      run(/*bypassSandbox*/ true, /*amendment*/ null),
    );
    expect(judge(rules, "cargo build && find -* .", untrusted)).toMatchObject({ kind: "ask" });
  });

  test("a here-document of an allowed command runs unconfined, unless it has other effects", () => {
    const rules = 'prefix_rule(["python3"])\nprefix_rule(["cat"])';
    expect(judge(rules, "python3 <<'PY'\nprint(1)\nPY", untrusted)).toEqual(
      run(/*bypassSandbox*/ true, /*amendment*/ null),
    );
    expect(judge(rules, "cat <<'X' > /etc/x\ntext\nX")).toEqual(
      run(/*bypassSandbox*/ false, /*amendment*/ null),
    );
    expect(judge(rules, "PATH=. cat <<'X'\ntext\nX")).toEqual(
      run(/*bypassSandbox*/ false, /*amendment*/ null),
    );
  });

  test("a program that only has a shell's name is not taken for one", () => {
    const rules = 'prefix_rule(["cargo"])';
    const call = ["./bash", "-lc", "cargo build"];
    expect(judge(rules, call)).toEqual(run(/*bypassSandbox*/ false, /*amendment*/ null));
    expect(judge(rules, call, untrusted)).toEqual(ask(/*reason*/ null, call));
    expect(judge('prefix_rule(["cargo"], "forbidden")', call)).toMatchObject({ kind: "forbidden" });
    const nix = ["/nix/bash", "-lc", "cargo build"];
    expect(judge(rules, nix, { trustedPrograms: ["/nix/bash"] })).toEqual(
      run(/*bypassSandbox*/ true, /*amendment*/ null),
    );
  });
});

describe("commands that no rule speaks of", () => {
  const policies = ["untrusted", "on-failure", "on-request", "never"] as const;
  const granular = { granular: { sandbox_approval: true, rules: true } } as const;
  const kinds = (command: string, settings: Settings): unknown =>
    [...policies, granular].map((approvalPolicy) => {
      const asked = request(command, { ...settings, approvalPolicy });
      return judgeCommand(policyOf(""), asked, linux).kind;
    });

  test("confined ones run, except under untrusted", () => {
    const expected = ["ask", "run", "run", "run", "run"];
    expect(kinds("make", { sandbox: "read-only" })).toEqual(expected);
    expect(kinds("make", { sandbox: "workspace-write" })).toEqual(expected);
    expect(kinds("make", { sandbox: "danger-full-access" })).toEqual(expected);
    expect(kinds("make", { sandbox: "external-sandbox" })).toEqual(expected);
  });

  test("escalated ones ask where there is a sandbox to leave", () => {
    const expected = ["ask", "run", "ask", "run", "ask"];
    expect(kinds("make", escalated)).toEqual(expected);
    expect(kinds("make", { sandboxPermissions: "with_additional_permissions" })).toEqual(expected);
    expect(kinds("make", { ...escalated, sandbox: "danger-full-access" })).toEqual(
      kinds("make", { sandbox: "danger-full-access" }),
    );
  });

  test("dangerous ones ask even with full access; never lets them run only unconfined", () => {
    const expected = ["ask", "ask", "ask", "forbidden", "ask"];
    expect(kinds("rm -rf X", { sandbox: "read-only" })).toEqual(expected);
    expect(kinds("rm -rf X", { sandbox: "workspace-write" })).toEqual(expected);
    const unconfined = ["ask", "ask", "ask", "run", "ask"];
    expect(kinds("rm -rf X", { sandbox: "danger-full-access" })).toEqual(unconfined);
    expect(kinds("rm -rf X", { sandbox: "external-sandbox" })).toEqual(unconfined);
  });

  test("on Windows a read-only policy confines nothing, so everything is asked", () => {
    const readOnly = request(["make"], { sandbox: "read-only" });
    const windows = { platform: "win32" } as const;
    expect(judgeCommand(policyOf(""), readOnly, windows).kind).toBe("ask");
    const never = { ...readOnly, approvalPolicy: "never" } as const;
    expect(judgeCommand(policyOf(""), never, windows).kind).toBe("forbidden");
  });

  test("git is not known safe where its repository's configuration is not trusted", () => {
    const status = request("git status", untrusted);
    expect(judgeCommand(policyOf(""), status, linux).kind).toBe("run");
    const wary = { ...linux, trustedFolders: [] };
    expect(judgeCommand(policyOf(""), status, wary).kind).toBe("ask");
  });

  test.each<[script: string, cwd: string, kind: CommandJudgement["kind"]]>([
    ["git status", "/home/me/app/sub", "run"],
    ["git status", "/home/me/app-2", "ask"],
    ["git -C sub status", "/home/me/app", "run"],
    ["git -C .. status", "/home/me/app", "ask"],
    ["cd /home/me/app/sub && git status", "/home/me/app", "run"],
    ["cd /tmp/theirs && git status", "/home/me/app", "ask"],
  ])("git in a trusted project stays known safe in its folders: %s in %s", (script, cwd, kind) => {
    const command = request(script, { ...untrusted, cwd: fromAbsolute(cwd) });
    const trusting = { ...linux, trustedFolders: [fromAbsolute("/home/me/app")] };
    expect(judgeCommand(policyOf(""), command, trusting).kind).toBe(kind);
  });

  test("what runs unasked only because it looks is told, so that it can be held to that", () => {
    const relies = (script: string, settings: Settings, rules = "") => {
      const judgement = judgeCommand(policyOf(rules), request(script, settings), linux);
      return judgement.kind === "run" && judgement.reliesOnLooking;
    };
    expect(relies("git status", untrusted)).toBe(true);
    expect(relies("git status", escalated)).toBe(true);
    expect(relies("git status", {})).toBe(false);
    expect(relies("git status", { approvalPolicy: "never" })).toBe(false);
    const allowed = 'prefix_rule(["make"])';
    expect(relies("make && git status", {}, allowed)).toBe(true);
    expect(relies("make", untrusted, allowed)).toBe(false);
  });
});

describe("approval policies that refuse to ask", () => {
  const rules = 'prefix_rule(["git"], "prompt")';
  const granular = (rulesFlag: boolean, sandboxApproval: boolean): Settings => ({
    ...escalated,
    approvalPolicy: { granular: { rules: rulesFlag, sandbox_approval: sandboxApproval } },
  });

  test("never refuses what a rule asks for", () => {
    expect(judge(rules, "git x", { approvalPolicy: "never", sandbox: "external-sandbox" })).toEqual(
      {
        kind: "forbidden",
        reason:
          "`bash -lc 'git x'` rejected: it would need approval, and the approval policy is never to ask",
      },
    );
  });

  test("granular refuses by its flag for rules as soon as a rule asks", () => {
    const mixed = "git x && make";
    expect(judge(rules, mixed, granular(/*rulesFlag*/ false, /*sandboxApproval*/ true))).toEqual({
      kind: "forbidden",
      reason:
        "`bash -lc 'git x && make'` rejected: a rule asks for approval, and the approval policy refuses what rules ask for",
    });
    expect(
      judge(rules, mixed, granular(/*rulesFlag*/ true, /*sandboxApproval*/ true)),
    ).toMatchObject({ kind: "ask" });
    expect(
      judge(rules, mixed, granular(/*rulesFlag*/ true, /*sandboxApproval*/ false)),
    ).toMatchObject({ kind: "ask" });
  });

  test("granular refuses by its flag for the sandbox when only heuristics ask", () => {
    expect(judge(rules, "make", granular(/*rulesFlag*/ true, /*sandboxApproval*/ false))).toEqual({
      kind: "forbidden",
      reason:
        "`bash -lc make` rejected: it would need approval, and the approval policy refuses such questions",
    });
    expect(
      judge(rules, "make", granular(/*rulesFlag*/ false, /*sandboxApproval*/ true)),
    ).toMatchObject({ kind: "ask" });
  });
});

describe("a broken rules file", () => {
  const broken = {
    source: { layer: "user", file: "/rules/b.rules", line: 3 },
    message: "/rules/b.rules:3:1: unknown name `x`",
  };
  const rules = parseRules('prefix_rule(["cargo"])\nprefix_rule(["rm"], "forbidden")', file);
  const policy = createPolicy([rules], [broken]);
  const judgeBroken = (command: string, settings?: Settings) =>
    judgeCommand(policy, request(command, settings), linux);

  test("lets nothing run unasked, and says where it is broken", () => {
    for (const command of ["ls", "cargo build", "make"]) {
      expect(summary(judgeBroken(command))).toEqual(
        ask(
          `\`bash -lc ${command.includes(" ") ? `'${command}'` : command}\` needs approval: nothing runs unasked while a rules file is broken (${broken.message})`,
          /*amendment*/ null,
        ),
      );
    }
    expect(judgeBroken("ls", { approvalPolicy: "never" }).kind).toBe("forbidden");
  });

  test("leaves the rules of other files in force", () => {
    expect(judgeBroken("rm x").kind).toBe("forbidden");
  });

  test("stands in the trace", () => {
    expect(judgeBroken("ls && pwd").trace.decidedBy).toEqual([
      { kind: "broken_rules", decision: "prompt", ...broken },
    ]);
  });
});

describe("the trace", () => {
  test("holds every command, its matches, and which of them decided", () => {
    const policy = policyOf('\nprefix_rule(["git", "push"], "prompt", justification="why")');
    const { trace } = judgeCommand(policy, request("ls -a && git push x"), linux);
    const safe = {
      kind: "heuristic",
      decision: "allow",
      command: ["ls", "-a"],
      reason: "known_safe",
    };
    const ruled = {
      kind: "prefix",
      decision: "prompt",
      matchedPrefix: ["git", "push"],
      resolvedProgram: null,
      rule: {
        pattern: [["git"], ["push"]],
        decision: "prompt",
        justification: "why",
        source: { layer: "rules", file, line: 2 },
      },
    };
    expect(trace).toEqual({
      commands: [
        { words: ["ls", "-a"], matches: [safe] },
        { words: ["git", "push", "x"], matches: [ruled] },
      ],
      decision: "prompt",
      decidedBy: [ruled],
      refusedBy: null,
    });
    expect(JSON.parse(JSON.stringify(trace))).toEqual(trace);
  });

  test("says why a heuristic decided, and what turned a question into a refusal", () => {
    const reason = (command: string, settings?: Settings) =>
      judgeCommand(policyOf(""), request(command, settings), linux).trace.decidedBy.map((match) =>
        match.kind === "heuristic" ? match.reason : match.kind,
      );
    expect(reason("ls")).toEqual(["known_safe"]);
    expect(reason("rm -rf X")).toEqual(["dangerous"]);
    expect(reason("make", untrusted)).toEqual(["approval_policy"]);
    expect(reason("make", escalated)).toEqual(["escalation"]);
    expect(reason("make")).toEqual(["sandboxed"]);
    expect(reason("make", { sandbox: "danger-full-access" })).toEqual(["unconfined"]);
    const asked = request("git x", { approvalPolicy: "never" });
    const rules = policyOf('prefix_rule(["git"], "prompt")');
    expect(judgeCommand(rules, asked, linux).trace.refusedBy).toBe("never");
  });
});

test("whatever is offered for allowing for good lets the same call run unasked and unconfined", () => {
  const word = fc.constantFrom(
    "git",
    "cargo",
    "test",
    "rm",
    "-f",
    "ls",
    "*.o",
    "'a b'",
    "python3",
    "-c",
  );
  const command = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(" "));
  const script = fc
    .array(fc.tuple(command, fc.constantFrom(" && ", " | ", "; ")), {
      minLength: 1,
      maxLength: 3,
    })
    .map((parts) =>
      parts.flatMap(([text, joint], index) => (index === 0 ? [text] : [joint, text])),
    );
  const rules = fc.constantFrom("", 'prefix_rule(["git"])', 'prefix_rule(["rm"], "prompt")');
  const settings = fc.record({
    approvalPolicy: fc.constantFrom("untrusted", "on-failure", "on-request", "never"),
    sandboxPermissions: fc.constantFrom("use_default", "require_escalated"),
    prefixRule: fc.constantFrom(undefined, ["cargo"], ["rm"], ["cargo", "test"]),
  });
  let offers = 0;
  fc.assert(
    fc.property(script, rules, settings, (parts, text, asked) => {
      const policy = policyOf(text);
      const call = request(parts.join(""), asked);
      const judgement = judgeCommand(policy, call, linux);
      const amendment = judgement.kind === "forbidden" ? null : judgement.amendment;
      for (const prefix of [amendment?.prefix, amendment?.general]) {
        if (prefix === undefined || prefix === null) continue;
        offers += 1;
        const again = judgeCommand(allowPrefix(policy, prefix), call, linux);
        expect(summary(again)).toEqual(run(/*bypassSandbox*/ true, /*amendment*/ null));
      }
    }),
    { numRuns: 500 },
  );
  expect(offers).toBeGreaterThan(0);
});
