import { setTimeout as sleep } from "node:timers/promises";

export interface WaitOptions {
  /** How long to go on trying, in milliseconds; 20 seconds by default, so that a busy machine passes. */
  readonly timeoutMs?: number | undefined;
  /** Pause between two tries, in milliseconds; 10 by default. */
  readonly intervalMs?: number | undefined;
  /** What is waited for, as it should read in the failure: "the child wrote its first line". */
  readonly describe?: string | undefined;
}

/**
 * Tries `condition` until it gives a truthy value and resolves to that value. An error that the
 * condition throws ends the wait at once. @throws Error when the time is up.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 20_000, intervalMs = 10, describe = "the condition" }: WaitOptions = {},
): Promise<Exclude<T, false | 0 | "" | null | undefined>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value as Exclude<T, false | 0 | "" | null | undefined>;
    if (performance.now() >= deadline) {
      throw new Error(`waited ${timeoutMs} ms in vain: ${describe}`);
    }
    await sleep(intervalMs);
  }
}

/**
 * Reads `items` to its end into an array, or to the first item for which `until` holds (that one
 * included; the iterator is then returned, as by `break`).
 */
export async function collect<T>(
  items: AsyncIterable<T>,
  until: (item: T) => boolean = () => false,
): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) {
    collected.push(item);
    if (until(item)) break;
  }
  return collected;
}
