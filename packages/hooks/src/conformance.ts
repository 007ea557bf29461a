// What of the other dialects maps to the contract, what is refused, and why.
import { claudeDialect } from "./dialect-claude.ts";
import type { Dialect, DialectName } from "./dialect.ts";
import { geminiDialect } from "./dialect-gemini.ts";

/** A word of another program's hooks, and what this engine makes of it. */
export interface ConformanceRow {
  readonly dialect: Exclude<DialectName, "codex">;
  readonly kind: "event" | "matcher" | "handler" | "input" | "output" | "exit code";
  /** The dialect's word. */
  readonly name: string;
  /** What becomes of it; null when it is refused. */
  readonly mapsTo: string | null;
  /** Why it is refused, or what is different. */
  readonly note: string;
}

type Row = readonly [
  kind: ConformanceRow["kind"],
  name: string,
  mapsTo: string | null,
  note: string,
];

const claudeRows: readonly Row[] = [
  ["matcher", "words: `Bash`, `Edit|Write`", "names, each of them whole", ""],
  [
    "matcher",
    "anything else: `mcp__.*`",
    "a regular expression, searched for",
    "look-around and back-references are refused",
  ],
  [
    "matcher",
    "`Edit`, `Write`, `MultiEdit`",
    "apply_patch",
    "the hook gets a patch, not two strings",
  ],
  ["matcher", "`TodoWrite`", "update_plan", ""],
  ["matcher", "`Read`", "view_image", "other files are read by commands"],
  ["matcher", "`WebSearch`", null, "the provider searches, and no call comes here"],
  ["handler", "type `command`", "command", ""],
  ["handler", "other types", null, "only commands are run"],
  ["handler", "timeout", "timeout", "seconds; 600 when left out"],
  [
    "handler",
    "async, asyncRewake, if, args",
    null,
    "the handler is skipped rather than run under other conditions",
  ],
  ["handler", "CLAUDE_PROJECT_DIR", "the turn's folder", ""],
  ["input", "all fields", "the same names", "with `turn_id` and `model` besides"],
  ["input", "source `clear`, `compact`", null, "sessions start or are resumed, nothing else"],
  [
    "input",
    "tool_response of Bash",
    "what was printed",
    "a string, or `{ exit_code, output }` if the command failed",
  ],
  ["output", "unknown keys", "ignored", "those in `hookSpecificOutput` with a warning"],
  [
    "output",
    "continue, stopReason, systemMessage",
    "the same",
    "PreToolUse cannot stop: it fails, unless it also refuses",
  ],
  ["output", "suppressOutput", "ignored", ""],
  ["output", "decision `block`, permissionDecision `deny`", "a refusal", ""],
  [
    "output",
    "permissionDecision `allow`, `ask`; decision `approve`",
    null,
    "hooks cannot approve: the run fails, the call takes its normal way",
  ],
  [
    "output",
    "updatedInput",
    null,
    "arguments cannot be changed: the run fails, unless it also refuses",
  ],
  ["output", "additionalContext", "context", "not from PreToolUse and Stop"],
  [
    "exit code",
    "2",
    "a refusal with standard error",
    "as feedback after a tool; a failed run for SessionStart",
  ],
];

const geminiRows: readonly Row[] = [
  [
    "matcher",
    "of a tool",
    "a regular expression, searched for",
    "look-around and back-references are refused",
  ],
  ["matcher", "of SessionStart", "the whole word", ""],
  ["matcher", "`run_shell_command`", "Bash", ""],
  ["matcher", "`write_file`, `replace`", "apply_patch", "the hook gets a patch, not a file"],
  ["matcher", "`write_todos`", "update_plan", ""],
  ["matcher", "`mcp_SERVER_TOOL`", "mcp__SERVER__TOOL", ""],
  ["matcher", "`google_web_search`", null, "the provider searches, and no call comes here"],
  ["handler", "type `command`", "command", ""],
  ["handler", "timeout", "timeout", "milliseconds; 60,000 when left out"],
  ["handler", "sequential", "ignored", "hooks of one event run at the same time"],
  ["handler", "hooksConfig.enabled", "all of the file's hooks are off", ""],
  [
    "handler",
    "GEMINI_PROJECT_DIR, GEMINI_CWD, GEMINI_SESSION_ID",
    "the turn's folder and the thread's id",
    "",
  ],
  [
    "input",
    "timestamp, tool_name, tool_input, prompt, stop_hook_active, source",
    "the same",
    "in their words: `BeforeTool`, `run_shell_command`",
  ],
  ["input", "prompt_response", "last_assistant_message", ""],
  [
    "input",
    "tool_response",
    "tool_response",
    "the text as both `llmContent` and `returnDisplay`; `error` for a command that failed",
  ],
  ["input", "mcp_context, prompt of AfterAgent", null, "not known to a hook here"],
  ["output", "decision `deny`, `block`", "a refusal", ""],
  ["output", "decision `allow`", "ignored", "not refusing is all that it means"],
  [
    "output",
    "continue, stopReason, systemMessage",
    "the same",
    "BeforeTool cannot stop: it fails, unless it also refuses",
  ],
  ["output", "continue, decision of SessionStart", "ignored", "with a warning, as there"],
  ["output", "additionalContext", "context", "not from BeforeTool and AfterAgent"],
  [
    "output",
    "tool_input",
    null,
    "arguments cannot be changed: the run fails, unless it also refuses",
  ],
  ["output", "tool_output, clearContext", "ignored", "with a warning"],
  [
    "exit code",
    "2",
    "a refusal with standard error",
    "as feedback after a tool; a failed run for SessionStart",
  ],
];

function eventRows(dialect: Dialect): readonly Row[] {
  return [
    ...Object.entries(dialect.events).map(([name, event]): Row => ["event", name, event, ""]),
    ...Object.entries(dialect.refusedEvents).map(([name, why]): Row => ["event", name, null, why]),
  ];
}

function rowsOf(dialect: ConformanceRow["dialect"], rows: readonly Row[]): ConformanceRow[] {
  return rows.map(([kind, name, mapsTo, note]) => ({ dialect, kind, name, mapsTo, note }));
}

/** The conformance table: every word of the other dialects that this engine knows. */
export const dialectConformance: readonly ConformanceRow[] = [
  ...rowsOf("claude", [...eventRows(claudeDialect), ...claudeRows]),
  ...rowsOf("gemini", [...eventRows(geminiDialect), ...geminiRows]),
];
