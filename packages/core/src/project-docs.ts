// AGENTS.md: where instructions for a project are found and how they are put together.
import { lstat, open, realpath, stat } from "node:fs/promises";
import { type AbsolutePath, fromAbsolute, join, parent } from "@codex-ts/absolute-path";

export interface ProjectDocOptions {
  /** Bytes over all documents; 0 switches the search off. */
  readonly maxBytes: number;
  /** Looked for where neither AGENTS.override.md nor AGENTS.md exists. */
  readonly fallbackFilenames: readonly string[];
  /** Names that mark a project's root; empty: only the current folder is searched. */
  readonly rootMarkers: readonly string[];
}

export interface ProjectDocs {
  /** The documents from the root down to the current folder, or null when there is none. */
  readonly text: string | null;
  /** The files that were read, in order. */
  readonly files: readonly AbsolutePath[];
  /** For the person: which file was cut and where, left out, or could not be read. */
  readonly warnings: readonly string[];
}

const SEPARATOR = "\n\n--- project-doc ---\n\n";

/**
 * The person's own instructions first, then the project's, then notes of the product's. Null when there
 * are none.
 */
export function combineInstructions(
  global: string | null,
  project: string | null,
  notes: readonly string[] = [],
): string | null {
  const written = [global, project].filter((text) => text !== null && text !== "");
  const parts = [...(written.length === 0 ? [] : [written.join(SEPARATOR)]), ...notes];
  return parts.length === 0 ? null : parts.join("\n\n");
}

/**
 * Finds and reads the project's documents for a session in `cwd`. Never rejects for a bad file. What
 * does not fit is marked in the text and told in the warnings, which name the files.
 */
export async function readProjectDocs(
  cwd: AbsolutePath,
  options: ProjectDocOptions,
): Promise<ProjectDocs> {
  if (options.maxBytes <= 0) return { text: null, files: [], warnings: [] };
  const names = [
    "AGENTS.override.md",
    "AGENTS.md",
    ...options.fallbackFilenames.map((name) => name.trim()).filter((name) => name !== ""),
  ];
  const limit = `all project documents together may have ${options.maxBytes} bytes (project_doc_max_bytes)`;
  const texts: string[] = [];
  const files: AbsolutePath[] = [];
  const warnings: string[] = [];
  let budget = options.maxBytes;
  for (const folder of await foldersFromRoot(await canonical(cwd), options.rootMarkers)) {
    const file = await firstFile(folder, names);
    if (file === null) continue;
    try {
      const { bytes, size } = await readHead(file, budget);
      const text = new TextDecoder().decode(bytes);
      const isCut = size > bytes.byteLength;
      if (text.trim() === "" && !isCut) continue;
      if (isCut && bytes.byteLength === 0) {
        warnings.push(`${file} was left out: ${limit}`);
        continue;
      }
      files.push(file);
      budget -= bytes.byteLength;
      if (!isCut) {
        texts.push(text);
        continue;
      }
      budget = 0;
      const line = text.split("\n").length;
      texts.push(`${text}\n\n${cutMark(file, bytes.byteLength, size)}`);
      warnings.push(
        `${file} was cut in line ${line}, after ${bytes.byteLength} of ${size} bytes: ${limit}`,
      );
    } catch (error) {
      warnings.push(`${file} could not be read: ${(error as Error).message}`);
    }
  }
  return { text: texts.length === 0 ? null : texts.join("\n\n"), files, warnings };
}

/** For the model, in the place of what is missing. */
function cutMark(file: AbsolutePath, bytes: number, size: number): string {
  return `[${file} goes on here: ${bytes} of ${size} bytes are shown. Read the file where the rest matters.]`;
}

/** The folder without symbolic links on the way, or as it is given where it cannot be followed. */
async function canonical(folder: AbsolutePath): Promise<AbsolutePath> {
  return realpath(folder).then(fromAbsolute, () => folder);
}

/** The folders from the nearest ancestor that holds a marker down to `cwd`. */
async function foldersFromRoot(
  cwd: AbsolutePath,
  markers: readonly string[],
): Promise<readonly AbsolutePath[]> {
  const folders: AbsolutePath[] = [];
  if (markers.length > 0) {
    for (let folder: AbsolutePath | null = cwd; folder !== null; folder = parent(folder)) {
      folders.unshift(folder);
      const here = folder;
      const found = await Promise.all(markers.map((marker) => exists(join(here, marker))));
      if (found.includes(true)) return folders;
    }
  }
  return [cwd];
}

async function exists(path: AbsolutePath): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function firstFile(
  folder: AbsolutePath,
  names: readonly string[],
): Promise<AbsolutePath | null> {
  for (const name of names) {
    const path = join(folder, name);
    const isFile = await stat(path).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isFile) return path;
  }
  return null;
}

/** At most `limit` bytes of a file, cut between two characters. */
async function readHead(
  path: AbsolutePath,
  limit: number,
): Promise<{ readonly bytes: Uint8Array; readonly size: number }> {
  await using file = await open(path);
  const { size } = await file.stat();
  const buffer = new Uint8Array(Math.min(limit, size));
  let length = 0;
  while (length < buffer.byteLength) {
    const { bytesRead } = await file.read(buffer, length, buffer.byteLength - length, length);
    if (bytesRead === 0) return { bytes: buffer.subarray(0, length), size: length };
    length += bytesRead;
  }
  return { bytes: length < size ? wholeCharacters(buffer) : buffer, size };
}

/** Without the beginning of a character whose end is missing. Text that is no UTF-8 stays. */
function wholeCharacters(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(4, bytes.byteLength); back += 1) {
    const at = bytes.byteLength - back;
    const byte = bytes[at] ?? 0;
    const isContinuation = (byte & 0b1100_0000) === 0b1000_0000;
    if (isContinuation) continue;
    const needed = byte >= 0b1111_0000 ? 4 : byte >= 0b1110_0000 ? 3 : byte >= 0b1100_0000 ? 2 : 1;
    return needed > back ? bytes.subarray(0, at) : bytes;
  }
  return bytes;
}
