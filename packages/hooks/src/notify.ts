// The older mechanism: a program that is told of a turn's end, and hooks after the agent and its tools.
import type { JsonObject, JsonValue } from "@codex-ts/protocol";

/** A turn has ended: what the older hooks and the notify program are told. */
export interface AfterAgentEvent {
  readonly event_type: "after_agent";
  readonly thread_id: string;
  readonly turn_id: string;
  /** What the person said in this turn. */
  readonly input_messages: readonly string[];
  readonly last_assistant_message: string | null;
}

/** What a tool was called with, in the shape of its kind; `arguments` is raw JSON text. */
export type LegacyToolInput =
  | { readonly input_type: "function"; readonly arguments: string }
  | { readonly input_type: "custom"; readonly input: string }
  | { readonly input_type: "local_shell"; readonly params: JsonObject }
  | {
      readonly input_type: "mcp";
      readonly server: string;
      readonly tool: string;
      readonly arguments: string;
    };

/** A tool has run: what the older hooks are told. */
export interface AfterToolUseEvent {
  readonly event_type: "after_tool_use";
  readonly turn_id: string;
  readonly call_id: string;
  readonly tool_name: string;
  readonly tool_kind: "function" | "custom" | "local_shell" | "mcp";
  readonly tool_input: LegacyToolInput;
  /** False when the call was turned down. */
  readonly executed: boolean;
  readonly success: boolean;
  readonly duration_ms: number;
  /** Whether the tool may have changed something. */
  readonly mutating: boolean;
  /**
   * How the call was confined, in a word of the caller's; `sandbox_policy` is the policy's type.
   */
  readonly sandbox: string;
  readonly sandbox_policy: string;
  readonly output_preview: string;
}

/** What the older hooks are given. */
export interface LegacyHookPayload {
  readonly session_id: string;
  readonly cwd: string;
  /** Left out when the front end is not known. */
  readonly client?: string;
  /** RFC 3339, UTC, whole seconds. */
  readonly triggered_at: string;
  readonly hook_event: AfterAgentEvent | AfterToolUseEvent;
}

/** What a {@link LegacyHookPayload} is made from. */
export interface LegacyHookFacts {
  readonly sessionId: string;
  readonly cwd: string;
  /** The front end. */
  readonly client?: string | undefined;
  readonly triggeredAt: Date;
  readonly event: LegacyHookPayload["hook_event"];
}

/** The payload of an event, with its time cut to whole seconds. */
export function legacyHookPayload(facts: LegacyHookFacts): LegacyHookPayload {
  return {
    session_id: facts.sessionId,
    cwd: facts.cwd,
    ...(facts.client === undefined ? {} : { client: facts.client }),
    triggered_at: facts.triggeredAt.toISOString().replace(/\.\d+Z$/, "Z"),
    hook_event: facts.event,
  };
}

/** The argument that a notify program gets; null for an event that it is not told of. */
export function notifyArgument(payload: LegacyHookPayload): string | null {
  const { hook_event: event } = payload;
  if (event.event_type !== "after_agent") return null;
  const argument: Record<string, JsonValue> = {
    type: "agent-turn-complete",
    "thread-id": event.thread_id,
    "turn-id": event.turn_id,
    cwd: payload.cwd,
    ...(payload.client === undefined ? {} : { client: payload.client }),
    "input-messages": event.input_messages,
    "last-assistant-message": event.last_assistant_message,
  };
  return JSON.stringify(argument);
}

/** How the program is started. */
export interface StartNotifyOptions {
  /** The whole environment of the program; this process's when left out. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Told when the program cannot be started. */
  readonly onError?: ((error: Error) => void) | undefined;
}

/**
 * Starts the notify program and does not wait for it. False when `argv` names no program or the event
 * is none that it is told of.
 */
export function startNotify(
  argv: readonly string[],
  payload: LegacyHookPayload,
  { env, onError = () => {} }: StartNotifyOptions = {},
): boolean {
  const [program, ...args] = argv;
  const argument = notifyArgument(payload);
  if (program === undefined || program === "" || argument === null) return false;
  try {
    const child = process
      .getBuiltinModule("node:child_process")
      .spawn(program, [...args, argument], {
        env,
        stdio: "ignore",
        detached: process.platform !== "win32",
        windowsHide: true,
      });
    child.on("error", onError);
    child.unref();
  } catch (error) {
    onError(error instanceof Error ? error : new Error(String(error)));
  }
  return true;
}

/** What an older hook made of an event. */
export type LegacyHookResult =
  | { readonly kind: "success" }
  /** Worth a line in the log. */
  | { readonly kind: "failed-continue"; readonly error: Error }
  /** Those that follow are not run, and the caller gives up what it was about to do. */
  | { readonly kind: "failed-abort"; readonly error: Error };

/** A function of the program itself that is told of agent and tool events. */
export interface LegacyHook {
  readonly name: string;
  readonly run: (payload: LegacyHookPayload) => LegacyHookResult | Promise<LegacyHookResult>;
}

/** Runs the hooks one after another, up to the first that aborts. A throw counts as `failed-continue`. */
export async function dispatchLegacyHooks(
  hooks: readonly LegacyHook[],
  payload: LegacyHookPayload,
): Promise<readonly { readonly name: string; readonly result: LegacyHookResult }[]> {
  const results = [];
  for (const { name, run } of hooks) {
    const result = await attempt(() => run(payload));
    results.push({ name, result });
    if (result.kind === "failed-abort") break;
  }
  return results;
}

async function attempt(
  run: () => LegacyHookResult | Promise<LegacyHookResult>,
): Promise<LegacyHookResult> {
  try {
    return await run();
  } catch (error) {
    const reason = error instanceof Error ? error : new Error(String(error));
    return { kind: "failed-continue", error: reason };
  }
}
