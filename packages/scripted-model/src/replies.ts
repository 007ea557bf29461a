// What the server does with a request: an ordinary stream, or one of the ways in which it goes wrong.
import type { ScriptedItem } from "./items.ts";

/** One reply. `respond` and the other functions here make them. */
export type Reply =
  | {
      readonly kind: "stream";
      readonly chunks: readonly string[];
      /** A pause before each chunk, in milliseconds. */
      readonly delayMs: number;
      readonly headers: Readonly<Record<string, string>>;
      /** What follows the last chunk: an ordinary end, a cut connection, or nothing at all. */
      readonly end: "close" | "cut" | "hang";
    }
  | {
      readonly kind: "http";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    };

export interface RespondOptions {
  readonly usage?: {
    readonly input?: number;
    readonly cached?: number;
    readonly output?: number;
    readonly reasoning?: number;
  };
  readonly responseId?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly delayMs?: number;
}

function event(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

function itemChunks(items: readonly ScriptedItem[]): string[] {
  return items.flatMap(({ item, deltas }, index) => [
    event("response.output_item.added", { output_index: index, item: begun(item) }),
    ...deltas.map((delta) => event(delta.type, delta)),
    event("response.output_item.done", { output_index: index, item }),
  ]);
}

/** The item as it stands when it begins: a message has no text yet. */
function begun(item: ScriptedItem["item"]): object {
  return item.type === "message" ? { ...item, content: [] } : item;
}

function created(responseId: string): string {
  return event("response.created", { response: { id: responseId } });
}

/** A response with these items that completes. */
export function respond(items: readonly ScriptedItem[], options: RespondOptions = {}): Reply {
  const { usage = {}, responseId = "resp_scripted" } = options;
  const input = usage.input ?? 100;
  const output = usage.output ?? 10;
  return {
    kind: "stream",
    chunks: [
      created(responseId),
      ...itemChunks(items),
      event("response.completed", {
        response: {
          id: responseId,
          usage: {
            input_tokens: input,
            input_tokens_details: { cached_tokens: usage.cached ?? 0 },
            output_tokens: output,
            output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
            total_tokens: input + output,
          },
        },
      }),
    ],
    delayMs: options.delayMs ?? 0,
    headers: options.headers ?? {},
    end: "close",
  };
}

/** These items, then the connection is cut before the response completes. */
export function brokenStream(items: readonly ScriptedItem[] = []): Reply {
  return { ...streamOf(items), end: "cut" };
}

/** These items, then silence: the connection stays open. */
export function hangingStream(items: readonly ScriptedItem[] = []): Reply {
  return { ...streamOf(items), end: "hang" };
}

function streamOf(items: readonly ScriptedItem[]): Extract<Reply, { kind: "stream" }> {
  return {
    kind: "stream",
    chunks: [created("resp_scripted"), ...itemChunks(items)],
    delayMs: 0,
    headers: {},
    end: "close",
  };
}

/** A `response.failed` event with this error. */
export function failedResponse(error: { readonly code: string; readonly message: string }): Reply {
  return {
    ...streamOf([]),
    chunks: [
      created("resp_scripted"),
      event("response.failed", { response: { id: "resp_scripted", error } }),
    ],
  };
}

/** A stream of exactly these bytes, for what no server should send. */
export function rawStream(
  chunks: readonly string[],
  options: {
    readonly headers?: Readonly<Record<string, string>>;
    readonly end?: "close" | "cut" | "hang";
  } = {},
): Reply {
  return {
    kind: "stream",
    chunks,
    delayMs: 0,
    headers: options.headers ?? {},
    end: options.end ?? "close",
  };
}

/** A plain HTTP answer; an object as body is sent as JSON. */
export function httpError(
  status: number,
  body: string | object = "",
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return {
    kind: "http",
    status,
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}
