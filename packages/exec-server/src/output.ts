// Hands what a process prints to its readers, in the order in which it arrives.
import type { Readable } from "node:stream";
import type { OutputChunk } from "./environment.ts";

export interface OutputSource {
  readonly stream: OutputChunk["stream"];
  readonly readable: Readable;
}

export interface Output {
  onOutput(listener: (chunk: OutputChunk) => void | Promise<void>): () => void;
  /** Resolves when everything has been read. */
  readonly ended: Promise<void>;
  /** Whether there has been a reader; without one reading stops at some point. */
  isRead(): boolean;
  /** The last few thousand bytes of standard error, or of a terminal. */
  tail(): string;
  /** Stops reading and lets go of the descriptors. */
  close(): void;
}

/** How much waits here for the first reader, besides what fits into the pipe. */
const maxWaitingBytes = 256 * 1024;
const tailBytes = 4096;

function closed(readable: Readable): Promise<void> {
  return new Promise((resolve) => {
    // A terminal whose other side is gone reports that as an error; either way there is no more.
    readable.on("error", () => undefined);
    readable.once("close", resolve);
  });
}

export function readOutput(sources: readonly OutputSource[]): Output {
  const tailStream = sources.at(-1)?.stream ?? "stdout";
  const listeners = new Set<(chunk: OutputChunk) => void | Promise<void>>();
  /** Chunks that came before the first reader; null from then on. */
  let waiting: OutputChunk[] | null = [];
  let waitingBytes = 0;
  let tail = Buffer.alloc(0);
  let pausedBy = 0;

  const pause = (): void => {
    pausedBy += 1;
    for (const { readable } of sources) readable.pause();
  };
  const resume = (): void => {
    pausedBy -= 1;
    if (pausedBy > 0) return;
    for (const { readable } of sources) readable.resume();
  };
  const deliver = (chunk: OutputChunk): void => {
    const pending = [...listeners].flatMap((listener) => listener(chunk) ?? []);
    if (pending.length === 0) return;
    pause();
    void Promise.allSettled(pending).then(resume);
  };
  const deliverWaiting = (): void => {
    if (waiting === null) return;
    const chunks = waiting;
    waiting = null;
    const wasPaused = waitingBytes > maxWaitingBytes;
    for (const chunk of chunks) deliver(chunk);
    if (wasPaused) resume();
  };

  for (const { stream, readable } of sources) {
    readable.on("data", (bytes: Buffer) => {
      if (stream === tailStream) tail = Buffer.concat([tail, bytes]).subarray(-tailBytes);
      const chunk: OutputChunk = { stream, bytes };
      if (waiting === null) {
        deliver(chunk);
        return;
      }
      const had = waitingBytes;
      waiting.push(chunk);
      waitingBytes += bytes.length;
      if (had <= maxWaitingBytes && waitingBytes > maxWaitingBytes) pause();
    });
  }

  return {
    onOutput(listener) {
      listeners.add(listener);
      // Not from within this call: the caller has yet to store what it returns.
      queueMicrotask(deliverWaiting);
      return () => {
        listeners.delete(listener);
      };
    },
    ended: Promise.all(sources.map(({ readable }) => closed(readable))).then(() => undefined),
    isRead: () => waiting === null,
    tail: () => tail.toString("utf8"),
    close() {
      for (const { readable } of sources) readable.destroy();
    },
  };
}
