// Where the system's bubblewrap is.
import nodePath from "node:path";
import { type AbsolutePath, isInside } from "@codex-ts/absolute-path";
import { findExecutable } from "./find-executable.ts";
import { nodeHostFiles } from "./host-files.ts";

/**
 * The first `bwrap` among the entries of `searchPath` (`PATH`) that is an executable file, with links
 * resolved; null when there is none. One that lies in `cwd` is passed over: a workspace must not
 * supply the sandbox that confines it.
 */
export function findSystemBwrap(searchPath: string | undefined, cwd: string): AbsolutePath | null {
  if (searchPath === undefined) return null;
  const workspace = nodeHostFiles.realpath(cwd);
  if (workspace === null) return null;
  // In the root folder everything would be the workspace's own.
  const isSupplied = (path: AbsolutePath): boolean =>
    nodePath.parse(workspace).root !== workspace && isInside(path, workspace);
  for (const entry of searchPath.split(nodePath.delimiter)) {
    const found = findExecutable("bwrap", { searchPath: entry, cwd: workspace });
    if (!found.found) continue;
    const path = nodeHostFiles.realpath(found.path);
    if (path !== null && !isSupplied(path)) return path;
  }
  return null;
}
