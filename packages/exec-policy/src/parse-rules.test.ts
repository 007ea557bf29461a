import { describe, expect, test } from "vitest";
import { RuleError } from "./exec-policy-error.ts";
import { parseRules } from "./parse-rules.ts";

const file = "/etc/codex/rules/a.rules";

/** The patterns that a file declares. */
function patterns(text: string): readonly (readonly (readonly string[])[])[] {
  return parseRules(text, file, { platform: "linux" }).prefixRules.map((rule) => rule.pattern);
}

function errorOf(text: string): { line: number; column: number; problem: string } {
  try {
    parseRules(text, file, { platform: "linux" });
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    const { line, column, problem } = error;
    return { line, column, problem };
  }
  throw new Error("the rules were taken");
}

describe("the language", () => {
  test("a file declares rules with their place, layer, decision and justification", () => {
    const text = [
      "# what may be pushed",
      'prefix_rule(pattern=["git", "push"], decision="prompt", justification="others see it")',
      'network_rule(host="Example.com:443", protocol="https_connect", decision="deny")',
      'host_executable(name="git", paths=["/usr/bin/git", "/opt/bin/git", "/usr/bin/git"])',
    ].join("\n");
    expect(parseRules(text, file, { layer: "system", platform: "linux" })).toEqual({
      prefixRules: [
        {
          pattern: [["git"], ["push"]],
          decision: "prompt",
          justification: "others see it",
          source: { layer: "system", file, line: 2 },
        },
      ],
      networkRules: [
        {
          host: "example.com",
          protocol: "https",
          decision: "forbidden",
          justification: null,
          source: { layer: "system", file, line: 3 },
        },
      ],
      hostExecutables: new Map([["git", ["/usr/bin/git", "/opt/bin/git"]]]),
    });
  });

  test("arguments stand by position or by name, on one line or on many, with a comma at the end", () => {
    const text = `
prefix_rule(["git"], "prompt", [], [], "why")
prefix_rule(
    [   # the program
        "npm",
        ["i", "install",],
    ],
    decision = "forbidden",
)
`;
    expect(patterns(text)).toEqual([[["git"]], [["npm"], ["i", "install"]]]);
  });

  test("statements end at a line's end or a semicolon, and with any kind of line end", () => {
    const text = 'prefix_rule(["a"]); prefix_rule(["b"]);\r\nprefix_rule(["c"])\r\n\r\n';
    expect(patterns(text)).toEqual([[["a"]], [["b"]], [["c"]]]);
  });

  test("constants, sums of strings and lists, and brackets make values", () => {
    const text = `
tools = ["cargo"]
more = tools + ["b" + 'uild']
tools = \\
  ["go"]
prefix_rule(pattern=more + [("--" + "x")])
prefix_rule(pattern=tools)
  # a comment may stand anywhere
`;
    expect(patterns(text)).toEqual([[["cargo"], ["build"], ["--x"]], [["go"]]]);
  });

  test("a string with `f` takes constants, and doubled braces for braces", () => {
    const text = `name = "gi"\nprefix_rule(pattern=[f"{name}t", f'{{{name}}}', fr"\\{name}"])`;
    expect(patterns(text)).toEqual([[["git"], ["{gi}"], ["\\gi"]]]);
  });

  test("strings have three kinds of quotes, escapes, and none when raw", () => {
    const text = [
      "prefix_rule(pattern=[",
      String.raw`  "\x41\u00e9\101\U0001F600", '\'\"\\\n\t\r\a\b\f\v', "\q", r"\d\"", "a\ `.trimEnd(),
      'b", """x\'"\ny""", \'\'\'\'\'\'])',
    ].join("\n");
    expect(patterns(text)).toEqual([
      [
        ["AéA\u{1F600}"],
        ["'\"\\\n\t\r\u0007\b\f\v"],
        ["\\q"],
        ['\\d\\"'],
        ["ab"],
        ["x'\"\ny"],
        [""],
      ],
    ]);
  });

  test("a backslash at a line's end joins the lines, and stays in a raw string", () => {
    expect(patterns('prefix_rule(["a\\\nb", r"a\\\nb"])')).toEqual([[["ab"], ["a\\\nb"]]]);
  });

  test("an empty file, comments and blank lines declare nothing", () => {
    expect(patterns("")).toEqual([]);
    expect(patterns("\n  # nothing\n   \n#")).toEqual([]);
  });

  test("an error's message begins with the place", () => {
    expect(() => parseRules("x = 1\n  y", file)).toThrow(
      `${file}:2:3: a statement must begin at the start of its line`,
    );
  });

  test.each([
    ['prefix_rule(pattern=["a"]', 1, 26, "expected `,` or `)`, found the end of the file"],
    ['x = "open', 1, 5, "this string does not end; close its quotes"],
    ['x = 1\ny = """open\n\n', 2, 5, "this string does not end; close its quotes"],
    [
      '\n\nfoo("a")',
      3,
      1,
      "unknown function `foo`; rules files may call `prefix_rule`, `network_rule`, `host_executable`",
    ],
    ['prefix_rule(pattern=[\n  "git",\n  subcommand])', 3, 3, "unknown name `subcommand`"],
    ['prefix_rule(pattern=["a" "b"])', 1, 26, "strings are joined by `+`"],
    ['prefix_rule(pattern=["a"] * 2)', 1, 27, "`*` is not supported in rules files"],
    ['prefix_rule(pattern=["a".upper()])', 1, 25, "`.` is not supported in rules files"],
    [
      'prefix_rule(pattern=("a", "b"))',
      1,
      25,
      "tuples are not supported in rules files; use a list",
    ],
    ['prefix_rule(pattern={"a": 1})', 1, 21, "unexpected `{`"],
    ['x = ["a" for y in z]', 1, 10, "`for` is not supported in rules files"],
    ["def f():\n  pass", 1, 1, "`def` is not supported in rules files"],
    ['for x in ["a"]:\n  prefix_rule([x])', 1, 1, "`for` is not supported in rules files"],
    ['load("x.rules", "y")', 1, 1, "`load` is not supported in rules files"],
    ['x = "a" if 1 else "b"', 1, 9, "`if` is not supported in rules files"],
    ['x = "a" + 1', 1, 9, "cannot add a number to a string"],
    ["prefix_rule = 1", 1, 1, "`prefix_rule` cannot be given another meaning"],
    ["True = 1", 1, 1, "`True` cannot be given another meaning"],
    ["x = prefix_rule", 1, 5, "`prefix_rule` must be called"],
    ["x =\ny = 1", 1, 4, "the line ends where a value was expected"],
    ["x = 1 y", 1, 7, "unexpected `y` after a statement"],
    ['  prefix_rule(["a"])', 1, 3, "a statement must begin at the start of its line"],
    ['x = "ä" $', 1, 9, 'unexpected character "$"'],
    [String.raw`x = "\u12"`, 1, 6, "`\\u` needs 4 hexadecimal digits that name a character"],
    [String.raw`x = "\ud800"`, 1, 6, "`\\u` needs 4 hexadecimal digits that name a character"],
    [
      'x = f"{1 + 1}"',
      1,
      7,
      "between the braces of a string with `f` stands the name of a constant",
    ],
    ['x = ["a"]\ny = f"{x}"', 2, 5, "`x` is a list; only strings go into a string with `f`"],
    [`x = ${"[".repeat(200)}`, 1, 105, "too many brackets in each other"],
  ])("%j is refused at its place", (text, line, column, problem) => {
    expect(errorOf(text)).toEqual({ line, column, problem });
  });
});

