// A lock that processes take in turn by making one file.
import { readFileSync, readlinkSync } from "node:fs";
import { link, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** How long to hold and how long to wait, in milliseconds. */
export interface LockFileOptions {
  /**
   * A lock that is older belongs to a process that is stopped, or on a machine that is gone, and is
   * taken over; 90 seconds by default.
   */
  readonly longestHoldMs?: number | undefined;
  /**
   * How long to wait for the lock, 120 seconds by default; longer than the longest hold, so that a
   * wait ends in success.
   */
  readonly longestWaitMs?: number | undefined;
  /** Ends the wait; work that has begun is not told of it. */
  readonly signal?: AbortSignal | undefined;
}

interface Owner {
  readonly id: string;
  readonly pid: number;
  /** Host and process namespace: only there does the pid mean something. */
  readonly place: string;
  /** Tells apart two processes that get the same pid one after the other; null where unknown. */
  readonly started: string | null;
}

interface SeenLock {
  /** Differs for each lock that was ever taken. */
  readonly id: string;
  /** Null for a file that holds no owner. */
  readonly owner: Owner | null;
  readonly takenMs: number;
}

/**
 * Runs `work` while no other process (and no other call in this one) that locks `path` does. The lock
 * of a process that has ended is taken over at once. Locks are advisory: programs that do not ask for
 * them are not kept out.
 *
 * @throws Error with the system's code when the file cannot be made, and `ETIMEDOUT` when the lock is
 * not had in time; `signal.reason` when aborted before the lock is had.
 */
export async function withLockFile<T>(
  path: string,
  work: () => Promise<T>,
  options: LockFileOptions = {},
): Promise<T> {
  const id = await acquire(path, options);
  try {
    return await work();
  } finally {
    // After a hold that was too long the lock may be somebody else's.
    if ((await look(path))?.id === id) await rm(path, { force: true });
  }
}

async function acquire(path: string, options: LockFileOptions): Promise<string> {
  const { longestHoldMs = 90_000, longestWaitMs = 120_000, signal } = options;
  // Not imported: node:crypto costs more to load than all the rest here, and only a lock needs it.
  const id = process.getBuiltinModule("node:crypto").randomBytes(8).toString("hex");
  const claim = `${path}.${id}.tmp`;
  const owner: Owner = { id, pid: process.pid, place: place(), started: startOf(process.pid) };
  const deadline = performance.now() + longestWaitMs;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const seen = await look(path);
      if (seen === null) {
        if (await take(path, claim, JSON.stringify(owner))) return id;
      } else if (isAbandoned(seen, longestHoldMs)) {
        await removeAbandoned(path, seen, options);
        continue;
      }
      if (performance.now() >= deadline) throw timedOut(path, seen);
      await pause(5 + Math.random() * 20, signal);
    }
  } finally {
    await rm(claim, { force: true });
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, /*value*/ undefined, signal === undefined ? {} : { signal });
  } catch {
    // Aborted: the reason is thrown by whoever looks at the signal next.
  }
}

/** Puts a complete file in place, unless there is one. */
async function take(path: string, claim: string, content: string): Promise<boolean> {
  await writeFile(claim, content, { mode: 0o600 });
  try {
    await link(claim, path);
    return true;
  } catch (error) {
    // Another process was faster, or has taken the claim for one that was left behind.
    if (isCode(error, "EEXIST", "ENOENT")) return false;
    if (!isCode(error, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS")) throw error;
  }
  // A file system without hard links: the file is there for a moment before its content is.
  try {
    await writeFile(path, content, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  }
}

/**
 * Removes the one lock that was seen. Between looking and removing, another process could remove it and
 * a third take the lock anew; so whoever removes a lock holds a lock of its own on doing so.
 */
async function removeAbandoned(
  path: string,
  { id }: SeenLock,
  options: LockFileOptions,
): Promise<void> {
  await withLockFile(
    `${path}.${id}`,
    async () => {
      if ((await look(path))?.id === id) await rm(path, { force: true });
    },
    options,
  );
}

async function look(path: string): Promise<SeenLock | null> {
  try {
    const [text, { mtimeMs, ino }] = await Promise.all([readFile(path, "utf8"), stat(path)]);
    const owner = readOwner(text);
    const id =
      owner?.id ??
      BigInt(Math.round(ino + mtimeMs * 1000))
        .toString(16)
        .padStart(16, "0");
    return { id, owner, takenMs: mtimeMs };
  } catch (error) {
    if (isCode(error, "ENOENT")) return null;
    throw error;
  }
}

function readOwner(text: string): Owner | null {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null;
    const isOwner =
      /^[0-9a-f]{16}$/.test(owner?.id ?? "") &&
      Number.isSafeInteger(owner?.pid) &&
      typeof owner?.place === "string";
    return isOwner ? (owner as Owner) : null;
  } catch {
    return null;
  }
}

function isAbandoned({ owner, takenMs }: SeenLock, longestHoldMs: number): boolean {
  // Both times come from machines that share the files, so a test's clock has no part in it.
  if (Date.now() - takenMs > longestHoldMs) return true;
  if (owner === null || owner.place !== place()) return false;
  return !isRunning(owner.pid) || (owner.started !== null && owner.started !== startOf(owner.pid));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, "EPERM");
  }
}

function place(): string {
  try {
    return `${hostname()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

/** When a process was started, in the kernel's own words; null for one that has ended, or unknown. */
function startOf(pid: number): string | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "latin1");
    // proc(5): "pid (comm) state …", where comm may itself hold spaces and brackets.
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

function timedOut(path: string, seen: SeenLock | null): Error {
  const holder = seen?.owner == null ? "" : `, which process ${seen.owner.pid} holds`;
  return Object.assign(new Error(`waited too long for ${path}${holder}`), { code: "ETIMEDOUT" });
}

function isCode(error: unknown, ...codes: readonly string[]): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code !== undefined && codes.includes(code);
}
