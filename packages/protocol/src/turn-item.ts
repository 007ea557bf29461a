// Turn items: what a turn consists of, as a person would list it.
import type { MessagePhase, WebSearchAction } from "./response-item.ts";
import type { UserInput } from "./user-input.ts";

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
    }
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
