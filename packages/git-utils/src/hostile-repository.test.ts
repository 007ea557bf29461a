// Whatever a repository configures to be run, our calls do not run it.
import { appendFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { temporaryDirectory } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import {
  applyGitPatch,
  captureGhostSnapshotReport,
  collectGitInfo,
  createGhostCommit,
  currentBranchName,
  defaultBranchName,
  diffToRemote,
  hasChanges,
  headCommitHash,
  localBranches,
  mergeBaseWithHead,
  planGhostRestore,
  pruneGhostCommits,
  readWorkspaceFacts,
  recentCommits,
  remoteNames,
  remoteUrls,
  restoreGhostCommit,
  restoreToCommit,
  stagePaths,
} from "./index.ts";
import { quickRepository } from "./testing/quick-repository.ts";

const hookNames = [
  "applypatch-msg",
  "commit-msg",
  "post-applypatch",
  "post-checkout",
  "post-commit",
  "post-index-change",
  "pre-applypatch",
  "pre-commit",
  "prepare-commit-msg",
  "reference-transaction",
  "fsmonitor-watchman",
];

test(
  "planted fsmonitor, hooks, pager, external diff, textconv, filters and merge drivers do not run",
  { timeout: 120_000 },
  async () => {
    await using traces = await temporaryDirectory();
    await using remote = await temporaryDirectory();
    await using repository = await quickRepository({
      "a.txt": "a\n",
      "sub/b.txt": "b\n",
      "c.bin": "c\n",
    });
    const { path, git } = repository;
    await git("init", "-q", "--bare", remote.path);
    await git("remote", "add", "origin", remote.path);
    await git("push", "-q", "origin", "main");
    const plant = async (name: string): Promise<string> => {
      const file = traces.join(`bin/${name}`);
      await mkdir(traces.join("bin"), { recursive: true });
      await mkdir(traces.join("ran"), { recursive: true });
      await writeFile(file, `#!/bin/sh\ntouch '${traces.join(`ran/${name}`)}'\ncat 2>/dev/null\n`, {
        mode: 0o755,
      });
      return file;
    };
    await repository.write({
      ".gitattributes": "*.txt filter=evil diff=evil merge=evil\n*.bin filter=process diff=conv\n",
    });
    await git("add", "--all");
    await git("commit", "-qm", "Attributes");
    const hooks = repository.join("planted-hooks");
    for (const name of hookNames) {
      const script = await plant(`hook-${name}`);
      for (const folder of [hooks, repository.join(".git/hooks")]) {
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, name), `#!/bin/sh\n'${script}' </dev/null\n`, { mode: 0o755 });
      }
    }
    const settings = `
[core]
  hooksPath = ${hooks}
  fsmonitor = ${await plant("fsmonitor")}
  pager = ${await plant("pager")}
  editor = ${await plant("editor")}
  sshCommand = ${await plant("ssh")}
  askPass = ${await plant("askpass")}
[pager]
  log = ${await plant("pager-log")}
  diff = ${await plant("pager-diff")}
  branch = ${await plant("pager-branch")}
[credential]
  helper = ${await plant("credential")}
[diff]
  external = ${await plant("external-diff")}
[diff "evil"]
  command = ${await plant("diff-command")}
[diff "conv"]
  textconv = ${await plant("textconv")}
[filter "evil"]
  clean = ${await plant("clean")}
  smudge = ${await plant("smudge")}
  required = true
[filter "process"]
  process = ${await plant("filter-process")}
[merge "evil"]
  driver = ${await plant("merge-driver")} %A
[alias]
  status = !${await plant("alias")}
  diff = !${await plant("alias")}
  apply = !${await plant("alias")}
[gpg]
  program = ${await plant("gpg")}
[log]
  showSignature = true
[commit]
  gpgSign = true
`;
    await appendFile(repository.join(".git/config"), settings);

    await repository.write({
      "a.txt": "edited\n",
      "c.bin": "edited\n",
      "sub/new.txt": "untracked\n",
      "new.bin": "untracked\n",
    });
    const ghost = await createGhostCommit({ repoPath: path });
    await repository.write({ "a.txt": "agent\n", "c.bin": "agent\n", "sub/b.txt": "agent\n" });
    expect((await planGhostRestore(ghost, { repoPath: path })).restored).toHaveLength(3);
    await captureGhostSnapshotReport({ repoPath: path });
    await collectGitInfo(path);
    await headCommitHash(path);
    await remoteNames(path);
    await readWorkspaceFacts(path, { env: process.env });
    await currentBranchName(path);
    await defaultBranchName(path);
    await localBranches(path);
    await remoteUrls(path);
    await mergeBaseWithHead(path, "main");
    expect(await recentCommits(path, /*limit*/ 2)).toHaveLength(2);
    expect(await hasChanges(path)).toBe(true);
    expect((await diffToRemote(path))?.diff).toContain("+agent");
    const restored = await restoreGhostCommit(ghost, { repoPath: path });
    expect(restored.restored).toEqual(["a.txt", "c.bin", "sub/b.txt"]);
    const diff =
      "diff --git a/sub/b.txt b/sub/b.txt\n--- a/sub/b.txt\n+++ b/sub/b.txt\n@@ -1 +1 @@\n-b\n+patched\n";
    expect((await applyGitPatch({ cwd: path, diff })).exit_code).toBe(0);
    expect((await applyGitPatch({ cwd: path, diff, revert: true })).exit_code).toBe(0);
    expect((await applyGitPatch({ cwd: path, diff, preflight: true })).exit_code).toBe(0);
    await stagePaths(path, diff);
    await restoreToCommit(await git("rev-parse", "HEAD"), { repoPath: path });
    await pruneGhostCommits({ repoPath: path });
    expect(await readdir(traces.join("ran"))).toEqual([]);
    // The traps work: git itself, asked plainly, steps on them.
    await git("status").catch(() => {});
    expect(await readdir(traces.join("ran"))).not.toEqual([]);
  },
);

