// The transport: one request, one response, over whatever connection the environment asks for.
import { certificateVariables } from "./certificates.ts";
import { createConnections } from "./connections.ts";
import { readErrorBody } from "./error-body.ts";
import { HttpError, HttpStatusError } from "./errors.ts";
import { sendOnce, StaleConnectionError } from "./exchange.ts";
import { type HeaderFields, mergeHeaders } from "./headers.ts";
import { proxyVariables } from "./proxy.ts";
import type { RequestBody } from "./request-body.ts";
import type { HttpResponse } from "./response.ts";
import { displayUrl } from "./url.ts";
import { connectWebSocket, type WebSocketConnection } from "./web-socket.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * One request. Of the layers of headers, the later wins: the transport's own, `providerHeaders`,
 * `headers`, `authHeaders`.
 */
export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD";
  /** Absolute, `http` or `https`. */
  readonly url: string;
  readonly headers?: HeaderFields | undefined;
  /** Weaker than {@link headers}. */
  readonly providerHeaders?: HeaderFields | undefined;
  /** Stronger than {@link headers}; what they hold never appears in an error. */
  readonly authHeaders?: HeaderFields | undefined;
  readonly body?: RequestBody | undefined;
  /** How long the server may be silent, before its answer and within it, in milliseconds. */
  readonly idleTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A WebSocket to open, with the same layers of headers as {@link HttpRequest}. */
export interface WebSocketRequest {
  /** Absolute, `http` or `https` (or `ws`, `wss`, which mean the same here). */
  readonly url: string;
  readonly headers?: HeaderFields | undefined;
  /** Weaker than {@link headers}. */
  readonly providerHeaders?: HeaderFields | undefined;
  /** Stronger than {@link headers}; what they hold never appears in an error. */
  readonly authHeaders?: HeaderFields | undefined;
  /** For the connection and the handshake together, in milliseconds; the transport's when missing. */
  readonly connectTimeoutMs?: number | undefined;
  /** Ends the handshake; the connection that it made has a life of its own. */
  readonly signal?: AbortSignal | undefined;
}

/** What all requests of a transport share. */
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

/**
 * Sends requests and opens WebSockets through the environment's proxies and certificates. Disposing
 * of it closes every connection.
 */
export interface HttpTransport extends AsyncDisposable {
  /**
   * Sends a request and resolves when the head of a response with status 2xx is there. Redirects are
   * not followed. Connections are kept for the next request; idle ones do not keep the process alive.
   *
   * @throws HttpStatusError for any other status
   * @throws HttpError `network`, `timeout`, `build`, `certificates`, `aborted`
   */
  send(request: HttpRequest): Promise<HttpResponse>;
  /**
   * Opens a WebSocket under the same rules as {@link send}: the same proxies (by a tunnel), the same
   * certificates, the same layers of headers. Trace headers are left out, since the connection outlives
   * the moment. An open connection that nobody reads from does not keep the process alive; it is closed
   * with the transport at the latest.
   *
   * @throws HttpStatusError when the server answers with anything but 101
   * @throws HttpError `network`, `timeout`, `build`, `certificates`, `proxy`, `aborted`
   */
  openWebSocket(request: WebSocketRequest): Promise<WebSocketConnection>;
}

/** What a transport reads of `env`, and nothing else of it: for another process that is to open the same. */
export function transportVariables(env: Environment): Readonly<Record<string, string>> {
  const names: ReadonlySet<string> = new Set([...proxyVariables, ...certificateVariables]);
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && names.has(name.toUpperCase()) ? [[name, value]] : [],
    ),
  );
}

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
      body: await readErrorBody(response, request.authHeaders),
    });
  }

  const sockets = new Set<WebSocketConnection>();

  async function handshake(request: WebSocketRequest): Promise<WebSocketConnection> {
    const url = parseUrl(request.url.replace(/^ws(?=s?:)/i, "http"));
    const connection = await connectWebSocket({
      url,
      headers: mergeHeaders(
        defaultHeaders,
        basicAuthorization(url),
        request.providerHeaders,
        request.headers,
        request.authHeaders,
      ),
      authHeaders: request.authHeaders,
      openSocket: (signal) => connections.openSocket(url, signal),
      timeoutMs: request.connectTimeoutMs ?? connectTimeoutMs,
      signal: request.signal,
      onClose: (closed) => sockets.delete(closed),
    });
    if (connection.isOpen) sockets.add(connection);
    return connection;
  }

  /** Tries until it works, or fails for a reason that another try does not cure at once. */
  async function again<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof StaleConnectionError || connections.trustSystemStoreAfter(error))) {
          throw error;
        }
      }
    }
  }

  return {
    send: (request) => again(() => exchange(request)),
    openWebSocket: (request) => again(() => handshake(request)),
    async [Symbol.asyncDispose]() {
      await Promise.all([...sockets].map((socket) => socket[Symbol.asyncDispose]()));
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
