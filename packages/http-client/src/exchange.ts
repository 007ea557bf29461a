// One request over one connection, up to the head of its response.
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { connectionError } from "./connection-error.ts";
import type { Route } from "./connections.ts";
import { abortError, HttpError } from "./errors.ts";
import { gathered, isPiecewise, type PiecewiseBody, type RequestBody } from "./request-body.ts";
import { createResponse, type HttpResponse } from "./response.ts";

/** A kept connection turned out to be closed before the server answered; a new one may be used. */
export class StaleConnectionError extends Error {}

export interface ExchangeOptions {
  readonly route: Route;
  readonly method: string;
  /** As messages show it. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody | undefined;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

function whenConnected(socket: Socket, connected: () => void): void {
  if (!socket.connecting) connected();
  else socket.once("encrypted" in socket ? "secureConnect" : "connect", connected);
}

/** Resolves with the response's head, whatever its status. */
export function sendOnce(options: ExchangeOptions): Promise<HttpResponse> {
  const { route, method, url, headers, body, connectTimeoutMs, idleTimeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortError(signal, url));
      return;
    }
    let response: HttpResponse | undefined;
    let isConnected = false;
    const request = route.module.request({
      ...route.options,
      method,
      headers: isPiecewise(body) ? { ...headers, "content-length": String(body.size) } : headers,
    });

    const fail = (error: HttpError): void => {
      if (response === undefined) request.destroy(error);
      else response.cancel(error);
    };
    let timer: NodeJS.Timeout | undefined = setTimeout(() => {
      fail(new HttpError("timeout", `no connection to ${url} within ${connectTimeoutMs} ms`));
    }, connectTimeoutMs);
    const stop = (): void => {
      if (signal !== undefined) fail(abortError(signal, url));
    };
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    };

    signal?.addEventListener("abort", stop, { once: true });
    request.on("socket", (socket) => {
      whenConnected(socket, () => {
        isConnected = true;
        clearTimeout(timer);
        if (response !== undefined || idleTimeoutMs === undefined) return;
        timer = setTimeout(() => {
          fail(new HttpError("timeout", `${url} gave no answer within ${idleTimeoutMs} ms`));
        }, idleTimeoutMs);
      });
    });
    request.on("response", (message: IncomingMessage) => {
      clearTimeout(timer);
      response = createResponse({ message, url, idleTimeoutMs, onEnd: settle });
      resolve(response);
    });
    request.on("error", (cause: NodeJS.ErrnoException) => {
      settle();
      if (request.reusedSocket && (cause.code === "ECONNRESET" || cause.code === "EPIPE")) {
        reject(new StaleConnectionError());
        return;
      }
      const what = isConnected
        ? `the connection to ${url} broke before an answer`
        : `cannot reach ${url}`;
      reject(connectionError(cause, what));
    });
    if (isPiecewise(body)) writePieces(request, body);
    else request.end(body);
  });
}

/** Writes as fast as the other side reads; what is not yet written is not yet made. */
function writePieces(request: ClientRequest, body: PiecewiseBody): void {
  const pieces = gathered(body);
  const writeOn = (): void => {
    try {
      while (!request.destroyed) {
        const { done, value } = pieces.next();
        if (done === true) return void request.end();
        if (!request.write(value)) return void request.once("drain", writeOn);
      }
    } catch (error) {
      // A piece that cannot be made ends the request, not the process.
      request.destroy(error as Error);
    }
  };
  writeOn();
}
