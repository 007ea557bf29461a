import { stat, symlink } from "node:fs/promises";
import { type AbsolutePath, join, parent } from "@codex-ts/absolute-path";

/**
 * Makes the symbolic link `destination` with the text `target`. Windows knows links to files and links
 * to folders: `source`, the place that the link is copied from or points to, says which.
 * @throws Error of the file system
 */
export async function createSymlink(
  source: AbsolutePath,
  target: string,
  destination: AbsolutePath,
): Promise<void> {
  const isFolder = await stat(source)
    .catch(() => stat(join(parent(destination) ?? destination, target)))
    .then(
      (found) => found.isDirectory(),
      () => false,
    );
  await symlink(target, destination, isFolder ? "dir" : "file");
}
