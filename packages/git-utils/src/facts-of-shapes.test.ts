// Every question, asked of repositories of many shapes: the answer is what git's own commands say.
import { readFile, realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { fromAbsolute, join } from "@codex-ts/absolute-path";
import { expect, test } from "vitest";
import {
  applyGitPatch,
  type CommitSummary,
  collectGitInfo,
  currentBranchName,
  defaultBranchName,
  diffToRemote,
  findRepositoryRoot,
  hasChanges,
  headCommitHash,
  localBranches,
  mergeBaseWithHead,
  readGitInfo,
  readWorkspaceFacts,
  recentCommits,
  remoteNames,
  remoteUrls,
  resolveTrustRoot,
  stagePaths,
} from "./index.ts";
import { contents } from "./testing/contents.ts";
import { makeShape, manyFiles, type Shape, shapes } from "./testing/shapes.ts";

type Made = Awaited<ReturnType<typeof makeShape>>;

/** What git says, or null where it fails. */
function ask({ root, git }: Made, ...args: string[]): string | null {
  try {
    return git(root, ...args).replace(/\n$/, "");
  } catch {
    return null;
  }
}

function linesOf(text: string | null): readonly string[] {
  return (text ?? "").split("\n").filter(Boolean);
}

interface Answers {
  readonly topLevel: string | null;
  readonly trustRoot: string | null;
  readonly info: object;
  readonly head: string | null;
  readonly branch: string | null;
  readonly hasChanges: boolean | null;
  readonly remotes: readonly string[];
  readonly remoteUrls: Readonly<Record<string, string>> | null;
  readonly defaultBranch: string | null;
  readonly branches: readonly string[];
  readonly commits: readonly CommitSummary[];
  /** Undefined where there is no work tree. */
  readonly mergeBase: string | null | undefined;
}

/** The answers, made from git's plain commands. */
function answersOfGit(made: Made): Answers {
  const head = ask(made, "rev-parse", "--verify", "--quiet", "HEAD");
  const branch = ask(made, "symbolic-ref", "--quiet", "--short", "HEAD");
  const origin = ask(made, "remote", "get-url", "origin");
  const branches = linesOf(ask(made, "for-each-ref", "--format=%(refname:short)", "refs/heads"));
  // What is dirty inside of a submodule would have to be asked of its own configuration.
  const status = ask(made, "status", "--porcelain", "--ignore-submodules=dirty");
  const log = linesOf(ask(made, "log", "--format=%H %ct %s"));
  const topLevel = ask(made, "rev-parse", "--show-toplevel");
  const gitDir = ask(made, "rev-parse", "--absolute-git-dir") ?? "";
  const commonDir = ask(made, "rev-parse", "--path-format=absolute", "--git-common-dir") ?? "";
  const isLinked = /\/worktrees\/[^/]+$/.test(gitDir);
  return {
    topLevel,
    trustRoot: topLevel === null ? null : isLinked ? dirname(commonDir) : topLevel,
    info: {
      ...(head === null ? {} : { commit_hash: head }),
      ...(branch === null ? {} : { branch }),
      ...(origin === null ? {} : { repository_url: origin }),
    },
    head,
    branch,
    hasChanges: status === null ? null : status !== "",
    remotes: linesOf(ask(made, "remote")),
    remoteUrls: origin === null ? null : { origin },
    defaultBranch: branches.includes("main") || origin !== null ? "main" : null,
    branches: [...branches].toSorted((a, b) => Number(b === "main") - Number(a === "main")),
    commits: log.map((line) => {
      const [sha = "", seconds, ...subject] = line.split(" ");
      return { sha, timestamp: Number(seconds), subject: subject.join(" ") };
    }),
    mergeBase: topLevel === null ? undefined : head,
  };
}

async function ourAnswers({ root, env }: Made): Promise<Answers> {
  const options = { env };
  const top = await findRepositoryRoot(root);
  const info = await collectGitInfo(root, options);
  const hasWorkTree = top !== null;
  expect(hasWorkTree ? await readGitInfo(root) : info).toEqual(info);
  const facts = hasWorkTree ? await readWorkspaceFacts(root, options) : null;
  expect(facts?.facts.has_changes ?? null).toBe(await hasChanges(root, options));
  return {
    topLevel: top === null ? null : await realpath(top),
    trustRoot: await resolveTrustRoot(root),
    info: info ?? {},
    head: await headCommitHash(root, options),
    branch: await currentBranchName(root, options),
    hasChanges: await hasChanges(root, options),
    remotes: await remoteNames(root, options),
    remoteUrls: await remoteUrls(root, options),
    defaultBranch: await defaultBranchName(root, options),
    branches: await localBranches(root, options),
    commits: await recentCommits(root, /*limit*/ 0, options),
    mergeBase: hasWorkTree ? await mergeBaseWithHead(root, "HEAD", options) : undefined,
  };
}

const added =
  "diff --git a/added by/patch.txt b/added by/patch.txt\nnew file mode 100644\n--- /dev/null\n+++ b/added by/patch.txt\n@@ -0,0 +1 @@\n+added\n";

/** Applies a patch, looks at the diff to the remote, and takes the patch back: all is as it was. */
async function applyAndTakeBack(made: Made): Promise<void> {
  const { root, env, git } = made;
  const before = await contents(root);
  const request = { cwd: root, env, diff: added };
  const preflight = await applyGitPatch({ ...request, preflight: true });
  expect([preflight.exit_code, await contents(root)]).toEqual([0, before]);
  const applied = await applyGitPatch(request);
  expect([applied.exit_code, applied.applied_paths]).toEqual([0, ["added by/patch.txt"]]);
  const top = fromAbsolute(ask(made, "rev-parse", "--show-toplevel") ?? root);
  expect(await readFile(join(top, "added by/patch.txt"), "utf8")).toMatch(/^added\r?\n$/);

  const remote = await diffToRemote(root, { env });
  const upstream = ask(made, "rev-parse", "--verify", "--quiet", "refs/remotes/origin/main");
  expect(remote?.sha ?? null).toBe(upstream);
  expect(remote?.diff ?? "+added").toContain("+added");

  expect((await applyGitPatch({ ...request, revert: true })).exit_code).toBe(0);
  expect(await contents(root)).toEqual(before);
  await stagePaths(root, added, { env });
  expect(git(root, "ls-files", "--", "added by")).toBe("");
}

test.each(Object.entries(shapes))(
  "facts are what git says, and a patch comes and goes: %s",
  { timeout: 120_000 },
  async (_name, shape) => {
    await using made = await makeShape(shape);
    expect(await ourAnswers(made)).toEqual(answersOfGit(made));
    await applyAndTakeBack(made);
  },
);

test.each<readonly [string, Shape]>([
  ["10,000 files", manyFiles],
  [
    "a bare repository",
    async ({ folder, git }) => {
      const root = join(folder, "bare.git");
      git(folder, "init", "-q", "--bare", "-b", "main", root);
      return root;
    },
  ],
])("facts are what git says: %s", { timeout: 120_000 }, async (_name, shape) => {
  await using made = await makeShape(shape);
  expect(await ourAnswers(made)).toEqual(answersOfGit(made));
});