describe("prefix_rule", () => {
  test("alternatives of the program make one rule for each, later ones stay alternatives", () => {
    expect(patterns('prefix_rule(pattern=[["bash", "sh"], ["-c", "-l"]])')).toEqual([
      [["bash"], ["-c", "-l"]],
      [["sh"], ["-c", "-l"]],
    ]);
    expect(patterns('prefix_rule(pattern=["npm", ["i", "install"], ["a", "b"]])')).toEqual([
      [["npm"], ["i", "install"], ["a", "b"]],
    ]);
  });

  test("the decision is allow when none is given", () => {
    const { prefixRules } = parseRules('prefix_rule(pattern=["a"])', file);
    expect(prefixRules.map((rule) => rule.decision)).toEqual(["allow"]);
  });

  test.each([
    ["prefix_rule()", 1, "`pattern` of `prefix_rule` is missing"],
    ['prefix_rule(["a"], "prompt", [], [], "x", 1)', 43, "`prefix_rule` takes 5 arguments at most"],
    ['prefix_rule(["a"], pattern=["b"])', 20, "`pattern` is given twice"],
    ['prefix_rule(pattern=["a"], pattern=["b"])', 28, "`pattern` is given twice"],
    ['prefix_rule(pattern=["a"], bogus=1)', 28, "`prefix_rule` has no argument `bogus`"],
    [
      'prefix_rule(pattern=["a"], "prompt")',
      28,
      "arguments without a name must stand before those with one",
    ],
    ["prefix_rule(pattern=[])", 13, "`pattern` of `prefix_rule` must name at least the program"],
    ['prefix_rule(pattern="git")', 13, "`pattern` of `prefix_rule` is a string, not a list"],
    [
      'prefix_rule(pattern=["a", []])',
      13,
      "`pattern` of `prefix_rule` element 2 must be a string or a list of strings",
    ],
    [
      'prefix_rule(pattern=["a", 1])',
      13,
      "`pattern` of `prefix_rule` element 2 must be a string or a list of strings",
    ],
    [
      'prefix_rule(pattern=["a"], decision="deny")',
      28,
      '`decision` of `prefix_rule` must be one of "allow", "prompt", "forbidden"',
    ],
    [
      'prefix_rule(pattern=["a"], decision=None)',
      28,
      "`decision` of `prefix_rule` is None, not a string",
    ],
    [
      'prefix_rule(pattern=["a"], justification="  ")',
      28,
      "`justification` of `prefix_rule` must not be blank",
    ],
    [
      'prefix_rule(pattern=["a"], match="a")',
      28,
      "`match` of `prefix_rule` is a string, not a list",
    ],
    [
      'prefix_rule(pattern=["a"], match=[True])',
      28,
      "`match` of `prefix_rule` must hold commands: strings, or lists of strings",
    ],
    [
      'prefix_rule(pattern=["a"], match=["a \\"b"])',
      28,
      '`match` of `prefix_rule` holds a string with an open quote: a "b',
    ],
    [
      'prefix_rule(pattern=["a"], match=[""])',
      28,
      "`match` of `prefix_rule` holds an empty command",
    ],
    [
      'prefix_rule(pattern=["a"], not_match=[[]])',
      28,
      "`not_match` of `prefix_rule` holds an empty command",
    ],
  ])("%j is refused", (text, column, problem) => {
    expect(errorOf(text)).toEqual({ line: 1, column, problem });
  });
});

