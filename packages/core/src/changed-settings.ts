// What an op changes in a session's settings.
import { isDeepStrictEqual } from "node:util";
import { fromAbsolute } from "@codex-ts/absolute-path";
import type { CollaborationMode, Op, ReasoningEffort, SandboxPolicy } from "@codex-ts/protocol";
import type { SessionSettings } from "./turn-context.ts";

type SettingsOp = Extract<Op, { type: "user_turn" | "override_turn_context" }>;

/** The settings after the op; what it leaves out stays, as each field of the op says. */
export function changedSettings(settings: SessionSettings, op: SettingsOp): SessionSettings {
  const model = op.collaboration_mode?.settings.model ?? op.model ?? settings.model;
  const effort = changedEffort(settings, op);
  return {
    cwd: op.cwd === undefined ? settings.cwd : fromAbsolute(op.cwd),
    model,
    approvalPolicy: op.approval_policy ?? settings.approvalPolicy,
    approvalsReviewer: op.approvals_reviewer ?? settings.approvalsReviewer,
    ...sandboxSettings(settings, op.sandbox_policy),
    effort,
    summary: op.summary ?? settings.summary,
    verbosity: settings.verbosity,
    serviceTier:
      op.service_tier === undefined ? settings.serviceTier : (op.service_tier ?? undefined),
    personality: op.personality ?? settings.personality,
    collaborationMode: changedMode(settings, op, { model, reasoning_effort: effort ?? null }),
  };
}

/** A mode brings its own effort, or that of the model. */
function changedEffort(settings: SessionSettings, op: SettingsOp): ReasoningEffort | undefined {
  if (op.collaboration_mode !== undefined) {
    return op.collaboration_mode.settings.reasoning_effort ?? undefined;
  }
  if (op.type === "user_turn") return op.effort;
  return op.effort === undefined ? settings.effort : (op.effort ?? undefined);
}

/** A mode that stays follows the model and the effort. */
function changedMode(
  { collaborationMode }: SessionSettings,
  op: SettingsOp,
  followed: Pick<CollaborationMode["settings"], "model" | "reasoning_effort">,
): CollaborationMode | undefined {
  if (op.collaboration_mode !== undefined) return op.collaboration_mode;
  if (op.type === "user_turn" || collaborationMode === undefined) return undefined;
  return { ...collaborationMode, settings: { ...collaborationMode.settings, ...followed } };
}

/** Clients send the policy along with every turn: only another one replaces the permissions in force. */
function sandboxSettings(
  settings: SessionSettings,
  asked: SandboxPolicy | undefined,
): Pick<SessionSettings, "sandboxPolicy" | "permissions"> {
  const { sandboxPolicy, permissions } = settings;
  return asked === undefined || isDeepStrictEqual(asked, sandboxPolicy)
    ? { sandboxPolicy, permissions }
    : { sandboxPolicy: asked, permissions: undefined };
}
