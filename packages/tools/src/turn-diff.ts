// What a turn's patches have done to files, all in all, as one git-style diff.
import { lstat, readFile, readlink, stat } from "node:fs/promises";
import { isUtf8 } from "node:buffer";
import { type AbsolutePath, isInside, join, parent, relativize } from "@codex-ts/absolute-path";
import { unifiedDiff } from "@codex-ts/apply-patch";

const CONTEXT_LINES = 3;
const NO_BLOB = "0".repeat(40);
const NO_FILE = "/dev/null";

/** A file as git sees it. */
interface FileVersion {
  readonly bytes: Uint8Array;
  readonly mode: "100644" | "100755" | "120000";
}

/** One tracked file: what it was when the turn first touched it, and where it is now. */
interface TrackedFile {
  readonly origin: AbsolutePath;
  readonly baseline: FileVersion | null;
  current: AbsolutePath;
}

/** Collects the files that a turn's patches touch. */
export interface TurnDiffTracker {
  /** Notes files, before they change for the first time. Paths have their symbolic links resolved. */
  track(paths: readonly AbsolutePath[]): Promise<void>;
  /** Follows a tracked file to its new name. */
  moved(from: AbsolutePath, to: AbsolutePath): void;
  /** All changes since the files were first tracked; null when there are none. */
  unifiedDiff(): Promise<string | null>;
}

/**
 * A tracker for one turn. Paths in its diff are relative to the git work tree that holds the file, else
 * absolute; blob ids are git's, though no git process runs.
 */
export function createTurnDiffTracker(): TurnDiffTracker {
  let files: readonly TrackedFile[] = [];
  const roots = new Map<AbsolutePath, AbsolutePath | null>();
  return {
    async track(paths) {
      for (const path of paths) {
        if (files.some((file) => file.current === path)) continue;
        files = [...files, { origin: path, baseline: await readVersion(path), current: path }];
      }
    },
    moved(from, to) {
      const source = files.find((file) => file.current === from);
      const replaced = files.find((file) => file.current === to);
      // A move onto a file that was there is a deletion and a change, not a rename.
      if (source === undefined || replaced?.baseline != null) return;
      files = files.filter((file) => file !== replaced);
      source.current = to;
    },
    async unifiedDiff() {
      const entries = await Promise.all(
        files.map(async (file) => ({
          oldName: await displayName(file.origin, roots),
          newName: await displayName(file.current, roots),
          before: file.baseline,
          after: await readVersion(file.current),
        })),
      );
      const diff = entries
        .sort((a, b) => compareNames(a.newName, b.newName))
        .map(renderFile)
        .join("");
      return diff === "" ? null : diff;
    },
  };
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The file at a path; null when there is none that git would store. */
async function readVersion(path: AbsolutePath): Promise<FileVersion | null> {
  try {
    const status = await lstat(path);
    if (status.isSymbolicLink()) {
      return { bytes: Buffer.from(await readlink(path)), mode: "120000" };
    }
    if (!status.isFile()) return null;
    const mode = (status.mode & 0o100) === 0 ? "100644" : "100755";
    return { bytes: await readFile(path), mode };
  } catch {
    return null;
  }
}

async function displayName(
  path: AbsolutePath,
  roots: Map<AbsolutePath, AbsolutePath | null>,
): Promise<string> {
  const folder = parent(path) ?? path;
  let root = roots.get(folder);
  if (root === undefined) {
    root = await workTreeOf(folder);
    roots.set(folder, root);
  }
  const name = root !== null && isInside(path, root) ? relativize(path, root) : path;
  return name.replaceAll("\\", "/");
}

async function workTreeOf(folder: AbsolutePath): Promise<AbsolutePath | null> {
  for (let at: AbsolutePath | null = folder; at !== null; at = parent(at)) {
    try {
      await stat(join(at, ".git"));
      return at;
    } catch {
      // Not here: look further up.
    }
  }
  return null;
}

function renderFile({
  oldName,
  newName,
  before,
  after,
}: {
  readonly oldName: string;
  readonly newName: string;
  readonly before: FileVersion | null;
  readonly after: FileVersion | null;
}): string {
  if (before === null && after === null) return "";
  const isSameContent =
    before !== null && after !== null && Buffer.compare(before.bytes, after.bytes) === 0;
  if (isSameContent) return "";
  const [left, right] = [before === null ? newName : oldName, after === null ? oldName : newName];
  return [
    `diff --git a/${left} b/${right}\n`,
    modeLines(before, after),
    `index ${blobId(before)}..${blobId(after)}\n`,
    contentLines(before, after, `a/${oldName}`, `b/${newName}`),
  ].join("");
}

function modeLines(before: FileVersion | null, after: FileVersion | null): string {
  if (before === null) return `new file mode ${after?.mode}\n`;
  if (after === null) return `deleted file mode ${before.mode}\n`;
  return before.mode === after.mode ? "" : `old mode ${before.mode}\nnew mode ${after.mode}\n`;
}

function contentLines(
  before: FileVersion | null,
  after: FileVersion | null,
  oldLabel: string,
  newLabel: string,
): string {
  const oldBytes = before?.bytes ?? new Uint8Array();
  const newBytes = after?.bytes ?? new Uint8Array();
  const oldHeader = before === null ? NO_FILE : oldLabel;
  const newHeader = after === null ? NO_FILE : newLabel;
  if (!isUtf8(oldBytes) || !isUtf8(newBytes)) {
    return `Binary files ${oldHeader} and ${newHeader} differ\n`;
  }
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const hunks = unifiedDiff(decoder.decode(oldBytes), decoder.decode(newBytes), CONTEXT_LINES);
  return hunks === "" ? "" : `--- ${oldHeader}\n+++ ${newHeader}\n${hunks}`;
}

/** The id under which git stores a file: SHA-1 over `blob LENGTH\0` and the content. */
function blobId(version: FileVersion | null): string {
  if (version === null) return NO_BLOB;
  const { bytes } = version;
  return process
    .getBuiltinModule("node:crypto")
    .createHash("sha1")
    .update(`blob ${bytes.length}\0`)
    .update(bytes)
    .digest("hex");
}
