// What a thread is doing, as its events tell.
import type { EventMsg } from "@codex-ts/protocol";

/** In the shape that other agents and clients are given. */
export type AgentStatus =
  | "pending_init"
  | "running"
  | "interrupted"
  | "shutdown"
  | "not_found"
  | { readonly completed: string | null }
  | { readonly errored: string };

export function nextStatus(status: AgentStatus, msg: EventMsg): AgentStatus {
  switch (msg.type) {
    case "task_started":
      return "running";
    case "task_complete":
      return msg.error === undefined
        ? { completed: msg.last_agent_message }
        : { errored: msg.error.message };
    case "turn_aborted":
      return msg.reason === "interrupted" ? "interrupted" : { errored: msg.reason };
    case "shutdown_complete":
      return "shutdown";
    default:
      return status;
  }
}
