// What a listing tells of a session, and which sessions it holds back.
import { realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { SessionMeta, SessionSource, ThreadId } from "@codex-ts/protocol";
import type { SessionFile } from "./session-files.ts";
import type { SessionIndex } from "./session-index.ts";

/** The kinds of front ends that sessions come from. */
export type SessionSourceKind =
  | "cli"
  | "vscode"
  | "exec"
  | "mcp"
  | "custom"
  | "subagent"
  | "unknown";

/** Which sessions are looked for. A part that is left out lets all pass. */
export interface ThreadFilter {
  /** Without it all but those of sub-agents, which the session that started them tells of. */
  readonly sources?: readonly SessionSourceKind[] | undefined;
  /** Ids of model providers. */
  readonly providers?: readonly string[] | undefined;
  /** The provider of files that name none; without it such files pass no `providers` filter. */
  readonly defaultProvider?: string | undefined;
  /** The folder in which the session began; symbolic links are followed before comparing. */
  readonly cwd?: string | undefined;
  /** A part of the name or of the first message, in any case. */
  readonly searchTerm?: string | undefined;
}

/** One session of a listing. */
export interface ThreadSummary {
  readonly id: ThreadId;
  readonly path: AbsolutePath;
  /** What the file begins with, without the instructions. */
  readonly meta: SessionMeta;
  /** The name that it was given last; null for none. */
  readonly name: string | null;
  /** The first message of the user. */
  readonly preview: string;
  /** When the thread was made: RFC 3339. */
  readonly createdAt: string;
  /** When the file last changed: RFC 3339, UTC, milliseconds. */
  readonly updatedAt: string;
}

/** The summary of a file; null when no person has spoken in it, or when it cannot be read. */
export function summarise(
  { id, path }: SessionFile,
  names: ReadonlyMap<ThreadId, string>,
  headOf: SessionIndex["head"],
): ThreadSummary | null {
  const status = statSync(path, { throwIfNoEntry: false });
  const head = status === undefined ? null : headOf(path, status.size);
  if (head === null || status === undefined) return null;
  const { meta, preview } = head;
  const name = names.get(id) ?? null;
  const updatedAt = status.mtime.toISOString();
  return { id, path, meta, name, preview, createdAt: meta.timestamp, updatedAt };
}

/** Makes the test of a filter. */
export function passes(filter: ThreadFilter): (thread: ThreadSummary) => boolean {
  const { sources, providers, defaultProvider } = filter;
  const isInFolder = filter.cwd === undefined ? undefined : leadsTo(filter.cwd);
  const term = filter.searchTerm?.toLowerCase();
  return ({ meta, name, preview }) => {
    const source = sessionSourceKind(meta.source);
    if (sources === undefined ? source === "subagent" : !sources.includes(source)) return false;
    const provider = meta.model_provider ?? defaultProvider;
    if (providers !== undefined && (provider === undefined || !providers.includes(provider))) {
      return false;
    }
    if (isInFolder !== undefined && !isInFolder(meta.cwd)) return false;
    if (term === undefined) return true;
    return [name ?? "", preview].some((text) => text.toLowerCase().includes(term));
  };
}

/** Which kind of front end a session comes from. */
export function sessionSourceKind(source: SessionSource): SessionSourceKind {
  if (typeof source === "string") return source;
  return "custom" in source ? "custom" : "subagent";
}

/**
 * Makes a test of whether a path leads to the folder `cwd`: symbolic links are followed where it
 * exists. What was found out about a path is kept.
 */
export function leadsTo(cwd: string): (path: string) => boolean {
  const wanted = canonicalPath(cwd);
  const known = new Map<string, boolean>();
  return (path) => {
    const answer = known.get(path) ?? canonicalPath(path) === wanted;
    known.set(path, answer);
    return answer;
  };
}

function canonicalPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return resolve(path);
  }
}
