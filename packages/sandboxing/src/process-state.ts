// Looks at processes that are not children of this one. Linux only.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Whether `pid` runs; one that has ended and waits to be collected does not. */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const state = stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
    return state !== "Z" && state !== "X";
  } catch {
    return false;
  }
}

const lookEveryMs = 2;
const patienceMs = 2000;

/** Resolves when `pid` has ended, or after two seconds. */
export async function waitUntilGone(pid: number): Promise<void> {
  for (let waited = 0; waited < patienceMs && isRunning(pid); waited += lookEveryMs) {
    await sleep(lookEveryMs);
  }
}
