// The files that a unified diff of git's names.
import { lstat } from "node:fs/promises";
import { type AbsolutePath, isInside, join } from "@codex-ts/absolute-path";
import { unescapeC } from "./path-text.ts";
import { readRepositorySettings } from "./repository-settings.ts";
import { type GitOptions, runGit } from "./run-git.ts";

/** A text without its C-style quotes and escapes; bytes that are not UTF-8 become replacement characters. */
export function unquoteName(text: string): string {
  const quoted = /^"(.*)"$/s.exec(text)?.[1];
  return quoted === undefined ? text : unescapeC(quoted).toString("utf8");
}

/** Both names of a `diff --git` line, as written. */
function headerNames(rest: string): readonly string[] {
  if (rest.includes('"')) {
    return [...rest.matchAll(/"(?:\\.|[^"\\])*"|[^\s"]\S*(?: [^\s"]\S*)*/g)].map(([name]) => name);
  }
  // Two equal names around the middle blank: `a/NAME b/NAME`, where NAME may hold blanks.
  const middle = (rest.length - 1) / 2;
  if (rest[middle] === " " && rest.slice(1, middle) === rest.slice(middle + 2)) {
    return [rest.slice(0, middle), rest.slice(middle + 1)];
  }
  const second = rest.indexOf(" b/");
  return second === -1 ? rest.split(/\s+/) : [rest.slice(0, second), rest.slice(second + 1)];
}

function withoutSide(name: string): string | null {
  const plain = unquoteName(name);
  if (plain === "/dev/null") return null;
  const path = /^[ab]\//.test(plain) ? plain.slice(2) : plain;
  return path === "" ? null : path;
}

/** The paths in the `diff --git` lines of a diff, sorted, each once; `/dev/null` does not count. */
export function extractPathsFromPatch(diff: string): readonly string[] {
  const paths = new Set<string>();
  for (const line of diff.split("\n")) {
    const rest = /^diff --git (.*?)\r?$/.exec(line)?.[1]?.trim();
    for (const name of rest === undefined ? [] : headerNames(rest)) {
      const path = withoutSide(name);
      if (path !== null) paths.add(path);
    }
  }
  return [...paths].toSorted();
}

/**
 * Puts those files of the diff that exist (symbolic links count) into the index; what git says to it
 * is not looked at. @throws GitError when git cannot be run
 */
export async function stagePaths(
  root: AbsolutePath,
  diff: string,
  options: GitOptions = {},
): Promise<void> {
  const { overrides } = await readRepositorySettings(root, options);
  const existing: string[] = [];
  for (const path of extractPathsFromPatch(diff)) {
    const file = join(root, path);
    const found = await lstat(file).catch(() => null);
    if (found !== null && isInside(file, root)) existing.push(path);
  }
  if (existing.length === 0) return;
  await runGit(["add", "--", ...existing], { ...options, cwd: root, settings: overrides });
}
