// The script over a WebSocket: `response.create` frames come in, each event goes out as a text frame.
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { encodeResponseItem, type ResponseItem } from "@codex-ts/protocol";
import type { WebSocket } from "ws";
import { type HandshakeReply, type HttpReply, httpError, type Reply, respond } from "./replies.ts";
import type { ReceivedRequest } from "./server.ts";

export interface WebSocketOptions {
  readonly incoming: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
  readonly answer: HandshakeReply;
  /** The connection's number. */
  readonly index: number;
  readonly ended: AbortSignal;
  /** Called for each request; `sent` when its last frame has been handed to the network. */
  readonly reply: (
    request: ReceivedRequest,
  ) => Promise<{ readonly reply: Reply; readonly sent: () => void }>;
  /** Called for each request that wants no output. */
  readonly warmUp: (request: ReceivedRequest) => Reply | undefined;
}

/** The response that the next request on this connection may build upon; older ones are forgotten. */
interface Known {
  readonly id: string;
  readonly items: readonly ResponseItem[];
}

type Fields = Readonly<Record<string, unknown>>;

const TRY_AGAIN_LATER = 1013;
const NORMAL_CLOSURE = 1000;

function asFields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

/** The `input` of a request's body. */
export function inputOf(body: unknown): readonly ResponseItem[] {
  const { input } = asFields(body);
  return Array.isArray(input) ? (input as readonly ResponseItem[]) : [];
}

export async function serveWebSocket(options: WebSocketOptions): Promise<void> {
  const { incoming, socket, head, answer } = options;
  if (answer.kind !== "accept") {
    refuse(socket, answer);
    return;
  }
  const { WebSocketServer } = await import("ws");
  const accepting = new WebSocketServer({ noServer: true, perMessageDeflate: true });
  accepting.on("headers", (lines) => {
    for (const [name, value] of Object.entries(answer.headers)) lines.push(`${name}: ${value}`);
  });
  accepting.handleUpgrade(incoming, socket, head, (client) => serve(client, options));
}

function refuse(socket: Socket, answer: Exclude<HandshakeReply, { kind: "accept" }>): void {
  socket.resume().on("end", () => socket.end());
  if (answer.kind === "none") {
    if (answer.end === "cut") socket.destroy();
    return;
  }
  const { STATUS_CODES } = process.getBuiltinModule("node:http");
  const lines = [
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ""}`,
    "connection: close",
    `content-length: ${Buffer.byteLength(answer.body)}`,
    ...Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${lines.join("\r\n")}\r\n\r\n${answer.body}`);
}

function serve(client: WebSocket, options: WebSocketOptions): void {
  const { incoming, index, ended } = options;
  let known: Known | undefined;
  // One request at a time: the next one is looked at when the last is answered.
  let queue: Promise<unknown> = Promise.resolve();

  async function take(text: string): Promise<void> {
    const body: unknown = JSON.parse(text);
    const { previous_response_id: previous, generate, type } = asFields(body);
    if (type !== "response.create") {
      await play(
        client,
        httpError(/*status*/ 400, { error: { message: `unknown type ${JSON.stringify(type)}` } }),
        ended,
      );
      return;
    }
    if (previous !== undefined && previous !== known?.id) {
      const code = "previous_response_not_found";
      const message = `no response ${JSON.stringify(previous)} on this connection`;
      await play(client, httpError(/*status*/ 400, { error: { code, message } }), ended);
      return;
    }
    const before = previous === undefined ? [] : (known?.items ?? []);
    const request: ReceivedRequest = {
      method: "response.create",
      url: incoming.url ?? "",
      headers: incoming.headers,
      body,
      input: [...before, ...inputOf(body)],
      connection: index,
      at: performance.now(),
    };
    if (generate === false) {
      const reply = options.warmUp(request) ?? respond([], { responseId: `resp_warm_${index}` });
      known = completed(request, await play(client, reply, ended));
      return;
    }
    const { reply, sent } = await options.reply(request);
    known = completed(request, await play(client, reply, ended));
    sent();
  }

  client.on("error", () => {});
  client.on("message", (data: Buffer) => {
    queue = queue
      .then(() => take(data.toString("utf8")))
      .catch((error: unknown) => client.close(TRY_AGAIN_LATER, String(error).slice(0, 100)));
  });
}

/** What the connection remembers after these events; nothing after a response that did not complete. */
function completed(request: ReceivedRequest, events: readonly Fields[]): Known | undefined {
  const last = events.findLast(({ type }) => type === "response.completed");
  const id = asFields(last?.["response"])["id"];
  if (typeof id !== "string") return undefined;
  const output = events.flatMap((event) =>
    event["type"] === "response.output_item.done"
      ? [encodeResponseItem(event["item"] as ResponseItem)]
      : [],
  );
  return { id, items: [...request.input, ...output] };
}

const endings: ReadonlySet<unknown> = new Set([
  "response.completed",
  "response.failed",
  "response.incomplete",
  "error",
]);

/** Sends a reply; gives the events that it held. */
async function play(
  client: WebSocket,
  reply: Reply,
  ended: AbortSignal,
): Promise<readonly Fields[]> {
  switch (reply.kind) {
    case "http":
      await send(client, JSON.stringify(errorFrame(reply)));
      return [];
    case "none":
      if (reply.end === "cut") client.terminate();
      return [];
    case "frames":
      for (const frame of reply.frames) await send(client, frame);
      if (reply.end === "goodbye") client.close(NORMAL_CLOSURE);
      if (reply.end === "cut") client.terminate();
      return [];
    case "stream":
      break;
  }
  const { setTimeout: sleep } = process.getBuiltinModule("node:timers/promises");
  const decoder = new TextDecoder();
  const events: Fields[] = [];
  let rest = "";
  for (const chunk of reply.chunks) {
    if (reply.delayMs > 0) {
      await sleep(reply.delayMs, undefined, { signal: ended }).catch(() => {});
    }
    rest += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = dataOf(block);
      if (data === "") continue;
      events.push(parsed(data));
      await send(client, data);
    }
  }
  const hasEnded = events.some(({ type }) => endings.has(type));
  if (reply.end === "cut") client.terminate();
  else if (reply.end === "close" && !hasEnded) client.close(NORMAL_CLOSURE);
  return events;
}

/** The `data` of one server-sent event. */
function dataOf(block: string): string {
  return block
    .split(/\r?\n/)
    .flatMap((line) => /^data: ?(.*)$/.exec(line)?.[1] ?? [])
    .join("\n");
}

function parsed(data: string): Fields {
  try {
    return asFields(JSON.parse(data));
  } catch {
    return {};
  }
}

function errorFrame({ status, body, headers }: HttpReply): object {
  const { error } = parsed(body);
  return { type: "error", status, error: error ?? { message: body }, headers };
}

function send(client: WebSocket, frame: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    client.send(frame, { binary: typeof frame !== "string" }, () => resolve());
  });
}
