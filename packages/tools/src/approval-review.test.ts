import { createRulebook } from "@codex-ts/exec-policy";
import { temporaryDirectory } from "@codex-ts/test-support";
import { describe, expect, test } from "vitest";
import {
  type AssessAction,
  createApprovalReviewer,
  parseAssessment,
  type ReviewRequest,
  type RiskAssessment,
} from "./approval-review.ts";
import { createApplyPatchTool } from "./apply-patch-tool.ts";
import { createShellTool } from "./shell-tools.ts";
import { localTestEnvironment, type TestTurn, testTurn } from "./tool-context.fixture.ts";

const shell = createShellTool(
  "shell",
  {
    allowLoginShell: false,
    additionalPermissions: false,
    approveInside: false,
    rules: createRulebook(),
  },
  /*offered*/ true,
);
const escalated = {
  command: ["/bin/sh", "-c", "(echo done)"],
  sandbox_permissions: "require_escalated",
  justification: "May I?",
};
const low: RiskAssessment = { riskLevel: "low", riskScore: 10, rationale: "it only prints" };

interface ReviewedTurn extends TestTurn {
  readonly reviewed: ReviewRequest[];
}

async function reviewedTurn(
  assess: AssessAction,
  options: { readonly timeLimitMs?: number; readonly policy?: "untrusted" } = {},
): Promise<ReviewedTurn> {
  const { environment } = await localTestEnvironment();
  const reviewed: ReviewRequest[] = [];
  const turn = testTurn(await temporaryDirectory(), {
    environment,
    sandboxPolicy: { type: "read-only" },
    approvalPolicy: options.policy ?? "on-request",
    reviewer: createApprovalReviewer((request, signal) => {
      reviewed.push(request);
      return assess(request, signal);
    }, options),
  });
  return Object.assign(turn, { reviewed });
}

const told = (turn: TestTurn) =>
  turn.events.filter(({ type }) => type === "guardian_assessment" || type === "warning");

describe("a reviewer in the person's place", () => {
  test("lets a command of low risk run, and tells of it", async () => {
    await using turn = await reviewedTurn(async () => low);
    expect(await turn.run(shell, escalated)).toMatch(/done/);
    expect(turn.questions).toEqual([]);
    expect(turn.reviewed).toEqual([
      {
        action: {
          tool: "shell",
          command: escalated.command,
          cwd: turn.folder.path,
          sandbox: "the command would run outside the sandbox",
          justification: "May I?",
        },
        reason: "May I?",
      },
    ]);
    const action = { tool: "shell", command: "/bin/sh -c '(echo done)'", cwd: turn.folder.path };
    const scope = { type: "guardian_assessment", id: "call-1", turn_id: "turn-1" };
    expect(told(turn)).toEqual([
      { ...scope, status: "in_progress", action },
      {
        type: "warning",
        message: "The reviewer approved this request (risk: low, 10 of 100): it only prints",
      },
      {
        ...scope,
        status: "approved",
        risk_score: 10,
        risk_level: "low",
        rationale: "it only prints",
        action,
      },
    ]);
  });

  test("does not review again in this turn what it has approved", async () => {
    await using turn = await reviewedTurn(async () => low);
    await turn.run(shell, escalated);
    await turn.run(shell, escalated);
    expect(turn.reviewed).toHaveLength(1);
  });

  test.each<RiskAssessment>([
    { riskLevel: "high", riskScore: 80, rationale: "it deletes" },
    { riskLevel: "high", riskScore: 10, rationale: "it deletes" },
    { riskLevel: "low", riskScore: 80, rationale: "it deletes" },
  ])("denies %j, with advice to the model", async (assessment) => {
    await using turn = await reviewedTurn(async () => assessment);
    const output = await turn.run(shell, escalated);
    expect(output).toMatch(
      /denied this action because its risk is unacceptable: it deletes\nDo not/,
    );
    expect(turn.eventsOf("exec_command_end")).toMatchObject([{ status: "declined" }]);
    expect(turn.eventsOf("guardian_assessment").map(({ status }) => status)).toEqual([
      "in_progress",
      "denied",
    ]);
  });

  test("denies when it fails, and says why", async () => {
    await using turn = await reviewedTurn(() => Promise.reject(new Error("no such model")));
    expect(await turn.run(shell, escalated)).toMatch(/the review failed: no such model/);
    expect(turn.eventsOf("guardian_assessment").at(-1)).toMatchObject({
      status: "denied",
      risk_score: 100,
      risk_level: "high",
      rationale: "the review failed: no such model",
    });
  });

  test("denies when it takes too long, and is stopped then", async () => {
    let stopped = false;
    const assess: AssessAction = (_request, signal) =>
      new Promise(() => {
        signal.addEventListener("abort", () => {
          stopped = true;
        });
      });
    await using turn = await reviewedTurn(assess, { timeLimitMs: 20 });
    expect(await turn.run(shell, escalated)).toMatch(/it took longer than 0.02 seconds/);
    expect(stopped).toBe(true);
  });

  test("an interrupt ends the review without a verdict", async () => {
    const controller = new AbortController();
    await using turn = await reviewedTurn(() => {
      controller.abort();
      return new Promise(() => {});
    });
    await turn.run(shell, escalated, { signal: controller.signal });
    expect(turn.eventsOf("guardian_assessment").map(({ status }) => status)).toEqual([
      "in_progress",
      "aborted",
    ]);
    expect(turn.eventsOf("warning")).toEqual([]);
  });

  test("judges patches by their whole text, and tells clients of their files alone", async () => {
    await using turn = await reviewedTurn(async () => low);
    const patch = "*** Begin Patch\n*** Add File: new\n+text\n*** End Patch";
    const tool = createApplyPatchTool({ form: "freeform" });
    expect(await turn.run(tool, { kind: "custom", input: patch })).toMatch(/Success/);
    const file = turn.folder.join("new");
    expect(turn.reviewed[0]?.action).toMatchObject({
      changes: { [file]: { type: "add", content: "text\n" } },
    });
    expect(turn.eventsOf("guardian_assessment")[0]?.action).toEqual({
      tool: "apply_patch",
      cwd: turn.folder.path,
      files: [file],
      change_count: 1,
    });
  });

  test("is asked under on-request alone: under other policies the person is", async () => {
    await using turn = await reviewedTurn(async () => low, { policy: "untrusted" });
    turn.decisions.push("approved");
    await turn.run(shell, { command: escalated.command });
    expect(turn.reviewed).toEqual([]);
    expect(turn.questions).toHaveLength(1);
  });
});

describe("a reviewer's answer", () => {
  const answer = { risk_level: "low", risk_score: 5, rationale: "fine", evidence: [] };

  test("is one JSON object, with words around it or not", () => {
    const read = { riskLevel: "low", riskScore: 5, rationale: "fine" };
    expect(parseAssessment(JSON.stringify(answer))).toEqual(read);
    expect(parseAssessment(`Here: ${JSON.stringify(answer)}\nThat is all.`)).toEqual(read);
  });

  test.each([
    ["I approve", /is not JSON/],
    [{ ...answer, risk_level: "none" }, /no risk_level/],
    [{ ...answer, risk_score: 101 }, /no risk_score/],
    [{ ...answer, risk_score: "5" }, /no risk_score/],
    [{ ...answer, rationale: null }, /no rationale/],
    [{ ...answer, risk_level: "high" }, /contradicts itself: its level is high, its score 5/],
    [{ ...answer, risk_score: 90 }, /contradicts itself: its level is low, its score 90/],
  ])("%j is none", (value, message) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    expect(() => parseAssessment(text)).toThrow(message);
  });
});
