// A Responses client in the same process that plays what a test says: for thousands of turns, for which
// a server would take too long. What it hands out are the events that the HTTP client makes.
import { developerMessage, type ResponseItem } from "@codex-ts/protocol";
import {
  type CompactRequest,
  type ResponsesClient,
  ResponsesError,
  type ResponsesRequest,
  type ResponseStreamEvent,
} from "@codex-ts/responses-client";

/** What one request comes to. */
export type Played =
  | { readonly kind: "answer"; readonly items: readonly ResponseItem[]; readonly tokens?: number }
  /** These items, then the connection is gone. */
  | { readonly kind: "broken"; readonly items: readonly ResponseItem[] }
  /** These items, then silence until somebody interrupts. */
  | { readonly kind: "silent"; readonly items: readonly ResponseItem[] }
  | { readonly kind: "refused" };

export interface PlayedClient {
  readonly client: ResponsesClient;
  readonly requests: ResponsesRequest[];
  /** What the next requests come to, but for those that `always` answers; later ones get an `ok`. */
  readonly next: Played[];
  /** Resolves when a stream has fallen silent. */
  silence(): Promise<void>;
}

const ok: Played = {
  kind: "answer",
  items: [{ type: "message", role: "assistant", content: [{ type: "output_text", text: "ok" }] }],
};

export function playedClient(
  always: (request: ResponsesRequest) => Played | null = () => null,
): PlayedClient {
  const requests: ResponsesRequest[] = [];
  const next: Played[] = [];
  let silent = Promise.withResolvers<void>();

  async function* stream(
    request: ResponsesRequest,
    signal: AbortSignal,
  ): AsyncGenerator<ResponseStreamEvent, void> {
    requests.push(request);
    const played = always(request) ?? next.shift() ?? ok;
    if (played.kind === "refused") throw failure(/*retryable*/ false);
    for (const item of played.items) {
      yield { type: "output_item_added", item };
      yield { type: "output_item_done", item };
    }
    if (played.kind === "broken") throw failure(/*retryable*/ true);
    if (played.kind === "silent") {
      silent.resolve();
      await new Promise((resolve) => {
        if (signal.aborted) resolve(undefined);
        else signal.addEventListener("abort", resolve, { once: true });
      });
      throw failure(/*retryable*/ false);
    }
    const total_tokens = played.tokens ?? 100;
    const usage = {
      input_tokens: total_tokens - 10,
      cached_input_tokens: 0,
      output_tokens: 10,
      reasoning_output_tokens: 0,
      total_tokens,
    };
    yield { type: "completed", responseId: "r", usage };
  }

  /** A service that forgets the newest message of the person and remembers circumstances that are over. */
  async function compact({ input }: CompactRequest): Promise<readonly ResponseItem[]> {
    const users = input.filter((item) => item.type === "message" && item.role === "user");
    return [
      developerMessage("<permissions instructions>over</permissions instructions>"),
      ...users.slice(0, -1),
      { type: "compaction", encrypted_content: `of ${input.length}` },
    ];
  }

  return {
    client: {
      endpoint: {
        name: "Played",
        baseUrl: "http://played.invalid",
        queryParams: {},
        headers: {},
        requestMaxRetries: 0,
        streamMaxRetries: 3,
        streamIdleTimeoutMs: 1000,
        supportsWebsockets: false,
        websocketConnectTimeoutMs: 1000,
        storesResponses: false,
      },
      openSession: () => ({
        startTurn: () => ({ stream, compact, usesWebSocket: false, fallBack: () => false }),
        prewarm: () => Promise.resolve(),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
    },
    requests,
    next,
    async silence() {
      await silent.promise;
      silent = Promise.withResolvers();
    },
  };
}

function failure(retryable: boolean): ResponsesError {
  const code = retryable ? "stream" : "incomplete_response";
  return new ResponsesError(code, "the stream broke", { info: "other", retryAfterMs: 1 });
}
