// Compaction by the model: it is asked for a summary like for anything else.
import {
  type EventMsg,
  readAssistantText,
  type ResponseItem,
  userMessage,
} from "@codex-ts/protocol";
import { ResponsesError } from "@codex-ts/responses-client";
import type { CompactionServices } from "./compaction.ts";
import { messageText } from "./contextual-message.ts";
import { compactionPrompt } from "./prompts/compaction.ts";
import { responsesRequest } from "./responses-request.ts";
import { nextAttempt } from "./retries.ts";

/** The model's summary. An over-full context loses its oldest items until the request fits. */
export async function askForSummary(services: CompactionServices): Promise<string> {
  const { turn, history, journal, signal } = services;
  const ask = userMessage(services.compactPrompt ?? compactionPrompt);
  let items = history.forPrompt(turn.model, { freeformApplyPatch: false });
  let dropped = 0;
  let wasEmpty = false;
  for (let attempt = 1; ;) {
    try {
      const summary = await streamedText(services, [...items, ask]);
      if (summary.trim() !== "") {
        if (dropped > 0) await journal.announce(turn.turnId, droppedItems(dropped));
        return summary;
      }
      const code = wasEmpty ? "incomplete_response" : "stream";
      wasEmpty = true;
      throw new ResponsesError(code, "the model gave no summary", { info: "other" });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ResponsesError)) throw error;
      if (error.code === "context_window_exceeded" && items.length > 1) {
        const before = items.length;
        items = withoutOldest(items);
        dropped += before - items.length;
        attempt = 1;
        continue;
      }
      attempt = await nextAttempt(services, error, attempt);
    }
  }
}

export function droppedItems(count: number): EventMsg {
  return {
    type: "background_event",
    message: `The ${count} oldest items did not fit into the request for a shorter history.`,
  };
}

/** Without the first item and its counterpart. */
export function withoutOldest(items: readonly ResponseItem[]): readonly ResponseItem[] {
  const [first, ...rest] = items;
  const callId = first !== undefined && "call_id" in first ? first.call_id : null;
  return callId === null
    ? rest
    : rest.filter((item) => !("call_id" in item && item.call_id === callId));
}

async function streamedText(
  services: CompactionServices,
  input: readonly ResponseItem[],
): Promise<string> {
  const { turn, history, responses, signal } = services;
  const request = {
    ...responsesRequest({
      turn: { ...turn, outputSchema: null },
      instructions: services.instructions,
      input,
      tools: [],
      threadId: services.threadId,
      store: services.storeResponses,
    }),
    parallel_tool_calls: false,
  };
  let text = "";
  for await (const each of responses.stream(request, signal)) {
    if (each.type === "completed") history.addUsage(each.usage, turn.contextWindow);
    if (each.type === "rate_limits") services.rateLimits.merge(each.snapshot);
    if (each.type !== "output_item_done") continue;
    const { item } = each;
    if (item.type === "message" && item.role === "assistant") {
      text = readAssistantText(messageText(item), { plans: false }).text;
    }
  }
  return text;
}
