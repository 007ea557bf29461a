import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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
  reasoning,
  respond,
  type Script,
} from "@codex-ts/scripted-model";
import { afterEach, describe, expect, it } from "vitest";
import { type AuthSource, ResponsesError, type ResponseStreamEvent } from "./contract.ts";
import {
  closeAll,
  fixedAuth,
  play,
  request,
  run,
  type Setup,
  start,
} from "./testing/scripted-client.ts";

afterEach(closeAll);

const noLimits: ResponseStreamEvent = {
  type: "rate_limits",
  snapshot: {
    limit_id: "codex",
    limit_name: null,
    primary: null,
    secondary: null,
    credits: null,
    plan_type: null,
  },
};
const completed: ResponseStreamEvent = {
  type: "completed",
  responseId: "resp_scripted",
  usage: {
    input_tokens: 100,
    cached_input_tokens: 0,
    output_tokens: 10,
    reasoning_output_tokens: 0,
    total_tokens: 110,
  },
};

describe("a request", () => {
  it("goes to the provider's address with its query, headers and body", async () => {
    const { model, error } = await play(respond([]), {
      endpoint: {
        queryParams: { "api-version": "2025-04-01", a: "x&y" },
        headers: { version: "1.2.3", "x-provider": "p" },
      },
      auth: fixedAuth({ kind: "chatgpt", bearer: "token-1", accountId: "account-1" }),
      context: {
        turnMetadata: () => '{"turn_id":"é"}',
        betaFeatures: "a,b",
        subagent: "review",
      },
      options: { identity: { originator: "codex-ts", "User-Agent": "codex-ts/0.1.0" } },
    });
    expect(error).toBeUndefined();
    const [received] = model.requests;
    const { host: _host, "content-length": _length, ...headers } = received?.headers ?? {};
    expect({ url: received?.url, headers, body: received?.body }).toEqual({
      url: "/v1/responses?a=x%26y&api-version=2025-04-01",
      headers: {
        connection: "keep-alive",
        accept: "text/event-stream",
        "content-type": "application/json",
        authorization: "Bearer token-1",
        "chatgpt-account-id": "account-1",
        session_id: "thread-1",
        "x-client-request-id": "thread-1",
        "x-codex-turn-metadata": '{"turn_id":"\\u00e9"}',
        "x-codex-beta-features": "a,b",
        "x-openai-subagent": "review",
        version: "1.2.3",
        "x-provider": "p",
        originator: "codex-ts",
        "user-agent": "codex-ts/0.1.0",
      },
      body: request,
    });
  });

  it("lets auth win over the request over the provider over the identity", async () => {
    const { model } = await play(respond([]), {
      endpoint: {
        headers: { Authorization: "Bearer provider", originator: "provider", session_id: "mine" },
      },
      auth: fixedAuth({ kind: "api_key", bearer: "key-1" }),
      options: { identity: { originator: "identity" } },
    });
    expect(model.requests[0]?.headers).toMatchObject({
      authorization: "Bearer key-1",
      originator: "provider",
      session_id: "thread-1",
    });
  });

  it("keeps the provider's own authorization when there is no other", async () => {
    const { model } = await play(respond([]), {
      endpoint: { headers: { Authorization: "Bearer provider" } },
    });
    expect(model.requests[0]?.headers.authorization).toBe("Bearer provider");
  });

  it("is compressed only with a ChatGPT login, and when that is switched on", async () => {
    const chatgpt = fixedAuth({ kind: "chatgpt", bearer: "t" });
    const encoding = async (setup: Setup): Promise<unknown> => {
      const { model } = await play(respond([]), setup);
      const [received] = model.requests;
      expect(received?.body).toEqual(request);
      expect(received?.headers["content-type"]).toBe("application/json");
      return received?.headers["content-encoding"];
    };
    const options = { requestCompression: true };
    expect(await encoding({ auth: chatgpt, options })).toBe("zstd");
    expect(await encoding({ auth: chatgpt })).toBeUndefined();
    const key = fixedAuth({ kind: "api_key", bearer: "k" });
    expect(await encoding({ auth: key, options })).toBeUndefined();
  });
});

