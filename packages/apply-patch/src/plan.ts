// Verifies a whole patch against the disk as its earlier sections would leave it, and says what
// would change. Nothing is written.
import {
  type AbsolutePath,
  AbsolutePathError,
  basename,
  join,
  parent,
  resolve,
} from "@codex-ts/absolute-path";
import { editText } from "./edit-text.ts";
import { PatchApplyError, systemCode, systemReason } from "./errors.ts";
import type { FileReader, FileSnapshot } from "./files.ts";
import type { Patch, Section } from "./parse.ts";
import { displayText } from "./text-file.ts";
import { unifiedDiff } from "./unified-diff.ts";

/** What happens to one file, in the shape of approval requests and patch events. */
export type FileChange =
  | { readonly type: "add"; readonly content: string }
  | { readonly type: "delete"; readonly content: string }
  | {
      readonly type: "update";
      /** Hunks with one line of context and no file headers. */
      readonly unified_diff: string;
      readonly move_path: AbsolutePath | null;
    };

/** A file that is created or written over. */
export interface PlannedWrite {
  /** The file itself: symbolic links on the way are resolved. */
  readonly path: AbsolutePath;
  /** The whole new content. */
  readonly bytes: Uint8Array;
  /** The permission bits to set; null for a new file, which gets the default ones. */
  readonly mode: number | null;
  /** What is there now; null when nothing is. */
  readonly original: FileSnapshot | null;
}

/** A file or symbolic link that goes away. */
export interface PlannedRemoval {
  /** The file, or the symbolic link, to remove. */
  readonly path: AbsolutePath;
  /** The file that is there now; behind a link, the one that it leads to. */
  readonly original: FileSnapshot;
}

/**
 * What a patch does, verified against the disk, with nothing written yet. {@link applyPlan} carries
 * it out.
 */
export interface PatchPlan {
  readonly patch: Patch;
  /** What changes, by the path of the patch made absolute; a moved file stands under its old path. */
  readonly changes: ReadonlyMap<AbsolutePath, FileChange>;
  /** Every path of the patch made absolute, move destinations too, each once and in order. */
  readonly touched: readonly AbsolutePath[];
  /** The steps on the disk, by real path; a move is a write and a removal. */
  readonly writes: readonly PlannedWrite[];
  readonly removals: readonly PlannedRemoval[];
}

/** A file as it would be after the sections so far. */
interface VirtualFile {
  readonly bytes: Uint8Array;
  readonly mode: number | null;
  /** The touched path under which the file was read from the disk, if it has moved since. */
  readonly movedFrom: AbsolutePath | null;
  /** Whether only Add sections wrote it. */
  readonly isAdded: boolean;
}

interface OverlayEntry {
  readonly original: FileSnapshot | null;
  /** Whether the name is a symbolic link, which is removed before anything takes its place. */
  readonly isLink: boolean;
  current: VirtualFile | null;
}

/** The disk with the earlier sections' changes on top, keyed by real path. */
interface Overlay {
  readonly files: FileReader;
  readonly signal: AbortSignal | undefined;
  readonly entries: Map<AbsolutePath, OverlayEntry>;
}

/** Where a path of the patch leads. */
interface Location {
  /** The touched path: absolute, links not followed. */
  readonly path: AbsolutePath;
  /** The name itself, its folder's links followed: what a deletion removes. */
  readonly entry: AbsolutePath;
  /** The file behind the name: what is read and written. */
  readonly target: AbsolutePath;
}

/**
 * Works out what `patch` does to the files under `cwd`. Every section is verified against the result
 * of those before it, so that a file may be added and then updated, or updated twice.
 *
 * @param cwd the folder that relative paths of the patch start from.
 * @throws PatchApplyError for the first section that cannot be applied.
 * @throws the signal's reason when aborted.
 */
