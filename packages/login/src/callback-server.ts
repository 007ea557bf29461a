// The server on loopback that the browser comes back to.
import { type Server, type ServerResponse, createServer, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { LoginError } from "./errors.ts";
import { type LoginFault, faultPage } from "./login-pages.ts";

/** How the exchange that a callback started went. */
export type CallbackResult =
  | { readonly kind: "stored"; readonly successPage: string }
  | { readonly kind: "failed"; readonly fault: LoginFault; readonly error: LoginError };

export interface CallbackServerOptions {
  /** Tried in this order; 0 is any free port. */
  readonly ports: readonly number[];
  readonly state: string;
  /** Called once, with the query of the first callback that carries the state. Does not throw. */
  readonly onCallback: (query: URLSearchParams) => Promise<CallbackResult>;
}

export interface CallbackServer {
  readonly port: number;
  /** Settles once the login is stored and its page was fetched, or has failed. @throws LoginError */
  readonly finished: Promise<void>;
  /** Closes the server; `finished` rejects with `reason` unless it has settled. */
  close(reason: LoginError): void;
}

/** A browser that is closed right after the login never fetches the last page. */
const successPageMs = 10_000;

export async function startCallbackServer(options: CallbackServerOptions): Promise<CallbackServer> {
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
  finished.catch(() => {});
  let result: Promise<CallbackResult> | undefined;
  let storedPage: string | undefined;
  let timer: NodeJS.Timeout | undefined;

  const server = createServer((request, response) => {
    // Another page in the browser may not get here under a name that it has pointed at this machine.
    if (!isOwnHost(request.headers.host, portOf(server))) {
      answer(response, { status: 403, text: "Forbidden" });
      return;
    }
    const url = URL.parse(request.url ?? "", "http://localhost");
    if (url === null) {
      answer(response, { status: 400, text: "Bad request" });
    } else if (request.method !== "GET") {
      answer(response, { status: 405, text: "Method not allowed" });
    } else if (url.pathname === "/auth/callback") {
      void callback(url.searchParams, response);
    } else if (url.pathname === "/success" && storedPage !== undefined) {
      response.once("close", () => end(resolve));
      answer(response, { status: 200, html: storedPage });
    } else {
      // There is no way to cancel from outside: any page in the browser could ask for it.
      answer(response, { status: 404, text: "Not found" });
    }
  });

  async function callback(query: URLSearchParams, response: ServerResponse): Promise<void> {
    if (query.get("state") !== options.state) {
      answer(response, { status: 400, text: "The state of this login is another one" });
      return;
    }
    // A page that is loaded twice exchanges its code once.
    result ??= options.onCallback(query);
    const outcome = await result;
    if (outcome.kind === "failed") {
      response.once("close", () => end(() => reject(outcome.error)));
      answer(response, { status: 200, html: faultPage(outcome.fault) });
      return;
    }
    storedPage = outcome.successPage;
    timer ??= setTimeout(() => end(resolve), successPageMs);
    response.setHeader("location", `http://localhost:${portOf(server)}/success`);
    answer(response, { status: 302, text: "" });
  }

  function end(settle: () => void): void {
    clearTimeout(timer);
    settle();
    server.close();
    server.closeAllConnections();
  }

  await listenOnFirst(server, options.ports);
  return {
    port: portOf(server),
    finished,
    close: (reason) => end(() => reject(reason)),
  };
}

interface Answer {
  readonly status: number;
  readonly text?: string;
  readonly html?: string;
}

/** A connection that the browser kept open would hold the port against the next login. */
function answer(response: ServerResponse, { status, text = "", html }: Answer): void {
  const body = Buffer.from(html ?? text);
  response.writeHead(status, {
    "content-type": html === undefined ? "text/plain; charset=utf-8" : "text/html; charset=utf-8",
    "content-length": body.length,
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    connection: "close",
  });
  response.end(body);
}

function isOwnHost(host: string | undefined, port: number): boolean {
  return host === `localhost:${port}` || host === `127.0.0.1:${port}`;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function listenOnFirst(server: Server, ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    if (await listen(server, port)) return;
    // The released CLI ends its own login when it is asked to; then the port is free in a moment.
    if (!(await askToCancel(port))) continue;
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await sleep(200);
      if (await listen(server, port)) return;
    }
  }
  throw new LoginError(
    "port_in_use",
    `the login needs port ${ports.join(" or ")} on this machine, and other programs have them; end another login that is under way, or log in with a device code`,
  );
}

/** False when the port is in use. */
async function listen(server: Server, port: number): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => {
      server.off("listening", onListening);
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(loginServerError(error));
    };
    const onListening = () => {
      server.off("error", onError);
      resolve(true);
    };
    server.once("error", onError).once("listening", onListening).listen(port, "127.0.0.1");
  });
}

function loginServerError(cause: NodeJS.ErrnoException): LoginError {
  return new LoginError(
    "login_failed",
    `the browser cannot come back to this machine: no server can be started (${cause.code}); log in with a device code`,
    { cause },
  );
}

async function askToCancel(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const request = get(
      { host: "127.0.0.1", port, path: "/cancel", agent: false, signal: AbortSignal.timeout(2000) },
      (response) => {
        response.resume();
        response.once("close", () => resolve(response.statusCode === 200));
      },
    );
    request.once("error", () => resolve(false));
  });
}
