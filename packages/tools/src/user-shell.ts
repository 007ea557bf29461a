// A command of the person's own (`!`): run in their shell, unconfined and unasked, for the model to see.
import { type MessageItem, userMessage } from "@codex-ts/protocol";
import { parseCommand } from "@codex-ts/shell-command";
import { type ExecEvents, execEvents, unrunEnd } from "./exec-events.ts";
import { type ExecOutput, formatExecOutput } from "./exec-output.ts";
import { type OneShotResult, runToEnd } from "./one-shot-command.ts";
import { scriptArgv } from "./shell-argument.ts";
import type { ToolContext } from "./tool.ts";

/** An hour. */
const TIME_LIMIT_MS = 3_600_000;
const ABORTED = "command aborted by user";

/** What a command of the person's needs of a turn's context. */
export type UserShellContext = Pick<
  ToolContext,
  "turnId" | "cwd" | "environment" | "shell" | "childEnv" | "truncation" | "emit" | "processes"
>;

/**
 * Runs a command of the person's and resolves to the message that tells the model of it, whatever
 * became of the command. It runs in their login shell, with the turn's environment.
 */
export async function runUserShell(
  command: string,
  context: UserShellContext,
  signal: AbortSignal,
): Promise<MessageItem> {
  const { cwd, environment, childEnv: env, processes } = context;
  const argv = scriptArgv(context.shell, command, /*login*/ true);
  const events = execEvents(
    {
      callId: crypto.randomUUID(),
      turnId: context.turnId,
      command: argv,
      cwd,
      parsedCommand: parseCommand(argv),
      source: "user_shell",
    },
    context.emit,
  );
  events.begin();
  const unrun = (output: string): MessageItem => {
    events.end(unrunEnd(output, "failed"));
    return record(command, { exitCode: -1, durationMs: 0, timedOut: false, output }, context);
  };
  try {
    const result = await runToEnd(
      environment,
      {
        command: { argv, cwd, env },
        confinement: { kind: "unconfined" },
        timeoutMs: TIME_LIMIT_MS,
        onOutput: events.output,
        now: processes.now,
      },
      signal,
    );
    if (result.isAborted) return unrun(ABORTED);
    if (result.startFailure !== null) return unrun(`execution error: ${result.startFailure}`);
    announceEnd(events, result, context);
    return record(command, result, context);
  } catch (error) {
    if (signal.aborted) return unrun(ABORTED);
    return unrun(`execution error: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function announceEnd(events: ExecEvents, result: OneShotResult, context: UserShellContext): void {
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

function record(command: string, result: ExecOutput, context: UserShellContext): MessageItem {
  return userMessage(
    [
      "<user_shell_command>",
      "<command>",
      command,
      "</command>",
      "<result>",
      `Exit code: ${result.exitCode}`,
      `Duration: ${(result.durationMs / 1000).toFixed(4)} seconds`,
      "Output:",
      formatExecOutput(result, context.truncation),
      "</result>",
      "</user_shell_command>",
    ].join("\n"),
  );
}
