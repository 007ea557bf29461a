export { type ConformanceRow, dialectConformance } from "./conformance.ts";
export type { DialectName } from "./dialect.ts";
export {
  type DiscoverHooksOptions,
  type HookDiscovery,
  type HookImport,
  type HookLayer,
  type HookTable,
  type ListedHook,
  discoverHooks,
} from "./discover.ts";
export {
  type HookRequest,
  type HookRunOptions,
  type Hooks,
  type HooksOptions,
  createHooks,
  defaultHookLimits,
  defaultHookShell,
} from "./engine.ts";
export { HookError, type HookErrorCode } from "./errors.ts";
export {
  type HookEventName,
  type HookInput,
  type HookInputs,
  type HookOutputs,
  type HookPermissionMode,
  type PostToolUseInput,
  type PostToolUseOutput,
  type PostToolUseSpecificOutput,
  type PreToolUseInput,
  type PreToolUseOutput,
  type PreToolUseSpecificOutput,
  type SessionStartInput,
  type SessionStartOutput,
  type StopInput,
  type StopOutput,
  type UserPromptSubmitInput,
  type UserPromptSubmitOutput,
  hookEventLabel,
  hookEventNames,
  hookPermissionMode,
  isHookEventName,
} from "./events.ts";
export {
  type CommandHandler,
  type FunctionHandler,
  type FunctionHookOptions,
  type HookHandler,
  type HookSource,
  functionHook,
} from "./handler.ts";
export {
  type HookPrompt,
  type HookPromptItem,
  formatHookPrompt,
  hookPrompt,
  hookPromptItem,
  parseHookPrompt,
} from "./hook-prompt.ts";
export type { TablePath } from "./hook-table.ts";
export { type Matcher, compileMatcher } from "./matcher.ts";
export {
  type AfterAgentEvent,
  type AfterToolUseEvent,
  type LegacyHook,
  type LegacyHookFacts,
  type LegacyHookPayload,
  type LegacyHookResult,
  type LegacyToolInput,
  type StartNotifyOptions,
  dispatchLegacyHooks,
  legacyHookPayload,
  notifyArgument,
  startNotify,
} from "./notify.ts";
export type {
  HookOutcomes,
  HookPromptFragment,
  HookStop,
  PostToolUseOutcome,
  PreToolUseOutcome,
  SessionStartOutcome,
  StopOutcome,
  UserPromptSubmitOutcome,
} from "./outcome.ts";
export type { HookLimits, HookShell } from "./run-handler.ts";
export type { HookRunEvent } from "./run-summary.ts";
