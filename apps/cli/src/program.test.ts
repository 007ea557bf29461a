import { describe, expect, test } from "vitest";
import { parseArguments } from "./parse-arguments.ts";
import type { Invocation } from "./program.ts";

function parse(...args: readonly string[]): Invocation {
  const parsed = parseArguments(args, { columns: 80 });
  if (parsed.kind !== "run") throw new Error(parsed.text);
  return parsed.invocation;
}

function refused(...args: readonly string[]): string {
  const parsed = parseArguments(args, { columns: 80 });
  if (parsed.kind !== "usage_error") throw new Error(JSON.stringify(parsed));
  return parsed.text;
}

const noConfig = { config: [], addDirs: [] };
const noExec = { color: "auto", images: [] };

test("what the Codex SDK passes is understood, with flags before and behind resume", () => {
  expect(
    parse(
      ..."exec --experimental-json --config a=1 --model m --sandbox read-only --cd /x --add-dir /y --skip-git-repo-check --output-schema s.json --config b=2 resume ID --image f.png".split(
        " ",
      ),
    ),
  ).toEqual({
    command: "exec",
    config: {
      ...noConfig,
      config: ["a=1", "b=2"],
      model: "m",
      sandbox: "read-only",
      cd: "/x",
      addDirs: ["/y"],
    },
    exec: {
      ...noExec,
      json: true,
      skipGitRepoCheck: true,
      outputSchema: "s.json",
      images: ["f.png"],
    },
    prompt: undefined,
    resume: { session: "ID", last: false, all: false },
  });
});

describe("commands about settings", () => {
  test.each([
    "mcp add x",
    "mcp add x --url u -- cmd",
    "mcp add x --url u --env A=b",
    "mcp add x --bearer-token-env-var T -- cmd",
    "mcp add x --env A -- cmd",
    "mcp add x --with-bearer-token t --url u",
    "config trust --forget --untrusted",
    "config set",
  ])("%s is wrong usage", (line) => {
    expect(refused(...line.split(" "))).toMatch(/^Error: /);
  });

  test("-c, --enable and --disable keep their order, before and behind the command", () => {
    expect(
      parse(..."-c a=1 --disable undo config show --enable undo -c b=2 --json".split(" ")),
    ).toEqual({
      command: "config show",
      config: { ...noConfig, config: ["a=1", { disable: "undo" }, { enable: "undo" }, "b=2"] },
      json: true,
      origins: false,
    });
  });
});

describe("exec resume", () => {
  const resumed = (session: string | undefined, last: boolean, prompt: string | undefined) => ({
    command: "exec",
    config: noConfig,
    exec: noExec,
    prompt,
    resume: { session, last, all: false },
  });

  test("with an id and a prompt", () => {
    expect(parse("exec", "resume", "ID", "P")).toEqual(resumed("ID", /*last*/ false, "P"));
  });

  test("with --last, the one word is the prompt", () => {
    expect(parse("exec", "resume", "--last", "P")).toEqual(
      resumed(/*session*/ undefined, /*last*/ true, "P"),
    );
    expect(parse("exec", "resume", "P", "--last")).toEqual(
      resumed(/*session*/ undefined, /*last*/ true, "P"),
    );
  });

  test("behind the prompt of exec", () => {
    expect(parse("exec", "P", "resume", "--last")).toEqual(
      resumed(/*session*/ undefined, /*last*/ true, "P"),
    );
    expect(parse("exec", "P", "resume", "ID")).toEqual(resumed("ID", /*last*/ false, "P"));
  });

  test("a value that reads resume is no subcommand", () => {
    expect(parse("exec", "-m", "resume", "P")).toMatchObject({
      config: { model: "resume" },
      prompt: "P",
    });
  });
});

test("lists add up over all levels in order, other flags are kept wherever they stand", () => {
  expect(
    parse("-c", "a=1", "-s", "read-only", "exec", "-c", "b=2", "-s", "workspace-write", "P"),
  ).toMatchObject({ config: { config: ["a=1", "b=2"], sandbox: "workspace-write" } });
});

test("one image flag takes one value or a comma list, and the prompt stays a prompt", () => {
  expect(parse("exec", "-i", "a.png,b.png", "-i", "c.png", "hi")).toMatchObject({
    exec: { images: ["a.png", "b.png", "c.png"] },
    prompt: "hi",
  });
});

