// Which events a session file keeps.
import type { EventMsg } from "@codex-ts/protocol";

/** How much a session file keeps: `extended` adds the ends of tool calls, and errors. */
export type PersistenceMode = "limited" | "extended";

type Persistence = PersistenceMode | "plan_only" | "never";

const persistenceOf = {
  task_started: "limited",
  task_complete: "limited",
  turn_aborted: "limited",
  user_message: "limited",
  agent_message: "limited",
  agent_reasoning: "limited",
  agent_reasoning_raw_content: "limited",
  token_count: "limited",
  context_compacted: "limited",
  thread_rolled_back: "limited",
  entered_review_mode: "limited",
  exited_review_mode: "limited",
  undo_completed: "limited",
  image_generation_end: "limited",

  item_completed: "plan_only",

  error: "extended",
  exec_command_end: "extended",
  patch_apply_end: "extended",
  mcp_tool_call_end: "extended",
  web_search_end: "extended",
  view_image_tool_call: "extended",
  guardian_assessment: "extended",
  dynamic_tool_call_request: "extended",
  dynamic_tool_call_response: "extended",
  collab_agent_spawn_end: "extended",
  collab_agent_interaction_end: "extended",
  collab_waiting_end: "extended",
  collab_close_end: "extended",
  collab_resume_end: "extended",

  session_configured: "never",
  thread_name_updated: "never",
  get_history_entry_response: "never",
  list_skills_response: "never",
  item_started: "never",
  undo_started: "never",
  warning: "never",
  background_event: "never",
  deprecation_notice: "never",
  stream_error: "never",
  raw_response_item: "never",
  agent_message_content_delta: "never",
  plan_delta: "never",
  reasoning_content_delta: "never",
  reasoning_raw_content_delta: "never",
  agent_message_delta: "never",
  agent_reasoning_delta: "never",
  agent_reasoning_raw_content_delta: "never",
  agent_reasoning_section_break: "never",
  exec_command_begin: "never",
  exec_command_output_delta: "never",
  terminal_interaction: "never",
  patch_apply_begin: "never",
  web_search_begin: "never",
  exec_approval_request: "never",
  apply_patch_approval_request: "never",
  request_permissions: "never",
  request_user_input: "never",
  turn_diff: "never",
  plan_update: "never",
  model_reroute: "never",
  hook_started: "never",
  hook_completed: "never",
  shutdown_complete: "never",
} as const satisfies Record<EventMsg["type"], Persistence> & Record<string, Persistence>;

/** Whether a session file of this mode keeps the event. An unknown event is not kept. */
export function isPersistedEvent(msg: EventMsg, mode: PersistenceMode = "limited"): boolean {
  const kept: Persistence = Object.hasOwn(persistenceOf, msg.type)
    ? persistenceOf[msg.type]
    : "never";
  if (kept === "plan_only") return msg.type === "item_completed" && msg.item.type === "Plan";
  return kept === "limited" || kept === mode;
}
