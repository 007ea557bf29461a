// A snapshot of the work tree at the start of a turn, taken while the model is asked, so that what the
// turn changes can be undone.
import { setTimeout as sleep } from "node:timers/promises";
import {
  createGhostCommitWithReport,
  GitError,
  type GhostSnapshotReport,
  pruneGhostCommits,
} from "@codex-ts/git-utils";
import type { GhostSnapshotItem } from "@codex-ts/protocol";
import type { Tool } from "@codex-ts/tools";
import type { ThreadResources } from "./thread-resources.ts";
import type { TurnContext } from "./turn-context.ts";

/** What a snapshot leaves out, and whether the person is told of it. */
export interface GhostSnapshotSettings {
  /** Bytes; no limit when missing. */
  readonly ignoreLargeUntrackedFiles?: number | undefined;
  /** Files in a folder; no limit when missing. */
  readonly ignoreLargeUntrackedDirs?: number | undefined;
  readonly disableWarnings: boolean;
}

export interface TurnSnapshot {
  /** Resolves when files may change: the snapshot is there, or there is none. Never rejects. */
  readonly ready: Promise<void>;
  /** The snapshot for the history; given once, when it is there. */
  readonly take: () => readonly GhostSnapshotItem[];
}

export const noSnapshot: TurnSnapshot = { ready: Promise.resolve(), take: () => [] };

/** A snapshot that takes longer holds tools up so visibly that the person is told why. */
const slowMs = 240_000;
/** How long a snapshot is kept from garbage collection. */
const keptMs = 14 * 24 * 60 * 60 * 1000;
/** Files or folders that a warning names. */
const namedAtMost = 3;

/** Begins a snapshot when the feature `undo` is on. What goes wrong costs the undo, never the turn. */
export function startSnapshot(
  thread: ThreadResources,
  turn: TurnContext,
  signal: AbortSignal,
): TurnSnapshot {
  const { config, journal, options } = thread;
  if (!config.features.enabled("undo")) return noSnapshot;
  const settings = config.ghostSnapshot ?? { disableWarnings: false };
  const warn = (message: string): void => {
    if (settings.disableWarnings) return;
    void journal.announce(turn.turnId, { type: "warning", message });
  };
  const git = { repoPath: turn.settings.cwd, env: options.env, signal };
  let item: GhostSnapshotItem | null = null;
  const make = async (): Promise<void> => {
    const over = new AbortController();
    sleep(slowMs, undefined, { signal: over.signal, ref: false }).then(
      () => warn("The snapshot of the work tree for undo is still being made; tools wait for it."),
      () => {},
    );
    try {
      const made = await createGhostCommitWithReport({
        ...git,
        ignore_large_untracked_files: settings.ignoreLargeUntrackedFiles ?? null,
        ignore_large_untracked_dirs: settings.ignoreLargeUntrackedDirs ?? null,
      });
      item = { type: "ghost_snapshot", ghost_commit: { ...made.commit } };
      for (const message of leftOut(made.report, settings)) warn(message);
      // Nobody waits for this, and what it leaves now the next turn removes.
      pruneGhostCommits({ ...git, before: new Date(Date.now() - keptMs) }).catch(() => {});
    } catch (error) {
      const message = snapshotProblem(error);
      if (message !== null) warn(message);
    } finally {
      over.abort();
    }
  };
  return {
    ready: make(),
    take() {
      const taken = item === null ? [] : [item];
      item = null;
      return taken;
    },
  };
}

/** What to say of a snapshot that failed; null where there is nothing to undo, or nobody who waits. */
function snapshotProblem(error: unknown): string | null {
  const silent: readonly string[] = ["not_a_repository", "no_work_tree", "aborted"];
  if (error instanceof GitError && silent.includes(error.code)) return null;
  return `No snapshot of the work tree was made, so this turn cannot be undone: ${(error as Error).message}`;
}

function leftOut(report: GhostSnapshotReport, settings: GhostSnapshotSettings): readonly string[] {
  const folders = report.large_untracked_dirs.map(
    ({ path, file_count: n }) => `${path} (${n} files)`,
  );
  const files = report.ignored_untracked_files.map(
    ({ path, byte_size: size }) => `${path} (${size} bytes)`,
  );
  return [
    ...(folders.length === 0
      ? []
      : [
          `Folders with ${settings.ignoreLargeUntrackedDirs} or more untracked files are not in the snapshot, and undo leaves them as they are: ${shortened(folders)}. Put them into .gitignore, or raise ghost_snapshot.ignore_large_untracked_dirs.`,
        ]),
    ...(files.length === 0
      ? []
      : [
          `Untracked files of more than ${settings.ignoreLargeUntrackedFiles} bytes are not in the snapshot, and undo leaves them as they are: ${shortened(files)}. Put them into .gitignore, or raise ghost_snapshot.ignore_large_untracked_files.`,
        ]),
  ];
}

/** The first few, and how many more there are. */
export function shortened(names: readonly string[]): string {
  const shown = names.slice(0, namedAtMost).join(", ");
  const more = names.length - namedAtMost;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** Tools that change nothing on disk; all others wait for the snapshot. */
const toolsThatOnlyLook: ReadonlySet<string> = new Set([
  "list_dir",
  "request_permissions",
  "request_user_input",
  "update_plan",
  "view_image",
  "web_search",
]);

/** The tools, of which those that may change files run only when the snapshot is there. */
export function toolsAfterSnapshot(
  tools: readonly Tool[],
  snapshot: TurnSnapshot,
): readonly Tool[] {
  if (snapshot === noSnapshot) return tools;
  return tools.map((tool) =>
    toolsThatOnlyLook.has(tool.name)
      ? tool
      : {
          ...tool,
          async run(call, context, signal) {
            await snapshot.ready;
            signal.throwIfAborted();
            return tool.run(call, context, signal);
          },
        },
  );
}