test("an object that a partial clone lacks is not fetched", async () => {
  await using traces = await temporaryDirectory();
  await using repository = await quickRepository({ "a.txt": "a\n" });
  const { path, git } = repository;
  await writeFile(traces.join("trap"), `#!/bin/sh\ntouch '${traces.join("ran")}'\n`, {
    mode: 0o755,
  });
  const blob = await git("rev-parse", "HEAD:a.txt");
  await rm(repository.join(`.git/objects/${blob.slice(0, 2)}/${blob.slice(2)}`));
  await appendFile(
    repository.join(".git/config"),
    `[core]
  repositoryFormatVersion = 1
  sshCommand = ${traces.join("trap")}
[extensions]
  partialClone = evil
[remote "evil"]
  url = ssh://evil.example/x
  promisor = true
[protocol "ssh"]
  allow = always
`,
  );
  await repository.write({ "a.txt": "edited\n" });
  expect(await hasChanges(path)).toBe(true);
  const ghost = await createGhostCommit({ repoPath: path });
  await repository.write({ "a.txt": "agent\n" });
  await restoreGhostCommit(ghost, { repoPath: path });
  await diffToRemote(path);
  expect(await readdir(traces.path)).toEqual(["trap"]);
  await git("cat-file", "-p", blob).catch(() => {});
  expect(await readdir(traces.path)).toEqual(["ran", "trap"]);
});

test("a submodule's own configuration does not run either", async () => {
  await using traces = await temporaryDirectory();
  await using inner = await quickRepository({ "i.txt": "i\n" });
  await using repository = await quickRepository({ "a.txt": "a\n" });
  const { path, git } = repository;
  await git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.path, "mod");
  await git("commit", "-qm", "Submodule");
  await writeFile(traces.join("trap"), `#!/bin/sh\ntouch '${traces.join("ran")}'\n`, {
    mode: 0o755,
  });
  await git("-C", "mod", "config", "core.fsmonitor", traces.join("trap"));
  await repository.write({ "mod/i.txt": "dirty\n", "a.txt": "edited\n" });
  const ghost = await createGhostCommit({ repoPath: path });
  await hasChanges(path);
  await restoreGhostCommit(ghost, { repoPath: path });
  expect(await readdir(traces.path)).toEqual(["trap"]);
});

test("a configured work tree that does not hold the folder is refused", async () => {
  await using elsewhere = await temporaryDirectory();
  await using repository = await quickRepository({ "a.txt": "a\n" });
  await elsewhere.write({ "mine.txt": "mine\n" });
  await repository.git("config", "core.worktree", elsewhere.path);
  await expect(createGhostCommit({ repoPath: repository.path })).rejects.toMatchObject({
    name: "GitError",
  });
  expect(await readdir(elsewhere.path)).toEqual(["mine.txt"]);
});
