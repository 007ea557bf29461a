// SIGINT, SIGTERM and SIGHUP: the first stops the turn in order, the next ends the process.
import { constants } from "node:os";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** How long a turn may take to stop, and its output to be read, before the process ends all the same. */
const DEADLINE_MS = 5000;

export interface StopSignals {
  /** 128 + the signal's number once one has come; null before. */
  readonly exitCode: number | null;
  /** There is nothing left to stop: from here on a signal ends the process at once. */
  turnIsOver(): void;
}

export function onStopSignals(options: { readonly stop: () => Promise<void> }): StopSignals {
  let exitCode: number | null = null;
  let deadline: NodeJS.Timeout | null = null;
  let over = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    // Without our handlers the signal does what it does by default: it ends the process.
    const end = (): void => {
      for (const each of signals) process.off(each, onSignal);
      process.kill(process.pid, signal);
    };
    if (over || exitCode !== null) return end();
    exitCode = 128 + constants.signals[signal];
    deadline = setTimeout(end, DEADLINE_MS);
    options.stop().catch(end);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    get exitCode() {
      return exitCode;
    },
    // The handlers stay: a signal that has come and was not handled yet would be lost with them.
    turnIsOver() {
      over = true;
      // A reader that no longer takes our output must not keep a stopped run alive.
      deadline?.unref();
    },
  };
}
