// The tools that run a command to its end: `shell` with its other names, and `shell_command`.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { Rulebook } from "@codex-ts/exec-policy";
import type { ToolSpec } from "@codex-ts/protocol";
import { parseCommand } from "@codex-ts/shell-command";
import { abortedCommandText } from "./aborted-text.ts";
import {
  type CommandArgumentOptions,
  commonProperties,
  loginProperty,
  readLogin,
  readWorkdir,
} from "./command-arguments.ts";
import {
  type CommandPermissions,
  defaultPermissions,
  readCommandPermissions,
} from "./command-permissions.ts";
import { runConfined } from "./confined-run.ts";
import { findDenial } from "./denial-evidence.ts";
import { runDivertedPatch } from "./diverted-patch.ts";
import { type ExecEvents, execEvents, unrunEnd } from "./exec-events.ts";
import { formatExecOutput, freeformExecOutput, structuredExecOutput } from "./exec-output.ts";
import { functionSpec } from "./function-spec.ts";
import { commandResponse } from "./hook-subject.ts";
import { type OneShotResult, runToEnd } from "./one-shot-command.ts";
import { scriptArgv } from "./shell-argument.ts";
import { type Tool, type ToolCall, type ToolContext, ToolError } from "./tool.ts";
import { ToolArguments, badArguments } from "./tool-arguments.ts";

const DEFAULT_TIMEOUT_MS = 10_000;

/** What the tools that run commands share. */
export interface CommandToolOptions extends CommandArgumentOptions {
  /** Judges the commands, and learns what a person allows for good. */
  readonly rules: Rulebook;
  /** Under the `untrusted` policy: apply patches unasked that stay inside the writable roots. */
  readonly approveInside: boolean;
}

/** A call of one of these tools, read. */
interface ShellCall {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: AbsolutePath;
  readonly timeoutMs: number;
  readonly permissions: CommandPermissions;
}

/**
 * The names of the tool that runs one command to its end; which one a model is offered is a matter
 * of its training.
 */
export type ShellToolName = "shell" | "container.exec" | "local_shell" | "shell_command";

/** Makes one of the shell tools; it is offered to the model only when `offered` is true. */
export function createShellTool(
  name: ShellToolName,
  options: CommandToolOptions,
  offered: boolean,
): Tool {
  const format = name === "shell_command" ? freeformExecOutput : structuredExecOutput;
  return {
    name,
    spec: offered ? specOf(name, options) : undefined,
    parallel: true,
    abortedText: abortedCommandText,
    accepts: (payload) =>
      name === "local_shell" ? payload.kind !== "custom" : payload.kind === "function",
    async run(call, context, signal) {
      const read = name === "shell_command" ? readScriptCall : readArgvCall;
      const shellCall = await read(call, context, options);
      const result =
        (await runDivertedPatch(
          { callId: call.callId, ...shellCall, approveInside: options.approveInside },
          context,
          signal,
        )) ?? (await runShellCall(call, shellCall, options, context, signal));
      return {
        body: format(result, context.truncation),
        success: result.exitCode === 0,
        hookResponse: commandResponse(
          result.exitCode,
          formatExecOutput(result, context.truncation),
        ),
      };
    },
  };
}

