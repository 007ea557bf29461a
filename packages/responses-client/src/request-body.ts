// The body of a request, as it goes out.
import type { PiecewiseBody } from "@codex-ts/http-client";
import { encodeResponseItem, type ResponseItem } from "@codex-ts/protocol";
import type { ResponsesRequest } from "./contract.ts";

/** Whether an item is for the server at all. */
export function isSent(item: ResponseItem): boolean {
  return item.type !== "ghost_snapshot" && item.type !== "other";
}

/** A provider that keeps responses knows items by their ids, and wants them back. */
function withId(item: ResponseItem): ResponseItem {
  const encoded = encodeResponseItem(item);
  return "id" in item && item.id !== undefined && item.id !== ""
    ? ({ ...encoded, id: item.id } as ResponseItem)
    : encoded;
}

export interface ItemEncoding {
  readonly storesResponses: boolean;
}

/** The form in which items are sent to a provider. */
export function itemEncoder({
  storesResponses,
}: ItemEncoding): (item: ResponseItem) => ResponseItem {
  return storesResponses ? withId : encodeResponseItem;
}

/** The request as this provider wants it, but for the form of its items; what is never sent is left out. */
export function adaptRequest(request: ResponsesRequest, encoding: ItemEncoding): ResponsesRequest {
  return {
    model: request.model,
    instructions: request.instructions,
    input: request.input.filter(isSent),
    tools: request.tools,
    tool_choice: request.tool_choice,
    parallel_tool_calls: request.parallel_tool_calls,
    reasoning: request.reasoning,
    store: encoding.storesResponses || request.store,
    stream: request.stream,
    include: request.include,
    ...(request.service_tier === undefined ? {} : { service_tier: request.service_tier }),
    prompt_cache_key: request.prompt_cache_key,
    ...(request.text === undefined ? {} : { text: request.text }),
  };
}

/**
 * The JSON text of a request, its keys in the order of {@link ResponsesRequest}: a prompt that grows at
 * its end keeps its beginning byte for byte, which is what a provider's cache looks at.
 *
 * A long thread sends tens of megabytes. Its items are written one by one while they are sent, and once
 * before that to know how much it will be: as one text they would take as much memory as the thread.
 */
export function encodeRequestBody(
  request: ResponsesRequest,
  encoding: ItemEncoding,
): PiecewiseBody {
  const { model, instructions, input, ...others } = adaptRequest(request, encoding);
  const encode = itemEncoder(encoding);
  function* pieces(): Generator<string, void> {
    yield `${JSON.stringify({ model, instructions }).slice(0, -1)},"input":[`;
    for (const [index, item] of input.entries()) {
      yield `${index === 0 ? "" : ","}${JSON.stringify(encode(item))}`;
    }
    yield `],${JSON.stringify(others).slice(1)}`;
  }
  let size = 0;
  for (const piece of pieces()) size += Buffer.byteLength(piece);
  return { size, pieces };
}

/** What a frame carries besides the request. */
export interface FrameExtras {
  readonly previousResponseId?: string | undefined;
  /** Asks for no output: the server only reads. */
  readonly warmUp: boolean;
  readonly clientMetadata: Readonly<Record<string, string>>;
}

/** The text frame that asks for a response over a WebSocket. */
export function encodeFrame(body: ResponsesRequest, extras: FrameExtras): string {
  const { model, instructions, ...others } = body;
  const { previousResponseId, warmUp, clientMetadata } = extras;
  return JSON.stringify({
    type: "response.create",
    model,
    instructions,
    ...(previousResponseId === undefined ? {} : { previous_response_id: previousResponseId }),
    ...others,
    ...(warmUp ? { generate: false } : {}),
    ...(Object.keys(clientMetadata).length === 0 ? {} : { client_metadata: clientMetadata }),
  });
}
