// One question to a server: which models are there?
import {
  HttpStatusError,
  type HttpTransport,
  joinUrl,
  withRequestRetries,
} from "@codex-ts/http-client";
import type { AuthSource, ProviderEndpoint, RequestAuth } from "@codex-ts/responses-client";
import type { ModelInfo } from "@codex-ts/protocol";
import { decodeModels } from "./decode-models.ts";

export interface ModelsRequest {
  readonly endpoint: ProviderEndpoint;
  readonly auth: AuthSource;
  readonly transport: HttpTransport;
  readonly clientVersion: string;
  /** The tag of the list that the caller has. */
  readonly etag: string | null;
  readonly signal: AbortSignal;
}

export type ModelsAnswer =
  | { readonly kind: "not_modified" }
  | {
      readonly kind: "models";
      readonly models: readonly ModelInfo[];
      readonly etag: string | null;
      /** One sentence for each entry that was left out. */
      readonly warnings: readonly string[];
      /** Whose list it is. */
      readonly accountId: string | null;
    };

/** For all tries of one question together; getting the credential does not count. */
const timeoutMs = 5000;

/**
 * Asks `GET {base}/models`. After a 401 the credential is renewed once, and the question asked once more.
 *
 * @throws HttpError; whatever the credential's source throws; `signal.reason`; Error for an answer that
 * is no list.
 */
export async function requestModels(request: ModelsRequest): Promise<ModelsAnswer> {
  const { auth, signal } = request;
  const used = await auth.current(signal);
  try {
    return await askOnce(request, used);
  } catch (error) {
    const isUnauthorized = error instanceof HttpStatusError && error.status === 401;
    if (!isUnauthorized || !(await auth.recover(used, signal))) throw error;
    return await askOnce(request, await auth.current(signal));
  }
}

async function askOnce(request: ModelsRequest, auth: RequestAuth): Promise<ModelsAnswer> {
  const { endpoint, transport, clientVersion, etag } = request;
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]);
  const query = { ...endpoint.queryParams, client_version: clientVersion };
  try {
    const [text, headers] = await withRequestRetries(
      async () => {
        await using response = await transport.send({
          method: "GET",
          url: joinUrl(endpoint.baseUrl, "models", query),
          headers: etag === null ? {} : { "if-none-match": etag },
          providerHeaders: endpoint.headers,
          authHeaders: {
            ...(auth.bearer === undefined ? {} : { authorization: `Bearer ${auth.bearer}` }),
            ...(auth.accountId === undefined ? {} : { "ChatGPT-Account-ID": auth.accountId }),
          },
          signal,
        });
        return [await response.text({ maxBytes: 16 * 1024 * 1024 }), response.headers] as const;
      },
      { maxRetries: endpoint.requestMaxRetries, signal },
    );
    return {
      kind: "models",
      ...readList(text),
      etag: headers.get("etag") ?? null,
      accountId: auth.accountId ?? null,
    };
  } catch (error) {
    if (error instanceof HttpStatusError && error.status === 304) return { kind: "not_modified" };
    throw error;
  }
}

/** `{ "models": [ … ] }`; the plain `{ "data": [{ "id" }] }` of other servers names models and no more. */
function readList(text: string) {
  const body = parseJson(text);
  if (Array.isArray(body["models"])) return decodeModels(body["models"]);
  if (Array.isArray(body["data"])) return { models: [], warnings: [] };
  throw new Error("the server's answer is no list of models");
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
