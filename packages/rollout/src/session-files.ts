// Where session files lie and how they are called.
import { readdirSync } from "node:fs";
import { type AbsolutePath, join } from "@codex-ts/absolute-path";
import { type ThreadId, parseThreadId, uuidV7Time } from "@codex-ts/protocol";
import { RolloutError, isMissing, reasonOf } from "./errors.ts";

/** A session file, as its name tells of it; its content has not been looked at. */
export interface SessionFile {
  readonly path: AbsolutePath;
  readonly id: ThreadId;
  /** When the thread was made, in milliseconds since the epoch. */
  readonly time: number;
}

/** What the path of a session file is made of. */
export interface RolloutPathOptions {
  readonly codexHome: AbsolutePath;
  readonly id: string;
  /** When the thread was made. */
  readonly createdAt: Date;
  /** The IANA zone whose wall clock names folder and file; the host's by default. */
  readonly timeZone?: string | undefined;
}

/** `sessions/YYYY/MM/DD/rollout-YYYY-MM-DDTHH-MM-SS-<id>.jsonl` below the Codex home. */
export function rolloutPath(options: RolloutPathOptions): AbsolutePath {
  const stamp = wallClock(options.createdAt, options.timeZone);
  return datedPath(options.codexHome, stamp, `rollout-${stamp}-${options.id}.jsonl`);
}

/** The folder that holds the dated folders of live sessions. */
export function sessionsDirectory(codexHome: AbsolutePath): AbsolutePath {
  return join(codexHome, "sessions");
}

/** The flat folder of archived sessions. */
export function archivedSessionsDirectory(codexHome: AbsolutePath): AbsolutePath {
  return join(codexHome, "archived_sessions");
}

/** The path of a live session's file from the `YYYY-MM-DD…` stamp in its name. */
export function datedPath(codexHome: AbsolutePath, stamp: string, fileName: string): AbsolutePath {
  const [year = "", month = "", day = ""] = stamp.slice(0, 10).split("-");
  return join(sessionsDirectory(codexHome), `${year}/${month}/${day}/${fileName}`);
}

const fileNamePattern = /^rollout-(\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2})-([0-9a-fA-F-]{36})\.jsonl$/;

/** Reads a session file's name; null for any other name. */
export function parseRolloutFileName(
  name: string,
): { readonly id: ThreadId; readonly stamp: string } | null {
  const [, stamp, idText] = fileNamePattern.exec(name) ?? [];
  if (stamp === undefined || idText === undefined) return null;
  const id = parseThreadId(idText);
  return id === null ? null : { id, stamp };
}

/** All session files of a home, live or archived, in no particular order. @throws RolloutError */
export function sessionFiles(codexHome: AbsolutePath, archived: boolean): SessionFile[] {
  if (archived) return filesIn(archivedSessionsDirectory(codexHome));
  const days = [sessionsDirectory(codexHome)]
    .flatMap((root) => foldersIn(root, /^\d{4}$/))
    .flatMap((year) => foldersIn(year, /^\d{2}$/))
    .flatMap((month) => foldersIn(month, /^\d{2}$/));
  return days.flatMap(filesIn);
}

/**
 * The session file of a thread by its name; null when there is none. An id that carries its time is
 * looked for first in the folders of the days on which some wall clock can have shown that time.
 */
export function sessionFileOf(
  codexHome: AbsolutePath,
  id: ThreadId,
  archived: boolean,
): SessionFile | null {
  const time = uuidV7Time(id);
  if (!archived && time !== null) {
    for (const days of [0, -1, 1]) {
      const stamp = wallClock(new Date(time + days * 86_400_000), "UTC");
      const found = filesIn(datedPath(codexHome, stamp, ".")).find((file) => file.id === id);
      if (found !== undefined) return found;
    }
  }
  return sessionFiles(codexHome, archived).find((file) => file.id === id) ?? null;
}

function foldersIn(folder: AbsolutePath, pattern: RegExp): AbsolutePath[] {
  return namesIn(folder)
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name));
}

function filesIn(folder: AbsolutePath): SessionFile[] {
  return namesIn(folder).flatMap((name) => {
    const parsed = parseRolloutFileName(name);
    if (parsed === null) return [];
    const { id, stamp } = parsed;
    const time = uuidV7Time(id) ?? timeOfStamp(stamp);
    return Number.isNaN(time) ? [] : [{ path: join(folder, name), id, time }];
  });
}

function namesIn(folder: AbsolutePath): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw new RolloutError("unreadable", `cannot list ${folder}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

// `2026-05-04T08-09-10`, read as the host's wall clock.
function timeOfStamp(stamp: string): number {
  return Date.parse(`${stamp.slice(0, 11)}${stamp.slice(11).replaceAll("-", ":")}`);
}

function wallClock(date: Date, timeZone: string | undefined): string {
  if (timeZone === "UTC") return date.toISOString().slice(0, 19).replaceAll(":", "-");
  if (timeZone !== undefined) {
    const part = Object.fromEntries(
      new Intl.DateTimeFormat("en", {
        timeZone,
        calendar: "iso8601",
        numberingSystem: "latn",
        hourCycle: "h23",
        year: "numeric",
        month: "2-digit",
        day: "2-digit",
        hour: "2-digit",
        minute: "2-digit",
        second: "2-digit",
      })
        .formatToParts(date)
        .map(({ type, value }) => [type, value]),
    );
    return `${part["year"]}-${part["month"]}-${part["day"]}T${part["hour"]}-${part["minute"]}-${part["second"]}`;
  }
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}-${two(date.getMinutes())}-${two(date.getSeconds())}`;
}
