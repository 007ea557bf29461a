import type { ResponseItem } from "@codex-ts/protocol";
import {
  accept,
  endAfter,
  frames,
  functionCall,
  hangingStream,
  httpError,
  message,
  noAnswer,
  respond,
  type ScriptedModel,
} from "@codex-ts/scripted-model";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AuthSource, RequestAuth, ResponsesRequest } from "./contract.ts";
import {
  closeAll,
  type Client,
  fixedAuth,
  request,
  run,
  type Setup,
  start as startClient,
} from "./testing/scripted-client.ts";

afterEach(closeAll);

/** A client whose provider speaks WebSocket. */
const start = (script: Parameters<typeof startClient>[0], setup: Setup = {}): Promise<Client> =>
  startClient(script, { ...setup, endpoint: { supportsWebsockets: true, ...setup.endpoint } });

const user = (text: string): ResponseItem => ({
  type: "message",
  role: "user",
  content: [{ type: "input_text", text }],
});

/** What of a message is sent. */
const said = (text: string): ResponseItem => ({
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text }],
});

const withInput = (...input: readonly ResponseItem[]): ResponsesRequest => ({ ...request, input });
const live = (): AbortSignal => new AbortController().signal;
const trace = (span: string) => () => ({
  traceparent: `00-${"1".repeat(32)}-${span.repeat(16)}-01`,
  tracestate: "",
});

/** What of each frame shows how it builds upon the ones before. */
const continuations = ({ requests }: ScriptedModel): readonly unknown[] =>
  requests.map(({ connection, body }) => {
    const { previous_response_id: previous, input } = body as Record<string, unknown>;
    return [connection, previous, (input as readonly unknown[]).length];
  });

describe("the handshake", () => {
  it("carries what an HTTP request carries, sub-agent and identity included, but no trace", async () => {
    const { model, startTurn } = await start([respond([])], {
      endpoint: { queryParams: { v: "1" }, headers: { "x-provider": "p", session_id: "mine" } },
      auth: fixedAuth({ kind: "chatgpt", bearer: "token-1", accountId: "account-1" }),
      context: {
        turnMetadata: () => '{"turn_id":"é"}',
        traceContext: trace("2"),
        betaFeatures: "a,b",
        subagent: "review",
      },
      options: { identity: { originator: "codex-ts", "User-Agent": "codex-ts/0.1.0" } },
    });
    expect((await run(startTurn())).error).toBeUndefined();
    const {
      host: _host,
      "sec-websocket-key": _key,
      ...headers
    } = model.handshakes[0]?.headers ?? {};
    expect([model.handshakes[0]?.url, headers]).toEqual([
      "/v1/responses?v=1",
      {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-extensions": "permessage-deflate; client_max_window_bits",
        authorization: "Bearer token-1",
        "chatgpt-account-id": "account-1",
        "openai-beta": "responses_websockets=2026-02-06",
        session_id: "thread-1",
        "x-client-request-id": "thread-1",
        "x-codex-turn-metadata": '{"turn_id":"\\u00e9"}',
        "x-codex-beta-features": "a,b",
        "x-openai-subagent": "review",
        "x-provider": "p",
        originator: "codex-ts",
        "user-agent": "codex-ts/0.1.0",
      },
    ]);
  });

  it("brings the turn state, which is the turn's alone, and headers that each response repeats", async () => {
    const { model, startTurn } = await start(
      [respond([]), httpError(/*status*/ 500), respond([])],
      {
        model: {
          handshake: (index) =>
            accept({
              "x-codex-turn-state": `state-${index}`,
              "openai-model": "m-2",
              "x-models-etag": "e1",
              "x-reasoning-included": "1",
            }),
        },
      },
    );
    const turn = startTurn();
    const heads = [(await run(turn)).events, (await run(turn)).events, (await run(turn)).events];
    expect(heads.map((events) => events.map(({ type }) => type))).toEqual([
      ["server_model", "models_etag", "server_reasoning_included", "created", "completed"],
      [],
      ["server_model", "models_etag", "server_reasoning_included", "created", "completed"],
    ]);
    await run(startTurn());
    expect(model.handshakes.map(({ headers }) => headers["x-codex-turn-state"])).toEqual([
      undefined,
      "state-0",
    ]);
  });

  it("that gets 401 is tried again with the renewed credential", async () => {
    const tokens = ["token-one", "token-two"];
    let index = 0;
    const auth: AuthSource = {
      current: async () => ({ kind: "api_key", bearer: tokens[index] ?? "" }),
      recover: async () => (index += 1) < tokens.length,
    };
    const { model, startTurn } = await start([respond([])], {
      auth,
      model: {
        handshake: (_index, { headers }) =>
          headers.authorization === "Bearer token-two" ? accept() : httpError(/*status*/ 401, "no"),
      },
    });
    expect((await run(startTurn())).error).toBeUndefined();
    expect(model.handshakes.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer token-one",
      "Bearer token-two",
    ]);
    expect(model.allRequests.map(({ connection }) => connection)).toEqual([1]);
  });
});