describe("wrong usage", () => {
  test("an unknown flag is answered with the nearest name", () => {
    expect(refused("exec", "--modl", "x", "hi")).toContain("did you mean --model?");
  });

  test("a command with a slip of the finger is answered with the command", () => {
    expect(refused("exce", "x")).toContain("did you mean exec?");
    expect(refused("lgoin")).toContain("did you mean login?");
    expect(refused("exec", "resume", "a", "b", "c")).toContain(
      "'c' is one argument too many for codex-ts exec resume",
    );
    expect(parse("explain this")).toEqual({ command: "interactive", prompt: "explain this" });
  });

  test("a value that is not allowed is answered with those that are", () => {
    expect(refused("exec", "-s", "foo", "hi")).toMatch(
      /read-only, workspace-write, danger-full-access/,
    );
  });

  test("--yolo and --full-auto exclude each other", () => {
    expect(refused("exec", "--yolo", "--full-auto", "x")).toContain("cannot be used with");
  });

  test("of several ways to log in, the device's code goes first, then the refusal of a key", () => {
    const ways = ["--with-api-key", "--api-key=sk-1", "--device-auth"];
    const methods = [3, 2, 1, 0].map((count) => {
      const parsed = parse("login", ...ways.slice(0, count));
      return parsed.command === "login" ? parsed.with : parsed.command;
    });
    expect(methods).toEqual(["device", "key_argument", "api_key", "browser"]);
  });
});

test("help is text for stdout, within 80 columns", () => {
  for (const args of [
    ["--help"],
    ["exec", "--help"],
    ["help", "login"],
    ["exec", "resume", "-h"],
  ]) {
    const parsed = parseArguments(args, { columns: 80 });
    if (parsed.kind !== "help") throw new Error(JSON.stringify(parsed));
    const widest = Math.max(...parsed.text.split("\n").map((line) => line.length));
    expect(widest).toBeLessThanOrEqual(80);
  }
});

test("-h is short, --help has every flag, with examples and variables", () => {
  const helpOf = (...args: readonly string[]): string => {
    const parsed = parseArguments(args, { columns: 80 });
    if (parsed.kind !== "help") throw new Error(JSON.stringify(parsed));
    return parsed.text;
  };
  const long = helpOf("exec", "--help");
  for (const text of ["--strict-config", "--oss", "Examples:", "Environment:", "Exit codes:"]) {
    expect(long).toContain(text);
    expect(helpOf("exec", "-h")).not.toContain(text);
  }
  expect(helpOf("exec", "-h")).toMatch(
    /--json .*\n\nFor 8 more flags, examples and variables: codex-ts exec --help\n$/s,
  );
  expect(helpOf("help", "exec")).toBe(long);
  expect(helpOf("-h").split("\n").length).toBeLessThan(60);
});

describe("wrong usage is answered with what is wrong, what was meant, and where to look", () => {
  test.each([
    ["exce hi", "unknown command 'exce'; did you mean exec?", "codex-ts"],
    ["exec --modle x hi", "unknown option '--modle'; did you mean --model?", "codex-ts exec"],
    ["exec -m", "-m, --model <MODEL> needs a value", "codex-ts exec"],
    [
      "exec -s read-onyl hi",
      "'read-onyl' is no value for -s, --sandbox <MODE>; did you mean read-only?\nIt takes one of: read-only, workspace-write, danger-full-access",
      "codex-ts exec",
    ],
    [
      "exec --timeout soon hi",
      "'soon' is no value for --timeout <TIME>: it takes seconds, or a number with s, m or h.",
      "codex-ts exec",
    ],
    [
      "exec resume a b c",
      "'c' is one argument too many for codex-ts exec resume",
      "codex-ts exec resume",
    ],
    ["exec review --title t", "--title goes with --commit", "codex-ts exec review"],
    ["review --title t", "--title goes with --commit", "codex-ts review"],
    ["login stauts", "unknown command 'stauts'; did you mean status?", "codex-ts login"],
    ["features", "codex-ts features needs a command: list, enable, disable", "codex-ts features"],
    [
      "mcp add a",
      "give either --url <URL> or, behind --, the program to start",
      "codex-ts mcp add",
    ],
    [
      "completion tcsh",
      "'tcsh' is no value for SHELL\nIt takes one of: bash, zsh, fish, powershell, elvish",
      "codex-ts completion",
    ],
    ["sessions show", "missing required argument 'SESSION'", "codex-ts sessions show"],
    ["help exce", "unknown command 'exce'; did you mean exec?", "codex-ts"],
    ["help exec resmue", "unknown command 'resmue'; did you mean resume?", "codex-ts exec"],
    ["--remote ws://x exec hi", "unknown option '--remote'", "codex-ts"],
  ])("%s", (line, text, command) => {
    expect(refused(...line.split(" "))).toBe(`Error: ${text}\nSee ${command} --help\n`);
  });

  test("help with a command's words is that command's help", () => {
    const asked = parseArguments(["help", "exec", "resume"], { columns: 80 });
    expect(asked).toEqual(parseArguments(["exec", "resume", "--help"], { columns: 80 }));
    expect(asked.kind).toBe("help");
  });
});
