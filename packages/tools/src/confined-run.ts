// The course of a command: verdict, question, attempt in the sandbox, and perhaps one without it.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { type Amendment, formatPattern, type Rulebook } from "@codex-ts/exec-policy";
import type { Confinement } from "@codex-ts/exec-server";
import type { ReviewDecision } from "@codex-ts/protocol";
import { SandboxError } from "@codex-ts/sandboxing/policy";
import { canonicalArgv, lookingEnvironment, parseCommand } from "@codex-ts/shell-command";
import { mayAsk, mayAskToRetry } from "./approval-policy.ts";
import { type Approval, askForApproval } from "./approvals.ts";
import type { CommandPermissions } from "./command-permissions.ts";
import { commandRequest, decideCommand } from "./decide-command.ts";
import { type DenialEvidence, describeDenial } from "./denial-evidence.ts";
import { isStartFailure } from "./one-shot-command.ts";
import { sandboxContext } from "./sandbox-context.ts";
import { type ApprovalRequest, type ToolContext, ToolError } from "./tool.ts";

/** One run of the command, and what shows that the sandbox has stopped it. */
export interface Attempt<T> {
  readonly value: T;
  readonly denial: DenialEvidence | null;
}

export interface ConfinedRun<T> {
  readonly callId: string;
  /** The name of the tool that runs it. */
  readonly tool: string;
  readonly argv: readonly string[];
  readonly cwd: AbsolutePath;
  readonly tty: boolean;
  readonly permissions: CommandPermissions;
  readonly rules: Rulebook;
  /** The variables that the command gets. */
  readonly env: Readonly<Record<string, string>>;
  /** `env` is `env`, with what holds a command to looking that runs for that alone. */
  readonly attempt: (
    confinement: Confinement,
    env: Readonly<Record<string, string>>,
  ) => Promise<Attempt<T>>;
}

export type ConfinedRunResult<T> =
  | { readonly kind: "ran"; readonly value: T }
  /** `message` is the model's answer. */
  | { readonly kind: "rejected"; readonly message: string };

const REJECTED_BY_USER = "exec command rejected by user";
const UNAVAILABLE_QUESTION = "The sandbox cannot be used here. Run this command without it?";

function retryQuestion(denial: DenialEvidence): string {
  return `The sandbox stopped this command: ${describeDenial(denial)}. Run it again without the sandbox? What it has done already will be done again.`;
}

/**
 * Runs a command as the policies allow. The first attempt is confined unless the command may run
 * outside; when the sandbox stops it, and the approval policy lets us ask, it may run again unconfined
 * once that is approved.
 *
 * @throws ToolError when there is no sandbox to run it in.
 */
export async function runConfined<T>(
  run: ConfinedRun<T>,
  context: ToolContext,
  signal: AbortSignal,
): Promise<ConfinedRunResult<T>> {
  const decision = decideCommand(run.rules, run, context);
  if (decision.kind === "forbidden") return { kind: "rejected", message: decision.reason };
  const { amendment } = decision;
  const env =
    decision.kind === "run" && decision.reliesOnLooking ? lookingEnvironment(run.env) : run.env;
  const ask = async (reason: string | null, isUnconfined: boolean): Promise<string | null> => {
    const request = question(run, reason, isUnconfined, amendment);
    const approval = await askForApproval(request, context, signal);
    if (!approval.isApproved) return approval.message ?? REJECTED_BY_USER;
    await keepPrefix(run, approval, context, signal);
    return null;
  };
  const rejected = (message: string): ConfinedRunResult<T> => ({ kind: "rejected", message });
  const isAsked = decision.kind === "ask";
  if (isAsked) {
    const refusal = await ask(decision.reason, decision.where === "unconfined");
    if (refusal !== null) return rejected(refusal);
  }
  const unconfined = async (): Promise<ConfinedRunResult<T>> => {
    signal.throwIfAborted();
    return { kind: "ran", value: (await run.attempt({ kind: "unconfined" }, env)).value };
  };
  if (decision.where === "unconfined") return unconfined();

  const first = await attemptConfined(run, env, context);
  if (first instanceof SandboxError) {
    if (!mayAsk(context.approvalPolicy)) {
      throw new ToolError("respond", first.message, { cause: first });
    }
    const refusal = await ask(UNAVAILABLE_QUESTION, /*isUnconfined*/ true);
    return refusal === null ? unconfined() : rejected(refusal);
  }
  if (first.denial === null || !mayAskToRetry(context.approvalPolicy)) {
    return { kind: "ran", value: first.value };
  }
  // What was approved already is not asked about twice.
  if (isAsked) return unconfined();
  const refusal = await ask(retryQuestion(first.denial), /*isUnconfined*/ true);
  return refusal === null ? unconfined() : rejected(refusal);
}

/**
 * Allows the prefix for good that a person chose along with the command, if it covers the command: else
 * they would be asked the same again, having allowed something else.
 */
async function keepPrefix<T>(
  run: ConfinedRun<T>,
  approval: Extract<Approval, { isApproved: true }>,
  context: ToolContext,
  signal: AbortSignal,
): Promise<void> {
  const { allowedPrefix: prefix } = approval;
  if (prefix === null) return;
  const words = formatPattern(prefix.map((word) => [word]));
  if (!run.rules.covers(prefix, commandRequest(run, context))) {
    const message = `no rule was saved for ${words}: it would not cover this command`;
    context.emit({ type: "warning", message });
    return;
  }
  const { warning } = await run.rules.allow(prefix, signal);
  if (warning !== null) {
    const message = `the rule for ${words} holds for this session only: ${warning}`;
    context.emit({ type: "warning", message });
  }
  context.tellModel(
    `From now on the user lets commands that begin with these words run outside the sandbox, unasked:\n- ${words}`,
  );
}

/** The sandbox's own failure comes back as a value: nothing has run then. */
async function attemptConfined<T>(
  run: ConfinedRun<T>,
  env: Readonly<Record<string, string>>,
  context: ToolContext,
): Promise<Attempt<T> | SandboxError> {
  try {
    const sandbox = sandboxContext(context, run.permissions.additional);
    return await run.attempt({ kind: "sandboxed", context: sandbox }, env);
  } catch (error) {
    if (error instanceof SandboxError && !isStartFailure(error)) return error;
    throw error;
  }
}

function question<T>(
  run: ConfinedRun<T>,
  reason: string | null,
  isUnconfined: boolean,
  amendment: Amendment | null,
): ApprovalRequest {
  const { permissions } = run;
  return {
    kind: "command",
    callId: run.callId,
    tool: run.tool,
    command: run.argv,
    parsedCommand: parseCommand(run.argv),
    cwd: run.cwd,
    reason,
    justification: permissions.justification,
    isUnconfined,
    additionalPermissions: permissions.additional,
    amendment,
    keys: [approvalKey(run, isUnconfined)],
    availableDecisions: decisionsFor(permissions, amendment),
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

function decisionsFor(
  permissions: CommandPermissions,
  amendment: Amendment | null,
): readonly ReviewDecision[] {
  if (permissions.additional !== undefined) return ["approved", "abort"];
  const prefixes = amendment === null ? [] : [amendment.general, amendment.prefix];
  return [
    "approved",
    "approved_for_session",
    ...prefixes
      .filter((prefix) => prefix !== null)
      .map((prefix) => ({
        approved_execpolicy_amendment: { proposed_execpolicy_amendment: prefix },
      })),
    "abort",
  ];
}
