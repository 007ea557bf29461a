// Runs a command to its end, with a time limit and with bounded memory.
import {
  type Confinement,
  type Environment,
  type EnvironmentProcess,
  ExecError,
} from "@codex-ts/exec-server";
import type { CommandSpec, SandboxType } from "@codex-ts/sandboxing";
import { SandboxError } from "@codex-ts/sandboxing/policy";
import { withinTime } from "./abort.ts";
import { OutputBuffer, outputText } from "./output-buffer.ts";
import { stopProcess } from "./stop-process.ts";
import { ToolError } from "./tool.ts";

/** The exit code of a command that its time limit has stopped. */
const TIMEOUT_EXIT_CODE = 124;
/** The exit codes of a program that could not be started, as shells give them. */
const NOT_FOUND_EXIT_CODE = 127;
const NOT_STARTED_EXIT_CODE = 126;
/** How long a stopped command's output may still take to arrive, in milliseconds. */
const OUTPUT_GRACE_MS = 100;
/** How long a process that has exited may keep its output open; the environment gives up earlier. */
const DRAIN_LIMIT_MS = 5000;

export interface OneShotRequest {
  readonly command: CommandSpec;
  readonly confinement: Confinement;
  readonly timeoutMs: number;
  readonly onOutput: (stream: "stdout" | "stderr", bytes: Uint8Array) => void;
  readonly now: () => number;
}

export interface OneShotResult {
  /** The command's own, 128 + the number of the signal that ended it, or 124 when time was up. */
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams in the order of arrival. */
  readonly output: string;
  readonly durationMs: number;
  readonly timedOut: boolean;
  /** Whether the signal that was passed in ended it. */
  readonly isAborted: boolean;
  readonly sandbox: SandboxType;
  readonly networkDisabled: boolean;
  /** Set when the command itself never ran: why. */
  readonly startFailure: string | null;
}

/**
 * Runs a command. At its time limit, and when `signal` aborts, its process group is stopped; the result
 * has what it printed until then.
 *
 * @throws SandboxError when it cannot be confined, ToolError when the environment cannot run it at all; a
 *   program that cannot be started is a result.
 */
export async function runToEnd(
  environment: Environment,
  request: OneShotRequest,
  signal: AbortSignal,
): Promise<OneShotResult> {
  const { command, confinement, timeoutMs, onOutput, now } = request;
  const started = now();
  let process: EnvironmentProcess;
  try {
    process = await environment.start({ command, confinement }, signal);
  } catch (error) {
    if (isStartFailure(error)) return startFailure(error, now() - started);
    if (!(error instanceof ExecError)) throw error;
    throw new ToolError("respond", `the command could not be started: ${error.message}`, {
      cause: error,
    });
  }
  const buffers = { stdout: new OutputBuffer(), stderr: new OutputBuffer() };
  const both = new OutputBuffer();
  process.onOutput(({ stream, bytes }) => {
    buffers[stream].append(bytes);
    both.append(bytes);
    onOutput(stream, bytes);
  });
  const inTime = await withinTime(process.exited, timeoutMs, signal);
  const wasStopped = inTime === undefined;
  if (wasStopped) {
    await stopProcess(process);
    await withinTime(process.closed, OUTPUT_GRACE_MS);
  } else {
    await withinTime(process.closed, DRAIN_LIMIT_MS, signal);
  }
  const durationMs = now() - started;
  const exit = inTime ?? (await process.exited);
  const timedOut = wasStopped && !signal.aborted;
  const failure = exit.startFailure ?? "";
  return {
    exitCode: timedOut ? TIMEOUT_EXIT_CODE : exit.exitCode,
    signal: exit.signal,
    stdout: await outputText(buffers.stdout.take()),
    stderr: (await outputText(buffers.stderr.take())) || failure,
    output: (await outputText(both.take())) || failure,
    durationMs,
    timedOut,
    isAborted: wasStopped && signal.aborted,
    sandbox: process.sandbox,
    networkDisabled: process.networkDisabled,
    startFailure: exit.startFailure,
  };
}

/** Whether the program itself could not be started, its confinement being all right. */
export function isStartFailure(error: unknown): error is SandboxError {
  return (
    error instanceof SandboxError &&
    (error.code === "command_not_found" || error.code === "spawn_failed")
  );
}

function startFailure(error: SandboxError, durationMs: number): OneShotResult {
  return {
    exitCode: error.code === "command_not_found" ? NOT_FOUND_EXIT_CODE : NOT_STARTED_EXIT_CODE,
    signal: null,
    stdout: "",
    stderr: error.message,
    output: error.message,
    durationMs,
    timedOut: false,
    isAborted: false,
    sandbox: "none",
    networkDisabled: false,
    startFailure: error.message,
  };
}
