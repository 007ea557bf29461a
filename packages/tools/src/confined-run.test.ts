import { readFile } from "node:fs/promises";
import { createPolicy, createRulebook, parseRules, type Rulebook } from "@codex-ts/exec-policy";
import type { ReviewDecision } from "@codex-ts/protocol";
import { abs, temporaryDirectory } from "@codex-ts/test-support";
import { afterAll, describe, expect, test } from "vitest";
import { createShellTool } from "./shell-tools.ts";
import { localTestEnvironment, testTurn } from "./tool-context.fixture.ts";

const local = await localTestEnvironment();
afterAll(() => local[Symbol.asyncDispose]());

const shellWith = (rules: Rulebook) =>
  createShellTool(
    "shell_command",
    { allowLoginShell: false, additionalPermissions: false, approveInside: false, rules },
    /*offered*/ true,
  );
const untrusted = async () =>
  testTurn(await temporaryDirectory(), {
    environment: local.environment,
    sandboxPolicy: { type: "read-only" },
    approvalPolicy: "untrusted",
  });
const allowing = (...prefix: readonly string[]): ReviewDecision => ({
  approved_execpolicy_amendment: { proposed_execpolicy_amendment: prefix },
});

describe("what a person allows for good along with a command", () => {
  test("is offered, exact and general, saved, told to the model, and not asked about again", async () => {
    await using home = await temporaryDirectory();
    await using turn = await untrusted();
    const shell = shellWith(createRulebook({ codexHome: abs(home.path) }));
    turn.decisions.push(allowing("npm", "test"));
    await turn.run(shell, { command: "npm test --silent" });
    expect(turn.questions).toMatchObject([
      {
        amendment: { prefix: ["npm", "test", "--silent"], general: ["npm", "test"] },
        availableDecisions: [
          "approved",
          "approved_for_session",
          allowing("npm", "test"),
          allowing("npm", "test", "--silent"),
          "abort",
        ],
      },
    ]);
    expect(await readFile(home.join("rules/default.rules"), "utf8")).toBe(
      'prefix_rule(pattern=["npm", "test"], decision="allow")\n',
    );
    expect(turn.told).toEqual([expect.stringMatching(/unasked:\n- \["npm", "test"\]$/)]);
    await turn.run(shell, { command: "npm test --other" });
    expect(turn.questions).toHaveLength(1);
  });

  test("is no rule if it would not cover the command: the person would be asked the same again", async () => {
    await using home = await temporaryDirectory();
    await using turn = await untrusted();
    const shell = shellWith(createRulebook({ codexHome: abs(home.path) }));
    turn.decisions.push(allowing("npm", "run"), "approved");
    await turn.run(shell, { command: "npm test" });
    expect(turn.eventsOf("warning")).toMatchObject([
      { message: 'no rule was saved for ["npm", "run"]: it would not cover this command' },
    ]);
    await expect(readFile(home.join("rules/default.rules"))).rejects.toThrow("ENOENT");
    await turn.run(shell, { command: "npm test" });
    expect(turn.questions).toHaveLength(2);
  });

  test("holds for the session if it cannot be saved, which is said", async () => {
    await using turn = await untrusted();
    const shell = shellWith(createRulebook({ codexHome: abs("/nowhere/at/all") }));
    turn.decisions.push(allowing("npm", "test"));
    await turn.run(shell, { command: "npm test" });
    expect(turn.eventsOf("warning")).toMatchObject([
      {
        message: expect.stringMatching(
          /holds for this session only: the rules in .* could not be changed/,
        ),
      },
    ]);
    await turn.run(shell, { command: "npm test" });
    expect(turn.questions).toHaveLength(1);
  });

  test("is not offered where a rule asks on purpose", async () => {
    await using turn = await untrusted();
    const asking = parseRules('prefix_rule(["npm"], "prompt")', "/rules/a.rules");
    const shell = shellWith(createRulebook({ policy: createPolicy([asking]) }));
    turn.decisions.push("denied");
    await turn.run(shell, { command: "npm test" });
    expect(turn.questions).toMatchObject([
      {
        amendment: null,
        reason: expect.stringMatching(/\(\/rules\/a\.rules:1\)$/),
        availableDecisions: ["approved", "approved_for_session", "abort"],
      },
    ]);
  });
});
