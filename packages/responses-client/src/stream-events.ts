// From the data of a stream's events to what a turn reads.
import type { TokenUsage } from "@codex-ts/protocol";
import { decodeResponseItem } from "@codex-ts/protocol/schemas";
import type { ResponseStreamEvent } from "./contract.ts";
import { readError } from "./error-texts.ts";
import { statusOfEvent } from "./frame-errors.ts";
import { incompleteError, mapFailedResponse, mapStatusError, streamError } from "./map-error.ts";
import { readRateLimitEvent } from "./rate-limits.ts";

type JsonRecord = Readonly<Record<string, unknown>>;

export interface EventDecoderOptions {
  /** As errors show it. */
  readonly url: string;
  /** The model that the response's headers named. */
  readonly serverModel: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Decodes the data of one event after another. What cannot be read, and kinds that nobody needs, give
 * nothing.
 */
export type EventDecoder = (data: string) => readonly ResponseStreamEvent[];

function asRecord(value: unknown): JsonRecord | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonRecord)
    : undefined;
}

function parseObject(data: string): JsonRecord | undefined {
  try {
    return asRecord(JSON.parse(data) as unknown);
  } catch {
    return undefined;
  }
}

function asNumber(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** The model that an event's headers name; a header may be a list. */
function modelIn(event: JsonRecord): string | undefined {
  for (const headers of [
    asRecord(asRecord(event["response"])?.["headers"]),
    asRecord(event["headers"]),
  ]) {
    for (const [name, value] of Object.entries(headers ?? {})) {
      if (!/^(x-)?openai-model$/i.test(name)) continue;
      const first: unknown = Array.isArray(value) ? value[0] : value;
      if (typeof first === "string" && first !== "") return first;
    }
  }
  return undefined;
}

function readUsage(value: unknown): TokenUsage | null {
  const usage = asRecord(value);
  if (usage === undefined) return null;
  const input_tokens = asNumber(usage["input_tokens"]) ?? 0;
  const output_tokens = asNumber(usage["output_tokens"]) ?? 0;
  const details = (key: string): JsonRecord => asRecord(usage[key]) ?? {};
  return {
    input_tokens,
    cached_input_tokens: asNumber(details("input_tokens_details")["cached_tokens"]) ?? 0,
    output_tokens,
    reasoning_output_tokens: asNumber(details("output_tokens_details")["reasoning_tokens"]) ?? 0,
    total_tokens: asNumber(usage["total_tokens"]) ?? input_tokens + output_tokens,
  };
}

function completed(event: JsonRecord): ResponseStreamEvent {
  const response = asRecord(event["response"]);
  const responseId = response?.["id"];
  if (typeof responseId !== "string") {
    throw streamError("the server completed a response that has no id");
  }
  return { type: "completed", responseId, usage: readUsage(response?.["usage"]) };
}

function outputItem(
  type: "output_item_added" | "output_item_done",
  event: JsonRecord,
): readonly ResponseStreamEvent[] {
  const item = decodeResponseItem(event["item"]);
  return item === null || item.type === "other" ? [] : [{ type, item }];
}

/** @throws ResponsesError for the events that end a response without completing it. */
export function createEventDecoder(options: EventDecoderOptions): EventDecoder {
  const { url, now } = options;
  let { serverModel } = options;

  function decode(event: JsonRecord): readonly ResponseStreamEvent[] {
    const { delta } = event;
    switch (event["type"]) {
      case "response.created":
        return asRecord(event["response"]) === undefined ? [] : [{ type: "created" }];
      case "response.output_item.added":
        return outputItem("output_item_added", event);
      case "response.output_item.done":
        return outputItem("output_item_done", event);
      case "response.output_text.delta":
        return typeof delta === "string" ? [{ type: "output_text_delta", delta }] : [];
      case "response.reasoning_summary_text.delta": {
        const summaryIndex = asNumber(event["summary_index"]);
        if (typeof delta !== "string" || summaryIndex === undefined) return [];
        return [{ type: "reasoning_summary_delta", delta, summaryIndex }];
      }
      case "response.reasoning_summary_part.added": {
        const summaryIndex = asNumber(event["summary_index"]);
        if (summaryIndex === undefined) return [];
        return [{ type: "reasoning_summary_part_added", summaryIndex }];
      }
      case "response.reasoning_text.delta": {
        const contentIndex = asNumber(event["content_index"]);
        if (typeof delta !== "string" || contentIndex === undefined) return [];
        return [{ type: "reasoning_content_delta", delta, contentIndex }];
      }
      case "response.completed":
        return [completed(event)];
      case "codex.rate_limits":
        return [{ type: "rate_limits", snapshot: readRateLimitEvent(event) }];
      case "response.failed":
        throw mapFailedResponse(readError(asRecord(event["response"])?.["error"]));
      case "response.incomplete": {
        const reason = asRecord(asRecord(event["response"])?.["incomplete_details"])?.["reason"];
        const text = typeof reason === "string" ? reason : "unknown";
        throw incompleteError(text);
      }
      case "error": {
        const status = statusOfEvent(event, url);
        if (status !== undefined) throw mapStatusError(status, now());
        throw mapFailedResponse(readError(asRecord(event["error"]) ?? event));
      }
      default:
        return [];
    }
  }

  return (data) => {
    const event = parseObject(data);
    if (event === undefined) return [];
    const model = modelIn(event);
    if (model === undefined || model === serverModel) return decode(event);
    serverModel = model;
    return [{ type: "server_model", model }, ...decode(event)];
  };
}