describe("frames", () => {
  it("have the keys of the released program, in its order", async () => {
    const { model, startTurn } = await start(
      [respond([message("one")], { responseId: "r1" }), respond([message("two")])],
      { context: { turnMetadata: () => '{"turn_id":"t"}', traceContext: trace("2") } },
    );
    const { prompt_cache_key, ...before } = request;
    const full: ResponsesRequest = {
      ...before,
      service_tier: "flex",
      prompt_cache_key,
      text: { verbosity: "low" },
    };
    await run(startTurn(), live(), full);
    await run(startTurn(), live(), { ...full, input: [...full.input, said("one"), user("next")] });
    const { input, instructions, model: slug, ...others } = full;
    const client_metadata = {
      "x-codex-turn-metadata": '{"turn_id":"t"}',
      ws_request_header_traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01`,
      ws_request_header_tracestate: "",
    };
    const head = { type: "response.create", model: slug, instructions };
    expect(model.requests.map(({ body }) => JSON.stringify(body))).toEqual([
      JSON.stringify({ ...head, input, ...others, client_metadata }),
      JSON.stringify({
        ...head,
        previous_response_id: "r1",
        input: [user("next")],
        ...others,
        client_metadata,
      }),
    ]);
  });

  it("carry no metadata where there is none", async () => {
    const { model, startTurn } = await start([respond([])]);
    await run(startTurn({ traceContext: () => undefined }));
    expect(model.requests[0]?.body).toEqual({ type: "response.create", ...request });
  });

  it("of two turns share a connection, each with its own turn's trace", async () => {
    const { model, startTurn } = await start([respond([])]);
    await run(startTurn({ traceContext: trace("2") }));
    await run(startTurn({ traceContext: trace("3") }));
    expect(model.handshakes).toHaveLength(1);
    expect(
      model.requests.map(({ body }) => (body as { client_metadata: unknown }).client_metadata),
    ).toEqual(
      ["2", "3"].map((span) => ({
        ws_request_header_traceparent: trace(span)().traceparent,
        ws_request_header_tracestate: "",
      })),
    );
  });

  it("bring only what is new, and the model reads what it would over HTTP", async () => {
    const call = functionCall({ name: "look", args: {}, callId: "c1" });
    const replies = [
      respond([call], { responseId: "r1" }),
      respond([message("seen")], { responseId: "r2" }),
      respond([message("done")], { responseId: "r3" }),
    ];
    const output: ResponseItem = { type: "function_call_output", call_id: "c1", output: "a view" };
    const { id: _id, ...called } = call.item as ResponseItem & { id?: string };
    const inputs: readonly (readonly ResponseItem[])[] = [
      [user("go")],
      [user("go"), called as ResponseItem, output],
      [user("go"), called as ResponseItem, output, said("seen"), user("more")],
    ];
    const over = async (supportsWebsockets: boolean): Promise<ScriptedModel> => {
      const { model, startTurn } = await startClient(replies, { endpoint: { supportsWebsockets } });
      const turn = startTurn();
      for (const input of inputs) {
        expect((await run(turn, live(), withInput(...input))).error).toBeUndefined();
      }
      return model;
    };
    const [webSocket, http] = [
      await over(/*supportsWebsockets*/ true),
      await over(/*supportsWebsockets*/ false),
    ];
    expect(webSocket.requests.map(({ input }) => input)).toEqual(
      http.requests.map(({ input }) => input),
    );
    expect(continuations(webSocket)).toEqual([
      [0, undefined, 1],
      [0, "r1", 1],
      [0, "r2", 1],
    ]);
  });

  it("are whole again when something else has changed", async () => {
    const { model, startTurn } = await start([respond([message("one")], { responseId: "r" })]);
    const turn = startTurn();
    const second = withInput(...request.input, said("one"));
    await run(turn);
    await run(turn, live(), { ...second, instructions: "else" });
    await run(turn, live(), withInput(user("compacted")));
    expect(continuations(model)).toEqual([
      [0, undefined, 1],
      [0, undefined, 2],
      [0, undefined, 1],
    ]);
  });

  it("keep item ids for a provider that stores responses", async () => {
    const { model, startTurn } = await start(
      [respond([message("one", { id: "m1" })], { responseId: "r" })],
      { endpoint: { storesResponses: true } },
    );
    const turn = startTurn();
    const kept: ResponseItem = {
      ...(said("one") as { type: "message" }),
      id: "m1",
    } as ResponseItem;
    await run(turn);
    await run(turn, live(), withInput(...request.input, kept));
    await run(turn, live(), withInput(...request.input, kept, kept, user("x")));
    expect(continuations(model)).toEqual([
      [0, undefined, 1],
      [0, "r", 0],
      [0, "r", 1],
    ]);
  });
});

describe("a connection", () => {
  it("serves one request at a time; another at the same time gets its own, and one stays", async () => {
    const { model, startTurn } = await start((_request, index) =>
      respond([message(`answer ${index}`)], { delayMs: 5, responseId: `r${index}` }),
    );
    const outcomes = await Promise.all([1, 2, 3].map(() => run(startTurn())));
    expect(outcomes.map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
    expect(model.handshakes).toHaveLength(3);
    await vi.waitFor(() => expect(model.openWebSockets()).toBe(1));
    await run(startTurn());
    expect(model.handshakes).toHaveLength(3);
  });

  it("is closed with its session", async () => {
    const { model, session, startTurn } = await start([respond([])]);
    await run(startTurn());
    expect(model.openWebSockets()).toBe(1);
    await session[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(model.openWebSockets()).toBe(0));
  });

  it("that was closed meanwhile is replaced without a word, and the request is whole", async () => {
    const { model, startTurn } = await start((_request, index) =>
      index === 1 ? noAnswer("cut") : respond([message("one")], { responseId: `r${index}` }),
    );
    const turn = startTurn();
    await run(turn);
    const next = withInput(...request.input, said("one"), user("two"));
    expect((await run(turn, live(), next)).error).toBeUndefined();
    expect(continuations(model)).toEqual([
      [0, undefined, 1],
      [0, "r0", 1],
      [1, undefined, 3],
    ]);
  });

  it("whose server has forgotten the last response is replaced too", async () => {
    const { model, startTurn } = await start((_request, index) =>
      index === 1
        ? httpError(/*status*/ 400, { error: { code: "previous_response_not_found" } })
        : respond([message("one")], { responseId: `r${index}` }),
    );
    const turn = startTurn();
    await run(turn);
    const next = withInput(...request.input, said("one"), user("two"));
    expect((await run(turn, live(), next)).error).toBeUndefined();
    expect(continuations(model).at(-1)).toEqual([1, undefined, 3]);
  });

  it("is not used for another account, but for a renewed token of the same one", async () => {
    let auth: RequestAuth = { kind: "chatgpt", bearer: "t1", accountId: "a" };
    const { model, startTurn } = await start([respond([])], {
      auth: { current: async () => auth, recover: async () => false },
    });
    await run(startTurn());
    auth = { kind: "chatgpt", bearer: "t2", accountId: "a" };
    await run(startTurn());
    expect(model.handshakes).toHaveLength(1);
    auth = { kind: "chatgpt", bearer: "t3", accountId: "b" };
    await run(startTurn());
    expect(model.handshakes).toHaveLength(2);
    await vi.waitFor(() => expect(model.openWebSockets()).toBe(1));
  });

  it("does not take a late frame for the next response", async () => {
    const { startTurn } = await start((_request, index) =>
      index === 0
        ? frames([
            { type: "response.created", response: { id: "r0" } },
            { type: "response.completed", response: { id: "r0" } },
            { type: "response.completed", response: { id: "late" } },
          ])
        : respond([message("two")], { responseId: "r1" }),
    );
    const turn = startTurn();
    await run(turn);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await run(turn)).events.at(-1)).toMatchObject({ responseId: "r1" });
  });
});

describe("what goes wrong", () => {
  const prefix = "stream disconnected before completion: ";

  it("is cut at every frame: an error that may be retried, and a new connection with all of it", async () => {
    const whole = respond([message("hello"), functionCall({ name: "f", args: {}, callId: "c" })]);
    for (let count = 0; count < whole.chunks.length; count += 1) {
      for (const end of ["cut", "close"] as const) {
        const { model, startTurn } = await start((_request, index) =>
          index === 0 ? endAfter(count, whole, end) : whole,
        );
        const turn = startTurn();
        const { events, error } = await run(turn);
        expect(error).toMatchObject({
          code: count === 0 ? "connection_failed" : "stream",
          retryable: true,
        });
        expect((error as Error).message.startsWith(prefix)).toBe(true);
        expect(events).toHaveLength(count);
        expect((await run(turn)).error).toBeUndefined();
        expect(continuations(model)).toEqual([
          [0, undefined, 1],
          [1, undefined, 1],
        ]);
        expect(model.openWebSockets()).toBe(1);
      }
    }
  });

  it("is reported at once with an error frame, as the status would be over HTTP", async () => {
    const reached = httpError(
      /*status*/ 429,
      { error: { type: "usage_limit_reached", plan_type: "plus" } },
      { "x-codex-primary-used-percent": "100", "x-codex-primary-window-minutes": "15" },
    );
    const { model, startTurn } = await start([reached], { endpoint: { requestMaxRetries: 3 } });
    expect((await run(startTurn())).error).toMatchObject({
      code: "usage_limit_reached",
      retryable: false,
      rateLimits: { primary: { used_percent: 100, window_minutes: 15, resets_at: null } },
    });
    expect(model.requests).toHaveLength(1);
    await vi.waitFor(() => expect(model.openWebSockets()).toBe(0));
  });

  it("renews the credential after a 401 in a frame", async () => {
    let bearer = "token-one";
    const { model, startTurn } = await start(
      ({ headers }) =>
        headers.authorization === "Bearer token-two"
          ? respond([])
          : httpError(/*status*/ 401, "no"),
      {
        auth: {
          current: async () => ({ kind: "api_key", bearer }),
          recover: async () => {
            bearer = "token-two";
            return true;
          },
        },
      },
    );
    expect((await run(startTurn())).error).toBeUndefined();
    expect(model.requests).toHaveLength(2);
  });

  it("is a silent server, a binary frame, a failed response or a connection that is used up", async () => {
    const cases = [
      [noAnswer("hang"), { code: "timeout", retryable: true }],
      [hangingStream([message("x")]), { code: "stream", retryable: true }],
      [frames([new Uint8Array([1])]), { code: "connection_failed", retryable: true }],
      [
        frames([{ type: "response.created", response: {} }, new Uint8Array([1])]),
        { code: "stream", retryable: true },
      ],
      [
        frames([{ type: "response.failed", response: { error: { code: "invalid_prompt" } } }]),
        { code: "invalid_request", retryable: false },
      ],
      [
        httpError(/*status*/ 400, { error: { code: "websocket_connection_limit_reached" } }),
        { code: "connection_limit", retryable: true, retryAfterMs: 0 },
      ],
    ] as const;
    for (const [reply, expected] of cases) {
      const { model, startTurn } = await start([reply], { endpoint: { streamIdleTimeoutMs: 200 } });
      expect((await run(startTurn())).error).toMatchObject(expected);
      await vi.waitFor(() => expect(model.openWebSockets()).toBe(0));
    }
  });

  it("tells of rate limits in an event of their own", async () => {
    const { startTurn } = await start([
      frames([
        {
          type: "codex.rate_limits",
          plan_type: "plus",
          metered_limit_name: "codex-other",
          rate_limits: {
            primary: { used_percent: 5, window_minutes: 300, reset_at: 17 },
            secondary: null,
          },
          credits: { has_credits: true, unlimited: false, balance: "3" },
        },
        { type: "response.completed", response: { id: "r" } },
      ]),
    ]);
    expect((await run(startTurn())).events[0]).toEqual({
      type: "rate_limits",
      snapshot: {
        limit_id: "codex_other",
        limit_name: null,
        primary: { used_percent: 5, window_minutes: 300, resets_at: 17 },
        secondary: null,
        credits: { has_credits: true, unlimited: false, balance: "3" },
        plan_type: "plus",
      },
    });
  });

  it("is cancelled at once, in the handshake, before the answer and within it; no socket stays", async () => {
    for (const model of [{ handshake: () => noAnswer("hang") }, undefined] as const) {
      const client = await start([noAnswer("hang")], model === undefined ? {} : { model });
      const controller = new AbortController();
      const running = run(client.startTurn(), controller.signal);
      await vi.waitFor(() => expect(client.model.openWebSockets()).toBe(1));
      if (model === undefined) await client.model.waitForRequests(/*count*/ 1);
      controller.abort();
      expect((await running).error).toMatchObject({ code: "aborted", retryable: false });
      await vi.waitFor(() => expect(client.model.openWebSockets()).toBe(0));
    }
    const { model, startTurn } = await start([hangingStream([message("x")])]);
    const controller = new AbortController();
    const seen: string[] = [];
    const ended = (async () => {
      for await (const event of startTurn().stream(request, controller.signal)) {
        seen.push(event.type);
        if (event.type === "output_item_done") controller.abort();
      }
    })();
    await expect(ended).rejects.toMatchObject({ code: "aborted" });
    await vi.waitFor(() => expect(model.openWebSockets()).toBe(0));
  });

  it("is a reader who has had enough; the connection goes", async () => {
    const { model, startTurn } = await start([respond([message("one two three")])]);
    for await (const event of startTurn().stream(request, live())) {
      if (event.type === "output_text_delta") break;
    }
    await vi.waitFor(() => expect(model.openWebSockets()).toBe(0));
  });
});

describe("the fallback to server-sent events", () => {
  it("is immediate where there is no WebSocket, and lasts for the session", async () => {
    for (const status of [426, 404, 200]) {
      const { model, session, startTurn } = await start([respond([])], {
        model: { handshake: () => httpError(status) },
      });
      expect((await run(startTurn())).error).toBeUndefined();
      expect(session.startTurn().usesWebSocket).toBe(false);
      await run(startTurn());
      expect(model.handshakes).toHaveLength(1);
      expect(model.requests.map(({ method }) => method)).toEqual(["POST", "POST"]);
    }
  });

  it("waits for the turn's word where a WebSocket might still come", async () => {
    const { model, startTurn } = await start([respond([])], {
      model: { handshake: () => httpError(/*status*/ 500) },
    });
    const turn = startTurn();
    expect((await run(turn)).error).toMatchObject({
      code: "internal_server_error",
      retryable: true,
    });
    expect([turn.usesWebSocket, turn.fallBack(), turn.usesWebSocket, turn.fallBack()]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect((await run(turn)).error).toBeUndefined();
    expect(model.handshakes).toHaveLength(1);
    expect(model.requests).toHaveLength(1);
  });

  it("is not taken for a credential that is refused, or a limit that is reached", async () => {
    for (const [status, code] of [
      [401, "unexpected_status"],
      [429, "retry_limit"],
    ] as const) {
      const { model, startTurn } = await start([respond([])], {
        model: { handshake: () => httpError(status) },
      });
      expect((await run(startTurn())).error).toMatchObject({ code });
      expect(model.requests).toEqual([]);
    }
  });
});

describe("prewarming", () => {
  const empty = withInput();

  it("lets the first request build upon the warm-up", async () => {
    const { model, session, startTurn } = await start([respond([])], {
      model: { handshake: () => accept({ "x-codex-turn-state": "s" }) },
    });
    await session.prewarm(empty, { turnMetadata: () => "{}", traceContext: trace("1") }, live());
    const turn = startTurn({ traceContext: trace("2") });
    await run(turn);
    const { model: slug, instructions, ...others } = empty;
    expect(model.warmUps.map(({ body }) => JSON.stringify(body))).toEqual([
      JSON.stringify({
        type: "response.create",
        model: slug,
        instructions,
        ...others,
        generate: false,
        client_metadata: {
          "x-codex-turn-metadata": "{}",
          ws_request_header_traceparent: trace("1")().traceparent,
          ws_request_header_tracestate: "",
        },
      }),
    ]);
    expect(model.requests[0]?.body).toMatchObject({
      previous_response_id: "resp_warm_0",
      input: request.input,
      client_metadata: { ws_request_header_traceparent: trace("2")().traceparent },
    });
  });

  it("with the same prompt leaves nothing to send; with another tier, everything", async () => {
    for (const [next, expected] of [
      [request, [[0, "resp_warm_0", 0]]],
      [{ ...request, service_tier: "priority" } as const, [[0, undefined, 1]]],
    ] as const) {
      const { model, session, startTurn } = await start([respond([])]);
      await session.prewarm(request, {}, live());
      await run(startTurn(), live(), next);
      expect(continuations(model)).toEqual(expected);
    }
  });

  it("never fails, and a failure costs the turn nothing but a connection", async () => {
    for (const warmUp of [
      httpError(/*status*/ 500),
      noAnswer("cut"),
      frames(["nonsense"], "cut"),
    ]) {
      const { model, session, startTurn } = await start([respond([])], { model: { warmUp } });
      await session.prewarm(empty, {}, live());
      expect((await run(startTurn())).error).toBeUndefined();
      expect(continuations(model)).toEqual([[1, undefined, 1]]);
    }
    const refused = await start([respond([])], {
      model: { handshake: () => httpError(/*status*/ 426) },
    });
    await refused.session.prewarm(empty, {}, live());
    await run(refused.startTurn());
    expect([refused.model.handshakes.length, refused.model.requests.length]).toEqual([1, 1]);
  });

  it("does nothing without WebSockets, and stops when it is cancelled", async () => {
    const http = await startClient([respond([])]);
    await http.session.prewarm(empty, {}, live());
    expect(http.model.allRequests).toEqual([]);
    const silent = await start([respond([])], { model: { warmUp: noAnswer("hang") } });
    const controller = new AbortController();
    const warming = silent.session.prewarm(empty, {}, controller.signal);
    await vi.waitFor(() => expect(silent.model.warmUps).toHaveLength(1));
    controller.abort();
    await warming;
    await vi.waitFor(() => expect(silent.model.openWebSockets()).toBe(0));
  });
});
