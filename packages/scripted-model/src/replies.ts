// What the server does with a request: an ordinary stream, or one of the ways in which it goes wrong.
// A reply plays over HTTP as server-sent events and over a WebSocket as one text frame for each event.
import type { ScriptedItem } from "./items.ts";

/** A stream of events; each chunk is one write to the network, over a WebSocket each event. */
export interface StreamReply {
  readonly kind: "stream";
  readonly chunks: readonly (string | Uint8Array)[];
  /** A pause before each chunk, in milliseconds. */
  readonly delayMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /**
   * What follows the last chunk: an ordinary end, a cut connection, or nothing at all. A WebSocket stays
   * open after an event that ends the response; when there was none, `close` says goodbye.
   */
  readonly end: "close" | "cut" | "hang";
}

/** A plain answer; to a request over a WebSocket, an `error` frame with that status. */
export interface HttpReply {
  readonly kind: "http";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** WebSocket frames as they are: text, or binary. */
export interface FramesReply {
  readonly kind: "frames";
  readonly frames: readonly (string | Uint8Array)[];
  /** What follows: nothing, a goodbye, or a cut connection. */
  readonly end: "open" | "goodbye" | "cut";
}

/** One reply. `respond` and the other functions here make them. */
export type Reply = StreamReply | HttpReply | FramesReply | NoReply;

/** The request is read, then the connection closed or left open without a byte. */
export interface NoReply {
  readonly kind: "none";
  readonly end: "cut" | "hang";
}

/** What the handshake of a WebSocket gets. */
export type HandshakeReply =
  | { readonly kind: "accept"; readonly headers: Readonly<Record<string, string>> }
  | HttpReply
  | NoReply;

/** Accepts a WebSocket; the headers go with the answer. */
export function accept(headers: Readonly<Record<string, string>> = {}): HandshakeReply {
  return { kind: "accept", headers };
}

/** Exactly these frames, for what only a WebSocket can bring. */
export function frames(
  texts: readonly (string | Uint8Array | object)[],
  end: FramesReply["end"] = "open",
): FramesReply {
  return {
    kind: "frames",
    frames: texts.map((frame) =>
      typeof frame === "string" || frame instanceof Uint8Array ? frame : JSON.stringify(frame),
    ),
    end,
  };
}

/** How a response is reported and sent. */
export interface RespondOptions {
  /**
   * The tokens that the response reports: 100 of input and 10 of output by default, none cached and
   * none for reasoning; null reports none at all.
   */
  readonly usage?: {
    readonly input?: number;
    readonly cached?: number;
    readonly output?: number;
    readonly reasoning?: number;
  } | null;
  /** `resp_scripted` by default. */
  readonly responseId?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A pause before each chunk, in milliseconds; none by default. */
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

function wireUsage(usage: Exclude<RespondOptions["usage"], undefined>): object | null {
  if (usage === null) return null;
  const { input = 100, cached = 0, output = 10, reasoning = 0 } = usage;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}

/** A response with these items that completes. */
export function respond(items: readonly ScriptedItem[], options: RespondOptions = {}): StreamReply {
  const { usage = {}, responseId = "resp_scripted" } = options;
  return {
    kind: "stream",
    chunks: [
      created(responseId),
      ...itemChunks(items),
      event("response.completed", { response: { id: responseId, usage: wireUsage(usage) } }),
    ],
    delayMs: options.delayMs ?? 0,
    headers: options.headers ?? {},
    end: "close",
  };
}

/** These items, then the connection is cut before the response completes. */
export function brokenStream(items: readonly ScriptedItem[] = []): StreamReply {
  return { ...streamOf(items), end: "cut" };
}

/** These items, then silence: the connection stays open. */
export function hangingStream(items: readonly ScriptedItem[] = []): StreamReply {
  return { ...streamOf(items), end: "hang" };
}

/** The first `count` chunks of a reply, then what `end` says. */
export function endAfter(count: number, reply: StreamReply, end: StreamReply["end"]): StreamReply {
  return { ...reply, chunks: reply.chunks.slice(0, count), end };
}

/** The same bytes in pieces of `size`, cut wherever that is: in a line, in a character. */
export function inPieces(size: number, reply: StreamReply): StreamReply {
  const bytes = Buffer.concat(reply.chunks.map((chunk) => Buffer.from(chunk)));
  const count = Math.ceil(bytes.length / size);
  const chunks = Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
  return { ...reply, chunks };
}

function streamOf(items: readonly ScriptedItem[]): StreamReply {
  return {
    kind: "stream",
    chunks: [created("resp_scripted"), ...itemChunks(items)],
    delayMs: 0,
    headers: {},
    end: "close",
  };
}

/** These items, then a `response.failed` event with this error. */
export function failedResponse(
  error: { readonly code: string; readonly message: string },
  items: readonly ScriptedItem[] = [],
): StreamReply {
  const stream = streamOf(items);
  const failed = event("response.failed", { response: { id: "resp_scripted", error } });
  return { ...stream, chunks: [...stream.chunks, failed] };
}

/** These items, then a `response.incomplete` event with this reason. */
export function incompleteResponse(
  reason: string,
  items: readonly ScriptedItem[] = [],
): StreamReply {
  const stream = streamOf(items);
  const response = { id: "resp_scripted", incomplete_details: { reason } };
  return { ...stream, chunks: [...stream.chunks, event("response.incomplete", { response })] };
}

/** No answer: the connection is cut, or stays open in silence. */
export function noAnswer(end: "cut" | "hang"): NoReply {
  return { kind: "none", end };
}

/** The bytes of one event, for {@link rawStream}. */
export function eventBytes(value: {
  readonly type: string;
  readonly [key: string]: unknown;
}): string {
  return event(value.type, value);
}

/** A stream of exactly these bytes, for what no server should send. */
export function rawStream(
  chunks: readonly (string | Uint8Array)[],
  options: {
    readonly headers?: Readonly<Record<string, string>>;
    readonly end?: "close" | "cut" | "hang";
  } = {},
): StreamReply {
  return {
    kind: "stream",
    chunks,
    delayMs: 0,
    headers: options.headers ?? {},
    end: options.end ?? "close",
  };
}

/** The answer to `POST /responses/compact`: the items that are to take the history's place. */
export function compacted(output: readonly object[]): HttpReply {
  const id = "resp_compacted";
  return httpError(/*status*/ 200, { id, object: "response.compaction", output });
}

/** A plain HTTP answer; an object as body is sent as JSON. */
export function httpError(
  status: number,
  body: string | object = "",
  headers: Readonly<Record<string, string>> = {},
): HttpReply {
  return {
    kind: "http",
    status,
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}
