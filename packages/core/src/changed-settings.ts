// What an op changes in a session's settings.
import { isDeepStrictEqual } from "node:util";
import { fromAbsolute } from "@codex-ts/absolute-path";
import type { Op, SandboxPolicy } from "@codex-ts/protocol";
import type { SessionSettings } from "./turn-context.ts";

/** The settings after the op; what it leaves out stays, as each field of the op says. */
export function changedSettings(
  settings: SessionSettings,
  op: Extract<Op, { type: "user_turn" | "override_turn_context" }>,
): SessionSettings {
  const effort =
    op.type === "user_turn" || op.effort === null ? (op.effort ?? undefined) : settings.effort;
  return {
    cwd: op.cwd === undefined ? settings.cwd : fromAbsolute(op.cwd),
    model: op.collaboration_mode?.settings.model ?? op.model ?? settings.model,
    approvalPolicy: op.approval_policy ?? settings.approvalPolicy,
    approvalsReviewer: op.approvals_reviewer ?? settings.approvalsReviewer,
    ...sandboxSettings(settings, op.sandbox_policy),
    effort: op.collaboration_mode?.settings.reasoning_effort ?? op.effort ?? effort,
    summary: op.summary ?? settings.summary,
    verbosity: settings.verbosity,
    serviceTier:
      op.service_tier === undefined ? settings.serviceTier : (op.service_tier ?? undefined),
    personality: op.personality ?? settings.personality,
    collaborationMode: op.collaboration_mode ?? undefined,
  };
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
