import { expect, test } from "vitest";
import {
  brokenStream,
  customToolCall,
  endAfter,
  eventBytes,
  failedResponse,
  functionCall,
  hangingStream,
  httpError,
  incompleteResponse,
  inPieces,
  item,
  message,
  noAnswer,
  rawReasoning,
  rawStream,
  reasoning,
  respond,
  ScriptedModelError,
  startScriptedModel,
} from "./index.ts";

async function ask(url: string, body: object = { input: [] }): Promise<Response> {
  return fetch(`${url}/responses`, { method: "POST", body: JSON.stringify(body) });
}

/** The parsed `data` of each event. */
function events(
  text: string,
): readonly { readonly type: string; readonly [key: string]: unknown }[] {
  return text
    .split("\n\n")
    .filter((block) => block !== "")
    .map(
      (block) => JSON.parse(block.split("\n")[1]?.slice("data: ".length) ?? "") as { type: string },
    );
}

test("replies come in order, and the last one again and again", async () => {
  await using model = await startScriptedModel({
    script: [respond([message("one")]), respond([message("two")])],
  });
  const texts: string[] = [];
  for (let index = 0; index < 3; index += 1) texts.push(await (await ask(model.url)).text());
  expect(texts.map((text) => /"text":"(\w+)"/.exec(text)?.[1])).toEqual(["one", "two", "two"]);
  expect(model.requests).toHaveLength(3);
});

test("an item streams as begin, deltas and end, between created and completed", async () => {
  await using model = await startScriptedModel({
    script: [respond([reasoning("thinking hard"), message("hello there")])],
  });
  const received = events(await (await ask(model.url)).text());
  expect(received.map(({ type }) => type)).toEqual([
    "response.created",
    "response.output_item.added",
    "response.reasoning_summary_text.delta",
    "response.reasoning_summary_text.delta",
    "response.output_item.done",
    "response.output_item.added",
    "response.output_text.delta",
    "response.output_text.delta",
    "response.output_item.done",
    "response.completed",
  ]);
  expect(received.at(-1)).toMatchObject({
    response: { usage: { input_tokens: 100, output_tokens: 10, total_tokens: 110 } },
  });
});

test("a script can be a function of the request", async () => {
  await using model = await startScriptedModel({
    script: (request, index) =>
      request.input.length === 0
        ? respond([functionCall({ name: "t", args: { index }, callId: "c" })])
        : respond([customToolCall({ name: "u", input: "raw", callId: "d" })]),
  });
  expect(await (await ask(model.url)).text()).toContain('"arguments":"{\\"index\\":0}"');
  const second = await ask(model.url, { input: [{ type: "message", role: "user", content: [] }] });
  expect(await second.text()).toContain('"input":"raw"');
  expect(model.requests[1]?.input).toEqual([{ type: "message", role: "user", content: [] }]);
});

test("an HTTP error has its status, headers and JSON body", async () => {
  await using model = await startScriptedModel({
    script: [
      httpError(
        /*status*/ 429,
        { error: { type: "usage_limit_reached" } },
        { "x-request-id": "r1" },
      ),
    ],
  });
  const response = await ask(model.url);
  expect(response.status).toBe(429);
  expect(response.headers.get("x-request-id")).toBe("r1");
  expect(await response.json()).toEqual({ error: { type: "usage_limit_reached" } });
});

test("a broken stream is cut in the middle, a hanging one stays open", async () => {
  await using model = await startScriptedModel({
    script: [brokenStream([message("par")]), hangingStream([message("par")])],
  });
  await expect((await ask(model.url)).text()).rejects.toThrow("terminated");
  const abort = new AbortController();
  const hanging = await fetch(`${model.url}/responses`, {
    method: "POST",
    body: "{}",
    signal: abort.signal,
  });
  const reader = hanging.body?.getReader();
  expect((await reader?.read())?.done).toBe(false);
  abort.abort();
});

