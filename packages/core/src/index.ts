export type { AgentStatus } from "./agent-status.ts";
export type { ForkSnapshotMode } from "./fork.ts";
export {
  CoreError,
  type CoreErrorCode,
  type StartedThread,
  type Thread,
  type ThreadSettings,
} from "./thread.ts";
export {
  type PromptHistorySettings,
  type SkillListing,
  type ThreadConfig,
  threadConfig,
  type ThreadManagerOptions,
} from "./thread-config.ts";
export { reviewHint } from "./prompts/review.ts";
export type { GhostSnapshotSettings } from "./ghost-snapshots.ts";
export { type ForkOptions, type SessionReference, ThreadManager } from "./thread-manager.ts";
