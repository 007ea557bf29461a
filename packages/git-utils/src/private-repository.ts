// A throw-away git folder over the user's work tree and objects. Git run in it reads no configuration
// of the repository, the person or the machine, converts no file content, and leaves the user's index
// alone: what goes in and comes out are the bytes of the files.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import { type GitOptions, runGitStrictly } from "./run-git.ts";
import type { RepositorySettings } from "./repository-settings.ts";
import type { WorkTree } from "./work-tree.ts";

export interface PrivateRepository extends AsyncDisposable {
  readonly path: AbsolutePath;
  /** Runs git on the index named `index` and resolves to its output. @throws GitError */
  git(index: string, args: readonly string[], input?: Uint8Array): Promise<Buffer>;
}

/** What git found out about the file system when the repository was made. */
const fileSystemKeys = ["filemode", "symlinks", "ignorecase", "precomposeunicode"];

const noConversion = "* -text !eol !crlf -ident -filter !working-tree-encoding\n";

const identity = {
  GIT_AUTHOR_NAME: "Codex Snapshot",
  GIT_AUTHOR_EMAIL: "snapshot@codex.local",
  GIT_COMMITTER_NAME: "Codex Snapshot",
  GIT_COMMITTER_EMAIL: "snapshot@codex.local",
};

/** Makes the folder; disposing of it removes it. */
export async function openPrivateRepository(
  tree: WorkTree,
  settings: RepositorySettings,
  options: GitOptions,
): Promise<PrivateRepository> {
  const path = fromAbsolute(await mkdtemp(join(fromAbsolute(tmpdir()), "codex-git-index-")));
  const remove = () => rm(path, { recursive: true, force: true, maxRetries: 3 });
  try {
    const core = fileSystemKeys.flatMap((key) => {
      const value = settings.values.get(`core.${key}`);
      return value === "true" || value === "false" ? [`\t${key} = ${value}`] : [];
    });
    const version = tree.objectFormat === "sha1" ? 0 : 1;
    const config = ["[core]", `\trepositoryformatversion = ${version}`, "\tbare = false", ...core];
    if (version === 1) config.push("[extensions]", `\tobjectformat = ${tree.objectFormat}`);
    for (const folder of ["objects", "refs", "info"]) await mkdir(join(path, folder));
    await writeFile(join(path, "HEAD"), "ref: refs/heads/none\n");
    await writeFile(join(path, "config"), `${config.join("\n")}\n`);
    await writeFile(join(path, "empty"), "");
    await writeFile(join(path, "info", "attributes"), noConversion);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    path,
    git: (index, args, input) =>
      runGitStrictly(args, {
        ...options,
        cwd: tree.root,
        input,
        variables: {
          ...identity,
          GIT_DIR: path,
          GIT_WORK_TREE: tree.root,
          GIT_INDEX_FILE: join(path, index),
          GIT_OBJECT_DIRECTORY: tree.objects,
          GIT_CONFIG_GLOBAL: join(path, "empty"),
          GIT_CONFIG_SYSTEM: join(path, "empty"),
          GIT_CONFIG_NOSYSTEM: "1",
          GIT_ATTR_NOSYSTEM: "1",
        },
      }),
    [Symbol.asyncDispose]: remove,
  };
}