test("failures and raw bytes are sent as given", async () => {
  await using model = await startScriptedModel({
    script: [
      failedResponse({ code: "server_is_overloaded", message: "busy" }),
      rawStream(["data: {nonsense\n\n"], { headers: { "openai-model": "m" } }),
    ],
  });
  expect(events(await (await ask(model.url)).text()).at(-1)).toMatchObject({
    type: "response.failed",
    response: { error: { code: "server_is_overloaded" } },
  });
  const raw = await ask(model.url);
  expect(raw.headers.get("openai-model")).toBe("m");
  expect(await raw.text()).toBe("data: {nonsense\n\n");
});

test("a response can stop short, and a raw stream can hold single events", async () => {
  await using model = await startScriptedModel({
    script: [
      incompleteResponse("content_filter", [message("so far")]),
      rawStream([eventBytes({ type: "response.metadata", headers: { a: "b" } })]),
    ],
  });
  expect(events(await (await ask(model.url)).text()).at(-1)).toMatchObject({
    type: "response.incomplete",
    response: { incomplete_details: { reason: "content_filter" } },
  });
  expect(events(await (await ask(model.url)).text())).toEqual([
    { type: "response.metadata", headers: { a: "b" } },
  ]);
});

test("a reply can end early, and arrive in pieces that cut characters", async () => {
  const whole = respond([message("naïve €")]);
  await using model = await startScriptedModel({
    script: [endAfter(/*count*/ 2, whole, "close"), inPieces(/*size*/ 1, whole), whole],
  });
  const types = events(await (await ask(model.url)).text()).map(({ type }) => type);
  expect(types).toEqual(["response.created", "response.output_item.added"]);
  const inBytes = await (await ask(model.url)).text();
  expect(inBytes).toBe(await (await ask(model.url)).text());
});

test("a request can stay without an answer", async () => {
  await using model = await startScriptedModel({ script: [noAnswer("cut"), noAnswer("hang")] });
  await expect(ask(model.url)).rejects.toThrow("fetch failed");
  const abort = new AbortController();
  const hanging = fetch(`${model.url}/responses`, {
    method: "POST",
    body: "{}",
    signal: abort.signal,
  });
  await model.waitForRequests(/*count*/ 2);
  abort.abort();
  await expect(hanging).rejects.toThrow("aborted");
});

test("raw reasoning and other items stream too, and usage can be missing", async () => {
  await using model = await startScriptedModel({
    script: [
      respond([rawReasoning("hm hm"), item({ type: "web_search_call", id: "ws_1" })], {
        usage: null,
      }),
    ],
  });
  const received = events(await (await ask(model.url)).text());
  expect(received.map(({ type }) => type)).toEqual([
    "response.created",
    "response.output_item.added",
    "response.reasoning_text.delta",
    "response.reasoning_text.delta",
    "response.output_item.done",
    "response.output_item.added",
    "response.output_item.done",
    "response.completed",
  ]);
  expect(received.at(-1)).toMatchObject({ response: { usage: null } });
});

test("the log has each request once, those to other paths in a log of all", async () => {
  await using model = await startScriptedModel({ script: [respond([])], models: [] });
  await fetch(`${model.url}/models?client_version=1.2.3`);
  await ask(model.url);
  await fetch(`${model.url}/elsewhere`, { method: "POST", body: "{}" });
  expect(model.requests.map(({ url }) => url)).toEqual(["/v1/responses"]);
  expect(model.allRequests.map(({ method, url }) => `${method} ${url}`)).toEqual([
    "GET /v1/models?client_version=1.2.3",
    "POST /v1/responses",
    "POST /v1/elsewhere",
  ]);
});

test("models are listed when there are any", async () => {
  await using none = await startScriptedModel({ script: [respond([])] });
  expect((await fetch(`${none.url}/models`)).status).toBe(404);
  await using some = await startScriptedModel({ script: [respond([])], models: [{ slug: "m" }] });
  expect(await (await fetch(`${some.url}/models`)).json()).toEqual({ models: [{ slug: "m" }] });
});

test("an empty script is refused", async () => {
  await expect(startScriptedModel({ script: [] })).rejects.toThrow(ScriptedModelError);
});