describe("the trace context", () => {
  it("goes as headers, anew for each attempt, and an empty state not at all", async () => {
    let count = 0;
    const { model, startTurn } = await start([httpError(/*status*/ 500), respond([])], {
      endpoint: { requestMaxRetries: 1 },
    });
    const traceContext = () => ({
      traceparent: `00-${"1".repeat(32)}-${String((count += 1)).padStart(16, "0")}-01`,
      tracestate: count === 1 ? "" : "a=b",
    });
    await run(startTurn({ traceContext }));
    await run(startTurn({ traceContext: () => undefined }));
    expect(
      model.requests.map(({ headers }) => [headers["traceparent"], headers["tracestate"]]),
    ).toEqual([
      [`00-${"1".repeat(32)}-0000000000000001-01`, undefined],
      [`00-${"1".repeat(32)}-0000000000000002-01`, "a=b"],
      [undefined, undefined],
    ]);
  });
});

describe("the turn state", () => {
  it("is the first that the server gave, and stays within the turn", async () => {
    const { model, startTurn } = await start((_request, index) =>
      respond([], { headers: { "x-codex-turn-state": `state-${index}` } }),
    );
    const first = startTurn();
    await run(first);
    await run(first);
    await run(first);
    await run(startTurn());
    expect(model.requests.map(({ headers }) => headers["x-codex-turn-state"])).toEqual([
      undefined,
      "state-0",
      "state-0",
      undefined,
    ]);
  });

  it("is not asked for anew, but the metadata is, by each attempt", async () => {
    let count = 0;
    const { model, startTurn } = await start([httpError(/*status*/ 500), respond([])], {
      endpoint: { requestMaxRetries: 1 },
      context: { turnMetadata: () => String((count += 1)) },
    });
    await run(startTurn());
    expect(model.requests.map(({ headers }) => headers["x-codex-turn-metadata"])).toEqual([
      "1",
      "2",
    ]);
  });
});

describe("a stream", () => {
  it("tells what the headers say first, then its events, and ends when it is complete", async () => {
    const { events, error } = await play(
      respond(
        [
          reasoning("think"),
          rawReasoning("raw"),
          message("hi you", { phase: "final_answer" }),
          functionCall({ name: "f", args: { a: 1 }, callId: "c1" }),
          customToolCall({ name: "g", input: "i", callId: "c2" }),
        ],
        {
          headers: {
            "openai-model": "m-2",
            "x-codex-primary-used-percent": "5",
            "x-other-primary-used-percent": "6",
            "x-models-etag": "etag-1",
            "x-reasoning-included": "true",
          },
          usage: { input: 7, cached: 3, output: 2, reasoning: 1 },
        },
      ),
    );
    expect(error).toBeUndefined();
    const limits = (limit_id: string, used_percent: number): ResponseStreamEvent => ({
      type: "rate_limits",
      snapshot: {
        limit_id,
        limit_name: null,
        primary: { used_percent, window_minutes: null, resets_at: null },
        secondary: null,
        credits: null,
        plan_type: null,
      },
    });
    expect(events.slice(0, 6)).toEqual([
      { type: "server_model", model: "m-2" },
      limits("codex", /*used_percent*/ 5),
      limits("other", /*used_percent*/ 6),
      { type: "models_etag", etag: "etag-1" },
      { type: "server_reasoning_included" },
      { type: "created" },
    ]);
    expect(
      events.slice(6).map((event) => ("item" in event ? [event.type, event.item.type] : event)),
    ).toEqual([
      ["output_item_added", "reasoning"],
      { type: "reasoning_summary_delta", delta: "think", summaryIndex: 0 },
      ["output_item_done", "reasoning"],
      ["output_item_added", "reasoning"],
      { type: "reasoning_content_delta", delta: "raw", contentIndex: 0 },
      ["output_item_done", "reasoning"],
      ["output_item_added", "message"],
      { type: "output_text_delta", delta: "hi " },
      { type: "output_text_delta", delta: "you" },
      ["output_item_done", "message"],
      ["output_item_added", "function_call"],
      ["output_item_done", "function_call"],
      ["output_item_added", "custom_tool_call"],
      ["output_item_done", "custom_tool_call"],
      {
        type: "completed",
        responseId: "resp_scripted",
        usage: {
          input_tokens: 7,
          cached_input_tokens: 3,
          output_tokens: 2,
          reasoning_output_tokens: 1,
          total_tokens: 9,
        },
      },
    ]);
  });

  it("gives one empty snapshot of limits when no header speaks of them", async () => {
    const { events } = await play(respond([]));
    expect(events).toEqual([noLimits, { type: "created" }, completed]);
  });

  it("ends with completed although the server keeps the connection open", async () => {
    const { events, error } = await play({ ...respond([]), end: "hang" });
    expect({ events, error }).toEqual({
      events: [noLimits, { type: "created" }, completed],
      error: undefined,
    });
  });

  it("reads the same events however they are cut", async () => {
    const whole = respond([message("naïve € 😀")]);
    const { events: expected } = await play(whole);
    const { events } = await play(inPieces(/*size*/ 1, whole));
    expect(events).toEqual(expected);
  });

  it("gives items of the service's own tools", async () => {
    const search = { type: "web_search_call", id: "ws_1", status: "completed" } as const;
    const { events } = await play(respond([item(search)]));
    expect(events).toContainEqual({ type: "output_item_done", item: search });
  });
});

