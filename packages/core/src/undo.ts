// Undoing: the work tree goes back to the newest snapshot of the history, which is then used up.
import { type GhostCommit, restoreGhostCommit, type RestoreReport } from "@codex-ts/git-utils";
import type { JsonValue } from "@codex-ts/protocol";
import { shortened } from "./ghost-snapshots.ts";
import type { ThreadResources } from "./thread-resources.ts";
import type { TurnContext } from "./turn-context.ts";
import type { TurnOutcome } from "./turn.ts";

/** Restores the newest snapshot and announces how that went. Rejects only when it is cancelled. */
export async function runUndo({
  thread,
  turn,
  signal,
}: {
  readonly thread: ThreadResources;
  readonly turn: TurnContext;
  readonly signal: AbortSignal;
}): Promise<TurnOutcome> {
  const { journal } = thread;
  await journal.announce(turn.turnId, {
    type: "undo_started",
    message: "Going back to the files as they were before the last turn.",
  });
  const result = await undo(thread, turn, signal);
  await journal.announce(turn.turnId, { type: "undo_completed", ...result });
  return { kind: "completed", lastAgentMessage: null, stoppedByHook: false };
}

async function undo(
  { config, history, journal, options }: ThreadResources,
  turn: TurnContext,
  signal: AbortSignal,
): Promise<{ readonly success: boolean; readonly message: string }> {
  const ghost = newestSnapshot(history.entries.map(({ item }) => item));
  if (ghost === null) {
    const hint = config.features.enabled("undo")
      ? ""
      : " Snapshots are made while the feature `undo` is on.";
    return { success: false, message: `There is no snapshot to go back to.${hint}` };
  }
  try {
    const report = await restoreGhostCommit(ghost, {
      repoPath: turn.settings.cwd,
      env: options.env,
      signal,
      ignore_large_untracked_files: config.ghostSnapshot?.ignoreLargeUntrackedFiles ?? null,
      ignore_large_untracked_dirs: config.ghostSnapshot?.ignoreLargeUntrackedDirs ?? null,
    });
    history.dropSnapshot(ghost.id);
    await journal.post({
      kind: "line",
      item: { type: "history_edit", payload: { type: "drop_snapshot", id: ghost.id } },
    });
    return { success: true, message: done(ghost, report) };
  } catch (error) {
    signal.throwIfAborted();
    return {
      success: false,
      message: `The snapshot ${ghost.id.slice(0, 7)} could not be restored: ${(error as Error).message}`,
    };
  }
}

function done({ id }: GhostCommit, { restored, removed, left }: RestoreReport): string {
  const parts = [
    ...(restored.length === 0 ? [] : [`brought back ${shortened(restored)}`]),
    ...(removed.length === 0 ? [] : [`removed ${shortened(removed)}`]),
    ...(left.length === 0 ? [] : [`left ${shortened(left)}, which is too large`]),
  ];
  const what = parts.length === 0 ? "nothing had changed" : parts.join("; ");
  return `Went back to the snapshot ${id.slice(0, 7)}: ${what}.`;
}

/** The newest snapshot among the items that can be read as one. */
function newestSnapshot(
  items: readonly { readonly type: string; readonly ghost_commit?: JsonValue }[],
): GhostCommit | null {
  for (const item of items.toReversed()) {
    const ghost = item.ghost_commit === undefined ? null : ghostCommit(item.ghost_commit);
    if (item.type === "ghost_snapshot" && ghost !== null) return ghost;
  }
  return null;
}

function ghostCommit(value: JsonValue): GhostCommit | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const fields = value as Readonly<Record<string, JsonValue | undefined>>;
  const { id, parent } = fields;
  if (typeof id !== "string") return null;
  return {
    id,
    parent: typeof parent === "string" ? parent : null,
    preexisting_untracked_files: texts(fields["preexisting_untracked_files"]),
    preexisting_untracked_dirs: texts(fields["preexisting_untracked_dirs"]),
  };
}

function texts(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}
