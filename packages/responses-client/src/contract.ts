// The contract of this package: requests, stream events, the authentication interface, errors.
import type {
  CodexErrorInfo,
  JsonValue,
  RateLimitSnapshot,
  ReasoningEffort,
  ReasoningSummaryMode,
  ResponseItem,
  TokenUsage,
  ToolSpec,
  TraceContext,
  Verbosity,
} from "@codex-ts/protocol";
import { isRetryable } from "./retry-rules.ts";

/** What a request is authenticated with. Values must never be logged. */
export interface RequestAuth {
  readonly kind: "api_key" | "chatgpt" | "none";
  /** Sent as `Authorization: Bearer …`. */
  readonly bearer?: string;
  /** Sent as `ChatGPT-Account-ID`. */
  readonly accountId?: string;
}

/** Where authentication comes from; an auth manager, a token command and a plain key all fit. */
export interface AuthSource {
  /** The credential for the next request. May run a command or refresh; a rejection fails the request. */
  current(signal?: AbortSignal): Promise<RequestAuth>;
  /**
   * Called after a 401 that `used` got. Resolves to true when another try with {@link current} makes
   * sense; false when there is nothing left to try. May be called again after a second 401; an
   * implementation must end in false.
   */
  recover(used: RequestAuth, signal?: AbortSignal): Promise<boolean>;
}

/** How to reach a provider; resolved from a provider definition. */
export interface ProviderEndpoint {
  /** For display. */
  readonly name: string;
  readonly baseUrl: string;
  readonly queryParams: Readonly<Record<string, string>>;
  /** Static and environment headers, already resolved. */
  readonly headers: Readonly<Record<string, string>>;
  /** Retries until a response begins. */
  readonly requestMaxRetries: number;
  /** Retries of a whole stream; the client leaves them to its caller. */
  readonly streamMaxRetries: number;
  /** Milliseconds of silence that are allowed between two events. */
  readonly streamIdleTimeoutMs: number;
  readonly supportsWebsockets: boolean;
  /** Milliseconds. */
  readonly websocketConnectTimeoutMs: number;
  /** The provider keeps responses (Azure): requests say `store` and carry item ids. */
  readonly storesResponses: boolean;
  /** The provider shortens a history itself ({@link ResponsesTurn.compact}); not by default. */
  readonly compactsHistories?: boolean | undefined;
}

/** The body of `POST {base}/responses`, key for key and in this order. */
export interface ResponsesRequest {
  readonly model: string;
  readonly instructions: string;
  readonly input: readonly ResponseItem[];
  readonly tools: readonly ToolSpec[];
  readonly tool_choice: "auto";
  readonly parallel_tool_calls: boolean;
  readonly reasoning: {
    readonly effort?: ReasoningEffort;
    readonly summary?: Exclude<ReasoningSummaryMode, "none">;
  } | null;
  readonly store: boolean;
  readonly stream: true;
  readonly include: readonly string[];
  readonly service_tier?: "priority" | "flex";
  /** The thread's id: requests of one thread share what the server has cached. */
  readonly prompt_cache_key: string;
  readonly text?: {
    readonly verbosity?: Verbosity;
    readonly format?: {
      readonly type: "json_schema";
      readonly strict: true;
      readonly schema: JsonValue;
      readonly name: "codex_output_schema";
    };
  };
}

/** The body of `POST {base}/responses/compact`. */
export type CompactRequest = Pick<
  ResponsesRequest,
  "model" | "input" | "instructions" | "tools" | "parallel_tool_calls" | "reasoning" | "text"
>;

/** What all requests of a thread carry besides the provider's headers and the authentication. */
export interface SessionContext {
  /** Sent as `session_id` and `x-client-request-id`. */
  readonly threadId: string;
  /** `x-codex-beta-features`. */
  readonly betaFeatures?: string | undefined;
  /** `x-openai-subagent`: the kind of sub-agent that asks. */
  readonly subagent?: string | undefined;
}

/** What the requests of one turn carry besides. Both are asked for anew for each attempt. */
export interface TurnRequestContext {
  /** `x-codex-turn-metadata`: JSON text. */
  readonly turnMetadata?: (() => string) | undefined;
  /** The W3C trace context of the request's span; undefined where there is no valid one. */
  readonly traceContext?: (() => TraceContext | undefined) | undefined;
}

/**
 * What a response brings, as it comes. `server_model`, `rate_limits`, `models_etag` and
 * `server_reasoning_included` stand for response headers (`OpenAI-Model`, `x-codex-*`,
 * `X-Models-Etag`, `X-Reasoning-Included`) or, over a WebSocket, for messages that say the same;
 * the rest for events of the Responses API's stream.
 */