describe("examples", () => {
  test("strings are split by the shell's words, lists are taken as they are", () => {
    const text =
      'prefix_rule(["git", "commit"], match=["git \'commit\' -m \\"a b\\"", ["git", "commit"]], not_match=["git", ["git commit"]])';
    expect(patterns(text)).toEqual([[["git"], ["commit"]]]);
  });

  test("a hit of not_match is an error at the call, before match is looked at", () => {
    const text = '\nprefix_rule(["git"], match=["hg"], not_match=["git b", "svn"])';
    expect(errorOf(text)).toEqual({
      line: 2,
      column: 1,
      problem: "the rule matches what is in `not_match`: `git b`",
    });
  });

  test("the misses of match are an error that lists them", () => {
    expect(errorOf('prefix_rule(["git"], match=["git a", "hg \'a b\'", ["svn"]])')).toEqual({
      line: 1,
      column: 1,
      problem: "the rule does not match what is in `match`: `hg 'a b'`, `svn`",
    });
  });

  test("only the rules of the own call count", () => {
    const text = 'prefix_rule(["git"])\nprefix_rule(["hg"], match=["git a"])';
    expect(errorOf(text).line).toBe(2);
    expect(patterns('prefix_rule(["git"])\nprefix_rule(["hg"], not_match=["git a"])')).toHaveLength(
      2,
    );
  });

  test("places of programs count, wherever in the file they stand", () => {
    const text = `
prefix_rule(["git"], match=["/usr/bin/git status"], not_match=["/tmp/git status"])
host_executable(name="git", paths=["/usr/bin/git"])
`;
    expect(patterns(text)).toEqual([[["git"]]]);
    const rule = 'prefix_rule(["git"], not_match=["/tmp/git status"])';
    expect(() => parseRules(rule, file, { platform: "linux" })).toThrow(RuleError);
    const hostExecutables = new Map([["git", ["/usr/bin/git"]]]);
    expect(parseRules(rule, file, { platform: "linux", hostExecutables }).prefixRules).toHaveLength(
      1,
    );
  });
});

describe("network_rule and host_executable", () => {
  test.each(["*.example.com", "https://a", "a/b", "a b", " ", "", "a?b", "a#b", "[::1", "[]"])(
    "%j is not a host",
    (host) => {
      const text = `network_rule(host="${host}", protocol="https", decision="allow")`;
      expect(errorOf(text)).toEqual({
        line: 1,
        column: 14,
        problem:
          "`host` of `network_rule` must be exactly one host, without scheme, path or wildcard",
      });
    },
  );

  test("unknown protocols and a missing decision are refused", () => {
    expect(errorOf('network_rule("a", "ftp", "allow")').column).toBe(19);
    expect(errorOf('network_rule("a", "http")').problem).toBe(
      "`decision` of `network_rule` is missing",
    );
  });

  test("a program has a bare name and absolute paths that end in it; none at all are allowed", () => {
    expect(parseRules('host_executable("git", [])', file).hostExecutables).toEqual(
      new Map([["git", []]]),
    );
    expect(errorOf('host_executable("/x/git", [])').problem).toContain("bare name");
    expect(errorOf('host_executable("git", ["git"])').problem).toContain("absolute paths");
    expect(errorOf('host_executable("git", ["/usr/bin/hg"])').problem).toContain(
      "`/usr/bin/hg` is not a path of `git`",
    );
  });

  test("the last definition of a program's places holds", () => {
    const text = 'host_executable("git", ["/usr/bin/git"])\nhost_executable("git", [])';
    expect(parseRules(text, file, { platform: "linux" }).hostExecutables).toEqual(
      new Map([["git", []]]),
    );
  });

  test("on Windows programs are kept by their name without case and suffix", () => {
    const text = String.raw`host_executable("Git.exe", [r"C:\Git\GIT.EXE"])`;
    expect(parseRules(text, file, { platform: "win32" }).hostExecutables).toEqual(
      new Map([["git", [String.raw`C:\Git\GIT.EXE`]]]),
    );
  });
});
