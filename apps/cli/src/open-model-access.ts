// How this run reaches a model: credential, provider, client, and the list of models.
import type { Config } from "@codex-ts/config";
import type { HeaderFields, HttpTransport } from "@codex-ts/http-client";
import {
  type AuthManager,
  createAuthManager,
  createAuthSource,
  createCredentialStore,
  enforceLoginRestrictions,
} from "@codex-ts/login";
import { isOpenAiEndpoint, toEndpoint } from "@codex-ts/model-providers";
import {
  bundledCatalogue,
  createModelsManager,
  decodeModels,
  defaultModel,
  lookUpModel,
  type ModelsManager,
} from "@codex-ts/models";
import type { ModelInfo } from "@codex-ts/protocol";
import { createResponsesClient, type ResponsesClient } from "@codex-ts/responses-client";
import { Failure } from "./failure.ts";
import type { Terminal } from "./terminal.ts";
import { version } from "./version.ts";
import { wrapTurns } from "./wrap-turns.ts";

export interface ModelAccess extends AsyncDisposable {
  readonly responses: ResponsesClient;
  /** The configured model, else the best one of the list. */
  readonly model: string;
  lookUpModel(name: string): ModelInfo;
  /** What is wrong with the list of models that the configuration names. */
  readonly warnings: readonly string[];
}

export interface OpenModelAccessOptions {
  readonly config: Config;
  readonly env: Terminal["env"];
  readonly transport: HttpTransport;
  /** Of requests to the server that issues logins. */
  readonly headers: HeaderFields;
}

/** A token that ends while it is on its way, or by a server's clock that is ahead of ours, is refused. */
const renewAheadMs = 300_000;

/** Waits for no server: what one says of its models comes in while the run goes on. */
export async function openModelAccess(options: OpenModelAccessOptions): Promise<ModelAccess> {
  const { config, env, transport } = options;
  const manager = createAuthManager({
    codexHome: config.codexHome,
    store: createCredentialStore(config.cliAuthCredentialsStore, { codexHome: config.codexHome }),
    env,
    enableCodexApiKeyEnv: true,
    forcedWorkspaceId: config.forcedChatgptWorkspaceId,
    defaultHeaders: options.headers,
    renewAheadMs,
  });
  await enforceLoginRestrictions(manager, {
    method: config.forcedLoginMethod,
    workspaceId: config.forcedChatgptWorkspaceId,
  });
  const provider = config.modelProvider;
  const auth = createAuthSource({ provider, manager, env });
  const authKind = await auth.kind();
  const endpoint = toEndpoint(provider, { env, authKind });
  const client = createResponsesClient({
    endpoint,
    auth,
    transport,
    requestCompression:
      config.features.enabled("enable_request_compression") && isOpenAiEndpoint(provider, endpoint),
  });

  const custom = config.modelCatalog === undefined ? null : decodeModels(config.modelCatalog);
  if (custom?.models.length === 0) {
    throw new Failure(`model_catalog_json: no entry can be read; ${custom.warnings.join("; ")}`);
  }
  // Who logs in with ChatGPT, and whoever's command gives tokens, has a list of models of their own.
  const hasOwnList =
    provider.auth !== undefined || (provider.requires_openai_auth && authKind === "chatgpt");
  const models =
    custom === null && hasOwnList
      ? createModelsManager({
          providerId: provider.id,
          endpoint,
          auth,
          transport,
          cachePath: `${config.codexHome}/models_cache.json`,
          clientVersion: version,
          accountId: async () => await accountOf(manager),
        })
      : null;
  await models?.refresh("offline");
  const catalogue = () => custom?.models ?? models?.catalogue ?? bundledCatalogue;
  const model =
    config.model ?? defaultModel(catalogue(), { chatgpt: authKind === "chatgpt" })?.slug;
  if (model === undefined) throw new Failure("no model is chosen: give one with -m");

  return {
    responses: models === null ? client : withModelNews(client, models),
    model,
    warnings: custom?.warnings ?? [],
    lookUpModel: (name) =>
      lookUpModel(catalogue(), name, {
        supportsReasoningSummaries: config.modelSupportsReasoningSummaries,
        contextWindow: config.modelContextWindow,
        autoCompactTokenLimit: config.modelAutoCompactTokenLimit,
        toolOutputTokenLimit: config.toolOutputTokenLimit,
        baseInstructions: config.baseInstructions,
      }),
    async [Symbol.asyncDispose]() {
      await models?.[Symbol.asyncDispose]();
      await manager[Symbol.asyncDispose]();
    },
  };
}

async function accountOf(manager: AuthManager): Promise<string | null> {
  const auth = await manager.peek();
  return auth?.kind === "chatgpt" ? auth.accountId : null;
}

/** Keeps the list of models up to date, beside the person's own requests and by what answers say of it. */
function withModelNews(client: ResponsesClient, models: ModelsManager): ResponsesClient {
  return wrapTurns(client, async function* watch(stream, request, signal) {
    const events = stream(request, signal)[Symbol.asyncIterator]();
    const first = events.next();
    void models.refresh("online_if_uncached");
    try {
      for (let step = await first; step.done !== true; step = await events.next()) {
        if (step.value.type === "models_etag") models.noteEtag(step.value.etag);
        yield step.value;
      }
    } finally {
      await events.return?.();
    }
  });
}
