// The five events and what is said at each: payloads on standard input, answers on standard output.
// Field names are the wire's.
import type { AskForApproval, JsonValue } from "@codex-ts/protocol";

/** The events, in the order in which a file is gone through. */
export const hookEventNames = [
  "PreToolUse",
  "PostToolUse",
  "SessionStart",
  "UserPromptSubmit",
  "Stop",
] as const;

/** One of {@link hookEventNames}, as hook files write it. */
export type HookEventName = (typeof hookEventNames)[number];

/** Whether `name` is one of the five events. */
export function isHookEventName(name: string): name is HookEventName {
  return (hookEventNames as readonly string[]).includes(name);
}

/** The event as run ids and file names have it: `pre-tool-use`. */
export function hookEventLabel(event: HookEventName): string {
  return event.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
}

/** Only the first two modes are ever sent; the others are words of the convention. */
export type HookPermissionMode =
  | "default"
  | "bypassPermissions"
  | "acceptEdits"
  | "plan"
  | "dontAsk";

/** The mode that an approval policy is announced as. */
export function hookPermissionMode(policy: AskForApproval): HookPermissionMode {
  return policy === "never" ? "bypassPermissions" : "default";
}

interface SessionFacts {
  /** The thread's id. */
  readonly session_id: string;
  /** Absolute path of the session file; null when the session is not kept. */
  readonly transcript_path: string | null;
  /** The turn's folder; hooks run in it. */
  readonly cwd: string;
  readonly model: string;
  readonly permission_mode: HookPermissionMode;
}

interface TurnFacts extends SessionFacts {
  readonly turn_id: string;
}

/** Before the first turn of a session. */
export interface SessionStartInput extends SessionFacts {
  readonly hook_event_name: "SessionStart";
  readonly source: "startup" | "resume" | "clear";
}

/** Before a prompt is recorded. */
export interface UserPromptSubmitInput extends TurnFacts {
  readonly hook_event_name: "UserPromptSubmit";
  readonly prompt: string;
}

/** Before a tool runs. */
export interface PreToolUseInput extends TurnFacts {
  readonly hook_event_name: "PreToolUse";
  /** `Bash` for every shell tool; else the tool's own name. */
  readonly tool_name: string;
  /** `{ command }` for `Bash`. */
  readonly tool_input: JsonValue;
  readonly tool_use_id: string;
}

/** After a tool ran. */
export interface PostToolUseInput extends TurnFacts {
  readonly hook_event_name: "PostToolUse";
  readonly tool_name: string;
  readonly tool_input: JsonValue;
  /** What the tool answered. */
  readonly tool_response: JsonValue;
  readonly tool_use_id: string;
}

/** When a turn would end. */
export interface StopInput extends TurnFacts {
  readonly hook_event_name: "Stop";
  /** Whether a Stop hook has continued this turn before. */
  readonly stop_hook_active: boolean;
  readonly last_assistant_message: string | null;
}

/** What each event sends. */
export interface HookInputs {
  readonly PreToolUse: PreToolUseInput;
  readonly PostToolUse: PostToolUseInput;
  readonly SessionStart: SessionStartInput;
  readonly UserPromptSubmit: UserPromptSubmitInput;
  readonly Stop: StopInput;
}

/** The payload of any event. */
export type HookInput = HookInputs[HookEventName];

interface UniversalOutput {
  /** False stops, where the event can be stopped. */
  readonly continue?: boolean | undefined;
  readonly stopReason?: string | null | undefined;
  readonly suppressOutput?: boolean | undefined;
  /** Shown to the person as a warning. */
  readonly systemMessage?: string | null | undefined;
}

interface ContextOutput {
  readonly hookEventName: HookEventName;
  readonly additionalContext?: string | null | undefined;
}

/**
 * What a SessionStart hook may answer: context for the model, or `continue: false` to end the turn.
 */
export interface SessionStartOutput extends UniversalOutput {
  readonly hookSpecificOutput?: ContextOutput | null | undefined;
}

/**
 * What a UserPromptSubmit hook may answer: context for the model, or a refusal of the prompt.
 * `decision: "block"` needs a `reason`.
 */
export interface UserPromptSubmitOutput extends UniversalOutput {
  readonly decision?: "block" | null | undefined;
  readonly reason?: string | null | undefined;
  readonly hookSpecificOutput?: ContextOutput | null | undefined;
}

/**
 * The newer form of a PreToolUse answer. Only `deny` does anything; the other decisions,
 * `updatedInput` and `additionalContext` are words of the convention that make the run a failed
 * one.
 */
export interface PreToolUseSpecificOutput extends ContextOutput {
  readonly permissionDecision?: "allow" | "deny" | "ask" | null | undefined;
  readonly permissionDecisionReason?: string | null | undefined;
  readonly updatedInput?: unknown;
}

/** What a PreToolUse hook may answer: a refusal of the call, or nothing. */
export interface PreToolUseOutput extends UniversalOutput {
  /** The older form of `permissionDecision`. */
  readonly decision?: "approve" | "block" | null | undefined;
  readonly reason?: string | null | undefined;
  readonly hookSpecificOutput?: PreToolUseSpecificOutput | null | undefined;
}

/**
 * The part of a PostToolUse answer for this event. `updatedMCPToolOutput` is a word of the
 * convention that makes the run a failed one.
 */
export interface PostToolUseSpecificOutput extends ContextOutput {
  readonly updatedMCPToolOutput?: unknown;
}

/**
 * What a PostToolUse hook may answer: context for the model; `decision: "block"` with a `reason`,
 * which replaces the tool's output; or `continue: false`, where `reason`, else `stopReason`,
 * replaces it.
 */
export interface PostToolUseOutput extends UniversalOutput {
  readonly decision?: "block" | null | undefined;
  readonly reason?: string | null | undefined;
  readonly hookSpecificOutput?: PostToolUseSpecificOutput | null | undefined;
}

/**
 * What a Stop hook may answer: `decision: "block"` with a `reason` to go on, or `continue: false`
 * to end in spite of others that block.
 */
export interface StopOutput extends UniversalOutput {
  readonly decision?: "block" | null | undefined;
  readonly reason?: string | null | undefined;
}

/** What a hook of each event may answer. */
export interface HookOutputs {
  readonly PreToolUse: PreToolUseOutput;
  readonly PostToolUse: PostToolUseOutput;
  readonly SessionStart: SessionStartOutput;
  readonly UserPromptSubmit: UserPromptSubmitOutput;
  readonly Stop: StopOutput;
}

const fieldOrder = [
  "session_id",
  "turn_id",
  "transcript_path",
  "cwd",
  "hook_event_name",
  "model",
  "permission_mode",
  "source",
  "prompt",
  "tool_name",
  "tool_input",
  "tool_response",
  "tool_use_id",
  "stop_hook_active",
  "last_assistant_message",
];

/** The payload with its fields in the order in which they are sent. */
export function orderedInput<I extends HookInput>(input: I): I {
  const fields = new Map(Object.entries(input));
  const ordered = fieldOrder.flatMap((name) =>
    fields.has(name) ? [[name, fields.get(name)] as const] : [],
  );
  return Object.fromEntries(ordered) as I;
}