export type ResponseStreamEvent =
  | { readonly type: "created" }
  | { readonly type: "server_model"; readonly model: string }
  | { readonly type: "rate_limits"; readonly snapshot: RateLimitSnapshot }
  | { readonly type: "models_etag"; readonly etag: string }
  | { readonly type: "server_reasoning_included" }
  | { readonly type: "output_item_added"; readonly item: ResponseItem }
  | { readonly type: "output_item_done"; readonly item: ResponseItem }
  | { readonly type: "output_text_delta"; readonly delta: string }
  | {
      readonly type: "reasoning_summary_delta";
      readonly delta: string;
      readonly summaryIndex: number;
    }
  | { readonly type: "reasoning_summary_part_added"; readonly summaryIndex: number }
  | {
      readonly type: "reasoning_content_delta";
      readonly delta: string;
      readonly contentIndex: number;
    }
  | {
      readonly type: "completed";
      readonly responseId: string;
      readonly usage: TokenUsage | null;
    };

/** One turn's view of the session: sticky routing (`x-codex-turn-state`) lives as long as it. */
export interface ResponsesTurn {
  /**
   * Sends one request and yields its events; ends after `completed`. Retries of the connection phase
   * and 401 recovery happen inside; everything else is thrown as a {@link ResponsesError} whose
   * `retryable` says whether the turn may send again.
   */
  stream(request: ResponsesRequest, signal: AbortSignal): AsyncIterable<ResponseStreamEvent>;
  /**
   * Has the service shorten a history and gives what is to take its place; asks nothing for an empty
   * one. Always over HTTP, retried and authorised like a request for a response.
   *
   * @throws ResponsesError
   */
  compact(request: CompactRequest, signal: AbortSignal): Promise<readonly ResponseItem[]>;
  /** Whether the next request goes over a WebSocket. */
  readonly usesWebSocket: boolean;
  /**
   * Gives up on WebSockets for the rest of the session. False when server-sent events are used already,
   * so that there is nothing left to fall back to.
   */
  fallBack(): boolean;
}

/**
 * One thread's view of the client. Over a WebSocket, its connection is kept from turn to turn, and a
 * request that goes on from the last one sends only what is new.
 */
export interface ResponsesSession extends AsyncDisposable {
  /** Begins a turn; `context` goes with each of its requests. */
  startTurn(context?: TurnRequestContext): ResponsesTurn;
  /**
   * Connects ahead of the first turn and has the server read what `request` begins with. Does nothing
   * without WebSockets, and never rejects: what goes wrong here shows when it matters.
   */
  prewarm(
    request: ResponsesRequest,
    context: TurnRequestContext,
    signal: AbortSignal,
  ): Promise<void>;
}

/** May be used by several threads at once. */
export interface ResponsesClient {
  readonly endpoint: ProviderEndpoint;
  openSession(context: SessionContext): ResponsesSession;
}

/** Why a request or its stream failed. {@link retryRules} says what follows. */
export type ResponsesErrorCode =
  /** The stream broke, or the provider ended it with an error that may pass. */
  | "stream"
  /** No connection, or no answer, in time. */
  | "timeout"
  /** No connection could be made. */
  | "connection_failed"
  /** A proxy, a certificate or the configuration does not let the request through. */
  | "connection_blocked"
  /** The server closes this WebSocket; another one can go on at once. */
  | "connection_limit"
  /** The provider cut the answer off and says why. */
  | "incomplete_response"
  /** The conversation no longer fits into the model's window. */
  | "context_window_exceeded"
  /** An API key's quota is used up. */
  | "quota_exceeded"
  /** A ChatGPT plan's limit is reached for now. */
  | "usage_limit_reached"
  /** The ChatGPT plan does not include this. */
  | "usage_not_included"
  /** The model has no room. */
  | "server_overloaded"
  /** Status 500. */
  | "internal_server_error"
  /** Status 501 and above. */
  | "unavailable"
  /** Status 408, 409 or 425. */
  | "passing_conflict"
  /** The provider does not accept the request. */
  | "invalid_request"
  /** The provider does not accept an image of the request. */
  | "invalid_image"
  /** Status 429 without a usage limit. */
  | "retry_limit"
  /** Any other status. */
  | "unexpected_status"
  /** The login is refused or cannot be had. */
  | "auth_failed"
  /** The caller's signal ended it. */
  | "aborted";

/** The facts of a {@link ResponsesError}. */
export interface ResponsesErrorDetails {
  /** The fault in the words that clients know. */
  readonly info: CodexErrorInfo;
  /** The wait that the server asked for, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  readonly httpStatus?: number | undefined;
  /** The limits that a usage-limit error carried. */
  readonly rateLimits?: RateLimitSnapshot | undefined;
  readonly cause?: unknown;
}

/** What {@link ResponsesTurn} throws. The message is for the person and names no credential. */
export class ResponsesError extends Error {
  override readonly name = "ResponsesError";
  readonly code: ResponsesErrorCode;
  /** Whether the turn may send again; the code decides, for some together with the server's wait. */
  readonly retryable: boolean;
  readonly info: CodexErrorInfo;
  /** The wait that the server asked for, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  readonly httpStatus: number | undefined;
  readonly rateLimits: RateLimitSnapshot | undefined;

  constructor(code: ResponsesErrorCode, message: string, details: ResponsesErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retryable = isRetryable(code, details.retryAfterMs);
    this.info = details.info;
    this.retryAfterMs = details.retryAfterMs;
    this.httpStatus = details.httpStatus;
    this.rateLimits = details.rateLimits;
  }
}
