import { chmod, readdir, readFile, stat, symlink, utimes } from "node:fs/promises";
import { temporaryDirectory } from "@codex-ts/test-support";
import fc from "fast-check";
import { expect, test } from "vitest";
import { loadRules } from "./load-rules.ts";
import { evaluate } from "./match-command.ts";
import { parseRules } from "./parse-rules.ts";
import { allowLine, removePrefixRules, saveAllowedPrefix, savePrefixRule } from "./save-rule.ts";

const addLine = 'prefix_rule(pattern=["git", "add"], decision="allow")\n';

async function errorCode(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
  );
}

test("the rule is written as a line, the folder is made, and nothing else stays behind", async () => {
  await using home = await temporaryDirectory();
  const file = home.join("rules/default.rules");
  const source = { layer: "user", file, line: 1 };
  expect(await saveAllowedPrefix(home.path, ["git", "add"])).toEqual({ source, isNew: true });
  expect(await readFile(file, "utf8")).toBe(addLine);
  expect(await readdir(home.join("rules"))).toEqual(["default.rules"]);
});

test("the same prefix is written once", async () => {
  await using home = await temporaryDirectory();
  await saveAllowedPrefix(home.path, ["ls"]);
  await saveAllowedPrefix(home.path, ["git", "add"]);
  const again = await saveAllowedPrefix(home.path, ["git", "add"]);
  expect(again).toMatchObject({ source: { line: 2 }, isNew: false });
  expect(await readFile(home.join("rules/default.rules"), "utf8")).toBe(
    `prefix_rule(pattern=["ls"], decision="allow")\n${addLine}`,
  );
});

test("a missing newline at the end is added first, and other lines are kept", async () => {
  await using home = await temporaryDirectory();
  await home.write({ "rules/default.rules": "# mine\r\n\n# no newline" });
  const saved = await saveAllowedPrefix(home.path, ["git", "add"]);
  expect(saved).toMatchObject({ source: { line: 4 }, isNew: true });
  expect(await readFile(home.join("rules/default.rules"), "utf8")).toBe(
    `# mine\r\n\n# no newline\n${addLine}`,
  );
});

test("many that save at once lose and double nothing", async () => {
  await using home = await temporaryDirectory();
  const names = Array.from({ length: 12 }, (_, index) => `program-${index % 6}`);
  const saved = await Promise.all(
    names.map((name) => saveAllowedPrefix(home.path, [name], { timeout: 30_000 })),
  );
  expect(saved.filter((rule) => rule.isNew)).toHaveLength(6);
  const { policy } = await loadRules([{ name: "user", folder: home.path }]);
  expect([...policy.rulesByProgram.keys()].toSorted()).toEqual([...new Set(names)].toSorted());
  expect(policy.prefixRules).toHaveLength(6);
});

test("any words are read back as they were written", () => {
  const word = fc.oneof(
    fc.string({ unit: "binary-ascii" }),
    fc.constantFrom(
      '"',
      "\\",
      "\n",
      "\r\n",
      "'''",
      "{x}",
      "\u2028",
      "\u{1F600}",
      "#",
      "\u0000",
      "é",
    ),
  );
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (prefix) => {
      const line = allowLine(prefix);
      expect(line).not.toContain("\n");
      const { prefixRules } = parseRules(line, "/a.rules");
      expect(prefixRules.map((rule) => rule.pattern)).toEqual([prefix.map((text) => [text])]);
    }),
    { numRuns: 300 },
  );
});

test("a saved rule is loaded from where it was said to stand", async () => {
  await using home = await temporaryDirectory();
  const prefix = ["my tool", 'say "hi"\n'];
  await saveAllowedPrefix(home.path, ["ls"]);
  const { source } = await saveAllowedPrefix(home.path, prefix);
  const { policy } = await loadRules([{ name: "user", folder: home.path }]);
  expect(evaluate(policy, [prefix]).matches).toMatchObject([{ rule: { source } }]);
});

