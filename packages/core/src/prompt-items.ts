// From the history to a request's `input`: every call has its output, nothing is orphaned, and
// nothing is sent that the model cannot take.
import type { ContentItem, ModelInfo, ResponseItem, ToolOutputBody } from "@codex-ts/protocol";
import { reshapeShellOutput } from "@codex-ts/tools";

export interface PromptOptions {
  /** The request offers the freeform apply_patch tool: structured shell outputs become plain text. */
  readonly freeformApplyPatch: boolean;
}

const IMAGE_LEFT_OUT = "[an image was left out: this model takes text only]";
const MISSING_OUTPUT = "aborted";

export function promptItems(
  history: readonly ResponseItem[],
  model: ModelInfo,
  options: PromptOptions,
): readonly ResponseItem[] {
  const takesImages = (model.input_modalities ?? ["text", "image"]).includes("image");
  const calls = callIds(history);
  const answered = answeredCalls(history);
  const items: ResponseItem[] = [];
  for (const item of history) {
    if (item.type === "ghost_snapshot" || isOrphan(item, calls)) continue;
    const readable = takesImages ? item : withoutImages(item);
    items.push(options.freeformApplyPatch ? reshaped(readable, calls) : readable);
    const missing = missingOutput(item, answered);
    if (missing !== null) items.push(missing);
  }
  return items;
}

interface CallIds {
  /** call id → tool name, of function and local shell calls. */
  readonly functions: ReadonlyMap<string, string>;
  readonly custom: ReadonlyMap<string, string>;
  readonly searches: ReadonlySet<string>;
}

function callIds(history: readonly ResponseItem[]): CallIds {
  const functions = new Map<string, string>();
  const custom = new Map<string, string>();
  const searches = new Set<string>();
  for (const item of history) {
    if (item.type === "function_call") functions.set(item.call_id, item.name);
    else if (item.type === "local_shell_call" && item.call_id !== null) {
      functions.set(item.call_id, "local_shell");
    } else if (item.type === "custom_tool_call") custom.set(item.call_id, item.name);
    else if (item.type === "tool_search_call" && item.call_id !== null) searches.add(item.call_id);
  }
  return { functions, custom, searches };
}

interface AnsweredCalls {
  readonly functions: ReadonlySet<string>;
  readonly custom: ReadonlySet<string>;
  readonly searches: ReadonlySet<string>;
}

function answeredCalls(history: readonly ResponseItem[]): AnsweredCalls {
  const functions = new Set<string>();
  const custom = new Set<string>();
  const searches = new Set<string>();
  for (const item of history) {
    if (item.type === "function_call_output") functions.add(item.call_id);
    else if (item.type === "custom_tool_call_output") custom.add(item.call_id);
    else if (item.type === "tool_search_output" && item.call_id !== null) {
      searches.add(item.call_id);
    }
  }
  return { functions, custom, searches };
}

function isOrphan(item: ResponseItem, calls: CallIds): boolean {
  switch (item.type) {
    case "function_call_output":
      return !calls.functions.has(item.call_id);
    case "custom_tool_call_output":
      return !calls.custom.has(item.call_id);
    case "tool_search_output":
      return (
        item.call_id !== null && item.execution !== "server" && !calls.searches.has(item.call_id)
      );
    default:
      return false;
  }
}

/** The output that stands in for one that was never recorded, to be placed right after its call. */
function missingOutput(item: ResponseItem, answered: AnsweredCalls): ResponseItem | null {
  switch (item.type) {
    case "function_call":
      if (answered.functions.has(item.call_id)) return null;
      return { type: "function_call_output", call_id: item.call_id, output: MISSING_OUTPUT };
    case "local_shell_call":
      if (item.call_id === null || answered.functions.has(item.call_id)) return null;
      return { type: "function_call_output", call_id: item.call_id, output: MISSING_OUTPUT };
    case "custom_tool_call":
      if (answered.custom.has(item.call_id)) return null;
      return { type: "custom_tool_call_output", call_id: item.call_id, output: MISSING_OUTPUT };
    case "tool_search_call":
      if (item.call_id === null || answered.searches.has(item.call_id)) return null;
      return {
        type: "tool_search_output",
        call_id: item.call_id,
        status: "completed",
        execution: "client",
        tools: [],
      };
    default:
      return null;
  }
}

function withoutImages(item: ResponseItem): ResponseItem {
  switch (item.type) {
    case "message": {
      if (!item.content.some((part) => part.type === "input_image")) return item;
      const content = item.content.map((part): ContentItem =>
        part.type === "input_image" ? { type: "input_text", text: IMAGE_LEFT_OUT } : part,
      );
      return { ...item, content };
    }
    case "function_call_output":
    case "custom_tool_call_output":
      return { ...item, output: outputWithoutImages(item.output) };
    case "image_generation_call":
      return { ...item, result: "" };
    default:
      return item;
  }
}

function outputWithoutImages(output: ToolOutputBody): ToolOutputBody {
  if (typeof output === "string") return output;
  return output.map((part) =>
    part.type === "input_image" ? { type: "input_text", text: IMAGE_LEFT_OUT } : part,
  );
}

const structuredOutputTools: ReadonlySet<string> = new Set([
  "shell",
  "container.exec",
  "local_shell",
  "apply_patch",
]);

function reshaped(item: ResponseItem, calls: CallIds): ResponseItem {
  if (item.type !== "function_call_output" && item.type !== "custom_tool_call_output") return item;
  if (typeof item.output !== "string") return item;
  const names = item.type === "function_call_output" ? calls.functions : calls.custom;
  if (!structuredOutputTools.has(names.get(item.call_id) ?? "")) return item;
  const output = reshapeShellOutput(item.output);
  return output === item.output ? item : { ...item, output };
}
