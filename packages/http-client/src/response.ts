// A response whose body is still on its way.
import type { IncomingMessage } from "node:http";
import { HttpError } from "./errors.ts";
import type { ResponseHeaders } from "./headers.ts";

/**
 * A response with a status of 2xx. The body can be read once, either way. Disposing of it before its
 * end closes the connection.
 */
export interface HttpResponse extends AsyncDisposable {
  readonly status: number;
  /** Without user, password and query. */
  readonly url: string;
  readonly headers: ResponseHeaders;
  /**
   * The body's chunks as they arrive.
   *
   * @throws HttpError `network` when the connection breaks before the end, `timeout` when nothing
   * arrives for the request's idle time, `aborted`.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** The whole body as UTF-8. @throws HttpError as {@link body}, and `network` beyond `maxBytes`. */
  text(options?: { readonly maxBytes?: number | undefined }): Promise<string>;
  /**
   * Says that nothing more of the body is wanted although its end has not come yet. What the server
   * still sends within half a second is thrown away, so that the connection can serve again; then it
   * is closed. Does not keep the process alive.
   */
  release(): void;
  /** Closes the connection; whoever reads the body gets `reason`. */
  cancel(reason?: Error): void;
}

const RELEASE_MS = 500;
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

export interface ResponseOptions {
  readonly message: IncomingMessage;
  readonly url: string;
  readonly idleTimeoutMs: number | undefined;
  /** Called once, when the body has ended in any way. */
  readonly onEnd: () => void;
}

/** Joins a header's values as RFC 9110, section 5.2, allows. */
export function readHeaders(message: IncomingMessage): ResponseHeaders {
  const headers = new Map<string, string>();
  for (const [name, values] of Object.entries(message.headersDistinct)) {
    if (values !== undefined) headers.set(name, values.join(", "));
  }
  return headers;
}

export function createResponse(options: ResponseOptions): HttpResponse {
  const { message, url, idleTimeoutMs, onEnd } = options;
  let failure: Error | undefined;
  let isReleased = false;

  message.once("close", onEnd);
  // A body that nobody reads may break without harm; who reads it sees the error there.
  message.on("error", () => {});

  function cancel(reason?: Error): void {
    failure ??=
      reason ?? new HttpError("aborted", `the response of ${url} was not read to its end`);
    message.destroy();
  }

  async function* chunks(): AsyncGenerator<Uint8Array, void> {
    const idle = (): void => {
      cancel(new HttpError("timeout", `${url} sent nothing more for ${idleTimeoutMs} ms`));
    };
    let timer: NodeJS.Timeout | undefined;
    try {
      timer = idleTimeoutMs === undefined ? undefined : setTimeout(idle, idleTimeoutMs);
      for await (const chunk of message.iterator({ destroyOnReturn: false })) {
        clearTimeout(timer);
        yield chunk as Uint8Array;
        timer = idleTimeoutMs === undefined ? undefined : setTimeout(idle, idleTimeoutMs);
      }
    } catch (cause) {
      throw (
        failure ??
        new HttpError("network", `the connection to ${url} broke before the end of its answer`, {
          cause,
        })
      );
    } finally {
      clearTimeout(timer);
    }
    if (failure !== undefined) throw failure;
  }

  const body = chunks();
  return {
    status: message.statusCode ?? 0,
    url,
    headers: readHeaders(message),
    body,
    async text({ maxBytes = DEFAULT_MAX_BYTES } = {}) {
      const parts: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of body) {
        parts.push(chunk);
        size += chunk.length;
        if (size > maxBytes) {
          cancel();
          throw new HttpError("network", `the answer of ${url} is longer than ${maxBytes} bytes`);
        }
      }
      return Buffer.concat(parts).toString("utf8");
    },
    release() {
      isReleased = true;
      if (message.destroyed || message.readableEnded) return;
      message.resume();
      message.socket?.unref();
      const timer = setTimeout(() => message.destroy(), RELEASE_MS).unref();
      message.once("close", () => clearTimeout(timer));
    },
    cancel,
    async [Symbol.asyncDispose]() {
      if (!message.readableEnded && !isReleased) cancel();
    },
  };
}
