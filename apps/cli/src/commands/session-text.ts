// Sessions as a person reads them in a terminal.
import { stripVTControlCharacters } from "node:util";
import type { ThreadSummary, Transcript, TranscriptEntry } from "@codex-ts/rollout";
import type { Paint } from "../colors.ts";

export interface TableOptions {
  /** The width of the terminal. */
  readonly columns: number;
  readonly paint: Paint;
  readonly now: Date;
  /** The person's home folder, shown as `~`. */
  readonly home: string | undefined;
}

/** Two lines a session: when and what, then where, and the id to give to other commands. */
export function sessionTable(threads: readonly ThreadSummary[], options: TableOptions): string {
  const { columns, paint, now } = options;
  return threads
    .map(({ id, name, preview, updatedAt, meta }) => {
      const when = age(new Date(updatedAt), now).padEnd(8);
      const title = name === null ? oneLine(preview) : `${name}: ${oneLine(preview)}`;
      const place = shortPath(meta.cwd, options.home);
      const branch = meta.git?.branch === undefined ? "" : ` (${meta.git.branch})`;
      return [
        `${paint(when, "cyan")} ${paint(clip(title, columns - 9), "bold")}`,
        `         ${id}  ${paint(clip(`${place}${branch}`, columns - 47), "dim")}`,
      ].join("\n");
    })
    .join("\n")
    .concat("\n");
}

/** What was said in full, what was run in a few lines. */
export function transcriptText(transcript: Transcript, paint: Paint): string {
  const { meta, title, models, usage } = transcript;
  const facts = [
    ["session", meta.id],
    ["started", meta.timestamp],
    ["folder", meta.cwd],
    ["model", models.join(", ")],
    ["tokens", usage === null ? "" : usage.total_tokens.toLocaleString("en")],
  ].filter(([, value]) => value !== "");
  return [
    paint(printable(title), "bold"),
    facts
      .map(([name, value]) => `${paint(`${name}:`, "dim")} ${printable(value ?? "")}`)
      .join("\n"),
    ...transcript.entries.map((entry) => entryText(entry, paint)),
    "",
  ].join("\n\n");
}

const OUTPUT_LINES = 12;

function entryText(entry: TranscriptEntry, paint: Paint): string {
  switch (entry.kind) {
    case "user": {
      const images = entry.images === 0 ? "" : paint(` [${entry.images} images]`, "dim");
      return `${paint("user", "cyan", "bold")}${images}\n${printable(entry.text)}`;
    }
    case "assistant":
      return `${paint("assistant", "magenta", "bold")}\n${printable(entry.text)}`;
    case "reasoning":
      return paint(printable(entry.text), "dim", "italic");
    case "tool": {
      const input = printable(entry.input.trimEnd());
      const head = `${paint(entry.name, "yellow")}${input.includes("\n") ? "\n" : " "}${input}`;
      return entry.output === null ? head : `${head}\n${paint(fewLines(entry.output), "dim")}`;
    }
    case "note":
      return paint(`— ${printable(entry.text)} —`, "dim");
  }
}

function fewLines(text: string): string {
  const lines = printable(text.trimEnd()).split("\n");
  const shown = lines.slice(0, OUTPUT_LINES);
  if (lines.length > OUTPUT_LINES) shown.push(`… ${lines.length - OUTPUT_LINES} more lines`);
  return shown.map((line) => `  ${line}`).join("\n");
}

/** How long ago, in one unit. */
function age(then: Date, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - then.getTime()) / 1000));
  if (seconds < 60) return "now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  if (seconds < 7 * 86_400) return `${Math.floor(seconds / 86_400)} d`;
  return then.toISOString().slice(2, 10);
}

function shortPath(path: string, home: string | undefined): string {
  if (home === undefined || home === "") return path;
  if (path === home) return "~";
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

function oneLine(text: string): string {
  return printable(text).replaceAll(/\s+/g, " ").trim();
}

function clip(text: string, width: number): string {
  const room = Math.max(12, width);
  if (text.length <= room) return text;
  const characters = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
  return characters.length <= room ? text : `${characters.slice(0, room - 1).join("")}…`;
}

/** Without what would steer the terminal. */
function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/(?![\t\n])\p{Cc}/gu, "");
}
