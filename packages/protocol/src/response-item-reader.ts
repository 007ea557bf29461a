// Items of a response, of a request and of a session file, as readers.
import type {
  ContentItem,
  LocalShellAction,
  ReasoningContent,
  ReasoningSummary,
  ResponseItem,
  ToolOutputBody,
  ToolOutputPart,
  WebSearchAction,
} from "./response-item.ts";
import {
  boolean,
  defaulting,
  json,
  jsonList,
  list,
  nullable,
  number,
  optional,
  required,
  string,
  stringMap,
  tagged,
  tolerant,
  word,
  type Reader,
} from "./field-reader.ts";

export const phase = word("commentary", "final_answer");

const contentItem = tagged<ContentItem>({
  input_text: { text: required(string) },
  input_image: { image_url: required(string) },
  output_text: { text: required(string) },
});

const toolOutputParts = list(
  tagged<ToolOutputPart>({
    input_text: { text: required(string) },
    input_image: {
      image_url: required(string),
      detail: tolerant(word("auto", "low", "high", "original")),
    },
  }),
);

const toolOutput: Reader<ToolOutputBody> = (value) =>
  typeof value === "string" ? value : toolOutputParts(value);

export const webSearchAction = tagged<WebSearchAction>(
  {
    search: { query: optional(string), queries: optional(list(string)) },
    open_page: { url: optional(string) },
    find_in_page: { url: optional(string), pattern: optional(string) },
    other: {},
  },
  { unknown: { type: "other" } },
);

export const responseItem = tagged<ResponseItem>(
  {
    message: {
      id: optional(string),
      role: required(string),
      content: required(list(contentItem)),
      end_turn: optional(boolean),
      phase: tolerant(phase),
    },
    reasoning: {
      id: optional(string),
      summary: defaulting(
        list(tagged<ReasoningSummary>({ summary_text: { text: required(string) } })),
        [],
      ),
      content: nullable(
        list(
          tagged<ReasoningContent>({
            reasoning_text: { text: required(string) },
            text: { text: required(string) },
          }),
        ),
      ),
      encrypted_content: nullable(string),
    },
    local_shell_call: {
      id: optional(string),
      call_id: nullable(string),
      status: required(word("completed", "in_progress", "incomplete")),
      action: required(
        tagged<LocalShellAction>({
          exec: {
            command: required(list(string)),
            timeout_ms: nullable(number),
            working_directory: nullable(string),
            env: nullable(stringMap),
            user: nullable(string),
          },
        }),
      ),
    },
    function_call: {
      id: optional(string),
      name: required(string),
      namespace: optional(string),
      arguments: required(string),
      call_id: required(string),
    },
    tool_search_call: {
      id: optional(string),
      call_id: nullable(string),
      status: optional(string),
      execution: required(string),
      arguments: nullable(json),
    },
    function_call_output: { call_id: required(string), output: required(toolOutput) },
    custom_tool_call: {
      id: optional(string),
      status: optional(string),
      call_id: required(string),
      name: required(string),
      input: required(string),
    },
    custom_tool_call_output: {
      call_id: required(string),
      name: optional(string),
      output: required(toolOutput),
    },
    tool_search_output: {
      call_id: nullable(string),
      status: required(string),
      execution: required(string),
      tools: required(jsonList),
    },
    web_search_call: {
      id: optional(string),
      status: optional(string),
      action: optional(webSearchAction),
    },
    image_generation_call: {
      id: required(string),
      status: required(string),
      revised_prompt: optional(string),
      result: required(string),
    },
    ghost_snapshot: { ghost_commit: required(json) },
    compaction: { encrypted_content: required(string) },
    other: {},
  },
  { unknown: { type: "other" }, aliases: { compaction_summary: "compaction" } },
);
