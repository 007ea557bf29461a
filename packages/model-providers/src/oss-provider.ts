// The open-source mode: a model on a local server.
import { ModelProviderError } from "./errors.ts";
import { nonBlank } from "./built-in-providers.ts";
import { refuseRemovedProvider } from "./resolve-provider.ts";

/**
 * The provider of the open-source mode: the flag, else the profile's `oss_provider`, else the
 * top-level one.
 *
 * @throws ModelProviderError `no_oss_provider` when none is named, `removed_provider` for `ollama-chat`.
 */
export function chooseOssProvider({
  flag,
  profile,
  config,
}: {
  readonly flag?: string | undefined;
  readonly profile?: string | undefined;
  readonly config?: string | undefined;
}): string {
  const id = nonBlank(flag) ?? nonBlank(profile) ?? nonBlank(config);
  if (id === undefined) {
    throw new ModelProviderError(
      "no_oss_provider",
      "no local model provider is chosen; give --local-provider ollama or --local-provider lmstudio, or set oss_provider in config.toml",
      { key: "oss_provider" },
    );
  }
  refuseRemovedProvider(id);
  return id;
}

/** The model that the open-source mode asks for by default, when the provider has one. */
export function defaultOssModel(providerId: string): string | undefined {
  if (providerId === "ollama") return "gpt-oss:20b";
  if (providerId === "lmstudio") return "openai/gpt-oss-20b";
  return undefined;
}
