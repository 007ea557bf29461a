// Where sockets come from: one keep-alive agent per route, straight, through a proxy, or through a
// tunnel that a proxy opens. Whatever needs a connection takes it from here, so that no transport can
// forget the proxy or the certificates.
import type * as Http from "node:http";
import type { Agent, AgentOptions, RequestOptions } from "node:http";
import type { Socket } from "node:net";
import { readExtraCertificates, trustedRoots } from "./certificates.ts";
import { connectionError, isUnknownIssuer } from "./connection-error.ts";
import { abortError, HttpError } from "./errors.ts";
import { nodeHttp, nodeHttps, nodeNet, nodeTls } from "./node-modules.ts";
import { type Proxy, proxyFor } from "./proxy.ts";
import { openTunnel, type TlsOptions, tlsTarget } from "./tunnel.ts";
import { displayUrl } from "./url.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** How to reach one URL: the options of the platform's `request`, and the module that has it. */
export interface Route {
  readonly module: Pick<typeof Http, "request">;
  readonly options: RequestOptions;
  /** Header fields that the route itself needs. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface ConnectionsOptions {
  readonly env: Environment;
  readonly connectTimeoutMs: number;
  /** Told once that the configured certificates cannot be used; without it every request fails. */
  readonly onCertificateProblem?: ((error: HttpError) => void) | undefined;
}

export interface Connections {
  /** @throws HttpError `build`, `certificates` */
  routeTo(url: URL): Route;
  /**
   * A connection to the server of `url` for the caller alone, through a tunnel where there is a proxy.
   *
   * @throws HttpError `network`, `certificates`, `proxy`, `build`, `aborted`
   */
  openSocket(url: URL, signal: AbortSignal): Promise<Socket>;
  /**
   * Whether another try may succeed after `error`, because from now on the operating system's
   * certificate store is trusted too; that store is slow to read, and seldom needed.
   */
  trustSystemStoreAfter(error: unknown): boolean;
  close(): void;
}

const KEEP_ALIVE: AgentOptions = { keepAlive: true, scheduling: "lifo" };

function hostnameOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}

function portOf(url: URL): number {
  return url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
}

interface DirectOptions {
  readonly url: URL;
  readonly hostname: string;
  readonly port: number;
  readonly secure: boolean;
  readonly tls: TlsOptions;
  readonly signal: AbortSignal;
}

function openDirect({ url, hostname, port, secure, tls, signal }: DirectOptions): Promise<Socket> {
  const shown = displayUrl(url);
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortError(signal, shown));
      return;
    }
    const socket = secure
      ? nodeTls().connect({ port, ...tlsTarget(hostname), ...tls })
      : nodeNet().connect({ port, host: hostname });
    const stop = (): void => {
      socket.destroy(abortError(signal, shown));
    };
    const broken = (cause: Error): void => {
      signal.removeEventListener("abort", stop);
      reject(connectionError(cause, `cannot reach ${shown}`));
    };
    signal.addEventListener("abort", stop, { once: true });
    socket.once("error", broken);
    socket.once(secure ? "secureConnect" : "connect", () => {
      signal.removeEventListener("abort", stop);
      socket.off("error", broken);
      resolve(socket);
    });
  });
}

export function createConnections(options: ConnectionsOptions): Connections {
  const { env, connectTimeoutMs, onCertificateProblem } = options;
  const agents = new Map<string, Agent>();
  const closing = new AbortController();
  let extraCertificates: readonly string[] | null | undefined;
  let useSystemStore = false;
  let tls: TlsOptions | undefined;

  function readCertificates(): readonly string[] | null {
    try {
      return readExtraCertificates(env);
    } catch (error) {
      if (!(error instanceof HttpError) || onCertificateProblem === undefined) throw error;
      onCertificateProblem(error);
      return null;
    }
  }

  /** Empty where the platform's own roots do: those need no list of our own. */
  function tlsOptions(): TlsOptions {
    if (extraCertificates === undefined) extraCertificates = readCertificates();
    if (extraCertificates === null && !useSystemStore) return {};
    if (tls === undefined) {
      const ca = trustedRoots(extraCertificates ?? [], useSystemStore);
      tls = { secureContext: nodeTls().createSecureContext({ ca }) };
    }
    return tls;
  }

  function agentFor(key: string, make: () => Agent): Agent {
    const agent = agents.get(key) ?? make();
    agents.set(key, agent);
    return agent;
  }

  function plainAgent(): Agent {
    return agentFor("plain", () => new (nodeHttp().Agent)(KEEP_ALIVE));
  }

  function secureAgent(): Agent {
    return agentFor("secure", () => new (nodeHttps().Agent)({ ...KEEP_ALIVE, ...tlsOptions() }));
  }

  function tunnelAgent(url: URL, proxy: Proxy): Agent {
    const hostname = hostnameOf(url);
    const port = portOf(url);
    return agentFor(`${proxy.hostname}:${proxy.port} to ${hostname}:${port}`, () => {
      const agent = new (nodeHttps().Agent)(KEEP_ALIVE);
      const { signal } = closing;
      const timeoutMs = connectTimeoutMs;
      agent.createConnection = (_options, callback) => {
        openTunnel({
          proxy,
          hostname,
          port,
          secure: true,
          tls: tlsOptions(),
          timeoutMs,
          signal,
        }).then(
          (socket) => callback?.(null, socket),
          (error: unknown) => callback?.(error as Error, undefined as never),
        );
        return undefined;
      };
      return agent;
    });
  }

  function throughProxy(url: URL, proxy: Proxy): Route {
    const secureProxy = proxy.protocol === "https:";
    return {
      module: secureProxy ? nodeHttps() : nodeHttp(),
      options: {
        agent: secureProxy ? secureAgent() : plainAgent(),
        host: proxy.hostname,
        port: proxy.port,
        path: `${url.protocol}//${url.host}${url.pathname}${url.search}`,
      },
      headers: {
        host: url.host,
        ...(proxy.authorization === undefined
          ? {}
          : { "proxy-authorization": proxy.authorization }),
      },
    };
  }

  return {
    routeTo(url) {
      const target = {
        host: hostnameOf(url),
        port: portOf(url),
        path: `${url.pathname}${url.search}`,
      };
      const proxy = proxyFor(url, env);
      if (url.protocol === "http:") {
        if (proxy !== null) return throughProxy(url, proxy);
        return { module: nodeHttp(), options: { ...target, agent: plainAgent() }, headers: {} };
      }
      const agent = proxy === null ? secureAgent() : tunnelAgent(url, proxy);
      return { module: nodeHttps(), options: { ...target, agent }, headers: {} };
    },

    openSocket(url, signal) {
      const proxy = proxyFor(url, env);
      const hostname = hostnameOf(url);
      const port = portOf(url);
      const secure = url.protocol === "https:";
      const either = AbortSignal.any([signal, closing.signal]);
      const tls = secure || proxy?.protocol === "https:" ? tlsOptions() : {};
      if (proxy === null) return openDirect({ url, hostname, port, secure, tls, signal: either });
      const timeoutMs = connectTimeoutMs;
      return openTunnel({ proxy, hostname, port, secure, tls, timeoutMs, signal: either });
    },

    trustSystemStoreAfter(error) {
      const cause = error instanceof Error ? error.cause : undefined;
      if (useSystemStore || !isUnknownIssuer(cause)) return false;
      useSystemStore = true;
      tls = undefined;
      agents.delete("secure");
      return true;
    },

    close() {
      closing.abort();
      for (const agent of agents.values()) agent.destroy();
    },
  };
}
