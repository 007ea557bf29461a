// Appends text to a file so that a failing disk delays lines and never stops who writes them.
import { closeSync, fdatasync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { RolloutError, reasonOf } from "./errors.ts";

const syncData = process.getBuiltinModule("node:util").promisify(fdatasync);

export interface LineWriterOptions {
  /** For messages. */
  readonly path: string;
  /**
   * The file, open for appending (the writer closes it), or what opens it at the first write; an
   * error of that is an error of the write.
   */
  readonly target: number | (() => number);
  /** Called at most once, when writing goes on failing. */
  readonly onWarning: (message: string) => void;
  /** How many bytes may wait while the file cannot be written; what comes on top is lost. */
  readonly bufferLimit: number;
}

export interface LineWriter {
  /**
   * Writes whole lines. In the ordinary case the write has been made when the call returns. While
   * the file cannot be written, resolves after a few tries; the text waits and goes first later.
   */
  append(text: string): Promise<void>;
  /** Writes what waits and brings the file to the disk. @throws RolloutError `write_failed` */
  flush(): Promise<void>;
  /** Writes what waits and closes the file. Later calls do nothing. @throws RolloutError `write_failed` */
  close(): Promise<void>;
}

/** Pauses before the tries that a caller waits for, and the bounds of those in the background. */
const foregroundDelaysMs = [10, 40, 160];
const firstBackgroundDelayMs = 500;
const longestBackgroundDelayMs = 5_000;

export function lineWriter(options: LineWriterOptions): LineWriter {
  const { path, target, onWarning, bufferLimit } = options;
  let file = typeof target === "number" ? target : undefined;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let lostLines = 0;
  /** The tries that callers wait for. */
  let retrying: Promise<void> | undefined;
  /** Set while lines only wait and the background tries go on. */
  let background: NodeJS.Timeout | undefined;
  let warned = false;
  let syncing: Promise<void> = Promise.resolve();
  let closed = false;

  /** Writes all that waits; the error that stopped it, if one did. */
  function drain(): { readonly error: unknown } | null {
    try {
      for (let chunk = waiting[0]; chunk !== undefined; chunk = waiting[0]) {
        file ??= typeof target === "number" ? target : target();
        const written = writeSync(file, chunk);
        waitingBytes -= written;
        if (written < chunk.length) waiting[0] = chunk.subarray(written);
        else waiting.shift();
      }
    } catch (error) {
      return { error };
    }
    clearTimeout(background);
    background = undefined;
    return null;
  }

  async function retry(first: unknown): Promise<void> {
    let error = first;
    for (const delay of foregroundDelaysMs) {
      await sleep(delay);
      if (closed) return;
      const failure = drain();
      if (failure === null) return;
      ({ error } = failure);
    }
    if (!warned) {
      warned = true;
      onWarning(
        `The session file ${path} cannot be written: ${reasonOf(error)}. The session goes on; its lines are kept in memory and written as soon as that is possible.`,
      );
    }
    retryLater(firstBackgroundDelayMs);
  }

  function retryLater(delay: number): void {
    background = setTimeout(() => {
      if (drain() !== null) retryLater(Math.min(2 * delay, longestBackgroundDelayMs));
    }, delay).unref();
  }

  function unwritten(failure: { readonly error: unknown } | null): RolloutError | null {
    if (failure === null && lostLines === 0) return null;
    const lost = lostLines === 0 ? "" : ` ${lostLines} lines found no room to wait and are lost.`;
    lostLines = 0;
    return failure === null
      ? new RolloutError("write_failed", `The session file ${path} has a gap.${lost}`)
      : new RolloutError(
          "write_failed",
          `The session file ${path} cannot be written: ${reasonOf(failure.error)}. Its last lines are kept in memory alone.${lost} Make room, or give write access, before ending the session.`,
          { cause: failure.error },
        );
  }

  async function sync(open: number): Promise<void> {
    try {
      await syncData(open);
    } catch (error) {
      throw new RolloutError(
        "write_failed",
        `The session file ${path} could not be brought to the disk: ${reasonOf(error)}.`,
        { cause: error },
      );
    }
  }

  return {
    async append(text) {
      if (closed || text === "") return;
      const bytes = Buffer.from(text);
      if (waitingBytes > 0 && waitingBytes + bytes.length > bufferLimit) {
        lostLines += text.split("\n").length - 1;
        return;
      }
      waiting.push(bytes);
      waitingBytes += bytes.length;
      if (background !== undefined) return;
      if (retrying === undefined) {
        const failure = drain();
        if (failure === null) return;
        retrying = retry(failure.error).finally(() => {
          retrying = undefined;
        });
      }
      await retrying;
    },
    async flush() {
      if (closed) return;
      const error = unwritten(drain());
      if (error !== null) throw error;
      const open = file;
      if (open === undefined) return;
      const synced = syncing.then(() => sync(open));
      syncing = synced.catch(() => undefined);
      await synced;
    },
    async close() {
      if (closed) return;
      closed = true;
      const error = unwritten(drain());
      clearTimeout(background);
      waiting = [];
      await syncing;
      if (file !== undefined) closeSync(file);
      if (error !== null) throw error;
    },
  };
}
