export {
  type ApplyGitPatchRequest,
  type ApplyGitPatchResult,
  applyGitPatch,
} from "./apply-git-patch.ts";
export { createSymlink } from "./create-symlink.ts";
export { type DiffToRemote, type DiffToRemoteOptions, diffToRemote } from "./diff-to-remote.ts";
export { GitError, type GitErrorCode, type GitErrorDetails } from "./errors.ts";
export {
  type CreateGhostCommitOptions,
  type GhostCommit,
  type GhostSnapshotReport,
  captureGhostSnapshotReport,
  createGhostCommit,
  createGhostCommitWithReport,
  pruneGhostCommits,
} from "./ghost-commit.ts";
export {
  type CommitSummary,
  type DefaultBranchOptions,
  collectGitInfo,
  currentBranchName,
  defaultBranchName,
  hasChanges,
  headCommitHash,
  localBranches,
  recentCommits,
  remoteNames,
  remoteUrls,
} from "./information.ts";
export { mergeBaseWithHead } from "./merge-base.ts";
export { extractPathsFromPatch, stagePaths } from "./patch-paths.ts";
export { findRepositoryRoot, readGitInfo } from "./repository.ts";
export {
  type RestoreGhostCommitOptions,
  type RestoreReport,
  planGhostRestore,
  restoreGhostCommit,
  restoreToCommit,
} from "./restore-ghost-commit.ts";
export type { Environment, GitOptions } from "./run-git.ts";
export { resolveTrustRoot } from "./trust-root.ts";
export {
  type GhostSnapshotLimits,
  type LargeUntrackedDirectory,
  type LargeUntrackedFile,
  defaultIgnoredNames,
  defaultLargeDirectoryFiles,
  defaultLargeFileBytes,
} from "./work-tree-changes.ts";
export { type WorkspaceFacts, readWorkspaceFacts } from "./workspace-facts.ts";
