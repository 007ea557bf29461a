// exec_command: starts a process, and answers when it has ended or has been given enough time.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { type Confinement, type EnvironmentProcess, ExecError } from "@codex-ts/exec-server";
import type { FunctionToolSpec } from "@codex-ts/protocol";
import { parseCommand } from "@codex-ts/shell-command";
import { abortedCommandText } from "./aborted-text.ts";
import { commonProperties, loginProperty, readLogin, readWorkdir } from "./command-arguments.ts";
import { type CommandPermissions, readCommandPermissions } from "./command-permissions.ts";
import { type Attempt, runConfined } from "./confined-run.ts";
import type { DecisionContext } from "./decide-command.ts";
import { findDenial } from "./denial-evidence.ts";
import { runDivertedPatch } from "./diverted-patch.ts";
import { execEvents, unrunEnd } from "./exec-events.ts";
import { freeformExecOutput } from "./exec-output.ts";
import { functionSpec } from "./function-spec.ts";
import { commandResponse } from "./hook-subject.ts";
import { isStartFailure } from "./one-shot-command.ts";
import { scriptArgv, shellFor } from "./shell-argument.ts";
import { ProcessSession } from "./process-session.ts";
import {
  MAX_YIELD_MS,
  clampYield,
  outputProperties,
  sessionAnswer,
  sessionOutputSchema,
} from "./session-answer.ts";
import type { CommandToolOptions } from "./shell-tools.ts";
import { type Tool, type ToolContext, ToolError } from "./tool.ts";
import { ToolArguments } from "./tool-arguments.ts";

const DEFAULT_YIELD_MS = 10_000;
/** A process that ends within this time is not kept among those in the background. */
const EARLY_EXIT_MS = 150;
const TERMINAL_SIZE = { rows: 24, cols: 80 };

/** Keeps programs from colouring, paging and localising what the model is to read. */
const FORCED_ENV: Readonly<Record<string, string>> = {
  NO_COLOR: "1",
  TERM: "dumb",
  LANG: "C.UTF-8",
  LC_CTYPE: "C.UTF-8",
  LC_ALL: "C.UTF-8",
  COLORTERM: "",
  PAGER: "cat",
  GIT_PAGER: "cat",
  GH_PAGER: "cat",
  CODEX_CI: "1",
};

/** The arguments of `exec_command`, read. */
export interface ExecCall {
  /** The script, as the model wrote it. */
  readonly cmd: string;
  readonly argv: readonly [string, ...string[]];
  readonly cwd: AbsolutePath;
  readonly tty: boolean;
  readonly yieldMs: number;
  readonly maxOutputTokens: number | undefined;
  readonly permissions: CommandPermissions;
}

/**
 * Makes `exec_command`: starts a command, with a terminal if the model wants one, and answers when
 * it has ended or after a while; then it goes on as a session for `write_stdin`.
 */
export function createExecCommandTool(options: CommandToolOptions): Tool {
  return {
    name: "exec_command",
    spec: specOf(options),
    outputSchema: sessionOutputSchema,
    parallel: true,
    abortedText: abortedCommandText,
    accepts: (payload) => payload.kind === "function",
    async run(call, context, signal) {
      const args = ToolArguments.ofCall(call);
      const execCall = await readExecCall(args, context, options);
      const diverted = await runDivertedPatch(
        { callId: call.callId, ...execCall, approveInside: options.approveInside },
        context,
        signal,
      );
      if (diverted !== null) {
        return {
          body: freeformExecOutput(diverted, context.truncation),
          success: diverted.exitCode === 0,
          hookResponse: commandResponse(diverted.exitCode, diverted.output),
          forScript: {
            value: {
              wall_time_seconds: diverted.durationMs / 1000,
              exit_code: diverted.exitCode,
              output: diverted.output,
            },
          },
        };
      }
      const session = await startSession(call.callId, execCall, options, context, signal);
      const wallTimeMs = context.processes.now() - session.startedAt;
      return sessionAnswer(session, wallTimeMs, execCall.maxOutputTokens, context);
    },
  };
}

