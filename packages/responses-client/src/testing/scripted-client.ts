// A client, a scripted model behind it, and what a turn gets of one request.
import { createHttpTransport, type HttpTransport } from "@codex-ts/http-client";
import {
  type Reply,
  type Script,
  type ScriptedModel,
  type ScriptedModelOptions,
  startScriptedModel,
} from "@codex-ts/scripted-model";
import { createResponsesClient, type ResponsesClientOptions } from "../client.ts";
import type {
  AuthSource,
  ProviderEndpoint,
  RequestAuth,
  ResponsesRequest,
  ResponsesSession,
  ResponsesTurn,
  ResponseStreamEvent,
  SessionContext,
  TurnRequestContext,
} from "../contract.ts";

const cleanups: AsyncDisposable[] = [];

/** To be called after each test. */
export async function closeAll(): Promise<void> {
  for (const held of cleanups.splice(0).toReversed()) await held[Symbol.asyncDispose]();
}

export const request: ResponsesRequest = {
  model: "m-1",
  instructions: "be good",
  input: [{ type: "message", role: "user", content: [{ type: "input_text", text: "hi" }] }],
  tools: [],
  tool_choice: "auto",
  parallel_tool_calls: false,
  reasoning: null,
  store: false,
  stream: true,
  include: [],
  prompt_cache_key: "thread-1",
};

export function fixedAuth(auth: RequestAuth): AuthSource {
  return { current: async () => auth, recover: async () => false };
}

export interface Setup {
  readonly endpoint?: Partial<ProviderEndpoint>;
  readonly auth?: AuthSource;
  readonly context?: Partial<SessionContext> & TurnRequestContext;
  readonly options?: Partial<ResponsesClientOptions>;
  readonly model?: Omit<ScriptedModelOptions, "script">;
}

export interface Client {
  readonly model: ScriptedModel;
  readonly session: ResponsesSession;
  readonly waits: readonly number[];
  startTurn(context?: TurnRequestContext): ResponsesTurn;
}

export async function start(script: Script, setup: Setup = {}): Promise<Client> {
  const model = await startScriptedModel({ script, ...setup.model });
  const transport: HttpTransport = createHttpTransport({ env: {} });
  cleanups.push(model, transport);
  const waits: number[] = [];
  const client = createResponsesClient({
    endpoint: {
      name: "scripted",
      baseUrl: model.url,
      queryParams: {},
      headers: {},
      requestMaxRetries: 0,
      streamMaxRetries: 0,
      streamIdleTimeoutMs: 20_000,
      supportsWebsockets: false,
      websocketConnectTimeoutMs: 5000,
      storesResponses: false,
      ...setup.endpoint,
    },
    auth: setup.auth ?? fixedAuth({ kind: "none" }),
    transport,
    random: () => 0.5,
    sleep: async (ms) => {
      waits.push(ms);
    },
    ...setup.options,
  });
  const { turnMetadata, traceContext, ...context } = setup.context ?? {};
  const session = client.openSession({ threadId: "thread-1", ...context });
  cleanups.push(session);
  return {
    model,
    session,
    waits,
    startTurn: (turn) => session.startTurn(turn ?? { turnMetadata, traceContext }),
  };
}

export interface Outcome {
  readonly events: readonly ResponseStreamEvent[];
  readonly error: unknown;
}

export async function run(
  turn: ResponsesTurn,
  signal: AbortSignal = new AbortController().signal,
  what: ResponsesRequest = request,
): Promise<Outcome> {
  const events: ResponseStreamEvent[] = [];
  try {
    for await (const event of turn.stream(what, signal)) events.push(event);
    return { events, error: undefined };
  } catch (error) {
    return { events, error };
  }
}

export async function play(reply: Reply, setup: Setup = {}): Promise<Outcome & Client> {
  const client = await start([reply], setup);
  return { ...client, ...(await run(client.startTurn())) };
}
