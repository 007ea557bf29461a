// Gemini CLI's settings.json (https://geminicli.com/docs/hooks/reference): other events, other tool
// names, milliseconds, and `deny` for `block`.
import type { Dialect } from "./dialect.ts";
import type { JsonValue } from "@codex-ts/protocol";
import type { HookEventName, HookInput } from "./events.ts";
import { isFields, pick, type Fields } from "./object-fields.ts";

const noSuchMoment = "this engine has no such moment";
const noModelHooks = "requests to the model and its answers are not open to hooks";

const events: Readonly<Record<string, HookEventName>> = {
  BeforeTool: "PreToolUse",
  AfterTool: "PostToolUse",
  SessionStart: "SessionStart",
  BeforeAgent: "UserPromptSubmit",
  AfterAgent: "Stop",
};

const theirEvents = Object.fromEntries(
  Object.entries(events).map(([theirs, ours]) => [ours, theirs]),
) as Readonly<Record<HookEventName, string>>;

const namesOfTools: ReadonlyMap<string, readonly string[]> = new Map([
  ["Bash", ["run_shell_command"]],
  ["apply_patch", ["write_file", "replace"]],
  ["update_plan", ["write_todos"]],
]);

function toolNames(toolName: string): readonly string[] {
  const known = namesOfTools.get(toolName);
  if (known !== undefined) return known;
  const [, server, tool] = /^mcp__(.+?)__(.+)$/.exec(toolName) ?? [];
  return server === undefined ? [toolName] : [`mcp_${server}_${tool}`];
}

/** A command that failed is told as its output and an exit code; a string is the output alone. */
function toolResponse(response: JsonValue): object {
  if (isFields(response)) {
    const { output, exit_code: exitCode } = response;
    if (typeof output === "string" && typeof exitCode === "number") {
      const error = { message: `exit code ${exitCode}` };
      return { llmContent: output, returnDisplay: output, error };
    }
  }
  const text = typeof response === "string" ? response : JSON.stringify(response);
  return { llmContent: text, returnDisplay: text };
}

function encode(input: HookInput, now: Date): object {
  const common = {
    session_id: input.session_id,
    transcript_path: input.transcript_path ?? "",
    cwd: input.cwd,
    hook_event_name: theirEvents[input.hook_event_name],
    timestamp: now.toISOString(),
  };
  switch (input.hook_event_name) {
    case "SessionStart":
      return { ...common, source: input.source };
    case "UserPromptSubmit":
      return { ...common, prompt: input.prompt };
    case "PreToolUse":
    case "PostToolUse": {
      const [toolName = input.tool_name] = toolNames(input.tool_name);
      const call = { ...common, tool_name: toolName, tool_input: input.tool_input };
      if (input.hook_event_name === "PreToolUse") return call;
      return { ...call, tool_response: toolResponse(input.tool_response) };
    }
    case "Stop":
      return {
        ...common,
        prompt_response: input.last_assistant_message ?? "",
        stop_hook_active: input.stop_hook_active,
      };
  }
}

function decode(event: HookEventName, value: unknown): ReturnType<Dialect["decodeOutput"]> {
  if (!isFields(value)) return { ok: false, reason: "the output is no JSON object" };
  const notes: string[] = [];
  const output = pick(value, ["systemMessage"]);
  const refuses = value["decision"] === "deny" || value["decision"] === "block";
  if (event === "SessionStart") {
    if (value["continue"] === false || refuses)
      notes.push("ignored: a session's start is never refused");
  } else {
    Object.assign(output, pick(value, ["continue", "stopReason"]));
    if (refuses) Object.assign(output, { decision: "block" }, pick(value, ["reason"]));
    else if (value["continue"] === false && typeof value["stopReason"] !== "string") {
      if (typeof value["reason"] === "string") output["stopReason"] = value["reason"];
    }
  }
  const specific = value["hookSpecificOutput"];
  if (isFields(specific)) decodeSpecific(event, specific, output, notes);
  return { ok: true, value: output, notes };
}

function decodeSpecific(
  event: HookEventName,
  specific: Fields,
  output: Record<string, unknown>,
  notes: string[],
): void {
  for (const name of Object.keys(specific)) {
    if (name === "additionalContext" && event !== "Stop") {
      output["hookSpecificOutput"] = { hookEventName: event, additionalContext: specific[name] };
    } else if (name === "tool_input" && event === "PreToolUse") {
      output["hookSpecificOutput"] = {
        ...(isFields(output["hookSpecificOutput"]) ? output["hookSpecificOutput"] : {}),
        hookEventName: event,
        updatedInput: specific[name],
      };
    } else if (name !== "hookEventName") {
      notes.push(`ignored: \`${name}\``);
    }
  }
}

export const geminiDialect: Dialect = {
  name: "gemini",
  events,
  refusedEvents: {
    BeforeModel: noModelHooks,
    AfterModel: noModelHooks,
    BeforeToolSelection: noModelHooks,
    SessionEnd: noSuchMoment,
    Notification: noSuchMoment,
    PreCompress: noSuchMoment,
  },
  otherKeys: ["enabled", "disabled", "notifications"],
  timeoutUnitMs: 1,
  defaultTimeoutMs: 60_000,
  pattern: (matcher, event) =>
    event === "SessionStart" ? `^${matcher.replaceAll(/[^A-Za-z0-9 ]/g, "\\$&")}$` : matcher,
  toolNames,
  refusedField: () => null,
  encodeInput: encode,
  environment: (input) => ({
    GEMINI_PROJECT_DIR: input.cwd,
    GEMINI_CWD: input.cwd,
    GEMINI_SESSION_ID: input.session_id,
  }),
  decodeOutput: decode,
  toleratesStopText: true,
};
