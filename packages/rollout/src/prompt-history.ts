// What a person has typed, over all sessions: `history.jsonl` below the Codex home, which front ends
// offer again. Lines are `{"session_id","ts","text"}`, `ts` in seconds since the epoch.
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { type AbsolutePath, join } from "@codex-ts/absolute-path";
import { withLockFile } from "@codex-ts/lock-file";
import type { PromptHistoryEntry } from "@codex-ts/protocol";
import { isMissing, reasonOf, RolloutError } from "./errors.ts";

/** What is known of the file without reading an entry. */
export interface PromptHistoryFacts {
  /** Tells one file from another: offsets of one mean nothing in the next. 0 when there is none. */
  readonly logId: number;
  readonly entryCount: number;
}

/** How large the history may become. */
export interface AppendPromptOptions {
  /**
   * The size in bytes above which the oldest entries are dropped, down to four fifths of it; the
   * newest stays however long it is. No limit by default.
   */
  readonly maxBytes?: number | undefined;
}

/** How long to wait for others who write, in milliseconds. */
const LONGEST_WAIT_MS = 10_000;
/** What is left of the limit when entries are dropped, so that not every prompt drops some. */
const KEPT_SHARE = 0.8;
/** Read at once when entries are counted, which happens at the start of every session. */
const COUNTED_BYTES = 512 * 1024;
/** Prompts are nobody else's business. */
const OWNER_ONLY = 0o600;

function promptHistoryPath(codexHome: AbsolutePath): AbsolutePath {
  return join(codexHome, "history.jsonl");
}

/** Adds a prompt. @throws RolloutError `write_failed` */
export async function appendPrompt(
  codexHome: AbsolutePath,
  { conversation_id, ts, text }: PromptHistoryEntry,
  { maxBytes }: AppendPromptOptions = {},
): Promise<void> {
  const path = promptHistoryPath(codexHome);
  const line = `${JSON.stringify({ session_id: conversation_id, ts, text })}\n`;
  try {
    await mkdir(codexHome, { recursive: true });
    await withLockFile(`${path}.lock`, () => append(path, line, maxBytes), {
      longestWaitMs: LONGEST_WAIT_MS,
    });
  } catch (error) {
    const message = `the prompt could not be added to ${path}: ${reasonOf(error)}`;
    throw new RolloutError("write_failed", message, { cause: error });
  }
}

/** Which file it is and how much it holds. @throws RolloutError `unreadable` */
export async function promptHistoryFacts(codexHome: AbsolutePath): Promise<PromptHistoryFacts> {
  const path = promptHistoryPath(codexHome);
  try {
    const logId = await logIdOf(path);
    let entryCount = 0;
    const stream = createReadStream(path, { highWaterMark: COUNTED_BYTES });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, at + 1)) {
        entryCount += 1;
      }
    }
    return { logId, entryCount };
  } catch (error) {
    if (isMissing(error)) return { logId: 0, entryCount: 0 };
    throw unreadable(path, error);
  }
}

/**
 * The entry of a line, counted from 0 at the oldest; null where there is none, where the line cannot be
 * read, and when `logId` is that of another file (0 stands for any).
 *
 * @throws RolloutError `unreadable`
 */
export async function readPrompt(
  codexHome: AbsolutePath,
  { logId, offset }: { readonly logId: number; readonly offset: number },
): Promise<PromptHistoryEntry | null> {
  const path = promptHistoryPath(codexHome);
  try {
    if (logId !== 0 && logId !== (await logIdOf(path))) return null;
    const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
    let index = 0;
    for await (const line of lines) {
      if (index === offset) return entryOf(line);
      index += 1;
    }
    return null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): RolloutError {
  return new RolloutError("unreadable", `cannot read ${path}: ${reasonOf(error)}`, {
    cause: error,
  });
}

/** Windows has no inodes that last; there it is when the file was made. */
async function logIdOf(path: string): Promise<number> {
  const { ino, birthtimeMs } = await stat(path);
  return process.platform === "win32" ? Math.floor(birthtimeMs) : ino;
}

function entryOf(line: string): PromptHistoryEntry | null {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return null;
    const { session_id: id, ts, text } = value as Readonly<Record<string, unknown>>;
    if (typeof id !== "string" || typeof ts !== "number" || typeof text !== "string") return null;
    return { conversation_id: id, ts, text };
  } catch {
    return null;
  }
}

async function append(path: string, line: string, maxBytes: number | undefined): Promise<void> {
  await using file = await open(path, "a+", OWNER_ONLY);
  const { size, mode } = await file.stat();
  if ((mode & 0o077) !== 0) await file.chmod(OWNER_ONLY);
  // What a killed program left behind without an end is no part of this line.
  const added = Buffer.from(`${(await endsInside(file, size)) ? "\n" : ""}${line}`);
  await file.write(added);
  const newest = Buffer.byteLength(line);
  const total = size + added.length;
  if (maxBytes === undefined || total <= maxBytes) return;
  const kept = Math.max(Math.floor(maxBytes * KEPT_SHARE), newest);
  if (kept < total) await replace(path, await newestLines(file, total, kept));
}

async function endsInside(file: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] !== 0x0a;
}

/** The newest lines of `size` bytes that fit into `bytes`. */
async function newestLines(file: FileHandle, size: number, bytes: number): Promise<Buffer> {
  // The byte before tells whether the first line is whole.
  const length = bytes + 1;
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.subarray(buffer.indexOf(0x0a) + 1);
}

/** In one step: a reader sees the old file or the new one, and knows it by its id. */
async function replace(path: string, content: Buffer): Promise<void> {
  const draft = `${path}.${process.pid}`;
  try {
    await writeFile(draft, content, { mode: OWNER_ONLY });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
