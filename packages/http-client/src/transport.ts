// The transport: one request, one response, over whatever connection the environment asks for.
import { createConnections } from "./connections.ts";
import { HttpError, HttpStatusError } from "./errors.ts";
import { sendOnce, StaleConnectionError } from "./exchange.ts";
import { type HeaderFields, mergeHeaders } from "./headers.ts";
import type { HttpResponse } from "./response.ts";
import { displayUrl } from "./url.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD";
  /** Absolute, `http` or `https`. */
  readonly url: string;
  readonly headers?: HeaderFields | undefined;
  /** Weaker than {@link headers}. */
  readonly providerHeaders?: HeaderFields | undefined;
  /** Stronger than {@link headers}; what they hold never appears in an error. */
  readonly authHeaders?: HeaderFields | undefined;
  readonly body?: string | Uint8Array | undefined;
  /** How long the server may be silent, before its answer and within it, in milliseconds. */
  readonly idleTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpTransportOptions {
  /** Where proxies and certificates are named; the process's own when missing. */
  readonly env?: Environment | undefined;
  /** Headers that every request carries unless it sets them itself. */
  readonly defaultHeaders?: HeaderFields | undefined;
  /** W3C trace headers of the moment; asked for each request that is sent. */
  readonly traceHeaders?: (() => HeaderFields) | undefined;
  /** How long a connection may take, in milliseconds; 30 seconds when missing. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * Told once when the configured certificates cannot be used; requests then go on without them.
   * When missing, every `https` request fails with that error.
   */
  readonly onCertificateProblem?: ((error: HttpError) => void) | undefined;
}

export interface HttpTransport extends AsyncDisposable {
  /**
   * Sends a request and resolves when the head of a response with status 2xx is there. Redirects are
   * not followed. Connections are kept for the next request; idle ones do not keep the process alive.
   *
   * @throws HttpStatusError for any other status
   * @throws HttpError `network`, `timeout`, `build`, `certificates`, `aborted`
   */
  send(request: HttpRequest): Promise<HttpResponse>;
}

const ERROR_BODY_BYTES = 64 * 1024;
const ERROR_BODY_WAIT_MS = 5000;
const SHORTEST_SECRET = 8;

/** Makes a transport. It opens nothing before the first request. */
export function createHttpTransport(options: HttpTransportOptions = {}): HttpTransport {
  const { defaultHeaders, traceHeaders, connectTimeoutMs = 30_000 } = options;
  const connections = createConnections({
    env: options.env ?? process.env,
    connectTimeoutMs,
    onCertificateProblem: options.onCertificateProblem,
  });

  async function exchange(request: HttpRequest): Promise<HttpResponse> {
    const url = parseUrl(request.url);
    const route = connections.routeTo(url);
    const headers = mergeHeaders(
      traceHeaders?.(),
      defaultHeaders,
      basicAuthorization(url),
      request.providerHeaders,
      request.headers,
      request.authHeaders,
      route.headers,
    );
    const response = await sendOnce({
      ...request,
      url: displayUrl(url),
      route,
      headers,
      connectTimeoutMs,
    });
    if (response.status >= 200 && response.status < 300) return response;
    throw new HttpStatusError({
      status: response.status,
      url: response.url,
      headers: response.headers,
      body: strikeOut(await readErrorBody(response), request.authHeaders),
    });
  }

  return {
    async send(request) {
      for (;;) {
        try {
          return await exchange(request);
        } catch (error) {
          if (
            !(error instanceof StaleConnectionError || connections.trustSystemStoreAfter(error))
          ) {
            throw error;
          }
        }
      }
    },
    async [Symbol.asyncDispose]() {
      connections.close();
    },
  };
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) return url;
  throw new HttpError(
    "build",
    `${displayUrl(text)} cannot be requested: an absolute http or https URL is needed`,
  );
}

/** RFC 7617, for a URL that holds a user. */
function basicAuthorization(url: URL): HeaderFields {
  if (url.username === "" && url.password === "") return {};
  const user = [url.username, url.password].map(decodeURIComponent).join(":");
  return { authorization: `Basic ${Buffer.from(user).toString("base64")}` };
}

/** The start of an error's body; a body that does not come to an end is no reason to wait. */
async function readErrorBody(response: HttpResponse): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const deadline = setTimeout(() => response.cancel(), ERROR_BODY_WAIT_MS);
  try {
    for await (const chunk of response.body) {
      parts.push(chunk);
      size += chunk.length;
      if (size >= ERROR_BODY_BYTES) break;
    }
    response.release();
  } catch (error) {
    if (error instanceof HttpError && error.code === "aborted") throw error;
  } finally {
    clearTimeout(deadline);
  }
  return Buffer.concat(parts).subarray(0, ERROR_BODY_BYTES).toString("utf8");
}

/** Servers echo what they were sent; an error must not carry a credential further. */
function strikeOut(body: string, authHeaders: HeaderFields = {}): string {
  const secrets = Object.values(authHeaders)
    .flatMap((value) => [value, value.replace(/^\S+\s+/, "")])
    .filter((value) => value.length >= SHORTEST_SECRET);
  return secrets.reduce((text, secret) => text.replaceAll(secret, "[redacted]"), body);
}