/** Runs the command as the policies allow, until it has ended or its time to answer is over. */
async function startSession(
  callId: string,
  execCall: ExecCall,
  options: CommandToolOptions,
  context: ToolContext,
  signal: AbortSignal,
): Promise<ProcessSession> {
  const id = context.processes.newId();
  const events = execEvents(
    {
      callId,
      processId: String(id),
      turnId: context.turnId,
      command: execCall.argv,
      cwd: execCall.cwd,
      parsedCommand: parseCommand(execCall.argv),
      source: "unified_exec_startup",
    },
    context.emit,
  );
  const last: { session: ProcessSession | null } = { session: null };
  try {
    const result = await runConfined<ProcessSession>(
      {
        callId,
        tool: "exec_command",
        ...execCall,
        rules: options.rules,
        env: { ...context.childEnv, ...FORCED_ENV },
        attempt: async (confinement, env) => {
          const process = await startProcess(execCall, confinement, env, context, signal);
          events.begin();
          const session = new ProcessSession({
            id,
            process,
            argv: execCall.argv,
            callId,
            command: execCall.cmd,
            tty: execCall.tty,
            events,
            truncation: context.truncation,
            now: context.processes.now,
          });
          last.session = session;
          try {
            await session.wait(EARLY_EXIT_MS, signal);
          } finally {
            // Also after an interrupt; but what has ended already takes no place in the store.
            if (session.end === null) context.processes.add(session);
          }
          await session.wait(execCall.yieldMs - EARLY_EXIT_MS, signal);
          return attemptOf(session, execCall, confinement, context);
        },
      },
      context,
      signal,
    );
    if (result.kind === "ran") return result.value;
    events.begin();
    events.end(unrunEnd(result.message, "declined"));
    throw new ToolError("respond", result.message);
  } catch (error) {
    if (error instanceof ToolError) {
      context.processes.remove(id);
      events.begin();
      events.end(unrunEnd(error.message, "failed"));
    }
    throw error;
  } finally {
    // A process that goes on is announced when it ends, also after an interrupt.
    const announced = last.session?.announceEnd();
    if (last.session?.end != null) await announced;
  }
}

async function startProcess(
  { argv, cwd, tty }: ExecCall,
  confinement: Confinement,
  env: Readonly<Record<string, string>>,
  context: ToolContext,
  signal: AbortSignal,
): Promise<EnvironmentProcess> {
  try {
    return await context.environment.start(
      {
        command: { argv, cwd, env },
        confinement,
        terminal: tty ? TERMINAL_SIZE : undefined,
      },
      signal,
    );
  } catch (error) {
    if (!isStartFailure(error) && !(error instanceof ExecError)) throw error;
    throw new ToolError("respond", `the command could not be started: ${error.message}`, {
      cause: error,
    });
  }
}

async function attemptOf(
  session: ProcessSession,
  { cwd }: ExecCall,
  confinement: Confinement,
  { childEnv }: ToolContext,
): Promise<Attempt<ProcessSession>> {
  const { end, process } = session;
  if (end === null || confinement.kind === "unconfined") return { value: session, denial: null };
  const denial = findDenial({
    sandbox: process.sandbox,
    exitCode: end.exitCode,
    startFailure: end.startFailure,
    networkDisabled: process.networkDisabled,
    output: await session.transcript(),
    cwd,
    context: confinement.context,
    tmpdir: childEnv["TMPDIR"],
  });
  return { value: session, denial };
}

/** @throws ToolError for what is no such call, and for what it may not ask for. */
export async function readExecCall(
  args: ToolArguments,
  context: DecisionContext,
  options: CommandToolOptions,
): Promise<ExecCall> {
  const script = args.string("cmd");
  const cwd = readWorkdir(args, context);
  const shell = await shellFor(args.optionalString("shell"), context);
  return {
    cmd: script,
    argv: scriptArgv(shell, script, readLogin(args, context)),
    cwd,
    tty: args.optionalBoolean("tty") ?? false,
    yieldMs: clampYield(args.optionalCount("yield_time_ms") ?? DEFAULT_YIELD_MS, MAX_YIELD_MS),
    maxOutputTokens: args.optionalCount("max_output_tokens"),
    permissions: readCommandPermissions(args, context, cwd, options.additionalPermissions),
  };
}

function specOf(options: CommandToolOptions): FunctionToolSpec {
  return functionSpec({
    name: "exec_command",
    description:
      "Runs a command and returns its output. When it is still running after `yield_time_ms`, the answer has a session ID, with which `write_stdin` goes on.",
    properties: {
      cmd: { type: "string", description: "The command line, run by a shell." },
      ...commonProperties(options),
      ...loginProperty(options),
      shell: { type: "string", description: "The shell to use instead of the user's own." },
      tty: {
        type: "boolean",
        description:
          "True gives the command a terminal with an open standard input; by default it has pipes and no input.",
      },
      ...outputProperties("10000 by default, 250 to 30000"),
    },
    required: ["cmd"],
  });
}
