// Where a folder stands in its repository.
import { realpath } from "node:fs/promises";
import {
  type AbsolutePath,
  fromAbsolute,
  isInside,
  join,
  relativize,
} from "@codex-ts/absolute-path";
import { GitError } from "./errors.ts";
import { type GitOptions, failure, runGit, runGitStrictly } from "./run-git.ts";

export interface WorkTree {
  /** The top folder of the work tree, as git names it. */
  readonly root: AbsolutePath;
  /** The folder asked about, seen from the root, with `/`; empty for the root itself. */
  readonly prefix: string;
  /** Where the repository keeps its objects. */
  readonly objects: AbsolutePath;
  readonly objectFormat: string;
}

function line(output: Buffer): string {
  return output.toString("utf8").replace(/\r?\n$/, "");
}

/**
 * The work tree around `path`.
 * @throws GitError `not_a_repository`, `no_work_tree`, `untrusted_owner` and those of a call of git
 */
export async function openWorkTree(path: AbsolutePath, options: GitOptions): Promise<WorkTree> {
  const call = { ...options, cwd: path };
  const facts = ["rev-parse", "--is-inside-work-tree", "--show-object-format"];
  const places = [["--show-toplevel"], ["--git-path", "objects"]] as const;
  const output = await runGit([...facts, ...places.flat()], call);
  if (output.stdout.toString("latin1").startsWith("false\n")) {
    throw new GitError("no_work_tree", `${path} is in no work tree of a repository.`, {
      command: facts,
    });
  }
  if (output.status !== 0) throw failure(facts, path, output);
  const lines = line(output.stdout).split("\n");
  const [, objectFormat = "sha1"] = lines;
  // A line break in a path makes more lines; then each path is asked for alone.
  const [topLevel = "", objects = ""] =
    lines.length === 4
      ? lines.slice(2)
      : await Promise.all(
          places.map(async (place) => line(await runGitStrictly(["rev-parse", ...place], call))),
        );
  const root = fromAbsolute(topLevel);
  return {
    root,
    prefix: await prefixOf(path, root),
    objects: join(path, objects),
    objectFormat,
  };
}

async function prefixOf(path: AbsolutePath, root: AbsolutePath): Promise<string> {
  for (const candidate of [path, fromAbsolute(await realpath(path))]) {
    if (isInside(candidate, root)) {
      const relative = relativize(candidate, root);
      return relative === "." ? "" : relative.replaceAll("\\", "/");
    }
  }
  throw new GitError(
    "path_escapes_repository",
    `The repository around ${path} says that its work tree is ${root}, which does not hold that folder.`,
  );
}
