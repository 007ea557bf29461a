// What is told of a run while hooks run; the run itself is one of protocol's words.
import type { HookRunEventName, HookRunSummary } from "@codex-ts/protocol";
import { hookEventLabel, type HookEventName } from "./events.ts";

/** What a front end is told while hooks run; the shape of the engine's events. */
export interface HookRunEvent {
  readonly type: "hook_started" | "hook_completed";
  /** Missing when the event belongs to no turn. */
  readonly turn_id?: string;
  readonly run: HookRunSummary;
}

export function runEventName(event: HookEventName): HookRunEventName {
  return hookEventLabel(event).replaceAll("-", "_") as HookRunEventName;
}
