import { setImmediate } from "node:timers/promises";
import type { RolloutLine, SessionMeta } from "@codex-ts/protocol";
import { RolloutError, reasonOf } from "./errors.ts";
import { isBlank, linesFromStart, parseLine } from "./lines.ts";

/** What a session file holds. */
export interface Rollout {
  /** The file's first `session_meta`: a fork's file goes on with that of the session it began from. */
  readonly meta: SessionMeta;
  /** All readable lines in file order, `session_meta` lines included. */
  readonly items: readonly RolloutLine[];
  /** How many lines were passed over: not JSON, cut off, or of a shape that is not known. */
  readonly skipped: number;
}

const blockSize = 256 * 1024;
/** How much is read before other work gets its turn. */
const bytesPerTurn = 1024 * 1024;

/**
 * Reads a session file whole; for a long one {@link readRolloutLines} needs less room.
 *
 * @throws RolloutError `unreadable`, `blank_file` or `no_session_meta`
 * @throws the signal's reason when aborted
 */
export async function readRollout(
  path: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Rollout> {
  const items: RolloutLine[] = [];
  const facts = await readRolloutLines(path, (line) => void items.push(line), options);
  return { ...facts, items };
}

/**
 * Reads a session file and hands each readable line to `take`, in file order, as it comes by.
 *
 * @throws RolloutError `unreadable`, `blank_file` or `no_session_meta`
 * @throws the signal's reason when aborted
 */
export async function readRolloutLines(
  path: string,
  take: (line: RolloutLine) => void,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Omit<Rollout, "items">> {
  const { signal } = options;
  const { decodeRolloutLine } = await import("@codex-ts/protocol/schemas");
  let meta: SessionMeta | undefined;
  let taken = 0;
  let skipped = 0;
  let bytes = 0;
  signal?.throwIfAborted();
  for (const line of linesOf(path)) {
    bytes += line.length;
    if (bytes > bytesPerTurn) {
      bytes = 0;
      await setImmediate(undefined, { signal });
    }
    if (isBlank(line)) continue;
    const item = decodeRolloutLine(parseLine(line));
    if (item === null) {
      skipped += 1;
      continue;
    }
    taken += 1;
    if (item.type === "session_meta") meta ??= item.payload;
    take(item);
  }
  if (taken === 0 && skipped === 0) {
    throw new RolloutError("blank_file", `the session file ${path} is blank`);
  }
  if (meta === undefined) {
    throw new RolloutError(
      "no_session_meta",
      `${path} is not a session file: none of its lines says which thread it is of`,
    );
  }
  return { meta, skipped };
}

function* linesOf(path: string): Generator<Buffer, void, void> {
  try {
    yield* linesFromStart(path, blockSize);
  } catch (error) {
    throw new RolloutError(
      "unreadable",
      `cannot read the session file ${path}: ${reasonOf(error)}`,
      {
        cause: error,
      },
    );
  }
}
