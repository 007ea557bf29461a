// Names of threads: an append-only file of `{"id","thread_name","updated_at"}` lines.
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { type AbsolutePath, join } from "@codex-ts/absolute-path";
import { type ThreadId, parseThreadId } from "@codex-ts/protocol";
import { RolloutError, isMissing, reasonOf } from "./errors.ts";
import { linesFromEnd, parseLine } from "./lines.ts";

const blockSize = 8 * 1024;

/** The file of thread names below the Codex home. */
function threadNamesPath(codexHome: AbsolutePath): AbsolutePath {
  return join(codexHome, "session_index.jsonl");
}

/**
 * Gives a thread a name; the last name that a thread was given counts. Space around it is dropped.
 *
 * @throws RolloutError `blank_name`, or `write_failed`
 */
export async function appendThreadName(
  codexHome: AbsolutePath,
  id: ThreadId,
  name: string,
  now: () => Date = () => new Date(),
): Promise<void> {
  const threadName = name.trim();
  if (threadName === "") {
    throw new RolloutError("blank_name", "a thread's name needs at least one visible character");
  }
  const line = { id, thread_name: threadName, updated_at: now().toISOString() };
  const path = threadNamesPath(codexHome);
  let file: number | undefined;
  try {
    file = openSync(path, "a+");
    const last = Buffer.alloc(1);
    const { size } = fstatSync(file);
    const cutOff = size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
    writeSync(file, `${cutOff ? "\n" : ""}${JSON.stringify(line)}\n`);
  } catch (error) {
    throw new RolloutError("write_failed", `cannot name a thread in ${path}: ${reasonOf(error)}`, {
      cause: error,
    });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * The name of a thread; null when it has none.
 *
 * @throws RolloutError `unreadable`
 */
export async function findThreadName(
  codexHome: AbsolutePath,
  id: ThreadId,
): Promise<string | null> {
  for (const entry of newestFirst(codexHome)) if (entry.id === id) return entry.name;
  return null;
}

/**
 * The present names of all threads that have one.
 *
 * @throws RolloutError `unreadable`
 */
export async function readThreadNames(
  codexHome: AbsolutePath,
): Promise<ReadonlyMap<ThreadId, string>> {
  const names = new Map<ThreadId, string>();
  for (const { id, name } of newestFirst(codexHome)) if (!names.has(id)) names.set(id, name);
  return names;
}

function* newestFirst(
  codexHome: AbsolutePath,
): Generator<{ readonly id: ThreadId; readonly name: string }, void, void> {
  const path = threadNamesPath(codexHome);
  try {
    for (const line of linesFromEnd(path, blockSize)) {
      const value = parseLine(line);
      if (typeof value !== "object" || value === null) continue;
      const { id: idText, thread_name: name } = value as Record<string, unknown>;
      const id = typeof idText === "string" ? parseThreadId(idText) : null;
      if (id !== null && typeof name === "string" && name.trim() !== "") yield { id, name };
    }
  } catch (error) {
    if (isMissing(error)) return;
    throw new RolloutError("unreadable", `cannot read ${path}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}
