// Where V8's compiled code is kept between runs, so that a start costs reading and not compiling.
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import nodePath from "node:path";

/**
 * The cache's folder below the Codex home, made with mode 0700: a folder that others could write to
 * would let them plant code. Null where it cannot be had; the program then starts without a cache.
 */
export function compileCacheFolder(
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  if ((env["NODE_DISABLE_COMPILE_CACHE"] ?? "") !== "") return null;
  const configured = env["CODEX_HOME"] ?? "";
  const home = configured === "" ? nodePath.join(homedir(), ".codex") : configured;
  // Making the home is not the cache's business: a mistyped CODEX_HOME must not come into being.
  if (!existsSync(home)) return null;
  const folder = nodePath.join(home, "codex-ts", "compile-cache");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  } catch {
    return null;
  }
}
