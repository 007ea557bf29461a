// Carries out a plan, all or nothing: new contents are written beside their files first, then every
// file changes by one rename, and a failure on the way takes back what was done.
import { type AbsolutePath, parent } from "@codex-ts/absolute-path";
import { PatchApplyError, type PatchApplyErrorCode, systemCode, systemReason } from "./errors.ts";
import { type PatchFileSystem, localFiles, temporaryName } from "./files.ts";
import { type Patch, formatSummary, parsePatch } from "./parse.ts";
import { type PatchPlan, type PlannedRemoval, type PlannedWrite, planPatch } from "./plan.ts";

/** A step that was taken, and how to take it back. */
interface DoneStep {
  /** The file that keeps its new state if this cannot be undone; null for our own temporary ones. */
  readonly path: AbsolutePath | null;
  undo(): Promise<void>;
}

/** A write whose content lies ready in `temporary`; null when the folder takes no new files. */
interface StagedWrite extends PlannedWrite {
  readonly temporary: AbsolutePath | null;
}

/** A file to delete, out of the way under another name until all else is done. */
interface SetAside {
  readonly path: AbsolutePath;
  readonly aside: AbsolutePath;
}

/**
 * Applies a plan. Either all its changes are made, or a failure (an abort is one) is undone and then
 * thrown. Files keep their permission bits; a file whose folder refuses new files is written in place.
 *
 * @throws PatchApplyError `changed_on_disk` when a file no longer is what the plan was made from,
 *   `write_failed` or `delete_failed` when nothing has changed after all, `rollback_failed` when some
 *   files, named in `kept`, keep their new state.
 */
export async function applyPlan(
  plan: PatchPlan,
  files: PatchFileSystem = localFiles(),
  signal?: AbortSignal,
): Promise<void> {
  const done: DoneStep[] = [];
  try {
    await verifyUnchanged(plan, files, signal);
    const staged: StagedWrite[] = [];
    for (const write of plan.writes) {
      signal?.throwIfAborted();
      staged.push(await stage(write, files, done));
    }
    const setAside: SetAside[] = [];
    for (const removal of plan.removals) {
      signal?.throwIfAborted();
      setAside.push(await moveAside(removal, files, done));
    }
    for (const write of staged) {
      signal?.throwIfAborted();
      await putInPlace(write, files, done);
    }
    for (const removed of setAside) await discard(removed, files);
  } catch (error) {
    throw await rollBack(error, done);
  }
}

async function verifyUnchanged(
  plan: PatchPlan,
  files: PatchFileSystem,
  signal: AbortSignal | undefined,
): Promise<void> {
  const replacedLinks = new Set(plan.removals.map((removal) => removal.path));
  for (const { path, original } of [...plan.writes, ...plan.removals]) {
    signal?.throwIfAborted();
    if (original === null && replacedLinks.has(path)) continue;
    const now = await readOrNull(path, files, signal);
    const isSame =
      now === null || original === null
        ? now === original
        : Buffer.compare(now, original.bytes) === 0;
    if (isSame) continue;
    throw new PatchApplyError(
      "changed_on_disk",
      path,
      `${path} has changed since the patch was verified; verify it again`,
    );
  }
}

