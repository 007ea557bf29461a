// Files whose bytes on disk are not those that git stores, although nothing was changed: other line
// endings. A snapshot records them as they are on disk.
import { access } from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { pathText, splitAtNul } from "./path-text.ts";
import type { RepositorySettings } from "./repository-settings.ts";
import { type GitOptions, runGitStrictly } from "./run-git.ts";
import type { WorkTree } from "./work-tree.ts";

/** Tracked files at or below the tree's prefix that have line endings of their own on disk. */
export async function convertedFiles(
  tree: WorkTree,
  settings: RepositorySettings,
  options: GitOptions,
): Promise<readonly string[]> {
  const call = { ...options, cwd: tree.root, settings: settings.overrides };
  if (!(await mayConvert(tree, settings, options))) return [];
  const scope = tree.prefix === "" ? [] : ["--", tree.prefix];
  const output = await runGitStrictly(["ls-files", "--eol", "-z", ...scope], call);
  return splitAtNul(output).flatMap((record) => {
    const tab = record.indexOf(9);
    const [, inIndex, onDisk] =
      /^i\/(\S*)\s+w\/(\S*)/.exec(record.toString("latin1", 0, tab)) ?? [];
    const differs = onDisk !== "" && onDisk !== inIndex;
    return differs ? [pathText(record.subarray(tab + 1))] : [];
  });
}

async function mayConvert(
  tree: WorkTree,
  { values }: RepositorySettings,
  options: GitOptions,
): Promise<boolean> {
  const automatic = values.get("core.autocrlf");
  if (automatic !== undefined && automatic !== "false") return true;
  if (values.has("core.attributesfile")) return true;
  const attributes = [
    join(tree.root, ".gitattributes"),
    join(tree.objects, "..", "info", "attributes"),
  ];
  for (const file of attributes) {
    const found = await access(file).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  const nested = await runGitStrictly(["ls-files", "-z", "--", ":(glob)**/.gitattributes"], {
    ...options,
    cwd: tree.root,
    variables: { GIT_LITERAL_PATHSPECS: "0" },
  });
  return nested.length > 0;
}
