// The server: HTTP and WebSocket on loopback, one script, a log of what was asked.
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { ResponseItem } from "@codex-ts/protocol";
import type { HandshakeReply, HttpReply, Reply, StreamReply } from "./replies.ts";
import { inputOf, serveWebSocket } from "./web-socket.ts";

/** A request as it came over HTTP, or a frame of a WebSocket. */
export interface ReceivedRequest {
  /** `response.create` for a request that came over a WebSocket. */
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Over a WebSocket, the handshake's. */
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON body, or frame; null when there is none. A compressed body is unpacked. */
  readonly body: unknown;
  /**
   * What the model is to read: the `input` of the body, behind what `previous_response_id` stands for.
   * Empty when there is none.
   */
  readonly input: readonly ResponseItem[];
  /** The number of the WebSocket that it came over, from 0; null for HTTP. */
  readonly connection: number | null;
  /** Milliseconds of a clock that never goes back, when the request had arrived whole. */
  readonly at: number;
}

/** A WebSocket that someone asked for. */
export interface ReceivedHandshake {
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Replies in order, the last one again and again; or a function that is given each request to
 * `/responses` and its number from 0.
 */
export type Script =
  | readonly Reply[]
  | ((request: ReceivedRequest, index: number) => Reply | Promise<Reply>);

/** What the server plays, and where. */
export interface ScriptedModelOptions {
  readonly script: Script;
  /** A free port by default. */
  readonly port?: number | undefined;
  /** What `GET /v1/models` lists; 404 by default. */
  readonly models?: readonly object[] | undefined;
  /** What a WebSocket's handshake gets, by its number from 0; by default it is accepted. */
  readonly handshake?:
    | ((index: number, handshake: ReceivedHandshake) => HandshakeReply)
    | undefined;
  /** What a warm-up (`generate: false`) gets; by default an empty response that completes. */
  readonly warmUp?: Reply | undefined;
}

/**
 * A server that runs, with the log of what it was asked. Disposing of it cuts the connections and
 * frees the port.
 */
export interface ScriptedModel extends AsyncDisposable {
  /** Lets the process end while the server still listens. */
  unref(): void;
  /** The provider's base URL, ending in `/v1`. */
  readonly url: string;
  /** Requests to `/responses` and `/responses/compact`, in the order of arrival. */
  readonly requests: readonly ReceivedRequest[];
  /** Warm-ups over WebSocket: requests that ask for no output. The script does not see them. */
  readonly warmUps: readonly ReceivedRequest[];
  /** WebSockets that were asked for, in the order of arrival. */
  readonly handshakes: readonly ReceivedHandshake[];
  /** WebSockets that are open at this moment. */
  openWebSockets(): number;
  /** All requests, those to other paths too, in the order of arrival. */
  readonly allRequests: readonly ReceivedRequest[];
  /** Resolves when `count` of {@link requests} have arrived. */
  waitForRequests(count: number): Promise<void>;
  /**
   * When the last byte of each reply was handed to the network, in the order of the requests and by
   * the clock of {@link ReceivedRequest.at}.
   */
  readonly repliedAt: readonly number[];
}

/** Thrown for a script without a reply. */
export class ScriptedModelError extends Error {
  override readonly name = "ScriptedModelError";
  readonly code = "empty_script";
}

/**
 * Starts a server that plays `script` on 127.0.0.1 until it is disposed.
 *
 * @throws ScriptedModelError `empty_script`; the system's error when the port is taken.
 */
export async function startScriptedModel(options: ScriptedModelOptions): Promise<ScriptedModel> {
  const { script } = options;
  if (typeof script !== "function" && script.length === 0) {
    throw new ScriptedModelError("the script is empty: give at least one reply");
  }
  const requests: ReceivedRequest[] = [];
  const allRequests: ReceivedRequest[] = [];
  const waiting = new Set<() => void>();
  const repliedAt: number[] = [];
  const warmUps: ReceivedRequest[] = [];
  const handshakes: ReceivedHandshake[] = [];
  const webSockets = new Set<Socket>();
  const ended = new AbortController();

  /** Takes a request into the log and asks the script. */
  const replyTo = async (request: ReceivedRequest): Promise<{ reply: Reply; index: number }> => {
    const index = requests.push(request) - 1;
    for (const check of waiting) check();
    const reply =
      typeof script === "function"
        ? await script(request, index)
        : (script[Math.min(index, script.length - 1)] as Reply);
    return { reply, index };
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await receive(incoming);
    allRequests.push(request);
    if (incoming.method === "GET" && request.url.split("?")[0] === "/v1/models") {
      return sendModels(response, options.models);
    }
    const [path = ""] = request.url.split("?");
    if (incoming.method !== "POST" || !/^\/v1\/responses(\/compact)?$/.test(path)) {
      return sendHttp(response, notFound);
    }
    const { reply, index } = await replyTo(request);
    if (reply.kind === "http") sendHttp(response, reply);
    else if (reply.kind === "stream") await sendStream(response, reply, ended.signal);
    else if (reply.kind === "frames") sendHttp(response, needsWebSocket);
    else if (reply.end === "cut") response.destroy();
    repliedAt[index] = performance.now();
  };

  // An ES import of node:http would load a second HTTP client, the one behind `fetch`, along with it.
  const { createServer } = process.getBuiltinModule("node:http");
  const server = createServer((incoming, response) => {
    response.on("error", () => {});
    handle(incoming, response).catch((error: unknown) => {
      if (!response.headersSent) response.statusCode = 500;
      response.end(String(error));
    });
  });
  server.keepAliveTimeout = 60_000;
  server.on("upgrade", (incoming, socket: Socket, head) => {
    webSockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => webSockets.delete(socket));
    const { url = "", headers } = incoming;
    const index = handshakes.push({ url, headers }) - 1;
    const isKnown = url.split("?")[0] === "/v1/responses";
    const answer = isKnown
      ? (options.handshake?.(index, { url, headers }) ?? { kind: "accept", headers: {} })
      : notFound;
    void serveWebSocket({
      incoming,
      socket,
      head,
      answer,
      index,
      ended: ended.signal,
      async reply(request) {
        allRequests.push(request);
        const { reply, index: number } = await replyTo(request);
        return { reply, sent: () => (repliedAt[number] = performance.now()) };
      },
      warmUp(request) {
        allRequests.push(request);
        warmUps.push(request);
        return options.warmUp;
      },
    });
  });
  await listen(server, options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  return {
    unref: () => void server.unref(),
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    allRequests,
    warmUps,
    handshakes,
    openWebSockets: () => webSockets.size,
    repliedAt,
    waitForRequests(count) {
      return new Promise((resolve) => {
        const check = (): void => {
          if (requests.length < count) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      });
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      for (const socket of webSockets) socket.destroy();
      await close(server);
    },
  };
}

const notFound: HttpReply = { kind: "http", status: 404, headers: {}, body: "" };

const needsWebSocket: HttpReply = {
  kind: "http",
  status: 400,
  headers: {},
  body: '{"error":{"message":"this reply of the script is for a WebSocket"}}',
};

async function receive(incoming: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const isCompressed = incoming.headers["content-encoding"] === "zstd";
  const unpacked = isCompressed
    ? process.getBuiltinModule("node:zlib").zstdDecompressSync(bytes)
    : bytes;
  const text = unpacked.toString("utf8");
  const body: unknown = text === "" ? null : JSON.parse(text);
  return {
    method: incoming.method ?? "",
    url: incoming.url ?? "",
    headers: incoming.headers,
    body,
    input: inputOf(body),
    connection: null,
    at: performance.now(),
  };
}

function sendModels(response: ServerResponse, models: readonly object[] | undefined): void {
  sendHttp(response, {
    kind: "http",
    status: models === undefined ? 404 : 200,
    headers: { "content-type": "application/json" },
    body: models === undefined ? "" : JSON.stringify({ models }),
  });
}

function sendHttp(response: ServerResponse, reply: HttpReply): void {
  response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
  response.end(reply.body);
}

async function sendStream(
  response: ServerResponse,
  reply: StreamReply,
  ended: AbortSignal,
): Promise<void> {
  const { setTimeout: sleep } = process.getBuiltinModule("node:timers/promises");
  response.writeHead(200, { "content-type": "text/event-stream", ...reply.headers });
  for (const chunk of reply.chunks) {
    if (reply.delayMs > 0) {
      await sleep(reply.delayMs, undefined, { signal: ended }).catch(() => {});
    }
    if (response.destroyed) return;
    response.write(chunk);
  }
  switch (reply.end) {
    case "close":
      response.end();
      break;
    case "cut":
      // The headers and chunks must leave before the connection goes.
      await new Promise<void>((sent) => response.write("", () => sent()));
      response.destroy();
      break;
    case "hang":
      break;
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
