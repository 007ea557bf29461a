// Which tools a model is offered, and in which order.
import { createRulebook, type Rulebook } from "@codex-ts/exec-policy";
import type { ModelInfo, WebSearchMode } from "@codex-ts/protocol";
import { createApplyPatchTool } from "./apply-patch-tool.ts";
import { createExecCommandTool } from "./exec-command.ts";
import { type CommandToolOptions, createShellTool } from "./shell-tools.ts";
import { createTestSyncTool } from "./test-sync.ts";
import type { Tool } from "./tool.ts";
import { createListDirTool } from "./list-dir.ts";
import { createRequestPermissionsTool } from "./request-permissions.ts";
import { createRequestUserInputTool } from "./request-user-input.ts";
import { createUpdatePlanTool } from "./update-plan.ts";
import { createViewImageTool } from "./view-image.ts";
import { createWebSearchTool, type WebSearchSettings } from "./web-search.ts";
import { createWriteStdinTool } from "./write-stdin.ts";

/** What a turn's tools depend on. */
export interface ToolSelection {
  readonly model: ModelInfo;
  /** Commands at all. */
  readonly shellTool: boolean;
  /** `exec_command` and `write_stdin`, whatever the model's shell type. */
  readonly unifiedExec: boolean;
  /** Offers `apply_patch` also to models that nothing is known of. */
  readonly applyPatchFreeform: boolean;
  /** Whether the model may ask for a login shell. */
  readonly allowLoginShell: boolean;
  /** Whether the provider's search is offered, and how far it goes. */
  readonly webSearch: WebSearchMode;
  readonly webSearchSettings?: WebSearchSettings | undefined;
  /** Lets the model ask for permissions ahead of use; false by default. */
  readonly requestPermissions?: boolean | undefined;
  /**
   * Lets the model ask the person: in plan mode only, or in every mode. Nobody can be asked by default,
   * as it is for a sub-agent.
   */
  readonly requestUserInput?: "plan_mode" | "every_mode" | undefined;
  /** Lets commands ask for single permissions; false by default. */
  readonly execPermissionApprovals?: boolean | undefined;
  /** Lets the model see images in full size where it can; false by default. */
  readonly imageDetailOriginal?: boolean | undefined;
  /** Under the `untrusted` policy: applies patches unasked that stay inside the writable roots. */
  readonly approvePatchesInside?: boolean | undefined;
  /** Judges commands; by default without any rules, by what is known of the commands. */
  readonly rules?: Rulebook | undefined;
}

/**
 * The built-in tools for a model. The order is that in which they are offered; tools that answer but
 * are not offered come last.
 */
export function selectTools(selection: ToolSelection): readonly Tool[] {
  const { model } = selection;
  const commandOptions: CommandToolOptions = {
    allowLoginShell: selection.allowLoginShell,
    additionalPermissions: selection.execPermissionApprovals ?? false,
    rules: selection.rules ?? createRulebook(),
    approveInside: selection.approvePatchesInside ?? false,
  };
  const shell = offeredShell(selection);
  const shellTools = (["shell", "container.exec", "local_shell", "shell_command"] as const).map(
    (name) => createShellTool(name, commandOptions, name === shell),
  );
  const offeredShellTools =
    shell === "exec_command"
      ? [createExecCommandTool(commandOptions), createWriteStdinTool()]
      : shellTools.filter((tool) => tool.spec !== undefined);
  const patchForm =
    model.apply_patch_tool_type ?? (selection.applyPatchFreeform ? "freeform" : null);
  return [
    ...offeredShellTools,
    createUpdatePlanTool(),
    ...(selection.requestUserInput === undefined
      ? []
      : [
          createRequestUserInputTool({
            inDefaultMode: selection.requestUserInput === "every_mode",
          }),
        ]),
    ...(selection.requestPermissions === true ? [createRequestPermissionsTool()] : []),
    ...(patchForm === null
      ? []
      : [createApplyPatchTool({ form: patchForm, approveInside: commandOptions.approveInside })]),
    ...(model.experimental_supported_tools.includes("list_dir") ? [createListDirTool()] : []),
    ...(model.experimental_supported_tools.includes("test_sync_tool")
      ? [createTestSyncTool()]
      : []),
    ...(selection.webSearch === "disabled"
      ? []
      : [
          createWebSearchTool(selection.webSearch, {
            ...selection.webSearchSettings,
            images: model.web_search_tool_type === "text_and_image",
          }),
        ]),
    createViewImageTool({
      originalDetail:
        selection.imageDetailOriginal === true && model.supports_image_detail_original === true,
    }),
    ...(shell === null ? [] : shellTools.filter((tool) => tool.spec === undefined)),
  ];
}

/** The tool that runs commands; null when there is none. */
function offeredShell({
  model,
  shellTool,
  unifiedExec,
}: ToolSelection): "exec_command" | "shell" | "local_shell" | "shell_command" | null {
  if (!shellTool) return null;
  if (unifiedExec) return "exec_command";
  switch (model.shell_type) {
    case "default":
      return "shell";
    case "local":
      return "local_shell";
    case "unified_exec":
      return "exec_command";
    case "shell_command":
      return "shell_command";
    case "disabled":
      return null;
  }
}
