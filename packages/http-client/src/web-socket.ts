// A WebSocket (RFC 6455): the handshake over a socket of ours, then text messages, one after another.
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { connectionError } from "./connection-error.ts";
import { readErrorBody } from "./error-body.ts";
import { abortError, HttpError, HttpStatusError } from "./errors.ts";
import type { HeaderFields, ResponseHeaders } from "./headers.ts";
import { createResponse, readHeaders } from "./response.ts";
import { displayUrl } from "./url.ts";

/** How long to wait for a message. */
export interface ReceiveOptions {
  /** How long the server may be silent, in milliseconds; pings do not count as a word. */
  readonly idleTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An open WebSocket. Whatever {@link receive} throws, the connection is closed then. */
export interface WebSocketConnection extends AsyncDisposable {
  /** Without user, password and query. */
  readonly url: string;
  /** The headers of the server's answer to the handshake. */
  readonly headers: ResponseHeaders;
  /** False once either side has closed it. */
  readonly isOpen: boolean;
  /** Resolves when the message is handed to the network. @throws HttpError `network` */
  send(text: string): Promise<void>;
  /**
   * The server's next text message; one reader at a time. Keeps the process alive while it waits.
   *
   * @throws HttpError `network` when the connection ends, or brings what is no text; `timeout`; `aborted`
   */
  receive(options?: ReceiveOptions): Promise<string>;
  /** Throws away the messages that have come and that nobody has received. */
  discardWaiting(): void;
  /** Cuts the connection without a word. */
  drop(): void;
}

export interface ConnectOptions {
  /** `http` or `https`. */
  readonly url: URL;
  readonly headers: HeaderFields;
  readonly authHeaders: HeaderFields | undefined;
  readonly openSocket: (signal: AbortSignal) => Promise<Socket>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onClose: (connection: WebSocketConnection) => void;
}

const LONGEST_MESSAGE_BYTES = 128 * 1024 * 1024;
/** How long a server may take to answer our goodbye. */
const CLOSE_WAIT_MS = 250;
/** Messages that may wait for their reader before the server has to. */
const MOST_WAITING = 256;
const NORMAL_CLOSURE = 1000;

/** @throws HttpError as `openWebSocket` says */
export async function connectWebSocket(options: ConnectOptions): Promise<WebSocketConnection> {
  const { url, timeoutMs, signal, openSocket } = options;
  const shown = displayUrl(url);
  const ending = new AbortController();
  const stop = (): void => ending.abort(signal?.reason);
  if (signal?.aborted === true) throw abortError(signal, shown);
  signal?.addEventListener("abort", stop, { once: true });
  const deadline = setTimeout(() => {
    const text = `no WebSocket connection to ${shown} within ${timeoutMs} ms`;
    ending.abort(new HttpError("timeout", text));
  }, timeoutMs);
  try {
    const [library, socket] = await Promise.all([import("ws"), openSocket(ending.signal)]);
    return await shakeHands(
      options,
      { WebSocket: library.WebSocket, socket, shown },
      ending.signal,
    );
  } catch (error) {
    const reason: unknown = ending.signal.reason;
    if (reason instanceof HttpError) throw reason;
    throw ending.signal.aborted ? abortError(ending.signal, shown) : error;
  } finally {
    clearTimeout(deadline);
    signal?.removeEventListener("abort", stop);
  }
}

interface Line {
  readonly WebSocket: typeof WebSocket;
  readonly socket: Socket;
  readonly shown: string;
}

function shakeHands(
  options: ConnectOptions,
  { WebSocket: Client, socket, shown }: Line,
  signal: AbortSignal,
): Promise<WebSocketConnection> {
  const { url, headers, authHeaders, onClose } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      socket.destroy();
      reject(abortError(signal, shown));
      return;
    }
    const target = new URL(url);
    target.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    // The user of the URL is in the headers already.
    target.username = "";
    target.password = "";
    let answer: IncomingMessage | undefined;
    const client = new Client(target, {
      headers,
      createConnection: () => socket,
      maxPayload: LONGEST_MESSAGE_BYTES,
      skipUTF8Validation: false,
    });
    const stop = (): void => client.terminate();
    signal.addEventListener("abort", stop, { once: true });
    const settle = (): void => signal.removeEventListener("abort", stop);
    const fail = (error: Error): void => {
      settle();
      socket.destroy();
      reject(error);
    };
    client.on("error", (cause) => {
      fail(connectionError(cause, `the WebSocket handshake with ${shown} failed`));
    });
    client.once("upgrade", (message: IncomingMessage) => {
      answer = message;
    });
    client.once("unexpected-response", (_request, message) => {
      const response = createResponse({
        message,
        url: shown,
        idleTimeoutMs: undefined,
        onEnd: () => {},
      });
      readErrorBody(response, authHeaders).then((body) => {
        const { status, url: from, headers: fields } = response;
        fail(new HttpStatusError({ status, url: from, headers: fields, body }));
      }, fail);
    });
    client.once("open", () => {
      settle();
      client.removeAllListeners("error");
      const fields: ResponseHeaders = answer === undefined ? new Map() : readHeaders(answer);
      resolve(openConnection({ client, socket, shown, headers: fields, onClose }));
    });
  });
}

