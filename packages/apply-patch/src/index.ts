export { applyPatch, applyPlan } from "./apply.ts";
export {
  applyPatchCommandNames,
  type ApplyPatchCommandOptions,
  applyPatchFlag,
  runApplyPatchCommand,
  type TextSink,
} from "./command.ts";
export {
  ApplyPatchError,
  PatchApplyError,
  type PatchApplyErrorCode,
  PatchParseError,
  type PatchParseErrorCode,
} from "./errors.ts";
export { type FileReader, type FileSnapshot, localFiles, type PatchFileSystem } from "./files.ts";
export {
  type Chunk,
  type ChunkLine,
  formatSummary,
  parsePatch,
  type Patch,
  type Section,
} from "./parse.ts";
export {
  type FileChange,
  type PatchPlan,
  type PlannedRemoval,
  type PlannedWrite,
  planPatch,
} from "./plan.ts";
export { seekLines } from "./seek-lines.ts";
export { applyPatchDescription, applyPatchGrammar, applyPatchInstructions } from "./tool-text.ts";
export { unifiedDiff } from "./unified-diff.ts";
