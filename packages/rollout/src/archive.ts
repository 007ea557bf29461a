// Moving session files out of the listing and back.
import { mkdirSync, renameSync, utimesSync } from "node:fs";
import { basename, dirname } from "node:path";
import { type AbsolutePath, isInside, join, parent } from "@codex-ts/absolute-path";
import { RolloutError, reasonOf } from "./errors.ts";
import {
  archivedSessionsDirectory,
  datedPath,
  parseRolloutFileName,
  sessionsDirectory,
} from "./session-files.ts";

/**
 * Moves a live session's file to the archive and gives its new path. Nothing may be recording to it.
 *
 * @throws RolloutError `not_a_session_file`, or `write_failed`
 */
export async function archiveThread(
  codexHome: AbsolutePath,
  path: AbsolutePath,
): Promise<AbsolutePath> {
  const name = basename(path);
  if (parseRolloutFileName(name) === null || !isInside(path, sessionsDirectory(codexHome))) {
    throw notOf(codexHome, path, "sessions");
  }
  return move(path, join(archivedSessionsDirectory(codexHome), name));
}

/**
 * Moves an archived session's file back to the folder of its day and gives its new path. It then
 * counts as changed just now. @throws RolloutError `not_a_session_file`, or `write_failed`
 */
export async function unarchiveThread(
  codexHome: AbsolutePath,
  path: AbsolutePath,
  now: () => Date = () => new Date(),
): Promise<AbsolutePath> {
  const name = basename(path);
  const parsed = parseRolloutFileName(name);
  if (parsed === null || dirname(path) !== archivedSessionsDirectory(codexHome)) {
    throw notOf(codexHome, path, "archived_sessions");
  }
  const moved = move(path, datedPath(codexHome, parsed.stamp, name));
  utimesSync(moved, now(), now());
  return moved;
}

function move(from: AbsolutePath, to: AbsolutePath): AbsolutePath {
  try {
    mkdirSync(parent(to) ?? to, { recursive: true });
    renameSync(from, to);
    return to;
  } catch (error) {
    throw new RolloutError("write_failed", `cannot move ${from} to ${to}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function notOf(codexHome: AbsolutePath, path: AbsolutePath, folder: string): RolloutError {
  return new RolloutError(
    "not_a_session_file",
    `${path} is not a session file below ${join(codexHome, folder)}`,
  );
}
