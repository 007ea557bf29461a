// One process of the local environment, from its start to the end of what it has started.
import { constants } from "node:os";
import type { ExitStatus, LaunchedProcess, PreparedCommand } from "@codex-ts/sandboxing";
import {
  type EnvironmentProcess,
  ExecError,
  type ProcessEnd,
  type TerminalSize,
} from "./environment.ts";
import type { Output } from "./output.ts";
import { createProcessGroup } from "./process-group.ts";
import type { Watchdog } from "./watchdog.ts";

/** This side of a terminal. */
export interface TerminalControl {
  write(data: string | Uint8Array): Promise<void>;
  resize(size: TerminalSize): void;
}

export interface LocalProcessOptions {
  readonly launched: LaunchedProcess;
  readonly prepared: PreparedCommand;
  readonly output: Output;
  /** Null for a process with pipes. */
  readonly terminal: TerminalControl | null;
  readonly watchdog: Watchdog;
  /** Called when nothing that the process started can be left. */
  readonly onSettled: () => void;
}

/** How long output is read on after the exit: what a process left behind may hold the pipe open. */
const drainMs = 2000;
const signalBase = 128;
const notFoundCode = 127;
const unknownCode = -1;

function exitCodeOf({ code, signal }: ExitStatus): number {
  if (code !== null) return code;
  return signal === null ? unknownCode : signalBase + constants.signals[signal];
}

/** Resolves when all output is read, or when the wait after the exit is over. */
function drained(output: Output): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, drainMs);
    void output.ended.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function endOf(
  exit: ExitStatus,
  prepared: PreparedCommand,
  output: Output,
  drain: Promise<void>,
): Promise<ProcessEnd> {
  const isClear = exit.code === 0 || exit.code === null || prepared.sandbox === "none";
  if (isClear) return { ...exit, exitCode: exitCodeOf(exit), startFailure: null };
  // Why a sandbox did not start stands at the end of standard error.
  await drain;
  const outcome = await prepared.outcome(exit, output.tail());
  switch (outcome.kind) {
    case "ran":
      return { ...exit, exitCode: exitCodeOf(exit), startFailure: null };
    case "command_not_found":
      return { ...exit, exitCode: notFoundCode, startFailure: outcome.message };
    case "setup_failed":
      return { ...exit, exitCode: exitCodeOf(exit), startFailure: outcome.message };
  }
}

/** Takes over a process that has just been launched, and everything that was made for it. */
export function createLocalProcess(options: LocalProcessOptions): EnvironmentProcess {
  const { launched, prepared, output, terminal, watchdog, onSettled } = options;
  const { pid } = launched;
  // bubblewrap ends with this process, and everything inside with it.
  const guarded = prepared.sandbox !== "bwrap";
  if (guarded) watchdog.guard(pid);
  const group = createProcessGroup({ pid, wholeSession: guarded && terminal !== null });

  let hasStragglers = true;
  const drain = launched.exited.then(() => {
    hasStragglers = group.leaderEnded();
    if (!hasStragglers) watchdog.release(pid);
    return drained(output);
  });
  const exited = launched.exited.then((exit) => endOf(exit, prepared, output, drain));
  const closed = Promise.all([exited, drain]).then(([end]) => {
    output.close();
    return end;
  });
  /** Whoever disposes waits for what the sandbox holds on the host; nobody else has to. */
  const released = closed.then(async () => {
    await prepared[Symbol.asyncDispose]();
    if (hasStragglers && group.leaderEnded()) return;
    watchdog.release(pid);
    onSettled();
  });
  // Told to whoever disposes.
  released.catch(() => undefined);

  return {
    pid,
    sandbox: prepared.sandbox,
    networkDisabled: prepared.networkDisabled,
    onOutput: (listener) => output.onOutput(listener),
    async write(data) {
      if (terminal === null) {
        throw new ExecError(
          "stdin_closed",
          "the process has no terminal to write to: its standard input is closed; start it with a terminal",
        );
      }
      await terminal.write(data);
    },
    resize: (size) => terminal?.resize(size),
    kill: (signal = "SIGKILL") => group.signal(signal),
    exited,
    closed,
    async [Symbol.asyncDispose]() {
      group.signal("SIGKILL");
      await exited;
      if (!output.isRead()) output.close();
      await closed;
      // Once more, for what was started between the two looks at a session.
      group.signal("SIGKILL");
      watchdog.release(pid);
      await released;
      onSettled();
    },
  };
}
