// From what a person says (an id, a name, "the last one here") to the session file.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { type RolloutLine, parseThreadId } from "@codex-ts/protocol";
import { type SessionFile, sessionFileOf, sessionFiles } from "./session-files.ts";
import { readLatestCwd, readSessionHead } from "./session-head.ts";
import { byNewestChange, takeTurns } from "./session-order.ts";
import { readThreadNames } from "./thread-names.ts";
import {
  type ThreadFilter,
  type ThreadSummary,
  leadsTo,
  passes,
  summarise,
} from "./thread-summary.ts";

/**
 * The session file of the thread `id`, found by its name; null when there is none, or when `id` is
 * not a UUID. @throws RolloutError `unreadable`
 */
export async function findThreadPath(
  codexHome: AbsolutePath,
  id: string,
  options: { readonly archived?: boolean | undefined } = {},
): Promise<AbsolutePath | null> {
  const threadId = parseThreadId(id);
  if (threadId === null) return null;
  return sessionFileOf(codexHome, threadId, options.archived ?? false)?.path ?? null;
}

/**
 * The file of the session whose present name is exactly `name`; of several the one that changed last.
 * With `cwd`, only a session whose last turn was in that folder. Null when there is none.
 *
 * @throws RolloutError `unreadable`
 */
export async function findThreadByName(
  codexHome: AbsolutePath,
  name: string,
  cwd?: string,
  options: { readonly archived?: boolean | undefined } = {},
): Promise<AbsolutePath | null> {
  const { decodeRolloutLine } = await import("@codex-ts/protocol/schemas");
  const names = await readThreadNames(codexHome);
  const files = [...names].flatMap(([id, present]) => {
    const file = present === name ? sessionFileOf(codexHome, id, options.archived ?? false) : null;
    return file === null ? [] : [file];
  });
  const named = await byNewestChange(files, /*signal*/ undefined);
  if (cwd === undefined) return named[0]?.path ?? null;
  const isHere = lastUsedIn(cwd, decodeRolloutLine);
  return named.find(isHere)?.path ?? null;
}

/** Which sessions count. */
export interface LatestThreadOptions extends Pick<ThreadFilter, "sources" | "defaultProvider"> {
  /** Only a session whose last turn was in this folder; any folder without it. */
  readonly cwd?: string | undefined;
  /** Only sessions of this model provider. */
  readonly provider?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The file of the live session that changed last; null when there is none. A session that began in
 * one folder and went on in another counts as one of the latter.
 *
 * @throws RolloutError `unreadable`
 * @throws the signal's reason when aborted
 */
export async function latestThreadForCwd(
  codexHome: AbsolutePath,
  options: LatestThreadOptions = {},
): Promise<AbsolutePath | null> {
  const { cwd, provider, sources, defaultProvider, signal } = options;
  const { decodeRolloutLine } = await import("@codex-ts/protocol/schemas");
  const isHere = cwd === undefined ? () => true : lastUsedIn(cwd, decodeRolloutLine);
  const providers = provider === undefined ? undefined : [provider];
  const isWanted = passes({ sources, providers, defaultProvider });
  const files = await byNewestChange(sessionFiles(codexHome, /*archived*/ false), signal);
  for (const [index, file] of files.entries()) {
    await takeTurns(index, signal);
    if (!isHere(file)) continue;
    const thread = summarise(file, noNames, (path) => readSessionHead(path, decodeRolloutLine));
    if (thread !== null && isWanted(thread)) return file.path;
  }
  return null;
}

const noNames: ReadonlyMap<ThreadSummary["id"], string> = new Map();

function lastUsedIn(
  cwd: string,
  decodeLine: (value: unknown) => RolloutLine | null,
): (file: SessionFile) => boolean {
  const isThere = leadsTo(cwd);
  return ({ path }) => {
    const latest = readLatestCwd(path, decodeLine) ?? readSessionHead(path, decodeLine)?.meta.cwd;
    return latest !== undefined && isThere(latest);
  };
}
