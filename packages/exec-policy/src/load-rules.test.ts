import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { temporaryDirectory } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import { ExecPolicyError, RuleError } from "./exec-policy-error.ts";
import { loadRules, loadRulesFiles } from "./load-rules.ts";
import { evaluate } from "./match-command.ts";

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error("nothing was thrown");
    },
    (error: unknown) => error,
  );
}

test("files of all layers apply together, in the order of layers and then of names", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({
    "etc/rules/z.rules": 'prefix_rule(["git"], "prompt")',
    "home/rules/b.rules": 'prefix_rule(["git"])',
    "home/rules/a.rules": '\nprefix_rule(["git", "commit"], "forbidden")',
  });
  const { policy, errors } = await loadRules([
    { name: "system", folder: folder.join("etc") },
    { name: "user", folder: folder.join("home") },
    { name: "project", folder: folder.join("none") },
  ]);
  expect(errors).toEqual([]);
  expect(policy.prefixRules.map((rule) => [rule.decision, rule.source])).toEqual([
    ["prompt", { layer: "system", file: folder.join("etc/rules/z.rules"), line: 1 }],
    ["forbidden", { layer: "user", file: folder.join("home/rules/a.rules"), line: 2 }],
    ["allow", { layer: "user", file: folder.join("home/rules/b.rules"), line: 1 }],
  ]);
  expect(evaluate(policy, [["git", "commit"]]).decision).toBe("forbidden");
  expect(evaluate(policy, [["git", "status"]]).decision).toBe("prompt");
});

test("only regular files that end in .rules in the folder rules are read", async () => {
  await using folder = await temporaryDirectory();
  const rule = (program: string) => `prefix_rule(["${program}"])`;
  await folder.write({
    "outside.rules": rule("outside"),
    "rules/a.rules": rule("a"),
    "rules/a.rules.lock": "not rules",
    "rules/notes.txt": "not rules",
    "rules/.rules": "not rules",
    "rules/deep/b.rules": rule("deep"),
    "rules/folder.rules/c.rules": rule("folder"),
  });
  await symlink(folder.join("outside.rules"), folder.join("rules/link.rules"));
  const { policy } = await loadRules([{ name: "user", folder: folder.path }]);
  expect([...policy.rulesByProgram.keys()]).toEqual(["a"]);
});

test("a broken file keeps the rules of the others, and is told with its position", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({
    "rules/a.rules": 'prefix_rule(["rm"], "forbidden")',
    "rules/b.rules": 'prefix_rule(["ls"])\n\n  prefix_rule(["git"])',
    "rules/c.rules": 'prefix_rule(["cat"], "prompt")',
  });
  const { policy, errors } = await loadRules([{ name: "user", folder: folder.path }]);
  const file = folder.join("rules/b.rules");
  const message = `${file}:3:3: a statement must begin at the start of its line`;
  expect(errors.map((error) => [error.code, error.message])).toEqual([["bad_rules", message]]);
  expect([...policy.rulesByProgram.keys()]).toEqual(["rm", "cat"]);
  expect(policy.brokenRules).toEqual([{ source: { layer: "user", file, line: 3 }, message }]);
});

test("the places of programs in one file count for the examples of the next", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({
    "rules/a.rules": 'host_executable("git", ["/usr/bin/git"])',
    "rules/b.rules": 'prefix_rule(["git"], match=["/usr/bin/git x"], not_match=["/tmp/git x"])',
  });
  const { errors } = await loadRules([{ name: "user", folder: folder.path }], {
    platform: "linux",
  });
  expect(errors).toEqual([]);
});

test("a folder or file that is there and cannot be read is an error", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ "a/rules": "a file", "b/rules/latin.rules": new Uint8Array([0x23, 0xe9]) });
  for (const name of ["a", "b"]) {
    const error = await rejection(loadRules([{ name, folder: folder.join(name) }]));
    expect(error).toBeInstanceOf(ExecPolicyError);
    expect(error).toMatchObject({ code: "unreadable_rules" });
  }
});

test.skipIf(process.getuid?.() === 0)("a file without read permission is an error", async () => {
  await using folder = await temporaryDirectory();
  await mkdir(folder.join("rules"));
  await writeFile(folder.join("rules/a.rules"), "");
  await chmod(folder.join("rules/a.rules"), 0o000);
  const error = await rejection(loadRules([{ name: "user", folder: folder.path }]));
  expect(error).toMatchObject({ code: "unreadable_rules" });
});

test("named files are read whatever their names, and the first wrong one is thrown", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ good: 'prefix_rule(["a"])', bad: "\nx" });
  const policy = await loadRulesFiles([folder.join("good")]);
  expect([...policy.rulesByProgram.keys()]).toEqual(["a"]);
  const error = await rejection(loadRulesFiles([folder.join("good"), folder.join("bad")]));
  expect(error).toBeInstanceOf(RuleError);
  expect(error).toMatchObject({ file: folder.join("bad"), line: 2, column: 1 });
  expect(await rejection(loadRulesFiles([folder.join("none")]))).toMatchObject({
    code: "unreadable_rules",
  });
});

test("an aborted load throws the reason", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ a: "" });
  const signal = AbortSignal.abort(new Error("enough"));
  expect(await rejection(loadRulesFiles([folder.join("a")], { signal }))).toBe(signal.reason);
});
