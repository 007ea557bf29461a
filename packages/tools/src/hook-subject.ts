// How a tool call looks to a lifecycle hook.
import type { JsonValue } from "@codex-ts/protocol";
import { joinWords } from "@codex-ts/shell-command";
import type { ToolCall } from "./tool.ts";

/** What a hook is told of a call. */
export interface HookSubject {
  readonly callId: string;
  /** `Bash` for every tool that runs a command line, else the tool's own name. */
  readonly toolName: string;
  readonly toolInput: JsonValue;
  /** Other names that matchers may mean. */
  readonly aliases: readonly string[];
  /** The command line, for tools that run one. */
  readonly command: string | null;
}

/** Lifecycle hooks around one call; the program that runs the tools supplies them. */
export interface ToolHooks {
  /** Resolves to the model's answer when a hook refuses the call, else to null. */
  before(subject: HookSubject, signal: AbortSignal): Promise<string | null>;
  /** Resolves to what the model sees in place of the output, or to null to leave it. */
  after(subject: HookSubject, response: JsonValue, signal: AbortSignal): Promise<string | null>;
}

type Arguments = Readonly<Record<string, unknown>>;

const commandOf: ReadonlyMap<string, (args: Arguments) => string | null> = new Map([
  ["shell", argvOf],
  ["container.exec", argvOf],
  ["local_shell", argvOf],
  ["shell_command", (args) => textOf(args["command"])],
  ["exec_command", (args) => textOf(args["cmd"])],
]);

/** Names by which hooks written for other agents know a tool. */
const otherNames: ReadonlyMap<string, readonly string[]> = new Map([
  ["apply_patch", ["Edit", "Write"]],
  ["update_plan", ["TodoWrite"]],
  ["view_image", ["Read"]],
]);

/** What hooks are told of a call; null when its arguments do not parse, which the tool itself reports. */
export function hookSubject(call: ToolCall): HookSubject | null {
  const { callId, name } = call;
  const args = argumentsOf(call);
  if (args === null) return null;
  const read = commandOf.get(name);
  if (read === undefined) {
    const aliases = otherNames.get(name) ?? [];
    return { callId, toolName: name, toolInput: args as JsonValue, aliases, command: null };
  }
  const command = read(args);
  return command === null ? null : commandSubject(callId, name, command);
}

/**
 * What hooks are told of a command line. One that holds a patch also answers to the names of
 * apply_patch: it may be applied as a patch, and whoever guards patches must not be passed by.
 */
export function commandSubject(callId: string, tool: string, command: string): HookSubject {
  const patchNames = command.includes("*** Begin Patch")
    ? ["apply_patch", ...(otherNames.get("apply_patch") ?? [])]
    : [];
  const aliases = [tool, ...patchNames];
  return { callId, toolName: "Bash", toolInput: { command }, aliases, command };
}

/** What hooks are told of a command that has ended: what it printed, with the exit code of one that failed. */
export function commandResponse(exitCode: number, output: string): JsonValue {
  return exitCode === 0 ? output : { exit_code: exitCode, output };
}

function argumentsOf({ payload }: ToolCall): Arguments | null {
  switch (payload.kind) {
    case "custom":
      return { input: payload.input };
    case "local_shell":
      return { command: payload.command };
    case "function":
      try {
        const value: unknown = JSON.parse(payload.arguments === "" ? "{}" : payload.arguments);
        return typeof value === "object" && value !== null && !Array.isArray(value)
          ? (value as Arguments)
          : null;
      } catch {
        return null;
      }
  }
}

function argvOf(args: Arguments): string | null {
  const { command } = args;
  if (!Array.isArray(command) || !command.every((word) => typeof word === "string")) return null;
  return joinWords(command);
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
