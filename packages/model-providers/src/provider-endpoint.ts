import { type Environment, nonBlank } from "./built-in-providers.ts";
import { ModelProviderError, blockOf } from "./errors.ts";
import { redactInOutput, redactValues } from "./redact-in-output.ts";
import type { ResolvedModelProvider } from "./resolve-provider.ts";

/** How to reach a provider. Printing or serialising it shows no header value. */
export interface ProviderEndpoint {
  /** For display. */
  readonly name: string;
  readonly baseUrl: string;
  readonly queryParams: Readonly<Record<string, string>>;
  /** Static headers and those from the environment. */
  readonly headers: Readonly<Record<string, string>>;
  /** Retries until a response begins; at most 100. */
  readonly requestMaxRetries: number;
  /** Retries of a whole stream; at most 100. */
  readonly streamMaxRetries: number;
  /** Milliseconds. */
  readonly streamIdleTimeoutMs: number;
  readonly supportsWebsockets: boolean;
  /** Milliseconds. */
  readonly websocketConnectTimeoutMs: number;
  /** The provider keeps responses (Azure): requests say `store` and carry item ids. */
  readonly storesResponses: boolean;
  /** The provider shortens a history itself when it is asked to (OpenAI). */
  readonly compactsHistories: boolean;
}

/** What an address and its headers depend on besides the definition. */
export interface EndpointOptions {
  /** Where the variables of `env_http_headers` are looked up. */
  readonly env: Environment;
  /** The kind of credential that requests will carry; it chooses OpenAI's own base address. */
  readonly authKind: "api_key" | "chatgpt" | "none";
}

const mostRetries = 100;

/**
 * Resolves a definition to what a client needs: address, headers from the environment, capped retries.
 *
 * @throws ModelProviderError `invalid_value` for a base address that is no http(s) URL, and for a header
 * that cannot be sent. The message names the key and the variable, never the value.
 */
export function toEndpoint(
  provider: ResolvedModelProvider,
  { env, authKind }: EndpointOptions,
): ProviderEndpoint {
  const baseUrl = chooseBaseUrl(provider, authKind);
  const endpoint: ProviderEndpoint = {
    name: provider.name,
    baseUrl,
    queryParams: { ...provider.query_params },
    headers: resolveHeaders(provider, env),
    requestMaxRetries: Math.min(provider.request_max_retries, mostRetries),
    streamMaxRetries: Math.min(provider.stream_max_retries, mostRetries),
    streamIdleTimeoutMs: provider.stream_idle_timeout_ms,
    supportsWebsockets: provider.supports_websockets,
    websocketConnectTimeoutMs: provider.websocket_connect_timeout_ms,
    storesResponses: isAzure(provider.name, baseUrl),
    compactsHistories: provider.name === "OpenAI",
  };
  return redactInOutput(endpoint, { ...endpoint, headers: redactValues(endpoint.headers) });
}

function chooseBaseUrl(
  { id, base_url: configured }: ResolvedModelProvider,
  authKind: EndpointOptions["authKind"],
): string {
  const baseUrl = nonBlank(configured);
  if (baseUrl === undefined) {
    return authKind === "chatgpt"
      ? "https://chatgpt.com/backend-api/codex"
      : "https://api.openai.com/v1";
  }
  if (!/^https?:$/.test(URL.parse(baseUrl)?.protocol ?? "")) {
    throw new ModelProviderError(
      "invalid_value",
      `${blockOf(id)}: \`base_url\` is not an address that starts with http:// or https://`,
      { providerId: id, key: "base_url" },
    );
  }
  return baseUrl;
}

function resolveHeaders(
  { id, http_headers: fixed = {}, env_http_headers: fromEnv = {} }: ResolvedModelProvider,
  env: Environment,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(fixed)) {
    checkHeader(id, `http_headers.${name}`, { name, value, where: "its value" });
    headers[name] = value;
  }
  for (const [name, variable] of Object.entries(fromEnv)) {
    const value = nonBlank(env[variable]);
    if (value === undefined) continue;
    const where = `the value of the variable ${variable}`;
    checkHeader(id, `env_http_headers.${name}`, { name, value, where });
    headers[name] = value;
  }
  return headers;
}

// RFC 9110: a field name is a token; a field value has visible characters, spaces and tabs.
const fieldName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

function checkHeader(
  providerId: string,
  key: string,
  { name, value, where }: { readonly name: string; readonly value: string; readonly where: string },
): void {
  if (fieldName.test(name) && fieldValue.test(value)) return;
  const fault = fieldName.test(name)
    ? `${where} holds characters that a header cannot carry`
    : "its name is not a legal header name";
  throw new ModelProviderError(
    "invalid_value",
    `${blockOf(providerId)}: the header \`${key}\` cannot be sent: ${fault}`,
    { providerId, key },
  );
}

const azureHosts = [
  "openai.azure.",
  "cognitiveservices.azure.",
  "aoai.azure.",
  "azure-api.",
  "azurefd.",
  "windows.net/openai",
];

function isAzure(name: string, baseUrl: string): boolean {
  const address = baseUrl.toLowerCase();
  return name.toLowerCase() === "azure" || azureHosts.some((part) => address.includes(part));
}

/**
 * Whether requests go to OpenAI itself: the built-in provider at one of OpenAI's own hosts. A display
 * name proves nothing, so it is not looked at.
 */
export function isOpenAiEndpoint(
  { id }: Pick<ResolvedModelProvider, "id">,
  { baseUrl }: Pick<ProviderEndpoint, "baseUrl">,
): boolean {
  const host = URL.parse(baseUrl)?.hostname ?? "";
  return id === "openai" && /(^|\.)(openai|chatgpt)\.com$/.test(host);
}
