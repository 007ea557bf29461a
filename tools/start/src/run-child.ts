import { spawn } from "node:child_process";
import { constants } from "node:os";

const passedOn = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs a program on this process's terminal until it ends. Signals reach it before they end this process.
 *
 * @returns its exit code; 128 and the signal's number when a signal ended it
 */
export function runChild(program: string, args: readonly string[]): Promise<number> {
  return new Promise((settle, fail) => {
    const child = spawn(program, args, { stdio: "inherit" });
    const forward = (signal: NodeJS.Signals): void => {
      // The terminal sends Ctrl-C to the whole group: the child has it already.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    };
    for (const signal of passedOn) process.on(signal, forward);
    const stop = (): void => {
      for (const signal of passedOn) process.off(signal, forward);
    };
    child.on("error", (error) => {
      stop();
      fail(error);
    });
    child.on("close", (code, signal) => {
      stop();
      settle(code ?? 128 + constants.signals[signal ?? "SIGKILL"]);
    });
  });
}
