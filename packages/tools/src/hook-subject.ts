// How a tool call looks to a lifecycle hook: the table of all tools.
import type { JsonValue } from "@codex-ts/protocol";
import { joinWords } from "@codex-ts/shell-command";
import type { ToolCall } from "./tool.ts";

/** What a hook is told of a call. */
export interface HookSubject {
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

const shellTools: ReadonlyMap<string, (args: Readonly<Record<string, unknown>>) => string | null> =
  new Map([
    ["shell", argvOf],
    ["container.exec", argvOf],
    ["local_shell", argvOf],
    ["shell_command", (args) => textOf(args["command"])],
    ["exec_command", (args) => textOf(args["cmd"])],
  ]);

/** Names by which hooks written for other agents know a tool. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  apply_patch: ["Edit", "Write"],
  update_plan: ["TodoWrite"],
  view_image: ["Read"],
};

/** What hooks are told of a call; null when its arguments do not parse, which the tool itself reports. */
export function hookSubject(call: ToolCall): HookSubject | null {
  const args = argumentsOf(call);
  if (args === null) return null;
  const commandOf = shellTools.get(call.name);
  if (commandOf === undefined) {
    return {
      toolName: call.name,
      toolInput: args as JsonValue,
      aliases: otherNames[call.name] ?? [],
      command: null,
    };
  }
  const command = commandOf(args);
  if (command === null) return null;
  return { toolName: "Bash", toolInput: { command }, aliases: [call.name], command };
}

function argumentsOf({ payload }: ToolCall): Readonly<Record<string, unknown>> | null {
  switch (payload.kind) {
    case "custom":
      return { input: payload.input };
    case "local_shell":
      return { command: payload.command };
    case "function":
      try {
        const value: unknown = JSON.parse(payload.arguments === "" ? "{}" : payload.arguments);
        return typeof value === "object" && value !== null && !Array.isArray(value)
          ? (value as Readonly<Record<string, unknown>>)
          : null;
      } catch {
        return null;
      }
  }
}

function argvOf(args: Readonly<Record<string, unknown>>): string | null {
  const { command } = args;
  if (!Array.isArray(command) || !command.every((word) => typeof word === "string")) return null;
  return joinWords(command);
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
