// Writing to config.toml: whole or not at all, and nobody's change is lost.
import nodeFs from "node:fs/promises";
import { type AbsolutePath, parent, resolve } from "@codex-ts/absolute-path";
import { editToml, type TomlEdit } from "./edit-toml.ts";
import { ConfigError } from "./errors.ts";
import { formatKeyPath } from "./key-path.ts";
import { parseConfigText, readText } from "./layers.ts";
import { settingsShape } from "./settings-shape.ts";
import { findProblems } from "./shape.ts";
import { startsWith } from "./toml-blocks.ts";
import type { TomlTable } from "./toml.ts";

/** What became of a change. */
export interface EditedConfigFile {
  /** The file that was looked at: where the symbolic links of the given one lead. */
  readonly file: AbsolutePath;
  /** False when everything was as it should be already; nothing is written then. */
  readonly changed: boolean;
}

/** A file in another program's hands is read again at most this often. */
const attempts = 20;

/**
 * Changes values in a config file. Only the lines that must change do; comments, order and unknown keys
 * stay byte for byte. Symbolic links stay and their target is written; a missing file is made. Programs
 * that use this function take turns, and what another program wrote in between is read again first.
 *
 * @param edits Or what makes them from the file's content, which may be asked more than once.
 * @throws ConfigError `syntax` or `unreadable_file` when the file cannot be read as it is,
 *   `invalid_value` when the change would set what the key does not allow, `not_written` when the system
 *   refuses. The file is as it was then.
 */
export async function editConfigFile(
  file: AbsolutePath,
  edits: readonly TomlEdit[] | ((table: TomlTable) => readonly TomlEdit[]),
): Promise<EditedConfigFile> {
  const target = await followLinks(file);
  const makeEdits = typeof edits === "function" ? edits : () => edits;
  if ((await draftOf(target, makeEdits)) === undefined)
    return { file: target.path, changed: false };
  try {
    const folder = parent(target.path);
    if (folder !== null) await nodeFs.mkdir(folder, { recursive: true, mode: 0o700 });
    const { withLockFile } = await import("@codex-ts/lock-file");
    const changed = await withLockFile(`${target.path}.lock`, () => write(target, makeEdits));
    return { file: target.path, changed };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError("not_written", `this file cannot be written: ${reason}`, {
      place: { path: target.path },
      cause: error,
    });
  }
}

interface Target {
  readonly path: AbsolutePath;
  /** Links that lead nowhere count as no file; what is written takes the place of the first. */
  readonly isBrokenLink: boolean;
}

interface Draft {
  /** Undefined when there is no file. */
  readonly before: Content | undefined;
  readonly after: string;
}

interface Content {
  readonly text: string;
  /** What the file starts with and the text does not: a byte order mark, or nothing. */
  readonly mark: string;
}

async function read({ path, isBrokenLink }: Target): Promise<Content | undefined> {
  if (isBrokenLink) return undefined;
  let mark = "";
  const text = await readText(path, async (file) => {
    const bytes = await nodeFs.readFile(file);
    if (bytes.subarray(0, 3).toString("latin1") === "\u00EF\u00BB\u00BF") mark = "\uFEFF";
    return bytes;
  });
  return text === undefined ? undefined : { text, mark };
}

/** The changed text; undefined when there is nothing to change. */
async function draftOf(
  target: Target,
  makeEdits: (table: TomlTable) => readonly TomlEdit[],
): Promise<Draft | undefined> {
  const before = await read(target);
  const { text, mark } = before ?? { text: "", mark: "" };
  const edits = makeEdits(await parseConfigText(text, target.path));
  const after = await editToml(text, edits);
  if (after === text) return undefined;
  refuseBadValues(await parseConfigText(after, target.path), edits, target.path);
  return { before, after: `${mark}${after}` };
}

/** Looks at what the edits set alone: what was wrong before is not theirs to refuse. */
function refuseBadValues(table: TomlTable, edits: readonly TomlEdit[], path: AbsolutePath): void {
  const set = edits.flatMap((edit) => ("set" in edit ? [edit.set] : []));
  const problem = findProblems(settingsShape, table).find((each) =>
    set.some((edited) => startsWith(each.path, edited) || startsWith(edited, each.path)),
  );
  if (problem === undefined) return;
  throw new ConfigError("invalid_value", `${problem.message}; ${path} was not changed`, {
    key: formatKeyPath(problem.path),
  });
}

/** Writes what the file, as it is now, comes to; again when another program was faster. */
async function write(
  target: Target,
  makeEdits: (table: TomlTable) => readonly TomlEdit[],
): Promise<boolean> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const draft = await draftOf(target, makeEdits);
    if (draft === undefined) return false;
    if (await replace(target, draft)) return true;
  }
  throw new Error("another program keeps writing it");
}

/** Puts the new text in place, unless the old one is no longer there. */
async function replace(target: Target, { before, after }: Draft): Promise<boolean> {
  const { path } = target;
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    const mode = before === undefined ? 0o600 : (await nodeFs.stat(path)).mode & 0o7777;
    await using file = await nodeFs.open(temporary, "wx", mode);
    // The mode of `open` is cut by the process's mask.
    await file.chmod(mode);
    await file.writeFile(after);
    await file.sync();
    if ((await read(target))?.text !== before?.text) return false;
    await nodeFs.rename(temporary, path);
    return true;
  } finally {
    await nodeFs.rm(temporary, { force: true });
  }
}

/** More links than this in a row are a cycle, to the system too. */
const mostLinks = 40;

/** The file that a chain of symbolic links ends in, be it there or not. */
async function followLinks(file: AbsolutePath): Promise<Target> {
  let path = file;
  for (let links = 0; links <= mostLinks; links += 1) {
    const isLink = await nodeFs.lstat(path).then(
      (found) => found.isSymbolicLink(),
      () => false,
    );
    if (!isLink) return { path, isBrokenLink: false };
    path = resolve(await nodeFs.readlink(path), parent(path) ?? path);
  }
  return { path: file, isBrokenLink: true };
}
