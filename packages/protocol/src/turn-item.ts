// Turn items: what a turn consists of, as a person would list it.
import type { MessagePhase, WebSearchAction } from "./response-item.ts";
import type { UserInput } from "./user-input.ts";

/** Lines of a memory file that an answer draws on, both ends included. */
export interface MemoryCitationEntry {
  readonly path: string;
  /** Counted from 1. */
  readonly lineStart: number;
  readonly lineEnd: number;
  /** What they were used for. */
  readonly note: string;
}

/** What an answer draws on from earlier sessions. */
export interface MemoryCitation {
  readonly entries: readonly MemoryCitationEntry[];
  /** The sessions that those memories come from. */
  readonly rolloutIds: readonly string[];
}

/**
 * A step of a turn, announced by `item_started` and `item_completed` and made from the response items;
 * session files keep finished plans alone.
 */
export type TurnItem =
  | { readonly type: "UserMessage"; readonly id: string; readonly content: readonly UserInput[] }
  | {
      readonly type: "HookPrompt";
      readonly id: string;
      readonly fragments: readonly { readonly text: string; readonly hookRunId: string }[];
    }
  | {
      readonly type: "AgentMessage";
      readonly id: string;
      readonly content: readonly { readonly type: "Text"; readonly text: string }[];
      readonly phase?: MessagePhase;
      readonly memory_citation?: MemoryCitation;
    }
  /** What the model proposes in plan mode; its id is the turn's with `-plan` behind it. */
  | { readonly type: "Plan"; readonly id: string; readonly text: string }
  | {
      readonly type: "Reasoning";
      readonly id: string;
      readonly summary_text: readonly string[];
      readonly raw_content: readonly string[];
    }
  | {
      readonly type: "WebSearch";
      readonly id: string;
      readonly query: string;
      readonly action: WebSearchAction;
    }
  | {
      readonly type: "ImageGeneration";
      readonly id: string;
      readonly status: string;
      readonly revised_prompt?: string;
      readonly result: string;
      /** Where the image was put on this machine. */
      readonly saved_path?: string;
    }
  | { readonly type: "ContextCompaction"; readonly id: string };
