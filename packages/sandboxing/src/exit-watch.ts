// Tells when children that were started through the C library have ended.
import type { NativeSpawner } from "./native-spawn.ts";
import type { ExitStatus } from "./sandbox.ts";

export interface ExitWatch {
  /** Resolves when the child has ended. Call it once for each child, right after its start. */
  watch(pid: number): Promise<ExitStatus>;
}

/** The kernel's signal tells of an exit; only a thread that gets no signals has to look often. */
const pollEveryMs = { withSignals: 1000, withoutSignals: 10 } as const;

export function createExitWatch(spawner: NativeSpawner): ExitWatch {
  const waiting = new Map<number, (exit: ExitStatus) => void>();
  const { isMainThread } = process.getBuiltinModule("node:worker_threads");
  let timer: NodeJS.Timeout | null = null;

  const look = (): void => {
    for (const [pid, resolve] of waiting) {
      const exit = spawner.poll(pid);
      if (exit === null) continue;
      waiting.delete(pid);
      resolve(exit);
    }
    if (waiting.size > 0 || timer === null) return;
    process.off("SIGCHLD", look);
    clearInterval(timer);
    timer = null;
  };

  return {
    watch: (pid) =>
      new Promise((resolve) => {
        waiting.set(pid, resolve);
        if (timer === null) {
          process.on("SIGCHLD", look);
          // Also keeps this process alive while children run, as a child of Node's own would.
          timer = setInterval(
            look,
            isMainThread ? pollEveryMs.withSignals : pollEveryMs.withoutSignals,
          );
        }
        // The signal of a child that has ended already may have come before there was a listener.
        look();
      }),
  };
}
