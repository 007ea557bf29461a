// Compaction by the service: it is handed the history and gives back a shorter one.
import type { ResponseItem } from "@codex-ts/protocol";
import { ResponsesError } from "@codex-ts/responses-client";
import type { CompactionServices } from "./compaction.ts";
import { droppedItems, withoutOldest } from "./local-compaction.ts";
import { responsesRequest } from "./responses-request.ts";
import { estimateItems } from "./token-estimate.ts";

const FAILED = "The service could not compact the history";

/**
 * What the service gives in place of the history; null where it turns out to have no such request. An
 * over-full context loses its newest outputs first, then, as often as the service refuses it, its
 * oldest items.
 *
 * @throws ResponsesError
 */
export async function compactRemotely(
  services: CompactionServices,
): Promise<readonly ResponseItem[] | null> {
  const { turn, history, journal, router, responses, signal } = services;
  const freeformApplyPatch = router.specs.some(({ type }) => type === "custom");
  const prompt = history.forPrompt(turn.model, { freeformApplyPatch });
  let input = withoutNewestOutputs(prompt, services);
  const request = responsesRequest({
    turn: { ...turn, outputSchema: null },
    instructions: services.instructions,
    input,
    tools: router.specs,
    threadId: services.threadId,
    store: services.storeResponses,
  });
  for (;;) {
    try {
      const output = await responses.compact({ ...request, input }, signal);
      const dropped = prompt.length - input.length;
      if (dropped > 0) await journal.announce(turn.turnId, droppedItems(dropped));
      return output;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ResponsesError)) throw error;
      if (error.httpStatus === 404 || error.httpStatus === 405) return null;
      if (error.code !== "context_window_exceeded" || input.length <= 1) {
        throw new ResponsesError(error.code, `${FAILED}: ${error.message}`, error);
      }
      input = withoutOldest(input);
    }
  }
}

/** What the model was just shown, and has not worked with yet, goes before anything older does. */
function withoutNewestOutputs(
  items: readonly ResponseItem[],
  { turn, instructions }: CompactionServices,
): readonly ResponseItem[] {
  if (turn.contextWindow === null) return items;
  let kept = items;
  while (estimateItems(instructions, kept) > turn.contextWindow) {
    const last = kept.at(-1);
    if (last === undefined || !isDroppable(last)) break;
    const callId = "call_id" in last ? last.call_id : null;
    kept = kept
      .slice(0, -1)
      .filter((item) => callId === null || !("call_id" in item && item.call_id === callId));
  }
  return kept;
}

function isDroppable(item: ResponseItem): boolean {
  switch (item.type) {
    case "function_call_output":
    case "custom_tool_call_output":
    case "tool_search_output":
      return true;
    case "message":
      return item.role === "developer";
    default:
      return false;
  }
}
