// Response items: the unit of a thread's history and of the Responses API's `input` and `output`.
// Field names are the wire's.
import type { JsonValue } from "./json.ts";

/** A part of a message. */
export type ContentItem =
  | { readonly type: "input_text"; readonly text: string }
  | { readonly type: "input_image"; readonly image_url: string }
  | { readonly type: "output_text"; readonly text: string };

/** How closely the model looks at an image; `original` keeps its resolution. */
export type ImageDetail = "auto" | "low" | "high" | "original";

/** A part of a tool's output when the output is a list. */
export type ToolOutputPart =
  | { readonly type: "input_text"; readonly text: string }
  | {
      readonly type: "input_image";
      readonly image_url: string;
      readonly detail?: ImageDetail;
    };

/** What a tool answered: plain text, or a list of parts where it holds an image or several texts. */
export type ToolOutputBody = string | readonly ToolOutputPart[];

/** Whether an assistant message is on the way to the answer or the answer itself. */
export type MessagePhase = "commentary" | "final_answer";

/** A model's thinking in its own words, from the providers that give it. */
export type ReasoningContent =
  | { readonly type: "reasoning_text"; readonly text: string }
  | { readonly type: "text"; readonly text: string };

/** A paragraph of the model's summary of its thinking. */
export interface ReasoningSummary {
  readonly type: "summary_text";
  readonly text: string;
}

/** The command of a {@link LocalShellCallItem}. `timeout_ms` is in milliseconds. */
export interface LocalShellAction {
  readonly type: "exec";
  readonly command: readonly string[];
  readonly timeout_ms: number | null;
  readonly working_directory: string | null;
  readonly env: { readonly [name: string]: string } | null;
  readonly user: string | null;
}

/** What the provider did for a web search call. */
export type WebSearchAction =
  | { readonly type: "search"; readonly query?: string; readonly queries?: readonly string[] }
  | { readonly type: "open_page"; readonly url?: string }
  | { readonly type: "find_in_page"; readonly url?: string; readonly pattern?: string }
  | { readonly type: "other" };

/** Words of a person, of the model, or of the program (`developer`). See {@link userMessage}. */
export interface MessageItem {
  readonly type: "message";
  /**
   * Known while the response streams; never written to a request, and to a session file only as the
   * mark of a hook prompt.
   */
  readonly id?: string;
  /** `user`, `assistant` or `developer`; a `system` message is never kept. */
  readonly role: string;
  readonly content: readonly ContentItem[];
  /** Whether the model says that it is done; kept as it came. */
  readonly end_turn?: boolean;
  readonly phase?: MessagePhase;
}

/**
 * The model's thinking. Only the provider can read `encrypted_content`; it goes back with the next
 * request.
 */
export interface ReasoningItem {
  readonly type: "reasoning";
  readonly id?: string;
  readonly summary: readonly ReasoningSummary[];
  /** Null when the model gave none; see {@link encodeResponseItem} for how it is written. */
  readonly content: readonly ReasoningContent[] | null;
  readonly encrypted_content: string | null;
}

/** The model calls the shell tool that the provider defines (`local_shell`). */
export interface LocalShellCallItem {
  readonly type: "local_shell_call";
  readonly id?: string;
  readonly call_id: string | null;
  readonly status: "completed" | "in_progress" | "incomplete";
  readonly action: LocalShellAction;
}

/** The model calls a tool whose parameters are JSON. */
export interface FunctionCallItem {
  readonly type: "function_call";
  readonly id?: string;
  readonly name: string;
  /** The group that the tool was declared in. */
  readonly namespace?: string;
  /** Raw JSON text, as the model wrote it. */
  readonly arguments: string;
  readonly call_id: string;
}

/** The model looks for tools that were not in the request. */
export interface ToolSearchCallItem {
  readonly type: "tool_search_call";
  readonly id?: string;
  readonly call_id: string | null;
  readonly status?: string;
  /** `client` when we are to search, `server` when the provider has. */
  readonly execution: string;
  readonly arguments: JsonValue;
}