async function runShellCall(
  { callId, name }: ToolCall,
  shellCall: ShellCall,
  options: CommandToolOptions,
  context: ToolContext,
  signal: AbortSignal,
): Promise<OneShotResult> {
  const { argv, cwd, timeoutMs, permissions } = shellCall;
  const events = execEvents(
    {
      callId,
      turnId: context.turnId,
      command: argv,
      cwd,
      parsedCommand: parseCommand(argv),
      source: "agent",
    },
    context.emit,
  );
  events.begin();
  try {
    const result = await runConfined<OneShotResult>(
      {
        callId,
        tool: name,
        argv,
        cwd,
        tty: false,
        permissions,
        rules: options.rules,
        env: context.childEnv,
        attempt: async (confinement, env) => {
          const value = await runToEnd(
            context.environment,
            {
              command: { argv, cwd, env },
              confinement,
              timeoutMs,
              onOutput: events.output,
              now: context.processes.now,
            },
            signal,
          );
          if (value.timedOut || value.isAborted || confinement.kind === "unconfined") {
            return { value, denial: null };
          }
          const { context: confined } = confinement;
          const tmpdir = context.childEnv["TMPDIR"];
          return { value, denial: findDenial({ ...value, cwd, context: confined, tmpdir }) };
        },
      },
      context,
      signal,
    );
    if (result.kind === "rejected") {
      events.end(unrunEnd(result.message, "declined"));
      throw new ToolError("respond", result.message);
    }
    announceEnd(events, result.value, context);
    signal.throwIfAborted();
    return result.value;
  } catch (error) {
    // Has no effect when the end has been announced.
    events.end(unrunEnd(error instanceof Error ? error.message : String(error), "failed"));
    throw error;
  }
}

function announceEnd(events: ExecEvents, result: OneShotResult, context: ToolContext): void {
  events.end({
    stdout: result.stdout,
    stderr: result.stderr,
    aggregatedOutput: result.output,
    formattedOutput: formatExecOutput(result, context.truncation),
    exitCode: result.exitCode,
    durationMs: result.durationMs,
    status: result.exitCode === 0 ? "completed" : "failed",
  });
}

async function readArgvCall(
  call: ToolCall,
  context: ToolContext,
  options: CommandToolOptions,
): Promise<ShellCall> {
  const { payload } = call;
  if (payload.kind === "local_shell") {
    const workdir = payload.workdir ?? undefined;
    return {
      argv: programOf(payload.command),
      cwd: readWorkdir(ToolArguments.of({ workdir }), context),
      timeoutMs: payload.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      permissions: defaultPermissions(context),
    };
  }
  const args = ToolArguments.ofCall(call);
  const argv = programOf(args.strings("command"));
  return { argv, ...(await readLimits(args, context, options)) };
}

async function readScriptCall(
  call: ToolCall,
  context: ToolContext,
  options: CommandToolOptions,
): Promise<ShellCall> {
  const args = ToolArguments.ofCall(call);
  const script = args.string("command");
  return {
    argv: scriptArgv(context.shell, script, readLogin(args, context)),
    ...(await readLimits(args, context, options)),
  };
}

async function readLimits(
  args: ToolArguments,
  context: ToolContext,
  options: CommandToolOptions,
): Promise<Omit<ShellCall, "argv">> {
  const cwd = readWorkdir(args, context);
  return {
    cwd,
    timeoutMs:
      args.optionalCount("timeout_ms") ?? args.optionalCount("timeout") ?? DEFAULT_TIMEOUT_MS,
    permissions: readCommandPermissions(args, context, cwd, options.additionalPermissions),
  };
}

function programOf(command: readonly string[]): readonly [string, ...string[]] {
  const [program, ...args] = command;
  if (program === undefined) throw badArguments("`command` is empty");
  return [program, ...args];
}

function specOf(name: ShellToolName, options: CommandToolOptions): ToolSpec {
  if (name === "local_shell") return { type: "local_shell" };
  const timeout = {
    timeout_ms: {
      type: "number",
      description: "Milliseconds after which the command is stopped; 10000 by default.",
    },
  };
  if (name === "shell_command") {
    return functionSpec({
      name,
      description:
        "Runs a script in the user's shell and returns its output. Set `workdir` instead of using `cd`.",
      properties: {
        command: { type: "string", description: "The script." },
        ...commonProperties(options),
        ...loginProperty(options),
        ...timeout,
      },
      required: ["command"],
    });
  }
  return functionSpec({
    name,
    description:
      'Runs a program with its arguments, without a shell, and returns its output. Most commands need ["bash", "-lc", "…"] around them. Always set `workdir`, and do not use `cd` unless there is no other way.',
    properties: {
      command: {
        type: "array",
        items: { type: "string" },
        description: "The program and its arguments.",
      },
      ...commonProperties(options),
      ...timeout,
    },
    required: ["command"],
  });
}
