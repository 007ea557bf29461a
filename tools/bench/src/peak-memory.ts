// The peak resident set of a command, as the kernel counted it.
//
// wait4(2) reports the peak of a process and of its descendants. A child of this process would not do: on Linux
// its count starts with what it had before exec, which is a copy of Node's. So a small shell starts the command
// in the background, tells its id and ends; this process, as the reaper of orphans, inherits the command and waits.
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import type { Readable } from "node:stream";
import type { CommandSubject } from "./benchmark.ts";

/** A command that was measured failed, or could not be measured. */
export class MeasureError extends Error {
  readonly code = "measure_failed";

  constructor(message: string) {
    super(message);
    this.name = "MeasureError";
  }
}

/** prctl(2), in include/uapi/linux/prctl.h. */
const PR_SET_CHILD_SUBREAPER = 36;

/** getrusage(2): two times of two longs each come before ru_maxrss. */
const rusageLongs = 18;
const maxrssIndex = 4;

const handOverAttempts = 100;

interface Waiter {
  /** The wait status and the peak in bytes of an inherited process, once it has ended. */
  wait(pid: number): Promise<{ readonly status: number; readonly peak: number }>;
}

let waiter: Promise<Waiter> | undefined;

async function loadWaiter(): Promise<Waiter> {
  const { default: koffi } = await import("koffi");
  const libc = koffi.load(null);
  const prctl = libc.func(
    "int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)",
  );
  const wait4 = libc.func("int wait4(int, void *, int, void *)");
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) !== 0) {
    throw new MeasureError("This process may not become the reaper of orphans (prctl failed).");
  }
  return {
    async wait(pid) {
      const status = new Int32Array(1);
      const usage = new BigInt64Array(rusageLongs);
      // The shell closes its pipe a moment before its children are handed over.
      for (let attempt = 0; attempt < handOverAttempts; attempt += 1) {
        const reaped = await new Promise<number>((settle) => {
          wait4.async(pid, status, 0, usage, (_error: unknown, result: number) => settle(result));
        });
        if (reaped === pid) {
          return { status: status[0] ?? 0, peak: Number(usage[maxrssIndex] ?? 0n) * 1024 };
        }
        await setTimeout(10);
      }
      throw new MeasureError(`Process ${pid} could not be waited for.`);
    },
  };
}

/**
 * Runs the command to its end.
 *
 * @returns its peak resident set in bytes, the largest of its and its descendants'; `undefined` where
 * the system has no way to tell
 * @throws {MeasureError} when the command does not exit with 0
 */
export async function peakMemory(subject: CommandSubject): Promise<number | undefined> {
  if (process.platform !== "linux") return undefined;
  const { wait } = await (waiter ??= loadWaiter());
  const shell = spawn(
    "/bin/sh",
    ["-c", '"$@" </dev/null >/dev/null 2>&1 3>&- & echo $! >&3', "sh", ...subject.command],
    {
      cwd: subject.cwd,
      env: subject.env ?? process.env,
      stdio: ["ignore", "ignore", "inherit", "pipe"],
    },
  );
  const pid = Number.parseInt(await text(shell.stdio[3] as Readable), 10);
  if (Number.isNaN(pid)) throw new MeasureError(`${subject.name} could not be started.`);
  const { status, peak } = await wait(pid);
  if (status !== 0) throw new MeasureError(`${subject.name} failed (wait status ${status}).`);
  return peak;
}