test("a rule may also ask or forbid, and say why", async () => {
  await using home = await temporaryDirectory();
  const justification = 'a "mirror"';
  await savePrefixRule(home.path, { prefix: ["git", "push"], decision: "forbidden" });
  await savePrefixRule(home.path, { prefix: ["make"], decision: "prompt", justification });
  expect(await readFile(home.join("rules/default.rules"), "utf8")).toBe(
    'prefix_rule(pattern=["git", "push"], decision="forbidden")\n' +
      'prefix_rule(pattern=["make"], decision="prompt", justification="a \\"mirror\\"")\n',
  );
  const { policy } = await loadRules([{ name: "user", folder: home.path }]);
  expect(policy.prefixRules.map((rule) => [rule.decision, rule.justification])).toEqual([
    ["forbidden", null],
    ["prompt", justification],
  ]);
});

test("an empty prefix and a blank justification are refused", async () => {
  await using home = await temporaryDirectory();
  const refused = [
    saveAllowedPrefix(home.path, []),
    savePrefixRule(home.path, { prefix: ["a"], decision: "allow", justification: " " }),
  ];
  expect(await Promise.all(refused.map(errorCode))).toEqual(Array(2).fill("bad_amendment"));
  expect(await readdir(home.path)).toEqual([]);
});

test("rules are removed by their whole prefix, and all else in the file stays as it is", async () => {
  await using home = await temporaryDirectory();
  const file = home.join("rules/default.rules");
  const text = [
    "# mine\r\n",
    addLine,
    'prefix_rule(pattern=["git"])\n',
    'prefix_rule(["git", "add"], "prompt") # twice\n',
    'prefix_rule(["git", ["add", "rm"]], "prompt")\n',
    'prefix_rule(\n  ["git", "add"],\n)\n',
    "\n",
    "# no newline",
  ];
  await home.write({ "rules/default.rules": text.join("") });
  await chmod(file, 0o600);
  expect(await removePrefixRules(home.path, ["git", "add"])).toEqual([
    { source: { layer: "user", file, line: 2 }, text: addLine.trimEnd() },
    {
      source: { layer: "user", file, line: 4 },
      text: 'prefix_rule(["git", "add"], "prompt") # twice',
    },
  ]);
  expect(await readFile(file, "utf8")).toBe(
    text.filter((_, index) => ![1, 3].includes(index)).join(""),
  );
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(home.join("rules"))).toEqual(["default.rules"]);
  expect(await removePrefixRules(home.path, ["git", "add"])).toEqual([]);
});

test("nothing is removed from a file in which such a line is part of something else, or that is broken", async () => {
  await using home = await temporaryDirectory();
  const file = home.join("rules/default.rules");
  for (const [text, code] of [
    [`x = """\n${addLine}"""\n`, "not_saved"],
    [`${addLine}nonsense(\n`, "bad_rules"],
  ] as const) {
    await home.write({ "rules/default.rules": text });
    expect(await errorCode(removePrefixRules(home.path, ["git", "add"]))).toBe(code);
    expect(await readFile(file, "utf8")).toBe(text);
  }
});

test("a home folder that is missing is not made, and a link is not written through", async () => {
  await using home = await temporaryDirectory();
  expect(await errorCode(saveAllowedPrefix(home.join("none"), ["a"]))).toBe("not_saved");
  await home.write({ target: "", "linked/rules/x.rules": "" });
  await symlink(home.join("target"), home.join("linked/rules/default.rules"));
  expect(await errorCode(saveAllowedPrefix(home.join("linked"), ["a"]))).toBe("not_saved");
  expect(await readFile(home.join("target"), "utf8")).toBe("");
});

test("a held lock is waited for and named; one that was left behind is removed", async () => {
  await using home = await temporaryDirectory();
  const lock = home.join("rules/default.rules.lock");
  await home.write({ "rules/default.rules.lock": "1 other\n" });
  await expect(saveAllowedPrefix(home.path, ["a"], { timeout: 60 })).rejects.toMatchObject({
    code: "not_saved",
    message: expect.stringContaining(`${lock}); try again, or remove the lock`) as string,
  });
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  expect(await errorCode(saveAllowedPrefix(home.path, ["a"], { signal }))).toBe(reason);
  expect(await readFile(lock, "utf8")).toBe("1 other\n");
  await utimes(lock, new Date(0), new Date(0));
  expect(await saveAllowedPrefix(home.path, ["a"])).toMatchObject({ isNew: true });
  expect(await readdir(home.join("rules"))).toEqual(["default.rules"]);
});