describe("a stream that goes wrong", () => {
  const prefix = "stream disconnected before completion: ";

  it("reports a failure at once, without waiting for the end of the body", async () => {
    const failed = failedResponse({ code: "boom", message: "It broke." }, [message("so far")]);
    const { events, error } = await play({ ...failed, end: "hang" });
    expect(events.at(-1)?.type).toBe("output_item_done");
    expect(error).toBeInstanceOf(ResponsesError);
    expect(error).toMatchObject({
      code: "stream",
      message: `${prefix}It broke.`,
      retryable: true,
      info: "other",
    });
  });

  it("takes an incomplete response as final, and names the reason", async () => {
    expect((await play(incompleteResponse("content_filter"))).error).toMatchObject({
      code: "incomplete_response",
      message: `${prefix}the response is incomplete, reason: content_filter`,
      retryable: false,
    });
  });

  it("may be sent again when it was cut, at every event", async () => {
    const whole = respond([message("hello"), functionCall({ name: "f", args: {}, callId: "c" })]);
    for (let count = 0; count < whole.chunks.length; count += 1) {
      for (const end of ["cut", "close"] as const) {
        const { events, error } = await play(endAfter(count, whole, end));
        expect(error).toBeInstanceOf(ResponsesError);
        expect(error).toMatchObject({ code: "stream", retryable: true });
        expect((error as Error).message.startsWith(prefix)).toBe(true);
        expect(events.some(({ type }) => type === "completed")).toBe(false);
      }
    }
  });

  it("says how it ended too early", async () => {
    expect((await play(endAfter(/*count*/ 1, respond([]), "close"))).error).toMatchObject({
      message: `${prefix}the server ended the stream before the response was complete`,
    });
    const { model, error } = await play(brokenStream([message("x")]));
    expect(error).toMatchObject({
      message: `${prefix}the connection to ${model.url}/responses broke before the end of its answer`,
    });
  });

  it("times out when no event comes, before the answer and within it", async () => {
    const endpoint = { streamIdleTimeoutMs: 400 };
    const { model, error } = await play(hangingStream([message("x")]), { endpoint });
    expect(error).toMatchObject({
      code: "stream",
      message: `${prefix}${model.url}/responses sent no event for 400 ms`,
      retryable: true,
    });
    expect((await play(noAnswer("hang"), { endpoint })).error).toMatchObject({
      code: "timeout",
      retryable: true,
    });
  });
});

