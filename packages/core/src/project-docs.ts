// AGENTS.md: where instructions for a project are found and how they are put together.
import { open, stat, lstat } from "node:fs/promises";
import { type AbsolutePath, join, parent } from "@codex-ts/absolute-path";

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
  /** For the person: which file was cut or could not be read. */
  readonly warnings: readonly string[];
}

const SEPARATOR = "\n\n--- project-doc ---\n\n";

/** The person's own instructions first, then the project's. Null when there are neither. */
export function combineInstructions(global: string | null, project: string | null): string | null {
  if (global === null || global === "") return project;
  return project === null ? global : `${global}${SEPARATOR}${project}`;
}

/** Finds and reads the project's documents for a session in `cwd`. Never rejects for a bad file. */
export async function readProjectDocs(
  cwd: AbsolutePath,
  options: ProjectDocOptions,
): Promise<ProjectDocs> {
  if (options.maxBytes <= 0) return { text: null, files: [], warnings: [] };
  const names = [
    "AGENTS.override.md",
    "AGENTS.md",
    ...options.fallbackFilenames.filter((name) => name !== ""),
  ];
  const texts: string[] = [];
  const files: AbsolutePath[] = [];
  const warnings: string[] = [];
  let budget = options.maxBytes;
  for (const folder of await foldersFromRoot(cwd, options.rootMarkers)) {
    const file = await firstFile(folder, names);
    if (file === null) continue;
    try {
      const { bytes, size } = await readHead(file, budget);
      const text = new TextDecoder().decode(bytes);
      if (text.trim() === "") continue;
      if (size > bytes.byteLength) {
        warnings.push(
          `${file} was cut after ${bytes.byteLength} of ${size} bytes: all project documents together may have ${options.maxBytes} bytes (project_doc_max_bytes)`,
        );
      }
      budget -= bytes.byteLength;
      texts.push(text);
      files.push(file);
      if (budget <= 0) break;
    } catch (error) {
      warnings.push(`${file} could not be read: ${(error as Error).message}`);
    }
  }
  return { text: texts.length === 0 ? null : texts.join("\n\n"), files, warnings };
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

async function readHead(
  path: AbsolutePath,
  limit: number,
): Promise<{ readonly bytes: Uint8Array; readonly size: number }> {
  await using file = await open(path);
  const { size } = await file.stat();
  const buffer = new Uint8Array(Math.min(limit, size));
  const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, 0);
  return { bytes: buffer.subarray(0, bytesRead), size };
}
