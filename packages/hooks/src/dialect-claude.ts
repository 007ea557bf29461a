// Claude Code's settings.json (https://code.claude.com/docs/en/hooks). Its payloads and answers are
// the convention that the contract follows; the differences are in what it tolerates.
import type { Dialect } from "./dialect.ts";
import type { HookEventName } from "./events.ts";
import { isFields, pick, type Fields } from "./object-fields.ts";

const noSuchMoment = "this engine has no such moment";

/** Their tool names for ours; a matcher that was written for theirs keeps working. */
const namesOfTools: ReadonlyMap<string, readonly string[]> = new Map([
  ["apply_patch", ["Edit", "Write", "MultiEdit"]],
  ["update_plan", ["TodoWrite"]],
  ["view_image", ["Read"]],
]);

const universal = ["continue", "stopReason", "suppressOutput", "systemMessage"];

const specificFields: Readonly<Record<HookEventName, readonly string[]>> = {
  PreToolUse: [
    "permissionDecision",
    "permissionDecisionReason",
    "updatedInput",
    "additionalContext",
  ],
  PostToolUse: ["additionalContext", "updatedMCPToolOutput"],
  SessionStart: ["additionalContext"],
  UserPromptSubmit: ["additionalContext"],
  Stop: [],
};

function decode(event: HookEventName, value: unknown): ReturnType<Dialect["decodeOutput"]> {
  if (!isFields(value)) return { ok: false, reason: "the output is no JSON object" };
  const output = pick(value, [...universal, ...(event === "SessionStart" ? [] : ["reason"])]);
  const notes: string[] = [];
  // There, hiding output is about the transcript view alone.
  delete output["suppressOutput"];
  const { decision } = value;
  if (typeof decision === "string" && event !== "SessionStart") {
    if (decision === "block" || event === "PreToolUse") output["decision"] = decision;
    else if (decision !== "approve") notes.push(`ignored: the decision \`${decision}\``);
  }
  if (output["decision"] === undefined && event !== "PreToolUse") delete output["reason"];
  const specific = value["hookSpecificOutput"];
  if (event === "Stop" || !isFields(specific)) return { ok: true, value: output, notes };
  const kept = pick(specific, specificFields[event]);
  for (const name of Object.keys(specific)) {
    if (name !== "hookEventName" && !(name in kept)) notes.push(`ignored: \`${name}\``);
  }
  output["hookSpecificOutput"] = { ...kept, hookEventName: event };
  return { ok: true, value: output, notes };
}

function refusedField(handler: Fields): string | null {
  if (handler["async"] === true || handler["asyncRewake"] === true) {
    return "`async` hooks are not supported";
  }
  if (handler["if"] !== undefined) return "the condition `if` is not supported";
  if (handler["args"] !== undefined) return "`args` are not supported: write one command line";
  return null;
}

export const claudeDialect: Dialect = {
  name: "claude",
  events: {
    PreToolUse: "PreToolUse",
    PostToolUse: "PostToolUse",
    SessionStart: "SessionStart",
    UserPromptSubmit: "UserPromptSubmit",
    Stop: "Stop",
  },
  refusedEvents: {
    Notification: noSuchMoment,
    PermissionRequest: "approvals are decided by a person or by policy, not by hooks",
    PostToolUseFailure: "PostToolUse covers failed commands too",
    PreCompact: noSuchMoment,
    SessionEnd: noSuchMoment,
    SubagentStart: noSuchMoment,
    SubagentStop: noSuchMoment,
  },
  otherKeys: [],
  timeoutUnitMs: 1000,
  defaultTimeoutMs: 600_000,
  pattern(matcher) {
    // Words alone are names, each of them whole; anything else is a regular expression.
    if (!/^[\w\- ,|]+$/.test(matcher)) return matcher;
    const names = matcher.split(/[|,]/).map((name) => name.trim());
    return `^(?:${names.join("|")})$`;
  },
  toolNames: (toolName) => [toolName, ...(namesOfTools.get(toolName) ?? [])],
  refusedField,
  encodeInput: (input) => input,
  environment: (input) => ({ CLAUDE_PROJECT_DIR: input.cwd }),
  decodeOutput: decode,
  toleratesStopText: true,
};
