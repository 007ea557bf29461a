import { type AbsolutePath, resolve } from "@codex-ts/absolute-path";
import { ModelProviderError } from "./errors.ts";
import type { ModelProvider, ModelProviders } from "./model-provider.ts";
import { redactInOutput, redactValues } from "./redact-in-output.ts";
import { refuseReservedIds, validateProvider } from "./validate-provider.ts";

/**
 * A provider definition that knows its id. Printing or serialising it shows no secret; its fields hold
 * them as they are.
 */
export interface ResolvedModelProvider extends ModelProvider {
  readonly id: string;
}

/**
 * The built-in definitions and the user's.
 *
 * @throws ModelProviderError `reserved_id`, `conflicting_keys` or `invalid_value` for the user's.
 */
export function mergeProviders(builtIn: ModelProviders, user: ModelProviders): ModelProviders {
  refuseReservedIds(Object.keys(user));
  for (const [id, provider] of Object.entries(user)) validateProvider(id, provider);
  return { ...builtIn, ...user };
}

/**
 * Looks up a provider by id.
 *
 * @throws ModelProviderError `unknown_provider`, or `removed_provider` for `ollama-chat`.
 */
export function resolveProvider(id: string, providers: ModelProviders): ResolvedModelProvider {
  const provider = Object.hasOwn(providers, id) ? providers[id] : undefined;
  if (provider !== undefined) return redactProvider({ ...provider, id });
  refuseRemovedProvider(id);
  const known = Object.keys(providers).toSorted().join(", ");
  throw new ModelProviderError(
    "unknown_provider",
    `there is no model provider \`${id}\`; define [model_providers.${id}] in config.toml or choose one of: ${known}`,
    { providerId: id },
  );
}

/** @throws ModelProviderError `removed_provider` for the id of a provider that no longer exists. */
export function refuseRemovedProvider(id: string): void {
  if (id !== "ollama-chat") return;
  throw new ModelProviderError(
    "removed_provider",
    "the model provider `ollama-chat` no longer exists, as the Chat Completions API is not supported; use `ollama`, which speaks the Responses API (Ollama 0.13.4 or newer)",
    { providerId: id },
  );
}

/**
 * Makes the folder of a provider's token command absolute: a relative one, and one that is not
 * written, stand for the folder of the file that holds the block. So where the program is started has
 * no influence on which command runs.
 *
 * @throws AbsolutePathError `nul_byte` for a folder that has one.
 */
export function withAuthFolder(
  provider: ModelProvider,
  configFolder: AbsolutePath,
  { home }: { readonly home?: string | undefined } = {},
): ModelProvider {
  if (provider.auth === undefined) return provider;
  const cwd = resolve(provider.auth.cwd ?? ".", configFolder, { home });
  return { ...provider, auth: { ...provider.auth, cwd } };
}

function redactProvider(provider: ResolvedModelProvider): ResolvedModelProvider {
  const { experimental_bearer_token: token, http_headers: headers } = provider;
  return redactInOutput(provider, {
    ...provider,
    ...(token === undefined ? {} : { experimental_bearer_token: "[redacted]" }),
    ...(headers === undefined ? {} : { http_headers: redactValues(headers) }),
  });
}
