// The body of a request, as it goes out.
import { encodeResponseItem, isHookPromptMessage, type ResponseItem } from "@codex-ts/protocol";
import type { ResponsesRequest } from "./contract.ts";

function isSent(item: ResponseItem): boolean {
  return item.type !== "ghost_snapshot" && item.type !== "other";
}

/** A provider that keeps responses knows items by their ids, and wants them back: those that it gave. */
function withId(item: ResponseItem): ResponseItem {
  const encoded = encodeResponseItem(item);
  if (isHookPromptMessage(item)) return encoded;
  return "id" in item && item.id !== undefined && item.id !== ""
    ? ({ ...encoded, id: item.id } as ResponseItem)
    : encoded;
}

/**
 * The JSON text of a request, its keys in the order of {@link ResponsesRequest}: a prompt that grows at
 * its end keeps its beginning byte for byte, which is what a provider's cache looks at.
 */
export function encodeRequestBody(
  request: ResponsesRequest,
  endpoint: { readonly storesResponses: boolean },
): string {
  const encode = endpoint.storesResponses ? withId : encodeResponseItem;
  const body: ResponsesRequest = {
    model: request.model,
    instructions: request.instructions,
    input: request.input.filter(isSent).map(encode),
    tools: request.tools,
    tool_choice: request.tool_choice,
    parallel_tool_calls: request.parallel_tool_calls,
    reasoning: request.reasoning,
    store: endpoint.storesResponses || request.store,
    stream: request.stream,
    include: request.include,
    ...(request.service_tier === undefined ? {} : { service_tier: request.service_tier }),
    prompt_cache_key: request.prompt_cache_key,
    ...(request.text === undefined ? {} : { text: request.text }),
  };
  return JSON.stringify(body);
}
