export type { CellAnswer, CellResponse } from "./cell.ts";
export type { CellError, ContentItem, ImageDetail, JsonValue } from "./content.ts";
export { createCodeMode } from "./code-mode.ts";
export type {
  CodeMode,
  CodeModeOptions,
  CodeModeTool,
  DescribedTool,
  RunOptions,
  RunResult,
  ToolContext,
  ToolSchema,
} from "./code-mode.ts";
export { CodeModeError } from "./errors.ts";
export type { CodeModeErrorCode } from "./errors.ts";
export { toIdentifier } from "./identifier.ts";
export { renderToolSections, scriptInstructions } from "./instructions.ts";
export { defaultLimits } from "./limits.ts";
export type { CodeModeLimits } from "./limits.ts";
export { parseSource, pragmaPrefix } from "./pragma.ts";
export type { ParsedSource } from "./pragma.ts";
export { describeTool, nameTools, renderDeclaration } from "./prepared-tools.ts";
export type { CodeModeToolKind, NamedTool, ToolDefinition } from "./prepared-tools.ts";
export { responseItems } from "./response-items.ts";
export type { ResponseItems, ResponseItemsOptions } from "./response-items.ts";
export { schemaToType } from "./schema-type.ts";
export { createCodeModeService, defaultYieldMs } from "./service.ts";
export type {
  CallOptions,
  CodeModeService,
  CodeModeServiceOptions,
  ExecuteRequest,
  WaitRequest,
} from "./service.ts";
export type {
  StandardIssue,
  StandardResult,
  StandardSchema,
  ValidatedJsonSchema,
  ValidationResult,
} from "./standard-schema.ts";
export type { CodeModeTurnHost, NestedToolCall, Notification } from "./turn-host.ts";
export { defaultOutputTokens, truncateItems, truncateMiddle } from "./truncate.ts";
