// File operations for patches that cannot be led astray: a folder on the way that has become a symbolic
// link since the patch was judged, and a second name of a file elsewhere, must not be written through.
import { constants } from "node:fs";
import { type FileHandle, access, open, readlink, realpath } from "node:fs/promises";
import { type AbsolutePath, basename, join, parent } from "@codex-ts/absolute-path";
import { type PatchFileSystem, localFiles } from "@codex-ts/apply-patch";

const DESCRIPTORS = "/proc/self/fd";

/**
 * Changes files only below folders that are really where their path says, and only where `isWritable`
 * agrees. Every path must have its symbolic links resolved already.
 *
 * On Linux the folder is opened once, checked, and used through its descriptor, so that renaming things
 * meanwhile has no effect. Elsewhere the check comes right before the operation.
 */
export function confinedFiles(
  isWritable: (path: AbsolutePath) => boolean,
  files: PatchFileSystem = localFiles(),
): PatchFileSystem {
  const at = async <T>(
    path: AbsolutePath,
    work: (path: AbsolutePath) => Promise<T>,
  ): Promise<T> => {
    if (!isWritable(path)) throw systemError("EACCES", `${path} may not be written`);
    return inRealFolder(path, work);
  };
  return {
    read: files.read,
    realPath: files.realPath,
    create: (path, bytes, mode) => at(path, (real) => files.create(real, bytes, mode)),
    overwrite: (path, bytes) => at(path, (real) => overwriteOnlyName(real, path, bytes)),
    rename: (from, to) =>
      at(from, (realFrom) => at(to, (realTo) => files.rename(realFrom, realTo))),
    remove: (path) => at(path, files.remove),
    makeDirectory: (path) => at(path, files.makeDirectory),
    removeDirectory: (path) => at(path, files.removeDirectory),
  };
}

async function inRealFolder<T>(
  path: AbsolutePath,
  work: (path: AbsolutePath) => Promise<T>,
): Promise<T> {
  const folder = parent(path);
  if (folder === null) throw systemError("EACCES", "the root folder may not be written");
  if (process.platform !== "linux" || !(await hasDescriptorPaths())) {
    checkFolder(folder, await realpath(folder));
    return work(path);
  }
  await using handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  const descriptor = `${DESCRIPTORS}/${handle.fd}`;
  checkFolder(folder, await readlink(descriptor));
  // The descriptor must stay open until the work is done.
  return await work(join(descriptor as AbsolutePath, basename(path)));
}

/** Whether /proc is there: some containers are without. */
async function hasDescriptorPaths(): Promise<boolean> {
  return access(DESCRIPTORS).then(
    () => true,
    () => false,
  );
}

function checkFolder(folder: AbsolutePath, real: string): void {
  if (folder === real) return;
  throw systemError("ELOOP", `${folder} now leads to ${real}`);
}

/** Writes in place, which every other name of the file would show too: so there must be none. */
async function overwriteOnlyName(
  realPath: AbsolutePath,
  path: AbsolutePath,
  bytes: Uint8Array,
): Promise<void> {
  await using file: FileHandle = await open(realPath, constants.O_WRONLY | constants.O_NOFOLLOW);
  const status = await file.stat();
  if (!status.isFile() || status.nlink > 1) {
    throw systemError("EACCES", `${path} has other names, and its folder takes no new files`);
  }
  await file.truncate();
  await file.writeFile(bytes);
}

function systemError(code: string, reason: string): Error {
  return Object.assign(new Error(`${code}: ${reason}`), { code });
}