export async function planPatch(
  patch: Patch,
  cwd: AbsolutePath,
  files: FileReader,
  signal?: AbortSignal,
): Promise<PatchPlan> {
  if (patch.sections.length === 0) {
    throw new PatchApplyError(
      "empty_patch",
      /*path*/ null,
      "the patch has no sections; no file was modified",
    );
  }
  const overlay: Overlay = { files, signal, entries: new Map() };
  const touched = new Map<AbsolutePath, Location>();
  for (const section of patch.sections) {
    signal?.throwIfAborted();
    const location = await locate(section.path, cwd, overlay);
    touched.set(location.path, touched.get(location.path) ?? location);
    if (section.kind === "add") {
      await planAdd(location, section.content, overlay);
    } else if (section.kind === "delete") {
      await planDelete(location, overlay);
    } else {
      const destination =
        section.movePath === null ? null : await locate(section.movePath, cwd, overlay);
      if (destination !== null) {
        touched.set(destination.path, touched.get(destination.path) ?? destination);
      }
      await planUpdate(location, destination, section, overlay);
    }
  }
  return {
    patch,
    changes: netChanges([...touched.values()], overlay),
    touched: [...touched.keys()],
    ...diskChanges(overlay),
  };
}

async function locate(path: string, cwd: AbsolutePath, overlay: Overlay): Promise<Location> {
  const absolute = resolveSafely(path, cwd);
  try {
    const entry = await realEntry(absolute, overlay.files);
    const isVirtual = overlay.entries.has(entry);
    const target = isVirtual ? entry : ((await realPathOrNull(absolute, overlay.files)) ?? entry);
    return { path: absolute, entry, target };
  } catch (error) {
    throw new PatchApplyError(
      "unreadable_file",
      absolute,
      `cannot find out where ${path} leads: ${systemReason(error)}`,
      { cause: error },
    );
  }
}

function resolveSafely(path: string, cwd: AbsolutePath): AbsolutePath {
  try {
    return resolve(path, cwd);
  } catch (error) {
    if (!(error instanceof AbsolutePathError)) throw error;
    throw new PatchApplyError("invalid_path", /*path*/ null, error.message, { cause: error });
  }
}

/** The path with the links of its folder resolved, as far as the folder exists. */
async function realEntry(path: AbsolutePath, files: FileReader): Promise<AbsolutePath> {
  const folder = parent(path);
  if (folder === null) return path;
  const realFolder = (await realPathOrNull(folder, files)) ?? (await realEntry(folder, files));
  return join(realFolder, basename(path));
}

