export { archiveThread, unarchiveThread } from "./archive.ts";
export { RolloutError, type RolloutErrorCode } from "./errors.ts";
export {
  type LatestThreadOptions,
  findThreadByName,
  findThreadPath,
  latestThreadForCwd,
} from "./find-thread.ts";
export { type ListThreadsOptions, type ThreadPage, listThreads } from "./list-threads.ts";
export { type PersistenceMode, isPersistedEvent } from "./persistence.ts";
export {
  appendPrompt,
  type AppendPromptOptions,
  type PromptHistoryFacts,
  promptHistoryFacts,
  readPrompt,
} from "./prompt-history.ts";
export { type Rollout, readRollout, readRolloutLines } from "./read-rollout.ts";
export {
  type CreateRecorderOptions,
  type RecorderSettings,
  type RolloutRecorder,
  createRolloutRecorder,
  resumeRolloutRecorder,
} from "./recorder.ts";
export { type RolloutPathOptions, parseRolloutFileName, rolloutPath } from "./session-files.ts";
export {
  type ToolEntry,
  type Transcript,
  type TranscriptEntry,
  transcriptOf,
} from "./transcript.ts";
export { appendThreadName, findThreadName, readThreadNames } from "./thread-names.ts";
export {
  type SessionSourceKind,
  type ThreadFilter,
  type ThreadSummary,
  sessionSourceKind,
} from "./thread-summary.ts";