async function readOrNull(
  path: AbsolutePath,
  files: PatchFileSystem,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | null> {
  try {
    return (await files.read(path, signal)).bytes;
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw failure("write_failed", path, "read", error);
  }
}

async function stage(
  write: PlannedWrite,
  files: PatchFileSystem,
  done: DoneStep[],
): Promise<StagedWrite> {
  const folder = parent(write.path);
  if (folder === null) throw failure("write_failed", write.path, "write", "it is the root folder");
  const temporary = temporaryName(folder);
  try {
    if (write.original === null) await makeFolders(folder, files, done);
    done.push({ path: null, undo: () => removeIfThere(temporary, files) });
    await files.create(temporary, write.bytes, write.mode);
    return { ...write, temporary };
  } catch (error) {
    const isFolderClosed = ["EACCES", "EPERM", "EROFS"].includes(systemCode(error) ?? "");
    if (isFolderClosed && write.original !== null) return { ...write, temporary: null };
    throw failure("write_failed", write.path, "write", error);
  }
}

async function makeFolders(
  folder: AbsolutePath,
  files: PatchFileSystem,
  done: DoneStep[],
): Promise<void> {
  try {
    await files.makeDirectory(folder);
  } catch (error) {
    const code = systemCode(error);
    if (code === "EEXIST") return;
    const above = parent(folder);
    if (code !== "ENOENT" || above === null) throw error;
    await makeFolders(above, files, done);
    await files.makeDirectory(folder);
  }
  done.push({ path: null, undo: () => files.removeDirectory(folder) });
}

async function moveAside(
  { path }: PlannedRemoval,
  files: PatchFileSystem,
  done: DoneStep[],
): Promise<SetAside> {
  const aside = temporaryName(parent(path) ?? path);
  try {
    await files.rename(path, aside);
  } catch (error) {
    throw failure("delete_failed", path, "delete", error);
  }
  done.push({ path, undo: () => files.rename(aside, path) });
  return { path, aside };
}

async function putInPlace(
  write: StagedWrite,
  files: PatchFileSystem,
  done: DoneStep[],
): Promise<void> {
  const { path, temporary, original } = write;
  try {
    if (temporary !== null) {
      try {
        await files.rename(temporary, path);
        done.push({ path, undo: () => restore(write, files) });
        return;
      } catch (error) {
        // A mounted file can be written but not replaced.
        if (systemCode(error) !== "EBUSY" || original === null) throw error;
      }
    }
    done.push({ path, undo: () => restore({ ...write, temporary: null }, files) });
    await files.overwrite(path, write.bytes);
    if (temporary !== null) await removeIfThere(temporary, files);
  } catch (error) {
    throw failure("write_failed", path, "write", error);
  }
}

async function restore(write: StagedWrite, files: PatchFileSystem): Promise<void> {
  const { path, temporary, original } = write;
  if (original === null) {
    await files.remove(path);
  } else if (temporary === null) {
    await files.overwrite(path, original.bytes);
  } else {
    await files.create(temporary, original.bytes, original.mode);
    await files.rename(temporary, path);
  }
}

async function discard({ path, aside }: SetAside, files: PatchFileSystem): Promise<void> {
  try {
    await files.remove(aside);
  } catch (error) {
    throw failure("delete_failed", path, "delete", error);
  }
}

async function removeIfThere(path: AbsolutePath, files: PatchFileSystem): Promise<void> {
  try {
    await files.remove(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}

function failure(
  code: PatchApplyErrorCode,
  path: AbsolutePath,
  verb: string,
  cause: unknown,
): PatchApplyError {
  return new PatchApplyError(code, path, `cannot ${verb} ${path}: ${systemReason(cause)}`, {
    cause,
  });
}

/** Undoes the steps, last one first, and says what to throw. */
async function rollBack(error: unknown, done: readonly DoneStep[]): Promise<unknown> {
  const kept: AbsolutePath[] = [];
  for (const step of done.toReversed()) {
    try {
      await step.undo();
    } catch {
      if (step.path !== null) kept.push(step.path);
    }
  }
  if (kept.length === 0) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const path = error instanceof PatchApplyError ? error.path : null;
  return new PatchApplyError(
    "rollback_failed",
    path,
    `${reason}; what was done before could not be undone, and these files keep their new state: ${kept.join(", ")}`,
    { cause: error, kept },
  );
}

/**
 * Parses, verifies and applies the text of a patch.
 *
 * @returns the patch and the answer that names its files.
 * @throws PatchParseError, PatchApplyError.
 */
export async function applyPatch(
  text: string,
  options: {
    readonly cwd: AbsolutePath;
    readonly files?: PatchFileSystem | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<{ readonly patch: Patch; readonly plan: PatchPlan; readonly summary: string }> {
  const files = options.files ?? localFiles();
  const patch = parsePatch(text);
  const plan = await planPatch(patch, options.cwd, files, options.signal);
  await applyPlan(plan, files, options.signal);
  return { patch, plan, summary: formatSummary(patch) };
}