async function realPathOrNull(path: AbsolutePath, files: FileReader): Promise<AbsolutePath | null> {
  try {
    return await files.realPath(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** The overlay's entry for a real path, read from the disk the first time; rejects with file errors. */
async function entryOf(path: AbsolutePath, overlay: Overlay): Promise<OverlayEntry> {
  const known = overlay.entries.get(path);
  if (known !== undefined) return known;
  const original = await overlay.files.read(path, overlay.signal);
  const entry: OverlayEntry = {
    original,
    isLink: false,
    current: { ...original, movedFrom: null, isAdded: false },
  };
  overlay.entries.set(path, entry);
  return entry;
}

/** The entry for a path that is about to be written, where nothing need be yet. */
async function entryToWrite(location: Location, overlay: Overlay): Promise<OverlayEntry> {
  try {
    return await entryOf(location.target, overlay);
  } catch (error) {
    if (!isMissing(error)) {
      overlay.signal?.throwIfAborted();
      throw new PatchApplyError(
        "write_failed",
        location.path,
        `cannot write ${location.path}: ${systemReason(error)}`,
        { cause: error },
      );
    }
    const entry: OverlayEntry = { original: null, isLink: false, current: null };
    overlay.entries.set(location.target, entry);
    return entry;
  }
}

async function planAdd(location: Location, content: string, overlay: Overlay): Promise<void> {
  const entry = await entryToWrite(location, overlay);
  const { original, current } = entry;
  const isUntouched = original === null || current?.bytes === original.bytes;
  entry.current = {
    bytes: new TextEncoder().encode(content),
    mode: original?.mode ?? null,
    movedFrom: null,
    isAdded: isUntouched || current?.isAdded === true,
  };
}

async function planDelete(location: Location, overlay: Overlay): Promise<void> {
  const file = await currentFile(location, overlay, "delete");
  if (location.entry === location.target) {
    (await entryOf(location.target, overlay)).current = null;
    return;
  }
  // A symbolic link: the link goes, and what it points to stays.
  const original = { bytes: file.bytes, mode: file.mode ?? 0o666 };
  overlay.entries.set(location.entry, { original, isLink: true, current: null });
}

async function planUpdate(
  source: Location,
  destination: Location | null,
  section: Extract<Section, { kind: "update" }>,
  overlay: Overlay,
): Promise<void> {
  const file = await currentFile(source, overlay, "update");
  const bytes = editText(file.bytes, section.chunks, source.path);
  if (destination === null || destination.target === source.entry) {
    const entry = await entryOf(source.target, overlay);
    entry.current = { ...file, bytes };
    return;
  }
  const entry = await entryToWrite(destination, overlay);
  await planDelete(source, overlay);
  entry.current = {
    ...file,
    bytes,
    movedFrom: file.movedFrom ?? (file.isAdded ? null : source.path),
  };
}

async function currentFile(
  location: Location,
  overlay: Overlay,
  verb: "update" | "delete",
): Promise<VirtualFile> {
  let reason = "ENOENT: no such file or directory";
  let cause: unknown;
  try {
    const { current } = await entryOf(location.target, overlay);
    if (current !== null) return current;
  } catch (error) {
    overlay.signal?.throwIfAborted();
    reason = systemReason(error);
    cause = error;
  }
  throw new PatchApplyError(
    "unreadable_file",
    location.path,
    `cannot read ${location.path}, which the patch would ${verb}: ${reason}`,
    { cause },
  );
}

/** What the patch comes to for each touched path, whatever the order of its sections. */
function netChanges(
  touched: readonly Location[],
  overlay: Overlay,
): ReadonlyMap<AbsolutePath, FileChange> {
  const entries = new Map<AbsolutePath, OverlayEntry>();
  for (const { path, entry, target } of touched) {
    const known = overlay.entries.get(entry) ?? overlay.entries.get(target);
    if (known !== undefined) entries.set(path, known);
  }
  const movedTo = new Map<AbsolutePath, AbsolutePath>();
  for (const [path, { current }] of entries) {
    const source = current?.movedFrom ?? null;
    if (source !== null && entries.get(source)?.current === null) movedTo.set(source, path);
  }
  const destinations = new Set(movedTo.values());
  const changes = new Map<AbsolutePath, FileChange>();
  for (const [path, { original, current }] of entries) {
    const destination = movedTo.get(path);
    const moved = destination === undefined ? null : (entries.get(destination)?.current ?? null);
    if (destination !== undefined && moved !== null && original !== null) {
      changes.set(path, updateChange(original.bytes, moved.bytes, destination));
    } else if (destinations.has(path)) {
      continue;
    } else if (current === null) {
      if (original !== null) {
        changes.set(path, { type: "delete", content: displayText(original.bytes) });
      }
    } else if (original === null || current.isAdded) {
      changes.set(path, { type: "add", content: displayText(current.bytes) });
    } else {
      changes.set(path, updateChange(original.bytes, current.bytes, /*movePath*/ null));
    }
  }
  return changes;
}

function updateChange(
  before: Uint8Array,
  after: Uint8Array,
  movePath: AbsolutePath | null,
): FileChange {
  return {
    type: "update",
    unified_diff: unifiedDiff(displayText(before), displayText(after)),
    move_path: movePath,
  };
}

function diskChanges(overlay: Overlay): Pick<PatchPlan, "writes" | "removals"> {
  const writes: PlannedWrite[] = [];
  const removals: PlannedRemoval[] = [];
  for (const [path, { original, isLink, current }] of overlay.entries) {
    if (original !== null && (current === null || isLink)) removals.push({ path, original });
    if (current === null) continue;
    if (isLink) {
      writes.push({ path, bytes: current.bytes, mode: current.mode, original: null });
    } else if (original?.bytes !== current.bytes || original.mode !== current.mode) {
      writes.push({ path, bytes: current.bytes, mode: current.mode, original });
    }
  }
  return { writes, removals };
}
