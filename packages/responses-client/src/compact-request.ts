// A compaction by the service: a history goes in, a shorter one that the model reads like it comes out.
import { joinUrl, mergeHeaders } from "@codex-ts/http-client";
import type { ResponseItem } from "@codex-ts/protocol";
import { decodeResponseItem } from "@codex-ts/protocol/schemas";
import type { ResponsesClientOptions } from "./client.ts";
import {
  type CompactRequest,
  type RequestAuth,
  ResponsesError,
  type SessionContext,
  type TurnRequestContext,
} from "./contract.ts";
import { isSent, itemEncoder } from "./request-body.ts";
import { authHeaders, requestHeaders } from "./request-headers.ts";
import { traceHeaders } from "./sse-transport.ts";

export interface Compaction {
  readonly options: ResponsesClientOptions;
  readonly context: SessionContext;
  readonly turn: TurnRequestContext;
  readonly request: CompactRequest;
  readonly signal: AbortSignal;
}

/**
 * Sends one attempt.
 *
 * @throws HttpError
 * @throws ResponsesError `incomplete_response` when the answer holds no history
 */
export async function sendCompactRequest(
  { options, context, turn, request, signal }: Compaction,
  auth: RequestAuth,
): Promise<readonly ResponseItem[]> {
  const { endpoint, transport, identity } = options;
  await using response = await transport.send({
    method: "POST",
    url: joinUrl(endpoint.baseUrl, "responses/compact", endpoint.queryParams),
    headers: {
      accept: "application/json",
      "content-type": "application/json",
      ...traceHeaders(turn.traceContext?.()),
      ...requestHeaders(context, {
        turnState: undefined,
        turnMetadata: turn.turnMetadata?.(),
      }),
    },
    providerHeaders: mergeHeaders(identity, endpoint.headers),
    authHeaders: authHeaders(auth),
    body: JSON.stringify({
      model: request.model,
      input: request.input.filter(isSent).map(itemEncoder(endpoint)),
      instructions: request.instructions,
      tools: request.tools,
      parallel_tool_calls: request.parallel_tool_calls,
      ...(request.reasoning === null ? {} : { reasoning: request.reasoning }),
      ...(request.text === undefined ? {} : { text: request.text }),
    }),
    idleTimeoutMs: endpoint.streamIdleTimeoutMs,
    signal,
  });
  return itemsIn(await response.text());
}

function itemsIn(text: string): readonly ResponseItem[] {
  const output = outputOf(text);
  if (output !== null) return output.flatMap((item) => decodeResponseItem(item) ?? []);
  throw new ResponsesError("incomplete_response", "the answer to a compaction holds no history", {
    info: "other",
  });
}

function outputOf(text: string): readonly unknown[] | null {
  try {
    const value = JSON.parse(text) as { readonly output?: unknown } | null;
    return Array.isArray(value?.output) ? value.output : null;
  } catch {
    return null;
  }
}
