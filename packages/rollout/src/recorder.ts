// The one who writes a thread's session file.
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
} from "node:fs";
import { type AbsolutePath, parent } from "@codex-ts/absolute-path";
import type { GitInfo, RolloutItem, SessionMeta } from "@codex-ts/protocol";
import { encodeLine } from "./encode-line.ts";
import { RolloutError, reasonOf } from "./errors.ts";
import { type LineWriter, lineWriter } from "./line-writer.ts";
import { rolloutPath } from "./session-files.ts";

/**
 * Records one thread. Calls keep their order, and one recorder per file and process is assumed.
 * Disk trouble never fails a turn: lines are tried again, then wait in memory, with one warning.
 */
export interface RolloutRecorder extends AsyncDisposable {
  /** Where the session file is or will be. */
  readonly path: AbsolutePath;
  /**
   * Makes a new thread's file appear: its `session_meta` with git facts, then all that was recorded so
   * far. Without this the thread leaves no file. Does nothing the second time, or on a resumed file.
   */
  materialise(): Promise<void>;
  /**
   * Adds lines. Resolves when they are written to the file (they survive the end of this process; see
   * {@link flush} for the end of power), or, before `materialise`, at once. Never rejects.
   */
  record(items: readonly RolloutItem[]): Promise<void>;
  /** Brings everything recorded to the disk: call it at the end of a turn. @throws RolloutError `write_failed` */
  flush(): Promise<void>;
  /**
   * Writes what is left and lets go of the file; what is recorded later is ignored.
   * @throws RolloutError `write_failed` when lines are lost
   */
  close(): Promise<void>;
}

/** How a recorder writes. */
export interface RecorderSettings {
  /** The clock of the lines' time stamps. */
  readonly now?: (() => Date) | undefined;
  /** Called once, with a text for the user, when the file cannot be written for a while. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** How many bytes may wait in memory while the file cannot be written; 64 MiB by default. */
  readonly bufferLimit?: number | undefined;
}

/** Where a new session file goes and what it begins with. */
export interface CreateRecorderOptions extends RecorderSettings {
  readonly codexHome: AbsolutePath;
  /** What the file begins with; its `timestamp` also names the file. */
  readonly meta: Omit<SessionMeta, "git">;
  /** Asked once, when the file appears. A rejection counts as "not in a repository". */
  readonly gitInfo?: (() => Promise<GitInfo | null | undefined>) | undefined;
  /** Lines that come right behind `session_meta`: those of the session that a fork began from. */
  readonly initialItems?: readonly RolloutItem[] | undefined;
  /** The IANA zone whose wall clock names folder and file; the host's by default. */
  readonly timeZone?: string | undefined;
}

const defaultBufferLimit = 64 * 1024 * 1024;

/** The recorder of a new thread. Nothing is written before {@link RolloutRecorder.materialise}. */
export function createRolloutRecorder(options: CreateRecorderOptions): RolloutRecorder {
  const { codexHome, meta, gitInfo, initialItems = [], timeZone } = options;
  const createdAt = new Date(meta.timestamp);
  const path = rolloutPath({ codexHome, id: meta.id, createdAt, timeZone });
  const writer = writerOf(path, options, () => {
    mkdirSync(parent(path) ?? path, { recursive: true });
    return openSync(path, "a");
  });
  const now = options.now ?? currentTime;
  let buffered: RolloutItem[] | null = [];
  let materialising: Promise<void> | null = null;

  async function makeFile(): Promise<void> {
    const git = await gitFacts(gitInfo);
    const payload: SessionMeta = git === undefined ? meta : { ...meta, git };
    const items = [
      { type: "session_meta", payload } as const,
      ...initialItems,
      ...(buffered ?? []),
    ];
    buffered = null;
    await writer.append(linesOf(items, now));
  }

  async function close(): Promise<void> {
    await materialising;
    await writer.close();
  }

  return {
    path,
    materialise: () => (materialising ??= makeFile()),
    async record(items) {
      if (buffered === null) {
        await writer.append(linesOf(items, now));
        return;
      }
      for (const item of items) buffered.push(item);
      await materialising;
    },
    async flush() {
      if (materialising === null) return;
      await materialising;
      await writer.flush();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * A recorder that goes on with an existing file; no new `session_meta` is written. Behind a last line
 * that was cut off (its writer was killed) new lines begin on a line of their own; of the cut line
 * only the bytes of a half-written character are taken away. @throws RolloutError `unreadable`
 */
export async function resumeRolloutRecorder(
  path: AbsolutePath,
  options: RecorderSettings = {},
): Promise<RolloutRecorder> {
  const { file, tornLine } = openForAppending(path);
  const writer = writerOf(path, options, file);
  const now = options.now ?? currentTime;
  let separator = tornLine ? "\n" : "";
  return {
    path,
    materialise: () => Promise.resolve(),
    async record(items) {
      const lines = linesOf(items, now);
      if (lines === "") return;
      const begin = separator;
      separator = "";
      await writer.append(begin + lines);
    },
    flush: () => writer.flush(),
    close: () => writer.close(),
    [Symbol.asyncDispose]: () => writer.close(),
  };
}

function writerOf(
  path: AbsolutePath,
  settings: RecorderSettings,
  target: number | (() => number),
): LineWriter {
  const { onWarning = () => undefined, bufferLimit = defaultBufferLimit } = settings;
  return lineWriter({ path, target, onWarning, bufferLimit });
}

async function gitFacts(gitInfo: CreateRecorderOptions["gitInfo"]): Promise<GitInfo | undefined> {
  try {
    return (await gitInfo?.()) ?? undefined;
  } catch {
    return undefined;
  }
}

function currentTime(): Date {
  return new Date();
}

function linesOf(items: readonly RolloutItem[], now: () => Date): string {
  const timestamp = now().toISOString();
  return items.map((item) => encodeLine(item, timestamp) ?? "").join("");
}

function openForAppending(path: AbsolutePath): {
  readonly file: number;
  readonly tornLine: boolean;
} {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDWR | constants.O_APPEND);
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(4, size));
    readSync(file, tail, 0, tail.length, size - tail.length);
    // A cut inside a character makes the whole file unreadable for those who insist on UTF-8.
    const dangling = danglingUtf8Bytes(tail);
    if (dangling > 0) ftruncateSync(file, size - dangling);
    return { file, tornLine: size > 0 && tail.at(-1) !== 0x0a };
  } catch (error) {
    if (file !== undefined) closeSync(file);
    throw new RolloutError("unreadable", `cannot go on with ${path}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** How many bytes at the end of `tail` begin a UTF-8 character without finishing it. */
function danglingUtf8Bytes(tail: Buffer): number {
  for (let back = 1; back <= tail.length; back += 1) {
    const byte = tail[tail.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
