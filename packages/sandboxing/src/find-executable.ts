// Finds programs the way a shell does.
import { accessSync, constants, statSync } from "node:fs";
import nodePath from "node:path";

/** What execvp uses when there is no PATH. */
const defaultSearchPath = "/bin:/usr/bin";

type Problem = "missing" | "not_executable";

/** What stands in the way of running `path`; null when nothing does. */
function problemAt(path: string): Problem | null {
  try {
    if (!statSync(path).isFile()) return "not_executable";
  } catch {
    return "missing";
  }
  try {
    accessSync(path, constants.X_OK);
    return null;
  } catch {
    return "not_executable";
  }
}

/** Where a program is, or why it cannot be run: it is missing or not executable. */
export type ExecutableLookup =
  | { readonly found: true; readonly path: string }
  | { readonly found: false; readonly problem: Problem };

/**
 * Looks `name` up: as it is when it holds a slash, else in the entries of `searchPath` (`PATH`).
 * Relative paths and entries count from `cwd`.
 */
export function findExecutable(
  name: string,
  options: { readonly searchPath: string | undefined; readonly cwd: string },
): ExecutableLookup {
  const candidates = name.includes("/")
    ? [name]
    : (options.searchPath ?? defaultSearchPath)
        .split(nodePath.delimiter)
        .map((entry) => nodePath.join(entry, name));
  let problem: Problem = "missing";
  for (const candidate of candidates) {
    const path = nodePath.resolve(options.cwd, candidate);
    const obstacle = problemAt(path);
    if (obstacle === null) return { found: true, path };
    if (obstacle === "not_executable") problem = obstacle;
  }
  return { found: false, problem };
}
