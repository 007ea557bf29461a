import { statSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import type { SessionFile } from "./session-files.ts";

/** For `sort`: the later first, and of those with the same time the greater id. */
export function byNewest(
  a: Pick<SessionFile, "time" | "id">,
  b: Pick<SessionFile, "time" | "id">,
): number {
  return b.time - a.time || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

/**
 * The files, newest change first, each with the time of its last change as its `time`. Files that
 * vanish meanwhile are left out. @throws the signal's reason when aborted
 */
export async function byNewestChange(
  files: readonly SessionFile[],
  signal: AbortSignal | undefined,
): Promise<SessionFile[]> {
  const changed: SessionFile[] = [];
  for (const [index, file] of files.entries()) {
    await takeTurns(index, signal);
    const status = statSync(file.path, { throwIfNoEntry: false });
    if (status !== undefined) changed.push({ ...file, time: Math.floor(status.mtimeMs) });
  }
  return changed.sort(byNewest);
}

/** How many files are looked at before other work gets its turn. */
const filesPerTurn = 64;

/** To be awaited at every step of a long loop. @throws the signal's reason when aborted */
export async function takeTurns(index: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  if (index % filesPerTurn === filesPerTurn - 1) await setImmediate();
}
