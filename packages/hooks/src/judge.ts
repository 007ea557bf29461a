// What an answer means: the status and entries of a run, and what it asks for.
import type {
  HookEventName,
  HookOutputs,
  PostToolUseOutput,
  PreToolUseOutput,
  SessionStartOutput,
  StopOutput,
  UserPromptSubmitOutput,
} from "./events.ts";
import type { HookRunEntry, HookRunStatus } from "@codex-ts/protocol";

/** How a run ended. */
export interface Judgement {
  readonly status: Exclude<HookRunStatus, "running">;
  readonly entries: readonly HookRunEntry[];
  readonly context: string | null;
  readonly stop: { readonly reason: string | null } | null;
  /** Why the prompt, the tool or the end of the turn is refused. */
  readonly block: string | null;
  /** What replaces the tool's output. */
  readonly feedback: string | null;
}

const nothing: Judgement = {
  status: "completed",
  entries: [],
  context: null,
  stop: null,
  block: null,
  feedback: null,
};

export const completed: Judgement = nothing;
export const cancelled: Judgement = { ...nothing, status: "cancelled" };

/** Text with something in it, trimmed; null otherwise. */
function filled(text: string | null | undefined): string | null {
  const trimmed = text?.trim() ?? "";
  return trimmed === "" ? null : trimmed;
}

function entry(kind: HookRunEntry["kind"], text: string): HookRunEntry {
  return { kind, text };
}

/** A run that came to nothing. It has no effect, unless it is to fail closed. */
export function failed(
  event: HookEventName,
  error: string,
  failClosed: boolean,
  earlier: readonly HookRunEntry[] = [],
): Judgement {
  const entries = [...earlier, entry("error", error)];
  if (!failClosed) return { ...nothing, status: "failed", entries };
  const reason = `the hook failed, and it is set to block when it does: ${error}`;
  const blocked = { ...nothing, status: "blocked" as const, block: reason };
  return event === "PreToolUse" || event === "UserPromptSubmit"
    ? { ...blocked, entries: [...entries, entry("feedback", reason)] }
    : { ...nothing, status: "failed", entries };
}

function withContext(judgement: Judgement, context: string | null): Judgement {
  if (context === null) return judgement;
  return { ...judgement, context, entries: [entry("context", context), ...judgement.entries] };
}

function stopped(reason: string | null): Judgement {
  const entries = reason === null ? [] : [entry("stop", reason)];
  return { ...nothing, status: "stopped", entries, stop: { reason } };
}

function blocked(reason: string): Judgement {
  return { ...nothing, status: "blocked", entries: [entry("feedback", reason)], block: reason };
}

/** Exit code 2: the trimmed standard error says why. */
export function judgeRefusal(event: HookEventName, stderr: string): Judgement | string {
  if (event === "SessionStart") return "the hook exited with code 2, which means nothing here";
  const reason = filled(stderr);
  if (reason === null) {
    return "the hook exited with code 2 to refuse, but gave no reason on its standard error";
  }
  if (event !== "PostToolUse") return blocked(reason);
  return { ...nothing, entries: [entry("feedback", reason)], feedback: reason };
}

/** Output that is neither blank nor shaped like JSON. */
export function judgeText(event: HookEventName, text: string): Judgement | string {
  switch (event) {
    case "SessionStart":
    case "UserPromptSubmit":
      return withContext(nothing, text.trim());
    case "PreToolUse":
    case "PostToolUse":
      return nothing;
    case "Stop":
      return "a Stop hook must print JSON or nothing, and this is plain text";
  }
}

/**
 * A valid answer. A string is why it means a failed run. `notes` are warnings that stand before all
 * other entries.
 */
export function judgeOutput<E extends HookEventName>(
  event: E,
  output: HookOutputs[E],
): { readonly notes: readonly HookRunEntry[]; readonly result: Judgement | string } {
  const message = filled(output.systemMessage);
  const notes = message === null ? [] : [entry("warning", output.systemMessage ?? message)];
  switch (event) {
    case "SessionStart":
      return { notes, result: judgeSessionStart(output) };
    case "UserPromptSubmit":
      return { notes, result: judgeUserPrompt(output as UserPromptSubmitOutput) };
    case "PreToolUse": {
      const { warnings, result } = judgePreToolUse(output);
      return { notes: [...notes, ...warnings.map((text) => entry("warning", text))], result };
    }
    case "PostToolUse":
      return { notes, result: judgePostToolUse(output as PostToolUseOutput) };
    case "Stop":
      return { notes, result: judgeStop(output as StopOutput) };
    default:
      return { notes, result: "no such event" };
  }
}

