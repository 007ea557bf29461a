// The items that a scripted model answers with.
import type { MessagePhase, ResponseItem } from "@codex-ts/protocol";

/** An output item, with the pieces in which its text streams. */
export interface ScriptedItem {
  readonly item: ResponseItem;
  /** The `…delta` events between the item's begin and end. */
  readonly deltas: readonly {
    readonly type: string;
    readonly delta: string;
    readonly [key: string]: unknown;
  }[];
}

/** An assistant message; its text streams in words. */
export function message(
  text: string,
  options: { readonly id?: string; readonly phase?: MessagePhase } = {},
): ScriptedItem {
  return {
    item: {
      type: "message",
      id: options.id ?? "msg_scripted",
      role: "assistant",
      content: [{ type: "output_text", text }],
      ...(options.phase === undefined ? {} : { phase: options.phase }),
    },
    deltas: pieces(text).map((delta) => ({ type: "response.output_text.delta", delta })),
  };
}

/** A call of a function tool. `args` is sent as JSON, a string as it is. */
export function functionCall(call: {
  readonly name: string;
  readonly args: unknown;
  readonly callId: string;
}): ScriptedItem {
  return {
    item: {
      type: "function_call",
      id: `fc_${call.callId}`,
      name: call.name,
      arguments: typeof call.args === "string" ? call.args : JSON.stringify(call.args),
      call_id: call.callId,
    },
    deltas: [],
  };
}

/** A call of a freeform tool. */
export function customToolCall(call: {
  readonly name: string;
  readonly input: string;
  readonly callId: string;
}): ScriptedItem {
  return {
    item: {
      type: "custom_tool_call",
      id: `ctc_${call.callId}`,
      status: "completed",
      call_id: call.callId,
      name: call.name,
      input: call.input,
    },
    deltas: [],
  };
}

/** Any item, such as a search of the service's own; nothing of it streams. */
export function item(value: ResponseItem): ScriptedItem {
  return { item: value, deltas: [] };
}

/** A reasoning item with a summary, as a service sends it: the reasoning itself is encrypted. */
export function reasoning(summary: string): ScriptedItem {
  return {
    item: {
      type: "reasoning",
      id: "rs_scripted",
      summary: [{ type: "summary_text", text: summary }],
      content: null,
      encrypted_content: "c2NyaXB0ZWQ=",
    },
    deltas: pieces(summary).map((delta) => ({
      type: "response.reasoning_summary_text.delta",
      delta,
      summary_index: 0,
    })),
  };
}

/** A reasoning item with the raw text, as an open model's server sends it. */
export function rawReasoning(text: string): ScriptedItem {
  return {
    item: {
      type: "reasoning",
      id: "rs_scripted",
      summary: [],
      content: [{ type: "reasoning_text", text }],
      encrypted_content: null,
    },
    deltas: pieces(text).map((delta) => ({
      type: "response.reasoning_text.delta",
      delta,
      content_index: 0,
    })),
  };
}

function pieces(text: string): readonly string[] {
  return text.match(/\S+\s*|\s+/g) ?? [];
}
