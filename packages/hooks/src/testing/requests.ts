// Payloads and handlers for tests.
import type { HookRequest } from "../engine.ts";
import type { HookEventName } from "../events.ts";
import type { CommandHandler } from "../handler.ts";
import { compileMatcher } from "../matcher.ts";

const session = {
  session_id: "session-1",
  transcript_path: null,
  cwd: "/",
  model: "model-1",
  permission_mode: "default",
} as const;

const turn = { ...session, turn_id: "turn-1" };
const call = {
  ...turn,
  tool_name: "Bash",
  tool_input: { command: "ls" },
  tool_use_id: "call-1",
};

/** A payload of each event. */
export const requests: { readonly [E in HookEventName]: HookRequest<E> } = {
  PreToolUse: call,
  PostToolUse: { ...call, tool_response: "README.md\n" },
  SessionStart: { ...session, source: "startup" },
  UserPromptSubmit: { ...turn, prompt: "hello" },
  Stop: { ...turn, stop_hook_active: false, last_assistant_message: "Done." },
};

export const plainShell = { program: "/bin/sh", args: ["-c"] };

export function commandHandler(
  event: HookEventName,
  command: string,
  { matcher = null, ...changes }: Partial<CommandHandler> = {},
): CommandHandler {
  return {
    type: "command",
    event,
    command,
    dialect: "codex",
    matcher,
    matches: compileMatcher(matcher),
    timeoutMs: 60_000,
    statusMessage: null,
    failClosed: false,
    source: { path: "/etc/hooks.json", line: 1, layer: "user" },
    ...changes,
  };
}
