// A provider definition, key for key as `[model_providers.<id>]` holds it.

/** `[model_providers.<id>.auth]`: a program that prints a token, with every default filled in. */
export interface ModelProviderAuth {
  /** An absolute path, a path relative to `cwd`, or a bare name that is looked up in `PATH`. */
  readonly command: string;
  /** Handed over as they are; no shell is involved. */
  readonly args: readonly string[];
  /** Milliseconds after which the program is killed; at least 1. */
  readonly timeout_ms: number;
  /** Milliseconds for which a token is reused; 0: until the server refuses it. */
  readonly refresh_interval_ms: number;
  /** The folder that the program runs in; `withAuthFolder` makes it absolute. */
  readonly cwd?: string | undefined;
}

/** One provider definition with every default filled in. */
export interface ModelProvider {
  /** For display. */
  readonly name: string;
  /** When unset, OpenAI's own address for the kind of credential in use. */
  readonly base_url?: string | undefined;
  /** The environment variable that holds the API key. */
  readonly env_key?: string | undefined;
  /** How to get that key; shown when the variable is not set. */
  readonly env_key_instructions?: string | undefined;
  /** A literal bearer token. A secret. */
  readonly experimental_bearer_token?: string | undefined;
  /** How to get a token by running a program. */
  readonly auth?: ModelProviderAuth | undefined;
  readonly wire_api: "responses";
  /** Appended to every address. */
  readonly query_params?: Readonly<Record<string, string>> | undefined;
  /** Header name → value. May hold secrets. */
  readonly http_headers?: Readonly<Record<string, string>> | undefined;
  /** Header name → environment variable; a header whose variable is unset or blank is not sent. */
  readonly env_http_headers?: Readonly<Record<string, string>> | undefined;
  /** Retries until a response begins. */
  readonly request_max_retries: number;
  /** Retries of a whole stream. */
  readonly stream_max_retries: number;
  /** Milliseconds of silence that are allowed between two events. */
  readonly stream_idle_timeout_ms: number;
  /** Milliseconds. */
  readonly websocket_connect_timeout_ms: number;
  /** Whether requests carry the person's own OpenAI login. No other provider ever sees it. */
  readonly requires_openai_auth: boolean;
  /** Whether the Responses API is spoken over WebSocket. */
  readonly supports_websockets: boolean;
}

/** Provider definitions by id. */
export type ModelProviders = Readonly<Record<string, ModelProvider>>;

/** The keys of `T` that need not be written, for a block as a person writes it. */
type AsWritten<T, K extends keyof T> = Omit<T, K> & { readonly [P in K]?: T[P] | undefined };

/**
 * An `auth` table as a person writes it: only `command` is required. {@link authDefaults} has the
 * rest.
 */
export type ModelProviderAuthInput = AsWritten<
  ModelProviderAuth,
  "args" | "timeout_ms" | "refresh_interval_ms"
>;

/** A block as a person writes it: only `name` is required. */
export type ModelProviderInput = Omit<
  AsWritten<
    ModelProvider,
    | "wire_api"
    | "request_max_retries"
    | "stream_max_retries"
    | "stream_idle_timeout_ms"
    | "websocket_connect_timeout_ms"
    | "requires_openai_auth"
    | "supports_websockets"
  >,
  "auth"
> & { readonly auth?: ModelProviderAuthInput | undefined };

/** What a key that is not written means. */
export const providerDefaults = {
  wire_api: "responses",
  request_max_retries: 4,
  stream_max_retries: 5,
  stream_idle_timeout_ms: 300_000,
  websocket_connect_timeout_ms: 15_000,
  requires_openai_auth: false,
  supports_websockets: false,
} as const satisfies Partial<ModelProvider>;

/** What a key of the `auth` table that is not written means. */
export const authDefaults = {
  args: [],
  timeout_ms: 5000,
  refresh_interval_ms: 300_000,
} as const satisfies Partial<ModelProviderAuth>;

/** Fills in the defaults of a block that is written in code and already has the right types. */
export function defineProvider({ auth, ...block }: ModelProviderInput): ModelProvider {
  return {
    ...providerDefaults,
    ...definedOnly(block),
    ...(auth === undefined ? {} : { auth: { ...authDefaults, ...definedOnly(auth) } }),
  };
}

/** Without the keys whose value is `undefined`, so that they do not hide a default. */
function definedOnly<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
