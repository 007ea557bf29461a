// What would become of a command, and who says so. Nothing is run, asked or written.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import {
  type Amendment,
  type CommandMatch,
  type DecisionTrace,
  formatPattern,
} from "@codex-ts/exec-policy";
import type { PermissionProfile } from "@codex-ts/protocol";
import { joinWords } from "@codex-ts/shell-command";
import { approvalPolicyName } from "./approval-policy.ts";
import {
  type CommandDecision,
  type Confinedness,
  decideCommand,
  type DecisionContext,
} from "./decide-command.ts";
import { patchInCommand } from "./diverted-patch.ts";
import { type ExecCall, readExecCall } from "./exec-command.ts";
import { decidePatch } from "./run-patch.ts";
import type { CommandToolOptions } from "./shell-tools.ts";
import { ToolError } from "./tool.ts";
import { ToolArguments } from "./tool-arguments.ts";

/** Who has a say in whether a command runs. */
export type DecisionLayer =
  /** What the call asks for, and whether it may ask. */
  | "call"
  /** A patch, which is judged by the files that it changes. */
  | "patch"
  /** The rules of files, of an administrator, of the session. */
  | "rules"
  /** What is known of the command, where no rule speaks of it. */
  | "heuristics"
  | "approval_policy"
  | "sandbox_policy"
  /** Lifecycle hooks; they are named, and not run. */
  | "hooks";

/** What one layer says. */
export interface DecisionStep {
  readonly layer: DecisionLayer;
  /** `none`: it has a say in how the command runs, not in whether. */
  readonly vote: "allow" | "ask" | "forbid" | "none";
  /** The command of the script that it is about; null when it is about the whole call. */
  readonly command: string | null;
  /** The rule as it is written, or the name of the heuristic or setting. */
  readonly rule: string;
  readonly file: string | null;
  /** From 1. */
  readonly line: number | null;
  readonly text: string;
}

/** What would become of a command, and who says so. */
export interface CommandExplanation {
  readonly argv: readonly string[];
  readonly cwd: AbsolutePath;
  readonly outcome: "run" | "ask" | "forbidden";
  /** Where it runs, once it may; null when it never does. A patch is applied without any process. */
  readonly where: Confinedness | "applied" | null;
  /** For the person who is asked, or the model that is refused. */
  readonly reason: string | null;
  /** Permissions beyond the sandbox policy that it runs with. */
  readonly additionalPermissions: PermissionProfile | null;
  /** What may be allowed for good. */
  readonly amendment: Amendment | null;
  /** Every layer's say, in the order in which they are heard. */
  readonly steps: readonly DecisionStep[];
  /** The steps that decided. There is at least one. */
  readonly decidedBy: readonly DecisionStep[];
}

/**
 * Explains what `exec_command` would do with these arguments. It takes the way of a real call up to the
 * point where something would run or be asked; so it says what a real call does.
 *
 * @param args the arguments of `exec_command`: `cmd`, and what else a model may give
 */
export async function explainCommand(
  args: Readonly<Record<string, unknown>>,
  options: CommandToolOptions,
  context: DecisionContext,
  signal: AbortSignal,
): Promise<CommandExplanation> {
  let call: ExecCall;
  try {
    call = await readExecCall(ToolArguments.of(args), context, options);
  } catch (error) {
    return refused([], context.cwd, "call", "arguments", error);
  }
  return (
    (await explainPatch(call, options, context, signal)) ??
    explainDecision(call, decideCommand(options.rules, call, context), context)
  );
}

/** A patch in the command is judged as one; null when there is none. */
async function explainPatch(
  call: ExecCall,
  options: CommandToolOptions,
  context: DecisionContext,
  signal: AbortSignal,
): Promise<CommandExplanation | null> {
  const { argv, cwd } = call;
  try {
    const patch = patchInCommand({ ...call, callId: "", approveInside: options.approveInside });
    if (patch === null) return null;
    const { verdict, outside } = await decidePatch(patch, context, signal);
    const isAsked = verdict.kind === "ask";
    const step: DecisionStep = {
      layer: "patch",
      vote: isAsked ? "ask" : verdict.kind === "apply" ? "allow" : "forbid",
      command: null,
      rule: outside.length === 0 ? "inside" : "outside",
      file: null,
      line: null,
      text:
        outside.length === 0
          ? "the patch stays where the sandbox policy lets it write"
          : `the patch writes where the sandbox policy does not let it: ${outside.join(", ")}`,
    };
    const steps = [step, policyStep(context, step.vote)];
    return {
      argv,
      cwd,
      outcome: isAsked ? "ask" : verdict.kind === "apply" ? "run" : "forbidden",
      where: verdict.kind === "reject" ? null : "applied",
      reason: verdict.kind === "apply" ? null : verdict.reason,
      additionalPermissions: null,
      amendment: null,
      steps,
      decidedBy: isAsked && outside.length === 0 ? steps.slice(1) : steps.slice(0, 1),
    };
  } catch (error) {
    return refused(argv, cwd, "patch", "verification", error);
  }
}

function refused(
  argv: readonly string[],
  cwd: AbsolutePath,
  layer: DecisionLayer,
  rule: string,
  error: unknown,
): CommandExplanation {
  if (!(error instanceof ToolError)) throw error;
  const { message } = error;
  const step = { layer, vote: "forbid", command: null, rule, ...nowhere, text: message } as const;
  return {
    argv,
    cwd,
    outcome: "forbidden",
    where: null,
    reason: message,
    additionalPermissions: null,
    amendment: null,
    steps: [step],
    decidedBy: [step],
  };
}

