// What the facts of a repository of 10,000 files cost, beside the git commands that give them.
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import nodePath from "node:path";
import { promisify } from "node:util";
import { fromAbsolute } from "@codex-ts/absolute-path";
import {
  collectGitInfo,
  createGhostCommit,
  hasChanges,
  readWorkspaceFacts,
  recentCommits,
} from "../src/index.ts";

const run = promisify(execFile);

const env = {
  ...process.env,
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Kim",
  GIT_AUTHOR_EMAIL: "kim@example.test",
  GIT_COMMITTER_NAME: "Kim",
  GIT_COMMITTER_EMAIL: "kim@example.test",
};

async function makeRepository(root: string): Promise<void> {
  const git = (...args: string[]) => run("git", args, { cwd: root, env });
  for (let folder = 0; folder < 100; folder += 1) {
    const path = nodePath.join(root, `src/part-${folder}`);
    await mkdir(path, { recursive: true });
    await Promise.all(
      Array.from({ length: 100 }, (_, file) =>
        writeFile(nodePath.join(path, `file-${file}.ts`), `export const x = ${folder * file};\n`),
      ),
    );
  }
  await git("init", "-q", "-b", "main");
  await git("remote", "add", "origin", "https://git.example/team/app.git");
  await git("add", "--all");
  await git("commit", "-qm", "First");
  await writeFile(nodePath.join(root, "src/part-7/file-7.ts"), "edited\n");
  await writeFile(nodePath.join(root, "notes.md"), "untracked\n");
}

export const benchmark = {
  name: "git-facts",
  question:
    "Are the facts of 10,000 files there within 1.2 times the plain commands, one after another?",
  rounds: 21,
  async subjects({ scratch }: { readonly scratch: string }) {
    const root = nodePath.join(scratch, "repository");
    await mkdir(root);
    await makeRepository(root);
    const repoPath = fromAbsolute(root);
    const options = { env };
    const git = (...args: string[]) => run("git", args, { cwd: root, env });
    return [
      {
        name: "plain commands",
        async run() {
          await git("rev-parse", "--git-dir");
          await git("rev-parse", "HEAD");
          await git("rev-parse", "--abbrev-ref", "HEAD");
          await git("remote", "get-url", "origin");
          await git("status", "--porcelain");
        },
      },
      { name: "readWorkspaceFacts", run: () => readWorkspaceFacts(repoPath, options) },
      {
        name: "collectGitInfo, hasChanges",
        run: () => Promise.all([collectGitInfo(repoPath, options), hasChanges(repoPath, options)]),
      },
      {
        name: "one after another",
        async run() {
          await collectGitInfo(repoPath, options);
          await hasChanges(repoPath, options);
        },
      },
      { name: "plain log", run: () => git("log", "-n", "10", "--pretty=format:%H%x1f%ct%x1f%s") },
      { name: "recentCommits", run: () => recentCommits(repoPath, /*limit*/ 10, options) },
      {
        name: "createGhostCommit",
        run: () => createGhostCommit({ ...options, repoPath, keep: false }),
      },
    ];
  },
};