describe("retries of the request", () => {
  it("send the same body again after 5xx and broken connections", async () => {
    const { model, waits, startTurn } = await start(
      [noAnswer("cut"), httpError(/*status*/ 502), httpError(/*status*/ 503), respond([])],
      { endpoint: { requestMaxRetries: 3 } },
    );
    const { error } = await run(startTurn());
    expect(error).toBeUndefined();
    expect(waits).toEqual([200, 400, 800]);
    expect(model.requests.map(({ body }) => body)).toEqual([request, request, request, request]);
  });

  it("end with the last error itself", async () => {
    const { model, startTurn } = await start(
      [httpError(/*status*/ 500, "", {}), httpError(/*status*/ 502, "gone")],
      {
        endpoint: { requestMaxRetries: 1 },
      },
    );
    expect((await run(startTurn())).error).toMatchObject({
      code: "unavailable",
      httpStatus: 502,
      retryable: true,
    });
    expect(model.requests).toHaveLength(2);
  });

  it("do not happen for 429 or once the stream has begun", async () => {
    const endpoint = { requestMaxRetries: 3 };
    for (const reply of [httpError(/*status*/ 429), httpError(/*status*/ 404), brokenStream()]) {
      const { model, error } = await play(reply, { endpoint });
      expect(error).toBeInstanceOf(ResponsesError);
      expect(model.requests).toHaveLength(1);
    }
  });

  it("do not happen for a usage limit, whose limits come with the error", async () => {
    const { model, error } = await play(
      httpError(
        /*status*/ 429,
        { error: { type: "usage_limit_reached" } },
        {
          "x-codex-primary-used-percent": "100",
          "x-codex-primary-window-minutes": "15",
        },
      ),
      { endpoint: { requestMaxRetries: 3 } },
    );
    expect(model.requests).toHaveLength(1);
    expect(error).toMatchObject({
      code: "usage_limit_reached",
      info: "usage_limit_exceeded",
      rateLimits: { primary: { used_percent: 100, window_minutes: 15, resets_at: null } },
    });
  });

  it("say what could not be reached", async () => {
    const { error } = await play(respond([]), { endpoint: { baseUrl: "http://127.0.0.1:1/v1" } });
    expect(error).toMatchObject({
      code: "connection_failed",
      message:
        "stream disconnected before completion: cannot reach http://127.0.0.1:1/v1/responses: connect ECONNREFUSED 127.0.0.1:1",
      retryable: true,
    });
  });
});

describe("a 401", () => {
  function rotatingAuth(tokens: readonly string[]): AuthSource & { readonly log: string[] } {
    const log: string[] = [];
    let index = 0;
    return {
      log,
      current: async () => ({ kind: "api_key", bearer: tokens[index] ?? "" }),
      recover: async (used) => {
        log.push(`401 for ${used.bearer}`);
        index += 1;
        return index < tokens.length;
      },
    };
  }
  const needs =
    (bearer: string): Script =>
    ({ headers }) =>
      headers.authorization === `Bearer ${bearer}`
        ? respond([])
        : httpError(/*status*/ 401, { error: { message: `not ${headers.authorization}` } });

  it("is sent again at once with the renewed credential, outside of all counters", async () => {
    const auth = rotatingAuth(["token-one", "token-two", "token-three"]);
    const { model, waits, startTurn } = await start(needs("token-three"), { auth });
    const { error } = await run(startTurn());
    expect({ error, waits, log: auth.log }).toEqual({
      error: undefined,
      waits: [],
      log: ["401 for token-one", "401 for token-two"],
    });
    expect(model.requests.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer token-one",
      "Bearer token-two",
      "Bearer token-three",
    ]);
  });

  it("does not use up a retry", async () => {
    const auth = rotatingAuth(["token-one", "token-two"]);
    const replies = [
      httpError(/*status*/ 500),
      httpError(/*status*/ 401),
      httpError(/*status*/ 500),
      respond([]),
    ];
    const { waits, startTurn } = await start(replies, { auth, endpoint: { requestMaxRetries: 2 } });
    const { error } = await run(startTurn());
    expect({ error, waits }).toEqual({ error: undefined, waits: [200, 400] });
  });

  it("is final when nothing is left to try, and shows no token", async () => {
    const auth = rotatingAuth(["token-one", "token-two"]);
    const { model, startTurn } = await start(needs("other"), { auth });
    const { error } = await run(startTurn());
    expect(error).toMatchObject({
      code: "unexpected_status",
      message: `unexpected status 401 Unauthorized: not [redacted], url: ${model.url}/responses`,
      httpStatus: 401,
      retryable: false,
    });
    expect(model.requests).toHaveLength(2);
  });

  it("does not go round for ever with a source that never gives up", async () => {
    const auth: AuthSource = {
      current: async () => ({ kind: "api_key", bearer: "t" }),
      recover: async () => true,
    };
    const { model, startTurn } = await start(needs("other"), { auth });
    expect((await run(startTurn())).error).toMatchObject({ httpStatus: 401 });
    expect(model.requests).toHaveLength(6);
  });
});

