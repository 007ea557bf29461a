// The course of a command: verdict, question, attempt in the sandbox, and perhaps one without it.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { Confinement } from "@codex-ts/exec-server";
import type { ReviewDecision } from "@codex-ts/protocol";
import { SandboxError } from "@codex-ts/sandboxing";
import { canonicalArgv, parseCommand } from "@codex-ts/shell-command";
import { mayAsk, mayAskToRetry } from "./approval-policy.ts";
import { isApproved } from "./approvals.ts";
import type { CommandPermissions } from "./command-permissions.ts";
import type { CommandPolicy } from "./command-policy.ts";
import { isStartFailure } from "./one-shot-command.ts";
import { type ApprovalRequest, type ToolContext, ToolError } from "./tool.ts";

/** One run of the command, and whether it looks as though the sandbox had stopped it. */
export interface Attempt<T> {
  readonly value: T;
  readonly isDenied: boolean;
}

export interface ConfinedRun<T> {
  readonly callId: string;
  readonly argv: readonly string[];
  readonly cwd: AbsolutePath;
  readonly tty: boolean;
  readonly permissions: CommandPermissions;
  readonly policy: CommandPolicy;
  readonly attempt: (confinement: Confinement) => Promise<Attempt<T>>;
}

export type ConfinedRunResult<T> =
  | { readonly kind: "ran"; readonly value: T }
  /** `message` is the model's answer. */
  | { readonly kind: "rejected"; readonly message: string };

const REJECTED_BY_USER = "exec command rejected by user";
const RETRY_QUESTION =
  "The sandbox stopped this command. Run it again without the sandbox? What it has done already will be done again.";
const UNAVAILABLE_QUESTION = "The sandbox cannot be used here. Run this command without it?";

/**
 * Runs a command as the policies allow. The first attempt is confined unless the command was approved
 * to run outside; when the sandbox stops it, and the approval policy lets us ask, a person may let it
 * run again unconfined.
 *
 * @throws ToolError when there is no sandbox to run it in.
 */
export async function runConfined<T>(
  run: ConfinedRun<T>,
  context: ToolContext,
  signal: AbortSignal,
): Promise<ConfinedRunResult<T>> {
  const { permissions } = run;
  const verdict = run.policy({
    argv: run.argv,
    approvalPolicy: context.approvalPolicy,
    sandboxPolicy: context.sandboxPolicy,
    sandboxPermissions: permissions.sandboxPermissions,
    prefixRule: permissions.prefixRule,
    trustedPrograms: [context.shell.path],
  });
  if (verdict.kind === "forbidden") return { kind: "rejected", message: verdict.reason };
  const ask = (reason: string | null, isUnconfined = false): Promise<boolean> =>
    isApproved(question(run, reason, isUnconfined), context, signal);
  const isAsked = verdict.kind === "ask";
  if (isAsked && !(await ask(verdict.reason ?? permissions.justification))) {
    return { kind: "rejected", message: REJECTED_BY_USER };
  }
  const unconfined = async (): Promise<ConfinedRunResult<T>> => {
    signal.throwIfAborted();
    return { kind: "ran", value: (await run.attempt({ kind: "unconfined" })).value };
  };
  const startsUnconfined = isAsked
    ? permissions.sandboxPermissions === "require_escalated"
    : verdict.bypassSandbox;
  if (startsUnconfined) return unconfined();

  const first = await attemptConfined(run, context);
  if (first instanceof SandboxError) {
    if (!mayAsk(context.approvalPolicy)) {
      throw new ToolError("respond", first.message, { cause: first });
    }
    if (await ask(UNAVAILABLE_QUESTION, /*isUnconfined*/ true)) return unconfined();
    return { kind: "rejected", message: REJECTED_BY_USER };
  }
  if (!first.isDenied || !mayAskToRetry(context.approvalPolicy)) {
    return { kind: "ran", value: first.value };
  }
  // Who has approved the command already is not asked twice.
  if (isAsked || (await ask(RETRY_QUESTION))) return unconfined();
  return { kind: "rejected", message: REJECTED_BY_USER };
}

/** The sandbox's own failure comes back as a value: nothing has run then. */
async function attemptConfined<T>(
  run: ConfinedRun<T>,
  context: ToolContext,
): Promise<Attempt<T> | SandboxError> {
  try {
    return await run.attempt({
      kind: "sandboxed",
      context: {
        policy: context.sandboxPolicy,
        policyCwd: context.cwd,
        additionalPermissions: run.permissions.additional,
      },
    });
  } catch (error) {
    if (error instanceof SandboxError && !isStartFailure(error)) return error;
    throw error;
  }
}

function question<T>(
  run: ConfinedRun<T>,
  reason: string | null,
  isUnconfined: boolean,
): ApprovalRequest {
  const { permissions } = run;
  return {
    kind: "command",
    callId: run.callId,
    command: run.argv,
    parsedCommand: parseCommand(run.argv),
    cwd: run.cwd,
    reason,
    additionalPermissions: permissions.additional,
    keys: [approvalKey(run, isUnconfined)],
    availableDecisions: decisionsFor(permissions),
  };
}

function approvalKey<T>(
  { argv, cwd, tty, permissions }: ConfinedRun<T>,
  isUnconfined: boolean,
): string {
  return JSON.stringify({
    command: canonicalArgv(argv),
    cwd,
    tty,
    sandbox_permissions: permissions.sandboxPermissions,
    additional_permissions: permissions.additional ?? null,
    ...(isUnconfined ? { unconfined: true } : {}),
  });
}

function decisionsFor(permissions: CommandPermissions): readonly ReviewDecision[] {
  return permissions.additional === undefined
    ? ["approved", "approved_for_session", "abort"]
    : ["approved", "abort"];
}