/** Our answer to a function call or a local shell call. */
export interface FunctionCallOutputItem {
  readonly type: "function_call_output";
  readonly call_id: string;
  readonly output: ToolOutputBody;
}

/** The model calls a tool whose input is free text; see {@link FreeformToolSpec}. */
export interface CustomToolCallItem {
  readonly type: "custom_tool_call";
  readonly id?: string;
  readonly status?: string;
  readonly call_id: string;
  readonly name: string;
  readonly input: string;
}

/** Our answer to a custom tool call. */
export interface CustomToolCallOutputItem {
  readonly type: "custom_tool_call_output";
  readonly call_id: string;
  readonly name?: string;
  readonly output: ToolOutputBody;
}

/** The tools that a search found, as they would stand in a request. */
export interface ToolSearchOutputItem {
  readonly type: "tool_search_output";
  readonly call_id: string | null;
  readonly status: string;
  readonly execution: string;
  readonly tools: readonly JsonValue[];
}

/** A search that the provider has made by itself; nothing answers it. */
export interface WebSearchCallItem {
  readonly type: "web_search_call";
  readonly id?: string;
  readonly status?: string;
  readonly action?: WebSearchAction;
}

/** An image that the provider has made. */
export interface ImageGenerationCallItem {
  readonly type: "image_generation_call";
  readonly id: string;
  readonly status: string;
  readonly revised_prompt?: string;
  /** The image, in Base64. */
  readonly result: string;
}

/** A git snapshot taken before a turn; kept in the session file, never sent. */
export interface GhostSnapshotItem {
  readonly type: "ghost_snapshot";
  readonly ghost_commit: JsonValue;
}

/** The opaque summary that a remote compaction returns. */
export interface CompactionItem {
  readonly type: "compaction";
  readonly encrypted_content: string;
}

/** An item of a kind that this version does not know; dropped, never stored. */
export interface OtherItem {
  readonly type: "other";
}

/**
 * One item of a thread's history: of the model, of its tools or of the person. The shapes are those
 * of `input` and `output` of OpenAI's Responses API, but for `ghost_snapshot` and `other`.
 */
export type ResponseItem =
  | MessageItem
  | ReasoningItem
  | LocalShellCallItem
  | FunctionCallItem
  | ToolSearchCallItem
  | FunctionCallOutputItem
  | CustomToolCallItem
  | CustomToolCallOutputItem
  | ToolSearchOutputItem
  | WebSearchCallItem
  | ImageGenerationCallItem
  | GhostSnapshotItem
  | CompactionItem
  | OtherItem;

/** The items that carry a tool call of the model. */
export type ToolCallItem =
  | FunctionCallItem
  | CustomToolCallItem
  | LocalShellCallItem
  | ToolSearchCallItem;

/** The items that answer a tool call. */
export type ToolCallOutputItem =
  | FunctionCallOutputItem
  | CustomToolCallOutputItem
  | ToolSearchOutputItem;

/**
 * The form of an item that is sent and stored: without the ids that only a running stream knows
 * (image generation calls keep theirs), and with a reasoning item's `content` as `null` when unset,
 * written when it holds raw reasoning text, and left out otherwise.
 */
export function encodeResponseItem(item: ResponseItem): ResponseItem {
  if (item.type === "image_generation_call" || !("id" in item || item.type === "reasoning")) {
    return item;
  }
  if (item.type === "reasoning") {
    const { id: _id, content, ...rest } = item;
    if (content !== null && !content.some((part) => part.type === "reasoning_text")) {
      return { ...rest } as ResponseItem;
    }
    return { ...rest, content };
  }
  const { id: _id, ...rest } = item;
  return rest;
}

/** A user message that holds one text part per element of `texts`. */
export function userMessage(...texts: readonly string[]): MessageItem {
  return messageOf("user", texts);
}

/** A developer message that holds one text part per element of `texts`. */
export function developerMessage(...texts: readonly string[]): MessageItem {
  return messageOf("developer", texts);
}

function messageOf(role: string, texts: readonly string[]): MessageItem {
  return {
    type: "message",
    role,
    content: texts.map((text) => ({ type: "input_text", text })),
  };
}
