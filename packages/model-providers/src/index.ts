export {
  type BuiltInProviderId,
  type BuiltInProviderOptions,
  type Environment,
  type OpenAiBaseUrlChoice,
  builtInProviderIds,
  builtInProviders,
  chooseOpenAiBaseUrl,
  defaultProviderId,
} from "./built-in-providers.ts";
export {
  ModelProviderError,
  type ModelProviderErrorCode,
  type ModelProviderErrorPlace,
} from "./errors.ts";
export {
  type ModelProvider,
  type ModelProviderAuth,
  type ModelProviderAuthInput,
  type ModelProviderInput,
  type ModelProviders,
  authDefaults,
  defineProvider,
  providerDefaults,
} from "./model-provider.ts";
export { chooseOssProvider, defaultOssModel } from "./oss-provider.ts";
export {
  type EndpointOptions,
  type ProviderEndpoint,
  isOpenAiEndpoint,
  toEndpoint,
} from "./provider-endpoint.ts";
export {
  type ResolvedModelProvider,
  mergeProviders,
  resolveProvider,
  withAuthFolder,
} from "./resolve-provider.ts";
export { validateProvider } from "./validate-provider.ts";
