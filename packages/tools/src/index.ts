export { type ApplyPatchToolOptions, createApplyPatchTool } from "./apply-patch-tool.ts";
export {
  type ApprovalReviewer,
  assessmentSchema,
  type AssessAction,
  createApprovalReviewer,
  parseAssessment,
  type ReviewRequest,
  type ReviewVerdict,
  type RiskAssessment,
  type RiskLevel,
} from "./approval-review.ts";
export { type ApprovalCache, createApprovalCache } from "./approvals.ts";
export {
  childEnvironment,
  type ChildEnvironmentOptions,
  type ShellEnvironmentPolicy,
} from "./child-environment.ts";
export type { CommandArgumentOptions } from "./command-arguments.ts";
export {
  commandRequest,
  type CommandDecision,
  type Confinedness,
  decideCommand,
  type DecisionContext,
} from "./decide-command.ts";
export { type DenialEvidence, describeDenial } from "./denial-evidence.ts";
export {
  type CommandExplanation,
  type DecisionLayer,
  type DecisionStep,
  explainCommand,
} from "./explain-command.ts";
export { createExecCommandTool } from "./exec-command.ts";
export {
  type ExecOutput,
  formatExecOutput,
  freeformExecOutput,
  reshapeShellOutput,
  structuredExecOutput,
} from "./exec-output.ts";
export { type HookSubject, hookSubject, type ToolHooks } from "./hook-subject.ts";
export {
  ImageError,
  type ImageErrorCode,
  type ImageSizing,
  type LoadedImage,
  loadImageForModel,
} from "./image.ts";
export { type ImageFormat, type ImageHeader, readImageHeader } from "./image-header.ts";
export {
  createSessionGrants,
  type GrantScope,
  type PermissionGrants,
  type SessionGrants,
} from "./permission-grants.ts";
export {
  createProcessStore,
  type ProcessStore,
  type ProcessStoreOptions,
} from "./process-store.ts";
export type { ResourceClaim } from "./resource-gate.ts";
export { createToolRouter, type RoutedItem, type ToolRouter } from "./router.ts";
export { selectTools, type ToolSelection } from "./select-tools.ts";
export { type CommandToolOptions, createShellTool, type ShellToolName } from "./shell-tools.ts";
export { createTestSyncTool } from "./test-sync.ts";
export {
  type ApprovalRequest,
  type AskApproval,
  type PermissionsAnswer,
  type PermissionsRequest,
  type Tool,
  type ToolCall,
  type ToolContext,
  ToolError,
  type ToolErrorCode,
  type ToolPayload,
  type ToolResult,
  type TurnToolContext,
  type UserInputAnswers,
  type UserInputRequest,
} from "./tool.ts";
export { approximateTokens, formatOutput, truncateMiddle, truncateToolOutput } from "./truncate.ts";
export { runUserShell, type UserShellContext } from "./user-shell.ts";
export { createTurnDiffTracker, type TurnDiffTracker } from "./turn-diff.ts";
export { createListDirTool } from "./list-dir.ts";
export { createRequestPermissionsTool } from "./request-permissions.ts";
export { createRequestUserInputTool, type RequestUserInputOptions } from "./request-user-input.ts";
export { createUpdatePlanTool } from "./update-plan.ts";
export { createViewImageTool } from "./view-image.ts";
export { createWebSearchTool, type WebSearchSettings } from "./web-search.ts";
export { createWriteStdinTool } from "./write-stdin.ts";
