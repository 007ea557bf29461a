// A process that outlives the call that started it: its output between calls, and its end.
import type { EnvironmentProcess, ProcessEnd } from "@codex-ts/exec-server";
import { withinTime } from "./abort.ts";
import type { ExecEvents } from "./exec-events.ts";
import {
  type KeptOutput,
  OutputBuffer,
  incompleteSuffixLength,
  outputText,
} from "./output-buffer.ts";
import { formatOutput } from "./truncate.ts";
import type { TruncationPolicy } from "@codex-ts/protocol";
import { stopProcess } from "./stop-process.ts";

/** How long the output may stay open after the exit: a child that is left behind may hold it. */
const OUTPUT_GRACE_MS = 100;

export interface ProcessSessionParts {
  readonly id: number;
  readonly process: EnvironmentProcess;
  readonly argv: readonly string[];
  /** The call that started it. */
  readonly callId: string;
  /** The script that it runs, as the model wrote it. */
  readonly command: string;
  readonly tty: boolean;
  readonly events: ExecEvents;
  /** How its whole output is cut for the client. */
  readonly truncation: TruncationPolicy;
  readonly now: () => number;
}

/** How a session's process ended, once its output is complete. */
export interface SessionEnd extends ProcessEnd {
  readonly durationMs: number;
}

export class ProcessSession {
  readonly id: number;
  readonly argv: readonly string[];
  readonly callId: string;
  readonly command: string;
  readonly tty: boolean;
  readonly process: EnvironmentProcess;
  /** By the clock of `now`. */
  readonly startedAt: number;
  /** Resolves when the process has exited and its output is read. */
  readonly finished: Promise<SessionEnd>;
  readonly #parts: ProcessSessionParts;
  readonly #unread = new OutputBuffer();
  readonly #transcript = new OutputBuffer();
  #end: SessionEnd | null = null;
  #announced: Promise<void> | null = null;

  constructor(parts: ProcessSessionParts) {
    this.id = parts.id;
    this.argv = parts.argv;
    this.callId = parts.callId;
    this.command = parts.command;
    this.tty = parts.tty;
    this.process = parts.process;
    this.#parts = parts;
    this.startedAt = parts.now();
    const stopReading = parts.process.onOutput(({ bytes }) => {
      this.#unread.append(bytes);
      this.#transcript.append(bytes);
      parts.events.output("stdout", bytes);
    });
    this.finished = this.#finish(stopReading);
  }

  /** Null while it runs. */
  get end(): SessionEnd | null {
    return this.#end;
  }

  /** Waits until it has finished, or until the time is over or the signal aborts. */
  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.#end === null) await withinTime(this.finished, milliseconds, signal);
    signal.throwIfAborted();
  }

  /** What it has printed since the last time. */
  takeUnread(): Promise<string> {
    const kept = this.#unread.take();
    return outputText(this.#end === null ? this.#holdBack(kept) : kept);
  }

  /** Everything that it has printed. */
  transcript(): Promise<string> {
    return outputText(this.#transcript.peek());
  }

  write(text: string): Promise<void> {
    return this.process.write(text);
  }

  /** Tells the client of the end: now, or when it comes. Resolves when that is done. */
  announceEnd(): Promise<void> {
    this.#announced ??= this.finished.then(async (end) => {
      const output = (await this.transcript()) || (end.startFailure ?? "");
      this.#parts.events.end({
        stdout: output,
        stderr: "",
        aggregatedOutput: output,
        formattedOutput: formatOutput(output, this.#parts.truncation),
        exitCode: end.exitCode,
        durationMs: end.durationMs,
        status: end.exitCode === 0 ? "completed" : "failed",
      });
    });
    return this.#announced;
  }

  /** Ends the process group. Resolves when the end has been announced. */
  async stop(): Promise<void> {
    await stopProcess(this.process);
    await this.announceEnd();
  }

  async #finish(stopReading: () => void): Promise<SessionEnd> {
    const { process, now } = this.#parts;
    const exit = await process.exited;
    const durationMs = now() - this.startedAt;
    await withinTime(process.closed, OUTPUT_GRACE_MS);
    stopReading();
    this.#end = { ...exit, durationMs };
    return this.#end;
  }

  /** Keeps the beginning of a character for the next time. */
  #holdBack(kept: KeptOutput): KeptOutput {
    const bytes = kept.tail.length > 0 ? kept.tail : kept.head;
    const complete = bytes.length - incompleteSuffixLength(bytes);
    this.#unread.append(bytes.subarray(complete));
    const whole = bytes.subarray(0, complete);
    return kept.tail.length > 0 ? { ...kept, tail: whole } : { ...kept, head: whole };
  }
}
