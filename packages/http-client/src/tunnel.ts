// A connection to a server through a proxy's CONNECT tunnel (RFC 9110, section 9.3.6).
import type { RequestOptions } from "node:http";
import type { Socket } from "node:net";
import type { ConnectionOptions, SecureContext } from "node:tls";
import { connectionError } from "./connection-error.ts";
import { HttpError } from "./errors.ts";
import { nodeHttp, nodeHttps, nodeNet, nodeTls } from "./node-modules.ts";
import type { Proxy } from "./proxy.ts";

export interface TlsOptions {
  readonly secureContext?: SecureContext;
}

export interface TunnelOptions {
  readonly proxy: Proxy;
  readonly hostname: string;
  readonly port: number;
  /** Whether the server speaks TLS. */
  readonly secure: boolean;
  /** For the server, and for the proxy where that speaks TLS itself. */
  readonly tls: TlsOptions;
  /** For the proxy's connection, its answer and the server's handshake together. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What a TLS handshake says of the server that it wants. */
export function tlsTarget(hostname: string): ConnectionOptions {
  return {
    host: hostname,
    ...(nodeNet().isIP(hostname) === 0 ? { servername: hostname } : {}),
    ALPNProtocols: ["http/1.1"],
  };
}

function connectRequest({ proxy, hostname, port, tls }: TunnelOptions): RequestOptions {
  const target = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  return {
    host: proxy.hostname,
    port: proxy.port,
    ...(proxy.protocol === "https:" ? tls : {}),
    method: "CONNECT",
    path: target,
    agent: false,
    headers: {
      host: target,
      ...(proxy.authorization === undefined ? {} : { "proxy-authorization": proxy.authorization }),
    },
  };
}

/** A proxy that cannot reach the server may do so next time; one that does not let us through, no. */
function refusedTunnel(name: string, status: number): HttpError {
  const way =
    status === 407 ? "; put user:password@ before its host in the variable that names it" : "";
  const code = status >= 500 ? "network" : "proxy";
  return new HttpError(code, `${name} refused the tunnel (status ${status})${way}`);
}

/** @throws HttpError `network`, `certificates`, `proxy`, `timeout` or `aborted` */
export function openTunnel(options: TunnelOptions): Promise<Socket> {
  const { proxy, hostname, secure, tls, timeoutMs, signal } = options;
  const name = `the proxy ${proxy.hostname}:${proxy.port}`;
  return new Promise((resolve, reject) => {
    const module = proxy.protocol === "https:" ? nodeHttps() : nodeHttp();
    const request = module.request(connectRequest(options));
    let held: { destroy(): unknown } = request;

    const settle = (): void => {
      clearTimeout(deadline);
      signal.removeEventListener("abort", stop);
    };
    const fail = (error: HttpError): void => {
      settle();
      held.destroy();
      reject(error);
    };
    const stop = (): void => fail(new HttpError("aborted", `the connection to ${name} was closed`));
    const deadline = setTimeout(() => {
      fail(
        new HttpError("timeout", `${name} gave no connection to ${hostname} in ${timeoutMs} ms`),
      );
    }, timeoutMs);
    const broken = (cause: Error): void => fail(connectionError(cause, `no way through ${name}`));

    if (signal.aborted) {
      stop();
      return;
    }
    signal.addEventListener("abort", stop, { once: true });
    request.on("error", broken);
    request.on("response", (response) => {
      fail(new HttpError("proxy", `${name} opens no tunnels (status ${response.statusCode})`));
    });
    request.on("connect", (response, socket) => {
      held = socket;
      if (response.statusCode !== 200) {
        fail(refusedTunnel(name, response.statusCode ?? 0));
        return;
      }
      if (!secure) {
        settle();
        resolve(socket);
        return;
      }
      const secured = nodeTls().connect({ socket, ...tlsTarget(hostname), ...tls });
      held = secured;
      secured.once("error", broken);
      secured.once("secureConnect", () => {
        settle();
        secured.off("error", broken);
        resolve(secured);
      });
    });
    request.end();
  });
}
