// Keeps the list of models up to date: bundled, from the cache, from the provider.
import type { HttpTransport } from "@codex-ts/http-client";
import type { ModelInfo } from "@codex-ts/protocol";
import type { AuthSource, ProviderEndpoint } from "@codex-ts/responses-client";
import { bundledCatalogue } from "./bundled-catalogue.ts";
import {
  type CachedModels,
  type ModelsSource,
  readModelsCache,
  writeModelsCache,
} from "./models-cache.ts";

/**
 * `offline`: what the cache holds, of any age. `online_if_uncached`: the cache while it is fresh, else
 * the provider. `online`: the provider.
 */
export type RefreshStrategy = "offline" | "online_if_uncached" | "online";

/**
 * The list of models of one provider, kept up to date. Disposing of it ends a request that is under
 * way.
 */
export interface ModelsManager extends AsyncDisposable {
  /** The models as known now, the provider's over the bundled ones. */
  readonly catalogue: readonly ModelInfo[];
  /**
   * Brings the list up to date. Calls in parallel share one request, and after a failure none is made for
   * half a minute. Does not throw: without an answer the list stays as it is, and
   * {@link ModelsManagerOptions.onProblem} hears why.
   */
  refresh(strategy: RefreshStrategy): Promise<void>;
  /**
   * Takes the tag of the list that a response has announced (`X-Models-Etag`): the list in use is renewed
   * in the background if it has another one.
   */
  noteEtag(etag: string): void;
}

/** Whose list it is, how it is fetched, and where it is kept. */
export interface ModelsManagerOptions {
  readonly providerId: string;
  readonly endpoint: ProviderEndpoint;
  readonly auth: AuthSource;
  readonly transport: HttpTransport;
  /** The file of the cache, `models_cache.json` in the home. */
  readonly cachePath: string;
  /** The version of this program; what stands behind `major.minor.patch` is left out. */
  readonly clientVersion: string;
  /**
   * The account of the login in use, null when there is none; asked without a request. A cached
   * list counts for its own account alone.
   */
  readonly accountId?: (() => Promise<string | null>) | undefined;
  /** The list to start from; {@link bundledCatalogue} when missing. */
  readonly bundled?: readonly ModelInfo[] | undefined;
  /** Told once for each failed refresh and each entry of the list that cannot be read. */
  readonly onProblem?: ((message: string) => void) | undefined;
  /** The clock by which a cached list is fresh for five minutes. */
  readonly now?: (() => Date) | undefined;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicNow?: (() => number) | undefined;
}

/** So long nobody is asked again. */
const freshMs = 300_000;
const afterFailureMs = 30_000;

/**
 * Makes a manager that starts with the bundled list; nothing is read or requested before {@link
 * ModelsManager.refresh}.
 */
export function createModelsManager({
  providerId,
  endpoint,
  auth,
  transport,
  cachePath,
  clientVersion,
  accountId = async () => null,
  bundled = bundledCatalogue,
  onProblem = () => {},
  now = () => new Date(),
  monotonicNow = () => performance.now(),
}: ModelsManagerOptions): ModelsManager {
  const lifetime = new AbortController();
  const version = /^\d+(?:\.\d+)*/.exec(clientVersion)?.[0] ?? clientVersion;
  let catalogue = bundled;
  /** The provider's own list in use, and whose it is. */
  let held: { readonly list: CachedModels; readonly source: ModelsSource } | null = null;
  /** The tag that stands for the list in use; that of a response where the list came without. */
  let knownEtag: string | null = null;
  let failedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  async function sourceNow(): Promise<ModelsSource> {
    const account = await accountId();
    return { providerId, baseUrl: endpoint.baseUrl, accountId: account, clientVersion: version };
  }

  function take(list: CachedModels, source: ModelsSource): void {
    held = { list, source };
    knownEtag = list.etag ?? knownEtag;
    catalogue = mergeModels(bundled, list.models);
  }

  async function keep(list: CachedModels, source: ModelsSource): Promise<void> {
    take(list, source);
    try {
      await writeModelsCache(cachePath, source, list);
    } catch (error) {
      onProblem(`the list of models cannot be kept: ${messageOf(error)}`);
    }
  }

  async function ask(announced: string | undefined): Promise<void> {
    // Whoever starts with a list of the bundle or the cache does not wait for what only this needs.
    const { requestModels } = await import("./request-models.ts");
    const current = await sourceNow();
    const before = held?.source.accountId === current.accountId ? held : null;
    const answer = await requestModels({
      endpoint,
      auth,
      transport,
      clientVersion: version,
      etag: before?.list.etag ?? null,
      signal: lifetime.signal,
    });
    const fetchedAt = now();
    if (answer.kind === "not_modified") {
      if (before !== null) await keep({ ...before.list, fetchedAt }, before.source);
    } else {
      for (const warning of answer.warnings) onProblem(warning);
      const { models, etag } = answer;
      await keep({ models, etag, fetchedAt }, { ...current, accountId: answer.accountId });
    }
    // A list that comes without a tag would else be fetched again for every response that has one.
    knownEtag = announced ?? knownEtag;
  }

  async function askOnce(announced?: string): Promise<void> {
    if (monotonicNow() - failedAt < afterFailureMs) return;
    asking ??= ask(announced)
      .catch((error: unknown) => {
        if (lifetime.signal.aborted) return;
        failedAt = monotonicNow();
        onProblem(`the provider's list of models cannot be had: ${messageOf(error)}`);
      })
      .finally(() => {
        asking = undefined;
      });
    await asking;
  }

  async function loadCache(): Promise<void> {
    const source = await sourceNow();
    const list = await readModelsCache(cachePath, source);
    if (list !== null) take(list, source);
  }

  function isFresh(): boolean {
    if (held === null) return false;
    const ageMs = now().getTime() - held.list.fetchedAt.getTime();
    return ageMs >= 0 && ageMs <= freshMs;
  }

  async function refresh(strategy: RefreshStrategy): Promise<void> {
    try {
      if (strategy !== "online" && held === null) await loadCache();
    } catch (error) {
      onProblem(`the list of models cannot be looked up: ${messageOf(error)}`);
    }
    if (strategy === "online" || (strategy === "online_if_uncached" && !isFresh())) await askOnce();
  }

  return {
    get catalogue() {
      return catalogue;
    },

    refresh,

    noteEtag(etag) {
      if (etag !== knownEtag) {
        void askOnce(etag);
      } else if (held !== null && !isFresh()) {
        void keep({ ...held.list, fetchedAt: now() }, held.source);
      }
    },

    async [Symbol.asyncDispose]() {
      lifetime.abort(new DOMException("the models manager was disposed", "AbortError"));
      await asking;
    },
  };
}

/** The bundled list, with the provider's entries in place of those of the same name, and its others. */
function mergeModels(
  bundled: readonly ModelInfo[],
  remote: readonly ModelInfo[],
): readonly ModelInfo[] {
  const bySlug = new Map([...bundled, ...remote].map((model) => [model.slug, model]));
  return [...bySlug.values()];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
