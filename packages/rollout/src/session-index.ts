// An index of session heads, so that a search does not open every file. The files are the truth: what
// the index lacks is read from them, and a missing or damaged index is simply made again.
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { type AbsolutePath, join } from "@codex-ts/absolute-path";
import type { RolloutLine } from "@codex-ts/protocol";
import { readSessionHead, type SessionHead } from "./session-head.ts";

/** Read again when the form of the entries changes. */
const FORMAT = 1;

interface Entry extends SessionHead {
  /** The file's size when its head was read; a smaller file is another one. */
  readonly size: number;
}

interface IndexFile {
  readonly format: typeof FORMAT;
  readonly heads: { readonly [fileName: string]: Entry };
}

export interface SessionIndex {
  /** The head of a session file of that size: from the index, or else from the file. */
  head(path: AbsolutePath, size: number): SessionHead | null;
  /** Writes what was read meanwhile. An index that cannot be written is made again next time. */
  save(): void;
}

export function openSessionIndex(
  codexHome: AbsolutePath,
  decodeLine: (value: unknown) => RolloutLine | null,
): SessionIndex {
  const path = join(codexHome, "codex-ts-session-heads.json");
  const heads = new Map(Object.entries(readIndex(path)));
  let isChanged = false;
  return {
    head(file, size) {
      const name = basename(file);
      const known = heads.get(name);
      if (isEntry(known) && known.size <= size) return known;
      const head = readSessionHead(file, decodeLine);
      if (head === null) return null;
      // Instructions and tools are long, and no listing shows them.
      const { dynamic_tools: _tools, ...meta } = head.meta;
      const entry = { meta: { ...meta, base_instructions: null }, preview: head.preview, size };
      heads.set(name, entry);
      isChanged = true;
      return entry;
    },
    save() {
      if (isChanged) writeIndex(path, { format: FORMAT, heads: Object.fromEntries(heads) });
      isChanged = false;
    },
  };
}

/** A file that somebody damaged may hold anything. */
function isEntry(value: Entry | null | undefined): value is Entry {
  return typeof value?.size === "number" && typeof value.meta.id === "string";
}

function readIndex(path: string): IndexFile["heads"] {
  try {
    const file = JSON.parse(readFileSync(path, "utf8")) as Partial<IndexFile> | null;
    return file?.format === FORMAT ? (file.heads ?? {}) : {};
  } catch {
    return {};
  }
}

/** In one step: a reader sees the old index or the new one. */
function writeIndex(path: string, file: IndexFile): void {
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, JSON.stringify(file), { mode: 0o600 });
    renameSync(draft, path);
  } catch {
    rmSync(draft, { force: true });
  }
}