const nowhere = { file: null, line: null } as const;

function explainDecision(
  { argv, cwd, permissions }: ExecCall,
  decision: CommandDecision,
  context: DecisionContext,
): CommandExplanation {
  const { trace } = decision;
  const heard = trace.commands.flatMap(({ words, matches }) =>
    matches.map((match) => ({ match, step: matchStep(match, joinWords(words)) })),
  );
  const policy = policyStep(context, voteOfPolicy(decision));
  const { sandboxPermissions } = permissions;
  const asked: DecisionStep = {
    layer: "call",
    vote: "none",
    command: null,
    rule: sandboxPermissions,
    ...nowhere,
    text: callText(permissions.judgedAs, sandboxPermissions),
  };
  const sandbox: DecisionStep = {
    layer: "sandbox_policy",
    vote: "none",
    command: null,
    rule: context.sandboxPolicy.type,
    ...nowhere,
    text: sandboxText(decision, context),
  };
  const deciding = heard.filter(({ match }) => trace.decidedBy.includes(match));
  return {
    argv,
    cwd,
    outcome: decision.kind,
    where: decision.kind === "forbidden" ? null : decision.where,
    reason: decision.kind === "run" ? null : decision.reason,
    additionalPermissions: permissions.additional ?? null,
    amendment: decision.kind === "forbidden" ? null : decision.amendment,
    steps: [asked, ...heard.map(({ step }) => step), policy, sandbox],
    decidedBy: [
      ...deciding.map(({ step }) => step),
      ...(trace.refusedBy !== null || deciding.some(({ match }) => leavesToPolicy(match))
        ? [policy]
        : []),
    ],
  };
}

function leavesToPolicy(match: CommandMatch): boolean {
  return match.kind === "heuristic" && match.reason === "approval_policy";
}

function matchStep(match: CommandMatch, command: string): DecisionStep {
  const vote = votes[match.decision];
  switch (match.kind) {
    case "prefix": {
      const { pattern, justification, source } = match.rule;
      const resolved = match.resolvedProgram === null ? "" : ` (as ${match.resolvedProgram})`;
      return {
        layer: "rules",
        vote,
        command,
        rule: formatPattern(pattern),
        file: source.file,
        line: source.line,
        text: `${justification ?? `a rule of the layer ${source.layer}`}${resolved}`,
      };
    }
    case "broken_rules":
      return {
        layer: "rules",
        vote,
        command: null,
        rule: "broken file",
        file: match.source.file,
        line: match.source.line,
        text: match.message,
      };
    case "heuristic":
      return {
        layer: "heuristics",
        vote,
        command,
        rule: match.reason,
        ...nowhere,
        text: heuristics[match.reason],
      };
  }
}

const votes = { allow: "allow", prompt: "ask", forbidden: "forbid" } as const;

const heuristics: Readonly<Record<Extract<CommandMatch, { kind: "heuristic" }>["reason"], string>> =
  {
    known_safe: "it only looks",
    dangerous: "it may destroy more than is meant",
    no_sandbox: "it would have to be confined, and this platform cannot",
    approval_policy: "no rule speaks of it, and the approval policy decides by itself",
    escalation: "no rule speaks of it, and it asks for more than the sandbox allows",
    sandboxed: "no rule speaks of it, and the sandbox confines it",
    unconfined: "no rule speaks of it, and nothing is to be confined",
  };

function voteOfPolicy({ kind, trace }: CommandDecision): DecisionStep["vote"] {
  if (trace.refusedBy !== null) return "forbid";
  return kind === "ask" ? "ask" : "none";
}

function policyStep(context: DecisionContext, vote: DecisionStep["vote"]): DecisionStep {
  const name = approvalPolicyName(context.approvalPolicy);
  return {
    layer: "approval_policy",
    vote,
    command: null,
    rule: name,
    ...nowhere,
    text: policyTexts[vote],
  };
}

const policyTexts: Readonly<Record<DecisionStep["vote"], string>> = {
  allow: "nothing needs to be asked",
  none: "nothing needs to be asked",
  ask: "whoever decides may be asked",
  forbid: "this may not be asked, so it is refused",
};

function callText(judgedAs: string, runsAs: string): string {
  if (judgedAs !== runsAs) return "runs with permissions that were granted before";
  switch (runsAs) {
    case "require_escalated":
      return "asks to run outside the sandbox";
    case "with_additional_permissions":
      return "asks for more permissions inside the sandbox";
    default:
      return "asks for nothing beyond the sandbox";
  }
}

function sandboxText(decision: CommandDecision, { sandboxPolicy }: DecisionContext): string {
  if (decision.kind === "forbidden") return "it does not come to that";
  if (decision.where === "unconfined") {
    const why = bypasses(decision.trace) ? "rules let it out" : "it is let out when approved";
    return `runs outside the sandbox: ${why}`;
  }
  switch (sandboxPolicy.type) {
    case "danger-full-access":
      return "runs without a sandbox: the policy confines nothing";
    case "external-sandbox":
      return "runs without a sandbox of ours: another one is around us";
    default:
      return "runs in the sandbox";
  }
}

function bypasses({ decision }: DecisionTrace): boolean {
  return decision === "allow";
}