describe("a credential that cannot be had", () => {
  it("fails the request before it is sent", async () => {
    const auth: AuthSource = {
      current: () => Promise.reject(new Error("the variable KEY is not set")),
      recover: async () => false,
    };
    const { model, error } = await play(respond([]), { auth, endpoint: { requestMaxRetries: 3 } });
    expect(error).toMatchObject({
      code: "auth_failed",
      message: "the variable KEY is not set",
      retryable: false,
      info: "unauthorized",
    });
    expect(model.requests).toEqual([]);
  });

  it("fails it after a 401 as well", async () => {
    const auth: AuthSource = {
      current: async () => ({ kind: "chatgpt", bearer: "t" }),
      recover: () => Promise.reject(new Error("log in again")),
    };
    expect((await play(httpError(/*status*/ 401), { auth })).error).toMatchObject({
      code: "auth_failed",
      message: "log in again",
    });
  });
});

describe("a cancelled request", () => {
  it("ends in the stream, and closes the connection", async () => {
    const client = await start([hangingStream([message("x")])]);
    const controller = new AbortController();
    const seen: string[] = [];
    const ended = (async () => {
      for await (const event of client.startTurn().stream(request, controller.signal)) {
        seen.push(event.type);
        if (event.type === "output_item_done") controller.abort();
      }
    })();
    await expect(ended).rejects.toMatchObject({ code: "aborted", retryable: false });
    expect(seen.at(-1)).toBe("output_item_done");
  });

  it("ends before the answer, in a wait, and before it is sent", async () => {
    const silent = await start([noAnswer("hang")]);
    const controller = new AbortController();
    const waiting = run(silent.startTurn(), controller.signal);
    await silent.model.waitForRequests(/*count*/ 1);
    controller.abort();
    expect((await waiting).error).toMatchObject({ code: "aborted" });

    const failing = await start([httpError(/*status*/ 500)], {
      endpoint: { requestMaxRetries: 5 },
      options: { sleep: undefined },
    });
    const inWait = new AbortController();
    const retrying = run(failing.startTurn(), inWait.signal);
    await failing.model.waitForRequests(/*count*/ 1);
    inWait.abort();
    expect((await retrying).error).toMatchObject({ code: "aborted" });

    const none = await start([respond([])]);
    expect((await run(none.startTurn(), AbortSignal.abort())).error).toMatchObject({
      code: "aborted",
    });
    expect(none.model.requests).toEqual([]);
  });

  it("reaches the source of credentials", async () => {
    const auth: AuthSource = {
      current: (signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason as Error));
        }),
      recover: async () => false,
    };
    const { startTurn } = await start([respond([])], { auth });
    const controller = new AbortController();
    const waiting = run(startTurn(), controller.signal);
    controller.abort();
    expect((await waiting).error).toMatchObject({ code: "aborted" });
  });
});

describe("several requests", () => {
  it("go over one connection, one after another", async () => {
    const sockets = new Set<unknown>();
    const bytes = eventBytes({ type: "response.completed", response: { id: "r" } });
    const server = createServer((received, response) => {
      sockets.add(received.socket);
      response.end(bytes);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const baseUrl = `http://127.0.0.1:${port}/v1`;
    const { startTurn } = await start([respond([])], { endpoint: { baseUrl } });
    const turn = startTurn();
    for (let index = 0; index < 3; index += 1) {
      expect((await run(turn)).error).toBeUndefined();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    server.closeAllConnections();
    server.close();
    expect(sockets.size).toBe(1);
  });

  it("may run at the same time", async () => {
    const { startTurn } = await start((_request, index) =>
      respond([message(`answer ${index}`)], { delayMs: 2 }),
    );
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => run(startTurn())));
    const answers = outcomes.map(({ events }) =>
      events.map((event) => (event.type === "output_text_delta" ? event.delta : "")).join(""),
    );
    expect(answers.sort()).toEqual([0, 1, 2, 3, 4].map((index) => `answer ${index}`));
  });
});
