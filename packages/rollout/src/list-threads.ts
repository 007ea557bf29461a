// The sessions of a home, newest first, a page at a time.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { type ThreadId, parseThreadId } from "@codex-ts/protocol";
import { RolloutError } from "./errors.ts";
import { openSessionIndex } from "./session-index.ts";
import { type SessionFile, sessionFiles } from "./session-files.ts";
import { byNewest, byNewestChange, takeTurns } from "./session-order.ts";
import { readThreadNames } from "./thread-names.ts";
import { type ThreadFilter, type ThreadSummary, passes, summarise } from "./thread-summary.ts";

/** Which sessions, in which order, and which page of them. */
export interface ListThreadsOptions extends ThreadFilter {
  readonly codexHome: AbsolutePath;
  /** Archived sessions instead of live ones. */
  readonly archived?: boolean | undefined;
  /** 25 by default. */
  readonly pageSize?: number | undefined;
  /** The `nextCursor` of the page before; the other options must be the same as there. */
  readonly cursor?: string | undefined;
  /** By the time at which the thread was made (the default) or at which its file last changed. */
  readonly sortKey?: "created_at" | "updated_at" | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A page of a listing. */
export interface ThreadPage {
  readonly threads: readonly ThreadSummary[];
  /** Ask with it for the next page; null when there is nothing more. */
  readonly nextCursor: string | null;
}

/**
 * Lists the sessions in which a person has spoken, newest first; of those with the same time the one
 * with the greater id comes first. Reads the names of all files, and the heads of those alone that
 * the page needs and that the index of an earlier listing does not have.
 *
 * @throws RolloutError `invalid_cursor`, or `unreadable` when a folder cannot be read
 * @throws the signal's reason when aborted
 */
export async function listThreads(options: ListThreadsOptions): Promise<ThreadPage> {
  const { codexHome, archived = false, pageSize = 25, sortKey = "created_at", signal } = options;
  const start = options.cursor === undefined ? null : parseCursor(options.cursor);
  const { decodeRolloutLine } = await import("@codex-ts/protocol/schemas");
  const files = sessionFiles(codexHome, archived);
  const sorted =
    sortKey === "created_at" ? files.sort(byNewest) : await byNewestChange(files, signal);
  const candidates = start === null ? sorted : sorted.filter((file) => byNewest(start, file) < 0);
  const names = await readThreadNames(codexHome);
  const index = openSessionIndex(codexHome, decodeRolloutLine);
  const isWanted = passes(options);
  const threads: ThreadSummary[] = [];
  let nextCursor: string | null = null;
  for (const [position, file] of candidates.entries()) {
    await takeTurns(position, signal);
    const thread = summarise(file, names, index.head);
    if (thread === null || !isWanted(thread)) continue;
    threads.push(thread);
    if (threads.length < pageSize) continue;
    if (position < candidates.length - 1) nextCursor = formatCursor(file);
    break;
  }
  index.save();
  return { threads, nextCursor };
}

// A cursor names the last thread of its page: `<RFC 3339 time>|<thread id>`.
function formatCursor({ time, id }: SessionFile): string {
  return `${new Date(time).toISOString()}|${id}`;
}

function parseCursor(cursor: string): { readonly time: number; readonly id: ThreadId } {
  const [timeText = "", idText = "", ...rest] = cursor.split("|");
  const time = Date.parse(timeText);
  const id = parseThreadId(idText);
  if (Number.isNaN(time) || id === null || rest.length > 0) {
    throw new RolloutError(
      "invalid_cursor",
      `${JSON.stringify(cursor)} is not a page token: use the nextCursor of the page before`,
    );
  }
  return { time, id };
}