interface OpenParts {
  readonly client: WebSocket;
  readonly socket: Socket;
  readonly shown: string;
  readonly headers: ResponseHeaders;
  readonly onClose: (connection: WebSocketConnection) => void;
}

function openConnection(parts: OpenParts): WebSocketConnection {
  const { client, socket, shown, headers, onClose } = parts;
  const waiting: string[] = [];
  let failure: HttpError | undefined;
  let wake: (() => void) | undefined;
  /** Whether the connection keeps the process alive: only while somebody waits for a message. */
  const hold = (isHeld: boolean): void => {
    // A socket that is gone would keep the wish for its next connection, which never comes.
    if (socket.destroyed) return;
    if (isHeld) socket.ref();
    else socket.unref();
  };
  hold(/*isHeld*/ false);

  const end = (error: HttpError): void => {
    failure ??= error;
    wake?.();
  };
  client.on("message", (data: Buffer, isBinary) => {
    if (isBinary) {
      end(
        new HttpError(
          "network",
          `${shown} sent a binary WebSocket message, which nobody asked for`,
        ),
      );
      client.terminate();
      return;
    }
    waiting.push(data.toString("utf8"));
    if (waiting.length >= MOST_WAITING) client.pause();
    wake?.();
  });
  client.on("error", (cause) => {
    end(connectionError(cause, `the WebSocket connection to ${shown} broke`));
  });
  client.on("close", (code, reason) => {
    const said = reason.length === 0 ? "" : `: ${reason.toString("utf8")}`;
    end(
      new HttpError(
        "network",
        // RFC 6455, section 7.4.1: nobody sends 1006, it stands for a connection that just ended.
        code === 1006
          ? `the WebSocket connection to ${shown} broke`
          : `${shown} closed the WebSocket connection (code ${code}${said})`,
      ),
    );
    onClose(connection);
  });

  /** The next message, or what ended the connection after the last one. */
  function take(): string | undefined {
    const text = waiting.shift();
    if (text !== undefined) {
      if (client.isPaused && waiting.length < MOST_WAITING / 2) client.resume();
      return text;
    }
    if (failure !== undefined) throw failure;
    return undefined;
  }

  const connection: WebSocketConnection = {
    url: shown,
    headers,
    get isOpen() {
      return failure === undefined && client.readyState === client.OPEN;
    },
    send(text) {
      return new Promise((resolve, reject) => {
        if (failure !== undefined) {
          reject(failure);
          return;
        }
        client.send(text, (cause) => {
          if (cause === undefined || cause === null) resolve();
          else reject(failure ?? connectionError(cause, `cannot send to ${shown}`));
        });
      });
    },
    async receive({ idleTimeoutMs, signal } = {}) {
      const stop = (): void => {
        waiting.length = 0;
        if (signal !== undefined) end(abortError(signal, shown));
      };
      if (signal?.aborted === true) stop();
      else {
        const ready = take();
        if (ready !== undefined) return ready;
      }
      let timer: NodeJS.Timeout | undefined;
      hold(/*isHeld*/ true);
      signal?.addEventListener("abort", stop, { once: true });
      if (idleTimeoutMs !== undefined) {
        timer = setTimeout(() => {
          end(new HttpError("timeout", `${shown} sent nothing more for ${idleTimeoutMs} ms`));
        }, idleTimeoutMs);
      }
      try {
        for (;;) {
          const text = take();
          if (text !== undefined) return text;
          const { promise, resolve } = Promise.withResolvers<void>();
          wake = resolve;
          await promise;
        }
      } catch (error) {
        client.terminate();
        throw error;
      } finally {
        wake = undefined;
        clearTimeout(timer);
        signal?.removeEventListener("abort", stop);
        hold(/*isHeld*/ false);
      }
    },
    discardWaiting() {
      waiting.length = 0;
      if (client.isPaused) client.resume();
    },
    drop() {
      end(new HttpError("aborted", `the WebSocket connection to ${shown} was closed by us`));
      client.terminate();
    },
    async [Symbol.asyncDispose]() {
      end(new HttpError("aborted", `the WebSocket connection to ${shown} was closed by us`));
      if (client.readyState === client.CLOSED) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      client.once("close", resolve);
      const timer = setTimeout(() => client.terminate(), CLOSE_WAIT_MS);
      hold(/*isHeld*/ true);
      client.resume();
      client.close(NORMAL_CLOSURE);
      await promise;
      clearTimeout(timer);
    },
  };
  return connection;
}