/** Context that is not blank, as given. */
function contextOf(output: SessionStartOutput | PostToolUseOutput): string | null {
  const context = output.hookSpecificOutput?.additionalContext ?? null;
  return filled(context) === null ? null : context;
}

function judgeSessionStart(output: SessionStartOutput): Judgement {
  const verdict = output.continue === false ? stopped(output.stopReason ?? null) : nothing;
  return withContext(verdict, contextOf(output));
}

const noReason = "`decision` is `block`, but `reason` is missing or blank";

function judgeUserPrompt(output: UserPromptSubmitOutput): Judgement | string {
  const reason = filled(output.reason);
  const blocks = output.decision === "block";
  if (output.continue === false) {
    const verdict = stopped(output.stopReason ?? null);
    return blocks && reason === null ? verdict : withContext(verdict, contextOf(output));
  }
  if (blocks && reason === null) return noReason;
  return withContext(blocks ? blocked(output.reason ?? "") : nothing, contextOf(output));
}

/** What PreToolUse hooks may not ask for. */
function unsupported(output: PreToolUseOutput): readonly string[] {
  const { hookSpecificOutput: specific } = output;
  const found: string[] = [];
  if (output.continue === false) found.push("`continue: false`");
  if (typeof output.stopReason === "string") found.push("`stopReason`");
  if (output.suppressOutput === true) found.push("`suppressOutput`");
  if (specific?.updatedInput !== undefined && specific.updatedInput !== null) {
    found.push("`updatedInput`");
  }
  if (filled(specific?.additionalContext) !== null) found.push("`additionalContext`");
  return found;
}

/** Refusing is all that a PreToolUse hook can do, and what asks to refuse does refuse. */
function judgePreToolUse(output: PreToolUseOutput): {
  readonly warnings: readonly string[];
  readonly result: Judgement | string;
} {
  const specific = output.hookSpecificOutput;
  const extras = unsupported(output);
  const decision = specific?.permissionDecision ?? output.decision;
  const ownReason = filled(specific?.permissionDecisionReason);
  const olderReason = filled(output.reason);
  const newer = typeof specific?.permissionDecision === "string";
  const reason = newer ? (ownReason ?? olderReason) : (olderReason ?? ownReason);
  if (decision === "deny" || decision === "block") {
    const warnings = extras.map((field) => `ignored: a PreToolUse hook cannot use ${field}`);
    if (reason !== null) return { warnings, result: blocked(reason) };
    return {
      warnings: [...warnings, "the hook refused without a reason"],
      result: blocked("the hook gave no reason"),
    };
  }
  const [extra] = extras;
  const problem =
    extra ??
    (typeof decision === "string"
      ? `the decision \`${decision}\``
      : reason === null
        ? null
        : "a reason without a decision");
  return {
    warnings: [],
    result:
      problem === null ? nothing : `a PreToolUse hook cannot use ${problem}; it can only refuse`,
  };
}

/** Shown when a hook stops without saying why. */
const defaultPostToolUseStop = "A PostToolUse hook stopped here and gave no reason.";

function judgePostToolUse(output: PostToolUseOutput): Judgement | string {
  const specific = output.hookSpecificOutput;
  const context = contextOf(output);
  const updates = specific?.updatedMCPToolOutput;
  const misused =
    output.suppressOutput === true
      ? "`suppressOutput`"
      : updates !== undefined && updates !== null
        ? "`updatedMCPToolOutput`"
        : null;
  const reason = filled(output.reason);
  if (output.continue === false) {
    const text = output.stopReason ?? defaultPostToolUseStop;
    const verdict = { ...stopped(text), feedback: reason ?? text };
    const reasonless = output.decision === "block" && reason === null;
    return misused !== null || reasonless ? verdict : withContext(verdict, context);
  }
  if (misused !== null) return `a PostToolUse hook cannot use ${misused}`;
  if (output.decision === "block") {
    if (reason === null) return noReason;
    const feedback = output.reason ?? reason;
    return withContext({ ...blocked(feedback), block: null, feedback }, context);
  }
  if (typeof output.reason === "string") return "`reason` is given without a `decision`";
  return withContext(nothing, context);
}

function judgeStop(output: StopOutput): Judgement | string {
  if (output.continue === false) return stopped(output.stopReason ?? null);
  if (output.decision !== "block") return nothing;
  const reason = filled(output.reason);
  return reason === null ? noReason : blocked(reason);
}
