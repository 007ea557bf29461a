import { once } from "node:events";
import type { ResponseItem } from "@codex-ts/protocol";
import { expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import {
  accept,
  endAfter,
  frames,
  functionCall,
  hangingStream,
  httpError,
  inPieces,
  message,
  noAnswer,
  type Reply,
  respond,
  type ScriptedModel,
  startScriptedModel,
} from "./index.ts";

interface Client extends AsyncDisposable {
  readonly socket: WebSocket;
  ask(body: object): void;
  /** The next frame, parsed; `closed` with the code once there is none. */
  next(): Promise<unknown>;
  /** Frames up to the one that ends a response. */
  response(): Promise<readonly { readonly type: string }[]>;
}

async function connect(model: ScriptedModel): Promise<Client> {
  const socket = new WebSocket(`${model.url.replace("http", "ws")}/responses`);
  const inbox: unknown[] = [];
  let wake = (): void => {};
  const arrived = (value: unknown): void => {
    inbox.push(value);
    wake();
  };
  socket.on("message", (data: Buffer, isBinary) => {
    arrived(isBinary ? [...data] : (JSON.parse(data.toString("utf8")) as unknown));
  });
  socket.on("close", (code) => arrived(`closed ${code}`));
  socket.on("error", () => {});
  await once(socket, "open");
  const next = async (): Promise<unknown> => {
    while (inbox.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return inbox.shift();
  };
  return {
    socket,
    ask: (body) => socket.send(JSON.stringify({ type: "response.create", input: [], ...body })),
    next,
    async response() {
      const events: { readonly type: string }[] = [];
      for (;;) {
        const event = (await next()) as { readonly type: string };
        events.push(event);
        if (/completed$|failed$|^error$/.test(event.type)) return events;
      }
    },
    async [Symbol.asyncDispose]() {
      socket.terminate();
    },
  };
}

const user = (text: string): ResponseItem => ({
  type: "message",
  role: "user",
  content: [{ type: "input_text", text }],
});

test("a reply plays as one frame for each event, and the socket stays open for the next", async () => {
  const replies = [
    respond([message("one two")], { responseId: "r1" }),
    inPieces(/*size*/ 7, respond([message("three")], { responseId: "r2" })),
  ];
  await using model = await startScriptedModel({ script: replies });
  await using client = await connect(model);
  client.ask({ model: "m" });
  expect((await client.response()).map(({ type }) => type)).toEqual([
    "response.created",
    "response.output_item.added",
    "response.output_text.delta",
    "response.output_text.delta",
    "response.output_item.done",
    "response.completed",
  ]);
  client.ask({ model: "m" });
  expect(await client.response()).toHaveLength(5);
  expect(model.requests.map(({ method, connection, body }) => [method, connection, body])).toEqual([
    ["response.create", 0, { type: "response.create", input: [], model: "m" }],
    ["response.create", 0, { type: "response.create", input: [], model: "m" }],
  ]);
});

test("a request that builds on the last response is read behind it", async () => {
  const call = functionCall({ name: "look", args: {}, callId: "c1" });
  await using model = await startScriptedModel({
    script: [
      respond([call], { responseId: "r1" }),
      respond([message("seen")], { responseId: "r2" }),
    ],
  });
  await using client = await connect(model);
  client.ask({ input: [user("hi")] });
  await client.response();
  const output = { type: "function_call_output", call_id: "c1", output: "a view" };
  client.ask({ input: [output], previous_response_id: "r1" });
  await client.response();
  const { id: _id, ...sent } = call.item as { id?: string };
  expect(model.requests[1]?.input).toEqual([user("hi"), sent, output]);
});

test("a response that is not the connection's last is not found", async () => {
  await using model = await startScriptedModel({ script: [respond([], { responseId: "r1" })] });
  await using client = await connect(model);
  client.ask({ previous_response_id: "r0" });
  expect(await client.next()).toEqual({
    type: "error",
    status: 400,
    error: { code: "previous_response_not_found", message: 'no response "r0" on this connection' },
    headers: {},
  });
  expect(model.requests).toEqual([]);
});

test("a warm-up is answered beside the script, and can be built upon", async () => {
  await using model = await startScriptedModel({ script: [respond([message("real")])] });
  await using client = await connect(model);
  client.ask({ generate: false, input: [user("early")] });
  const warm = await client.response();
  expect(warm).toMatchObject([
    { type: "response.created" },
    { type: "response.completed", response: { id: "resp_warm_0" } },
  ]);
  client.ask({ previous_response_id: "resp_warm_0", input: [user("late")] });
  await client.response();
  expect([model.warmUps.length, model.requests.map(({ input }) => input)]).toEqual([
    1,
    [[user("early"), user("late")]],
  ]);
});

test("each way to go wrong has its form over a WebSocket", async () => {
  const reply = respond([message("a b")]);
  const ways: readonly (readonly [Reply, unknown])[] = [
    [
      httpError(/*status*/ 429, { error: { type: "usage_limit_reached" } }, { "x-a": "1" }),
      {
        type: "error",
        status: 429,
        error: { type: "usage_limit_reached" },
        headers: { "x-a": "1" },
      },
    ],
    [endAfter(/*count*/ 0, reply, "cut"), "closed 1006"],
    [endAfter(/*count*/ 0, reply, "close"), "closed 1000"],
    [noAnswer("cut"), "closed 1006"],
    [frames([new Uint8Array([1, 2])]), [1, 2]],
    [frames(["{}"], "goodbye"), {}],
    [frames([], "cut"), "closed 1006"],
  ];
  for (const [way, expected] of ways) {
    await using model = await startScriptedModel({ script: [way] });
    await using client = await connect(model);
    client.ask({});
    expect(await client.next()).toEqual(expected);
  }
});

test("a handshake is accepted with headers, refused with a status, or left alone", async () => {
  await using model = await startScriptedModel({
    script: [hangingStream()],
    handshake: (index) =>
      [accept({ "x-models-etag": "e1" }), httpError(/*status*/ 426, "no"), noAnswer("cut")][
        index
      ] ?? noAnswer("hang"),
  });
  const url = `${model.url.replace("http", "ws")}/responses`;
  const outcome = (socket: WebSocket): Promise<unknown> =>
    new Promise((resolve) => {
      socket.on("upgrade", ({ headers }) => resolve(headers["x-models-etag"]));
      socket.on("unexpected-response", (_request, { statusCode }) => resolve(statusCode));
      socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
  const first = new WebSocket(url);
  expect(await outcome(first)).toBe("e1");
  expect(await outcome(new WebSocket(url))).toBe(426);
  expect(await outcome(new WebSocket(url))).toBe("ECONNRESET");
  expect(model.handshakes.map((handshake) => handshake.url)).toEqual(
    Array.from({ length: 3 }, () => "/v1/responses"),
  );
  expect(await outcome(new WebSocket(url.replace("responses", "else")))).toBe(404);
  first.terminate();
  await vi.waitFor(() => expect(model.openWebSockets()).toBe(0));
});
