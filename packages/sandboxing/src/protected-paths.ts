// The folders of a writable root that stay read-only: what lies in them runs later, outside the sandbox.
import { type AbsolutePath, join, resolve } from "@codex-ts/absolute-path";
import { followedKind, type HostFiles } from "./host-files.ts";

/** Where a `.git` file points to, when that exists. */
function gitDirOfPointer(
  root: AbsolutePath,
  pointer: AbsolutePath,
  files: HostFiles,
): AbsolutePath | null {
  const text = files.readText(pointer)?.trim() ?? "";
  const colon = text.indexOf(":");
  if (colon < 0) return null;
  const target = text.slice(colon + 1).trim();
  if (target === "" || target.includes("\0")) return null;
  const path = resolve(target, root);
  return files.kind(path) === null ? null : path;
}

/**
 * The protected paths directly below `root`: `.git` (and what a `.git` file points to, listed before
 * it), `.agents` and `.codex`, as far as they exist. With `missingCodex` also a `.codex` that does not
 * exist yet, so that its first creation needs a person.
 */
export function protectedSubpaths(
  root: AbsolutePath,
  options: { readonly files: HostFiles; readonly missingCodex: boolean },
): readonly AbsolutePath[] {
  const { files, missingCodex } = options;
  const paths: AbsolutePath[] = [];

  const git = join(root, ".git");
  const gitKind = followedKind(files, git);
  if (gitKind === "file") {
    const gitDir = gitDirOfPointer(root, git, files);
    if (gitDir !== null) paths.push(gitDir);
    paths.push(git);
  } else if (gitKind === "directory") {
    paths.push(git);
  }

  const agents = join(root, ".agents");
  if (followedKind(files, agents) === "directory") paths.push(agents);

  const codex = join(root, ".codex");
  if (missingCodex || followedKind(files, codex) === "directory") paths.push(codex);
  return paths;
}
