// execpolicy, as a person runs it.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { respond } from "@codex-ts/scripted-model";
import { beforeAll, expect, test, vi } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { cliWorld } from "../testing/cli.ts";

beforeAll(builtCli, buildTimeoutMs);
// Many short runs, one after the other, on machines that may be busy.
vi.setConfig({ testTimeout: 120_000 });

/** A home with a file of rules of the person's own. */
async function homeWith(rules: string) {
  const world = await cliWorld({ script: [respond([])] });
  const folder = join(world.home, "rules");
  await mkdir(folder);
  await writeFile(join(folder, "own.rules"), rules);
  return {
    own: join(folder, "own.rules"),
    saved: join(folder, "default.rules"),
    /** Its exit code, its stdout and its stderr. */
    async said(...args: readonly string[]): Promise<readonly [number | null, string, string]> {
      const { code, stdout, stderr } = await world.run(["execpolicy", ...args]);
      return [code, stdout, stderr];
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

test("a rule that is added is listed with its layer, file and line, and gone when it is removed", async () => {
  await using at = await homeWith('# mine\nprefix_rule(["git", "push"], "prompt")\n');
  expect(await at.said("add", "cargo", "test")).toEqual([
    0,
    "Commands that begin with `cargo test` run unasked and outside the sandbox from the next session on: ~/home/rules/default.rules:1\n",
    "",
  ]);
  expect(await at.said("add", "cargo test")).toEqual([
    0,
    "That rule stands there already: ~/home/rules/default.rules:1\n",
    "",
  ]);
  expect(
    await at.said("add", "--decision", "forbidden", "--justification", "ask Kim", "rm", "-rf"),
  ).toMatchObject([0, expect.stringMatching(/^Commands that begin with `rm -rf` are refused/), ""]);
  expect(await at.said("list")).toEqual([
    0,
    [
      "DECISION   BEGINS WITH        LAYER  WHERE                         WHY",
      'allow      ["cargo", "test"]  user   ~/home/rules/default.rules:1',
      'forbidden  ["rm", "-rf"]      user   ~/home/rules/default.rules:2  ask Kim',
      'prompt     ["git", "push"]    user   ~/home/rules/own.rules:2',
      "",
    ].join("\n"),
    "",
  ]);
  const [, json] = await at.said("remove", "--json", "cargo", "test");
  expect(JSON.parse(json)).toEqual({
    schema: 1,
    removed: [
      {
        layer: "user",
        file: at.saved,
        line: 1,
        text: 'prefix_rule(pattern=["cargo", "test"], decision="allow")',
      },
    ],
    left: [],
  });
  const [, listed] = await at.said("list", "--json");
  expect(JSON.parse(listed)).toEqual({
    schema: 1,
    rules: [
      {
        pattern: [["rm"], ["-rf"]],
        decision: "forbidden",
        justification: "ask Kim",
        layer: "user",
        file: at.saved,
        line: 1,
      },
      {
        pattern: [["git"], ["push"]],
        decision: "prompt",
        justification: null,
        layer: "user",
        file: at.own,
        line: 2,
      },
    ],
    networkRules: [],
    hostExecutables: {},
  });
});

test("a rule that allows anything, or nothing, is refused and not written", async () => {
  await using at = await homeWith('prefix_rule(["git", "push"], "forbidden")\n');
  expect(await at.said("add", "python3", "-c")).toEqual([
    1,
    "",
    "Error: `python3 -c` by itself would allow any command at all: name also what it may run\n",
  ]);
  expect(await at.said("add", "git", "push", "--force")).toEqual([
    1,
    "",
    `Error: a rule that allows \`git push --force\` would change nothing: \`git push --force\` rejected: a rule forbids commands that begin with \`git push\` (${at.own}:1)\n`,
  ]);
  expect(await at.said("add", "it's one")).toEqual([
    2,
    "",
    'Error: "it\'s one" cannot be split into words: a quote is open\n',
  ]);
  await expect(readFile(at.saved, "utf8")).rejects.toThrow("ENOENT");
});

test("what cannot be removed is named, with where it stands", async () => {
  await using at = await homeWith('prefix_rule(["git", "push"], "forbidden")\n');
  expect(await at.said("remove", "git", "push")).toEqual([
    1,
    "",
    "Error: the rules for `git push` are not among the saved ones; change them where they stand: ~/home/rules/own.rules:1\n",
  ]);
  expect(await at.said("remove", "git")).toEqual([
    1,
    "",
    "Error: no rule is for exactly `git`; `codex-ts execpolicy list` shows all that hold here\n",
  ]);
});

test("check says where the rules stand when it is asked to", async () => {
  await using at = await homeWith('prefix_rule(["git", "push"], "forbidden")\n');
  const match = { matchedPrefix: ["git", "push"], decision: "forbidden" };
  const [code, plain] = await at.said("check", "-r", at.own, "git", "push", "--force");
  expect([code, JSON.parse(plain)]).toEqual([
    0,
    { matchedRules: [{ prefixRuleMatch: match }], decision: "forbidden" },
  ]);
  const [, placed] = await at.said("check", "--sources", "-r", at.own, "git", "push");
  const source = { layer: "rules", file: at.own, line: 1 };
  expect(JSON.parse(placed)).toEqual({
    matchedRules: [{ prefixRuleMatch: { ...match, source } }],
    decision: "forbidden",
  });
});
