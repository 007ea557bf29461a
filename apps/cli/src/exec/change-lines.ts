// Patches and diffs as people read them.
import nodePath from "node:path";
import type { FileChange } from "@codex-ts/protocol";
import stringWidth from "string-width";
import type { Paint, Style } from "../colors.ts";
import { outputLines, type Room } from "./screen-lines.ts";
import { visibleText } from "../visible-text.ts";

interface ChangedFile {
  readonly letter: "A" | "D" | "M" | "R";
  readonly path: string;
  readonly added: number;
  readonly removed: number;
}

export interface ChangeOptions {
  readonly paint: Paint;
  readonly room: Room;
  /** Paths below it are shown relative to it. */
  readonly workdir: string;
}

/** The files of a patch, each with what it changes. */
export function patchLines(
  changes: Readonly<Record<string, FileChange>>,
  options: ChangeOptions,
): readonly string[] {
  const entries = Object.entries(changes);
  // Of a patch to many files, each has its share, and something is seen of every one.
  const share = Math.ceil(options.room.lines / Math.max(1, entries.length));
  const room = { ...options.room, lines: Math.max(8, share) };
  return entries.flatMap(([path, change]) => {
    const file = changedFile(path, change, options.workdir);
    const hunks = change.type === "update" ? hunksOf(change.unified_diff) : "";
    const lines =
      hunks === ""
        ? []
        : outputLines(hunks, room, "    ", (row, line) => diffRow(row, line, options.paint));
    return [...fileRows([file], options), ...lines];
  });
}

/** Which files a unified diff changes, and by how much; no lines for a diff without files. */
export function summaryLines(diff: string, options: ChangeOptions): readonly string[] {
  const files = diff.split(/^(?=diff --git )/m).flatMap((part): readonly ChangedFile[] => {
    const path = /^\+\+\+ b\/(.*)$/m.exec(part)?.[1] ?? /^--- a\/(.*)$/m.exec(part)?.[1];
    if (path === undefined) return [];
    const isNew = /^new file mode/m.test(part);
    const letter = isNew ? "A" : /^deleted file mode/m.test(part) ? "D" : "M";
    return [{ letter, path: visibleText(path), ...lineCounts(hunksOf(part)) }];
  });
  return fileRows(files, options);
}

function changedFile(path: string, change: FileChange, workdir: string): ChangedFile {
  const shown = (absolute: string): string => visibleText(shownPath(absolute, workdir));
  switch (change.type) {
    case "add":
      return { letter: "A", path: shown(path), added: lineCount(change.content), removed: 0 };
    case "delete":
      return { letter: "D", path: shown(path), added: 0, removed: lineCount(change.content) };
    case "update": {
      const counts = lineCounts(hunksOf(change.unified_diff));
      const to = change.move_path;
      if (to === null) return { letter: "M", path: shown(path), ...counts };
      return { letter: "R", path: `${shown(path)} → ${shown(to)}`, ...counts };
    }
  }
}

function fileRows(
  files: readonly ChangedFile[],
  { paint, room }: ChangeOptions,
): readonly string[] {
  const widest = Math.max(...files.map(({ path }) => stringWidth(path)));
  return files.map(({ letter, path, added, removed }) => {
    const counts = [
      ...(added > 0 ? [paint(`+${added}`, "green")] : []),
      ...(removed > 0 ? [paint(`-${removed}`, "red")] : []),
    ].join(" ");
    const gap = " ".repeat(fits(widest, room) ? widest - stringWidth(path) : 0);
    return `  ${paint(letter, letterStyles[letter])} ${path}${gap}  ${counts}`.trimEnd();
  });
}

const letterStyles: Readonly<Record<ChangedFile["letter"], Style>> = {
  A: "green",
  D: "red",
  M: "yellow",
  R: "yellow",
};

/** Whether a column of paths that wide leaves room for the counts. */
function fits(width: number, { columns }: Room): boolean {
  return width + 18 <= (columns ?? 120);
}

/** The text from the first hunk on. */
function hunksOf(diff: string): string {
  const start = diff.search(/^@@/m);
  return start < 0 ? "" : diff.slice(start);
}

function lineCounts(hunks: string): { readonly added: number; readonly removed: number } {
  return {
    added: hunks.match(/^\+/gm)?.length ?? 0,
    removed: hunks.match(/^-/gm)?.length ?? 0,
  };
}

function lineCount(content: string): number {
  return content === "" ? 0 : content.replace(/\n$/, "").split("\n").length;
}

/** A path as a person here would write it. */
export function shownPath(absolute: string, workdir: string): string {
  const relative = nodePath.relative(workdir, absolute);
  const isBelow = relative !== "" && !relative.startsWith("..") && !nodePath.isAbsolute(relative);
  return isBelow ? relative : absolute;
}

function diffRow(row: string, line: string, paint: Paint): string {
  if (line.startsWith("@@")) return paint(row, "cyan");
  if (line.startsWith("+")) return paint(row, "green");
  return paint(row, line.startsWith("-") ? "red" : "dim");
}
