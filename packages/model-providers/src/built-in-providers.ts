import { type ModelProvider, defineProvider } from "./model-provider.ts";

/** An environment; variables that are unset may be missing or `undefined`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The ids of the built-in providers, sorted. A user's block cannot take one of them. */
export const builtInProviderIds = ["lmstudio", "ollama", "openai"] as const;
/** One of {@link builtInProviderIds}. */
export type BuiltInProviderId = (typeof builtInProviderIds)[number];

/** The provider of a person who has chosen none. */
export const defaultProviderId = "openai" satisfies BuiltInProviderId;

/** What the built-in definitions depend on. */
export interface BuiltInProviderOptions {
  /** `OPENAI_BASE_URL`, `CODEX_OSS_BASE_URL` and `CODEX_OSS_PORT` are read. */
  readonly env: Environment;
  /** Our own version; sent to OpenAI as the header `version`. */
  readonly version: string;
  /** The config key `openai_base_url`. */
  readonly openaiBaseUrl?: string | undefined;
}

/** The built-in definitions: `openai`, and the local servers `ollama` and `lmstudio`. */
export function builtInProviders({
  env,
  version,
  openaiBaseUrl,
}: BuiltInProviderOptions): Readonly<Record<BuiltInProviderId, ModelProvider>> {
  return {
    openai: defineProvider({
      name: "OpenAI",
      base_url: chooseOpenAiBaseUrl({ configured: openaiBaseUrl, env }).baseUrl,
      http_headers: { version },
      env_http_headers: {
        "OpenAI-Organization": "OPENAI_ORGANIZATION",
        "OpenAI-Project": "OPENAI_PROJECT",
      },
      requires_openai_auth: true,
      supports_websockets: true,
    }),
    ollama: defineProvider({
      name: "gpt-oss",
      base_url: localBaseUrl(env, /*defaultPort*/ 11_434),
    }),
    lmstudio: defineProvider({
      name: "gpt-oss",
      base_url: localBaseUrl(env, /*defaultPort*/ 1234),
    }),
  };
}

/** OpenAI's base address, if the person has set one. */
export interface OpenAiBaseUrlChoice {
  /** `undefined`: the address follows from the kind of credential. */
  readonly baseUrl: string | undefined;
  /** What to tell the person at start-up about the variable `OPENAI_BASE_URL`. */
  readonly warning: string | undefined;
}

/** The config key wins over the deprecated variable; a blank one counts as unset. */
export function chooseOpenAiBaseUrl({
  configured,
  env,
}: {
  readonly configured?: string | undefined;
  readonly env: Environment;
}): OpenAiBaseUrlChoice {
  const fromConfig = nonBlank(configured);
  const fromEnv = nonBlank(env["OPENAI_BASE_URL"]);
  if (fromEnv === undefined) return { baseUrl: fromConfig, warning: undefined };
  if (fromConfig !== undefined) {
    const warning =
      "The variable OPENAI_BASE_URL is ignored because the config key openai_base_url is set.";
    return { baseUrl: fromConfig, warning };
  }
  const warning =
    "The variable OPENAI_BASE_URL is deprecated. Set the config key openai_base_url instead.";
  return { baseUrl: fromEnv, warning };
}

function localBaseUrl(env: Environment, defaultPort: number): string {
  const baseUrl = nonBlank(env["CODEX_OSS_BASE_URL"]);
  return baseUrl ?? `http://localhost:${portOf(env["CODEX_OSS_PORT"]) ?? defaultPort}/v1`;
}

function portOf(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? "";
  if (!/^\d{1,5}$/.test(trimmed)) return undefined;
  const port = Number(trimmed);
  return port <= 65_535 ? port : undefined;
}

/** The trimmed text, or `undefined` when nothing is left of it. */
export function nonBlank(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === undefined || trimmed === "" ? undefined : trimmed;
}
