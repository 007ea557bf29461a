import type { CollaborationMode, OverrideTurnContextOp, UserTurnOp } from "@codex-ts/protocol";
import { abs } from "@codex-ts/test-support";
import { describe, expect, test } from "vitest";
import { changedSettings } from "./changed-settings.ts";
import type { SessionSettings } from "./turn-context.ts";

const planMode: CollaborationMode = {
  mode: "plan",
  settings: { model: "m2", reasoning_effort: null, developer_instructions: "Plan only." },
};
const settings: SessionSettings = {
  cwd: abs("/w"),
  model: "m1",
  approvalPolicy: "on-request",
  approvalsReviewer: "guardian_subagent",
  sandboxPolicy: { type: "read-only" },
  permissions: undefined,
  effort: "low",
  summary: "concise",
  verbosity: undefined,
  serviceTier: "fast",
  personality: "friendly",
  collaborationMode: undefined,
};
const inPlanMode: SessionSettings = {
  ...settings,
  model: "m2",
  effort: undefined,
  collaborationMode: planMode,
};
const turn: UserTurnOp = {
  type: "user_turn",
  items: [],
  cwd: "/w",
  approval_policy: "on-request",
  sandbox_policy: { type: "read-only" },
  model: "m1",
  final_output_json_schema: null,
};
const override = (fields: Omit<OverrideTurnContextOp, "type">): OverrideTurnContextOp => ({
  type: "override_turn_context",
  ...fields,
});

describe("override_turn_context", () => {
  test("keeps everything that it leaves out, a collaboration mode too", () => {
    expect(changedSettings(settings, override({}))).toEqual(settings);
    expect(changedSettings(inPlanMode, override({ cwd: "/x" }))).toEqual({
      ...inPlanMode,
      cwd: "/x",
    });
  });

  test("moves the model and the effort of a mode that stays along", () => {
    expect(changedSettings(inPlanMode, override({ model: "m3", effort: "high" }))).toEqual({
      ...inPlanMode,
      model: "m3",
      effort: "high",
      collaborationMode: {
        mode: "plan",
        settings: { model: "m3", reasoning_effort: "high", developer_instructions: "Plan only." },
      },
    });
  });

  test("clears effort and service tier by null", () => {
    expect(changedSettings(settings, override({ effort: null, service_tier: null }))).toEqual({
      ...settings,
      effort: undefined,
      serviceTier: undefined,
    });
  });

  test("with a mode takes model and effort from it, whatever else it says", () => {
    const op = override({ collaboration_mode: planMode, model: "m9", effort: "high" });
    expect(changedSettings(settings, op)).toEqual(inPlanMode);
  });
});

describe("user_turn", () => {
  test("without an effort clears it, and without a mode ends the mode; the rest stays", () => {
    expect(changedSettings({ ...inPlanMode, effort: "low" }, turn)).toEqual({
      ...settings,
      effort: undefined,
    });
  });

  test("keeps the reviewer by absence and by null, and changes it for good", () => {
    expect(changedSettings(settings, { ...turn, effort: "low" })).toEqual(settings);
    expect(changedSettings(settings, { ...turn, effort: "low", approvals_reviewer: null })).toEqual(
      settings,
    );
    expect(
      changedSettings(settings, { ...turn, effort: "low", approvals_reviewer: "user" }),
    ).toEqual({ ...settings, approvalsReviewer: "user" });
  });

  test("with a mode takes model and effort from it, whatever else it says", () => {
    const op: UserTurnOp = { ...turn, effort: "high", collaboration_mode: planMode };
    expect(changedSettings(settings, op)).toEqual(inPlanMode);
  });
});
