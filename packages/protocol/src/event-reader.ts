// The events that session files keep, as a reader.
import type { CodexErrorInfo, EventOf } from "./event.ts";
import type { ReviewOutput } from "./op.ts";
import type { MemoryCitation, MemoryCitationEntry } from "./turn-item.ts";
import {
  boolean,
  defaulting,
  invalid,
  isRecord,
  json,
  list,
  looselyTagged,
  nullable,
  number,
  object,
  optional,
  required,
  string,
  word,
  type Reader,
} from "./field-reader.ts";
import { phase, webSearchAction } from "./response-item-reader.ts";
import { textElement } from "./user-input-reader.ts";
import { tokenUsageInfo, rateLimitSnapshot } from "./usage-reader.ts";

type StoredEvent = EventOf<
  | "task_started"
  | "task_complete"
  | "turn_aborted"
  | "user_message"
  | "agent_message"
  | "agent_reasoning"
  | "agent_reasoning_raw_content"
  | "token_count"
  | "context_compacted"
  | "thread_rolled_back"
  | "undo_completed"
  | "entered_review_mode"
  | "exited_review_mode"
  | "item_completed"
  | "error"
  | "exec_command_end"
  | "patch_apply_end"
  | "web_search_end"
  | "view_image_tool_call"
>;

const codexErrorInfo: Reader<CodexErrorInfo> = (value) =>
  typeof value === "string" || isRecord(value) ? (value as CodexErrorInfo) : invalid;

const turnItem: Reader<EventOf<"item_completed">["item"]> = (value) =>
  isRecord(value) && typeof value["type"] === "string" && typeof value["id"] === "string"
    ? (value as never)
    : invalid;

const memoryCitation = object<MemoryCitation>({
  entries: defaulting(
    list(
      object<MemoryCitationEntry>({
        path: required(string),
        lineStart: required(number),
        lineEnd: required(number),
        note: defaulting(string, ""),
      }),
    ),
    [],
  ),
  rolloutIds: defaulting(list(string), []),
});

export const eventMsg = looselyTagged<StoredEvent>(
  {
    task_started: {
      turn_id: required(string),
      model_context_window: nullable(number),
      collaboration_mode_kind: defaulting(word("plan", "default"), "default"),
    },
    task_complete: { turn_id: required(string), last_agent_message: nullable(string) },
    turn_aborted: {
      turn_id: nullable(string),
      reason: required(word("interrupted", "replaced", "review_ended")),
    },
    user_message: {
      message: required(string),
      images: optional(list(string)),
      local_images: defaulting(list(string), []),
      text_elements: defaulting(list(textElement), []),
    },
    agent_message: {
      message: required(string),
      phase: nullable(phase),
      memory_citation: nullable(memoryCitation),
    },
    agent_reasoning: { text: required(string) },
    agent_reasoning_raw_content: { text: required(string) },
    token_count: { info: nullable(tokenUsageInfo), rate_limits: nullable(rateLimitSnapshot) },
    context_compacted: {},
    thread_rolled_back: { num_turns: required(number) },
    undo_completed: { success: required(boolean), message: optional(string) },
    entered_review_mode: {},
    exited_review_mode: { review_output: nullable(json as unknown as Reader<ReviewOutput>) },
    item_completed: {
      thread_id: required(string),
      turn_id: required(string),
      item: required(turnItem),
    },
    error: { message: required(string), codex_error_info: nullable(codexErrorInfo) },
    exec_command_end: {
      call_id: required(string),
      command: required(list(string)),
      exit_code: required(number),
      aggregated_output: defaulting(string, ""),
    },
    patch_apply_end: { call_id: required(string), success: required(boolean) },
    web_search_end: { call_id: required(string), action: required(webSearchAction) },
    view_image_tool_call: { call_id: required(string), path: required(string) },
  },
  { aliases: { turn_started: "task_started", turn_complete: "task_complete" } },
);
