// Model providers: which there are, and which one is used.
import { type AbsolutePath, fromAbsolute, resolve } from "@codex-ts/absolute-path";
import { closestName } from "@codex-ts/features";
import {
  builtInProviders,
  defaultProviderId,
  defineProvider,
  mergeProviders,
  type ModelProvider,
  ModelProviderError,
  type ModelProviders,
  resolveProvider,
  type ResolvedModelProvider,
  withAuthFolder,
} from "@codex-ts/model-providers";
import type { Environment } from "./codex-home.ts";
import { ConfigError } from "./errors.ts";
import { formatKeyPath } from "./key-path.ts";
import type { Origins } from "./origins.ts";
import type { Settings } from "./check-settings.ts";

/**
 * The built-in providers and the person's, and the active one.
 *
 * @throws ConfigError `unknown_provider`, or `invalid_value` for a definition that cannot be used.
 */
export function resolveProviders(
  settings: Settings,
  options: {
    readonly env: Environment;
    readonly version: string;
    readonly cwd: AbsolutePath;
    readonly home: string | undefined;
    readonly origins: Origins;
  },
): { readonly all: ModelProviders; readonly active: ResolvedModelProvider } {
  const { env, version, origins, cwd, home } = options;
  const builtIn = builtInProviders({ env, version, openaiBaseUrl: settings.openai_base_url });
  const own = Object.entries(settings.model_providers ?? {}).map(
    ([id, block]): [string, ModelProvider] => {
      const command = origins.find(["model_providers", id, "auth", "command"]);
      const folder = command?.path === undefined ? cwd : resolve("..", fromAbsolute(command.path));
      return [id, withAuthFolder(defineProvider(block), folder, { home })];
    },
  );
  try {
    const all = mergeProviders(builtIn, Object.fromEntries(own));
    return { all, active: resolveProvider(settings.model_provider ?? defaultProviderId, all) };
  } catch (error) {
    if (!(error instanceof ModelProviderError)) throw error;
    throw providerError(error, settings, Object.keys(builtIn), origins);
  }
}

function providerError(
  error: ModelProviderError,
  settings: Settings,
  builtInIds: readonly string[],
  origins: Origins,
): ConfigError {
  const defined = Object.keys(settings.model_providers ?? {});
  if (error.code === "unknown_provider" || error.code === "removed_provider") {
    const place = origins.find(["model_provider"]);
    const nearest =
      error.code === "unknown_provider"
        ? closestName(error.providerId ?? "", [...builtInIds, ...defined])
        : undefined;
    const hint = nearest === undefined ? "" : `; did you mean \`${nearest}\`?`;
    return new ConfigError("unknown_provider", `${error.message}${hint}`, {
      key: place?.key ?? "model_provider",
      place,
      cause: error,
    });
  }
  const id = defined.find((name) => builtInIds.includes(name)) ?? error.providerId ?? "";
  const keys = error.code === "reserved_id" ? [] : (error.key ?? "").split(", ", 1);
  const path = ["model_providers", id, ...keys.flatMap((key) => key.split("."))];
  return new ConfigError("invalid_value", error.message, {
    key: formatKeyPath(path),
    place: origins.nearest(path),
    cause: error,
  });
}
