import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import {
  hasOpenssl,
  leaf,
  makeCertificates,
  startTunnelProxy,
  type TunnelAnswer,
} from "@codex-ts/test-support";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import {
  createHttpTransport,
  type HttpTransportOptions,
  type WebSocketRequest,
} from "./transport.ts";
import type { WebSocketConnection } from "./web-socket.ts";

const cleanups: (() => unknown)[] = [];
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "http-client-ws-"));
  if (hasOpenssl) makeCertificates(folder);
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Served {
  readonly port: number;
  readonly url: string;
  readonly handshakes: IncomingMessage[];
  /** How the server's side of each connection ended: code and reason. */
  readonly closed: (readonly [code: number, reason: string])[];
  openSockets(): number;
}

/** A WebSocket server; `serve` is given each connection that it accepted. */
async function serve(
  each: (socket: WebSocket) => unknown = () => {},
  options: { readonly secure?: boolean; readonly refuse?: (socket: Socket) => void } = {},
): Promise<Served> {
  const server: Server =
    options.secure === true ? createSecureServer(leaf(folder)) : createServer();
  const accepting = new WebSocketServer({ noServer: true, perMessageDeflate: true });
  const handshakes: IncomingMessage[] = [];
  const closed: Served["closed"] = [];
  const sockets = new Set<Socket>();
  server.on(options.secure === true ? "secureConnection" : "connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  accepting.on("headers", (headers) => headers.push("x-kind: scripted", "x-many: a", "x-many: b"));
  server.on("upgrade", (request, socket: Socket, head) => {
    handshakes.push(request);
    if (options.refuse !== undefined) {
      options.refuse(socket);
      socket.resume().on("end", () => socket.end());
      return;
    }
    accepting.handleUpgrade(request, socket, head, (accepted) => {
      accepted.on("error", () => {});
      accepted.on("close", (code, reason) => closed.push([code, reason.toString("utf8")]));
      void each(accepted);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const scheme = options.secure === true ? "https" : "http";
  return {
    port,
    url: `${scheme}://127.0.0.1:${port}/v1/responses?v=1`,
    handshakes,
    closed,
    openSockets: () => sockets.size,
  };
}

const echo = (socket: WebSocket): void => {
  socket.on("message", (data: Buffer) => socket.send(`echo ${data.toString("utf8")}`));
};

async function open(
  request: WebSocketRequest,
  options: HttpTransportOptions = {},
): Promise<WebSocketConnection> {
  const transport = createHttpTransport({ env: {}, ...options });
  cleanups.push(() => transport[Symbol.asyncDispose]());
  return transport.openWebSocket(request);
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "no failure",
    (error: unknown) => error,
  );

describe("the handshake", () => {
  it("carries the layers of headers as HTTP does, but no trace headers", async () => {
    const server = await serve(echo);
    const connection = await open(
      {
        url: server.url,
        headers: { "x-own": "request", "openai-beta": "b" },
        providerHeaders: { "x-own": "provider", "x-provider": "p", originator: "provider" },
        authHeaders: { authorization: "Bearer secret-token" },
      },
      {
        defaultHeaders: { originator: "default", "user-agent": "ua/1" },
        traceHeaders: () => ({ traceparent: "00-1" }),
      },
    );
    const { "sec-websocket-key": key, ...headers } = server.handshakes[0]?.headers ?? {};
    expect(key).toMatch(/^.{24}$/);
    expect([server.handshakes[0]?.url, headers]).toEqual([
      "/v1/responses?v=1",
      {
        host: `127.0.0.1:${server.port}`,
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-extensions": "permessage-deflate; client_max_window_bits",
        authorization: "Bearer secret-token",
        "openai-beta": "b",
        originator: "provider",
        "user-agent": "ua/1",
        "x-own": "request",
        "x-provider": "p",
      },
    ]);
    expect(connection.url).toBe(`http://127.0.0.1:${server.port}/v1/responses`);
    expect([connection.headers.get("x-kind"), connection.headers.get("x-many")]).toEqual([
      "scripted",
      "a, b",
    ]);
  });

  it("that is answered with a status is that status, without the credential in the body", async () => {
    const body = JSON.stringify({ error: { message: "not with Bearer secret-token" } });
    const { url } = await serve(echo, {
      refuse: (socket) =>
        socket.end(
          `HTTP/1.1 401 Unauthorized\r\nx-request-id: r1\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
        ),
    });
    const authHeaders = { authorization: "Bearer secret-token" };
    const error = await failure(open({ url, authHeaders }));
    expect(error).toMatchObject({
      code: "status",
      status: 401,
      url: url.replace("?v=1", ""),
      body: JSON.stringify({ error: { message: "not with [redacted]" } }),
    });
    expect((error as { headers: Map<string, string> }).headers.get("x-request-id")).toBe("r1");
  });

  it("that gets no answer is a timeout, and leaves no socket behind", async () => {
    const server = await serve(echo, { refuse: () => {} });
    const error = await failure(open({ url: server.url, connectTimeoutMs: 60 }));
    expect(error).toMatchObject({ code: "timeout" });
    await vi.waitFor(() => expect(server.openSockets()).toBe(0));
  });

  it("that is cancelled ends at once, and leaves no socket behind", async () => {
    const controller = new AbortController();
    const server = await serve(echo, { refuse: () => controller.abort() });
    const error = await failure(open({ url: server.url, signal: controller.signal }));
    expect(error).toMatchObject({ code: "aborted" });
    await vi.waitFor(() => expect(server.openSockets()).toBe(0));
    expect(await failure(open({ url: server.url, signal: controller.signal }))).toMatchObject({
      code: "aborted",
    });
    expect(server.handshakes).toHaveLength(1);
  });

  it("with what is no WebSocket server is an error that says so", async () => {
    const { url } = await serve(echo, {
      refuse: (socket) =>
        socket.end(
          "HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: no\r\n\r\n",
        ),
    });
    expect(await failure(open({ url }))).toMatchObject({
      code: "network",
      message: expect.stringContaining("the WebSocket handshake with") as string,
    });
    const nobody = await failure(open({ url: "http://127.0.0.1:9/v1" }));
    expect(nobody).toMatchObject({ code: "network" });
    expect(await failure(open({ url: "ftp://127.0.0.1/" }))).toMatchObject({ code: "build" });
  });

  it("sends the user of the URL as a header, and never shows it", async () => {
    const server = await serve(echo);
    const connection = await open({ url: server.url.replace("//", "//kim:hunter22@") });
    expect(server.handshakes[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from("kim:hunter22").toString("base64")}`,
    );
    expect(connection.url).not.toContain("hunter22");
  });
});

describe("messages", () => {
  it("come in order, one for each call, also those that came before it", async () => {
    const { url } = await serve((socket) => {
      for (let index = 0; index < 1000; index += 1) socket.send(String(index));
    });
    const connection = await open({ url });
    const texts: string[] = [];
    for (let index = 0; index < 1000; index += 1) texts.push(await connection.receive());
    expect(texts).toEqual(Array.from({ length: 1000 }, (_, index) => String(index)));
  });

  it("make the server wait while nobody reads them", async () => {
    let sent = 0;
    const part = "x".repeat(64 * 1024);
    const server = await serve(async (socket) => {
      while (sent < 2000 && socket.readyState === socket.OPEN) {
        sent += 1;
        await new Promise((done) => socket.send(part, { compress: false }, done));
      }
    });
    const connection = await open({ url: server.url });
    let before = -1;
    // Until the server no longer gets on.
    await vi.waitFor(
      () => {
        const moved = sent !== before;
        before = sent;
        expect(moved).toBe(false);
      },
      { timeout: 10_000, interval: 200 },
    );
    expect(sent).toBeLessThan(2000);
    for (let index = 0; index < 2000; index += 1) await connection.receive();
    expect(sent).toBe(2000);
  });

  it("that came before the end can all be read after it, without a warning of the platform", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on("warning", onWarning);
    cleanups.push(() => process.off("warning", onWarning));
    const { url } = await serve((socket) => {
      for (let index = 0; index < 100; index += 1) socket.send(String(index));
      socket.close();
    });
    const connection = await open({ url });
    await vi.waitFor(() => expect(connection.isOpen).toBe(false));
    for (let index = 0; index < 100; index += 1) {
      expect(await connection.receive()).toBe(String(index));
    }
    expect(await failure(connection.receive())).toMatchObject({ code: "network" });
    expect(warnings).toEqual([]);
  });

  it("of any length and script arrive whole", async () => {
    const text = "päivää 🎈 ".repeat(40_000);
    const { url } = await serve(echo);
    const connection = await open({ url });
    await connection.send(text);
    expect(await connection.receive()).toBe(`echo ${text}`);
  });

  it("that are binary end the connection", async () => {
    const server = await serve((socket) => socket.send(Buffer.from([1, 2, 3])));
    const connection = await open({ url: server.url });
    expect(await failure(connection.receive())).toMatchObject({
      code: "network",
      message: expect.stringContaining("binary") as string,
    });
    expect(connection.isOpen).toBe(false);
    await vi.waitFor(() => expect(server.openSockets()).toBe(0));
  });

  it("that do not come are a timeout; pings are answered and do not count", async () => {
    let pongs = 0;
    const server = await serve((socket) => {
      socket.on("pong", () => (pongs += 1));
      const timer = setInterval(() => socket.ping(), 10);
      socket.on("close", () => clearInterval(timer));
    });
    const connection = await open({ url: server.url });
    const error = await failure(connection.receive({ idleTimeoutMs: 100 }));
    expect(error).toMatchObject({ code: "timeout" });
    expect(pongs).toBeGreaterThan(0);
    expect(connection.isOpen).toBe(false);
    expect(await failure(connection.send("more"))).toBe(error);
    await vi.waitFor(() => expect(server.openSockets()).toBe(0));
  });

  it("are no longer waited for when the caller cancels", async () => {
    const server = await serve((socket) => socket.send("one"));
    const connection = await open({ url: server.url });
    const controller = new AbortController();
    expect(await connection.receive({ signal: controller.signal })).toBe("one");
    const waiting = failure(connection.receive({ signal: controller.signal }));
    controller.abort();
    expect(await waiting).toMatchObject({ code: "aborted" });
    await vi.waitFor(() => expect(server.openSockets()).toBe(0));
  });

  it("of a server that says goodbye, or is gone, end with what it said", async () => {
    const polite = await serve((socket) => {
      socket.send("last");
      socket.close(1013, "try later");
    });
    const connection = await open({ url: polite.url });
    expect(await connection.receive()).toBe("last");
    expect(await failure(connection.receive())).toMatchObject({
      code: "network",
      message: `${connection.url} closed the WebSocket connection (code 1013: try later)`,
    });
    const gone = await serve((socket) => socket.terminate());
    const cut = await open({ url: gone.url });
    expect(await failure(cut.receive())).toMatchObject({
      code: "network",
      message: `the WebSocket connection to ${cut.url} broke`,
    });
  });
});

describe("a connection", () => {
  it("is closed with a goodbye when it is disposed of, and with its transport", async () => {
    const server = await serve(echo);
    const transport = createHttpTransport({ env: {} });
    const first = await transport.openWebSocket({ url: server.url });
    const second = await transport.openWebSocket({ url: server.url });
    await first[Symbol.asyncDispose]();
    expect([first.isOpen, second.isOpen]).toEqual([false, true]);
    await transport[Symbol.asyncDispose]();
    expect([first.isOpen, second.isOpen]).toEqual([false, false]);
    await vi.waitFor(() =>
      expect(server.closed).toEqual([
        [1000, ""],
        [1000, ""],
      ]),
    );
    await vi.waitFor(() => expect(server.openSockets()).toBe(0));
  });

  it("to a server that does not answer the goodbye is cut", async () => {
    const server = await serve((socket) => socket.pause());
    const connection = await open({ url: server.url });
    await connection[Symbol.asyncDispose]();
    await connection[Symbol.asyncDispose]();
    expect(connection.isOpen).toBe(false);
  });

  it("that nobody reads from does not keep the process alive", async () => {
    const { url } = await serve(echo);
    const module = pathToFileURL(join(import.meta.dirname, "transport.ts")).href;
    const program = `
      const { createHttpTransport } = await import(${JSON.stringify(module)});
      const connection = await createHttpTransport({ env: {} }).openWebSocket({ url: ${JSON.stringify(url)} });
      await connection.send("hi");
      console.log(await connection.receive());
    `;
    const args = ["--input-type=module", "--no-warnings", "-e", program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
    expect(stdout).toBe("echo hi\n");
  });
});

describe.skipIf(!hasOpenssl)("certificates and proxies", () => {
  const certificates = (): Record<string, string> => ({
    CODEX_CA_CERTIFICATE: join(folder, "ca.pem"),
  });
  const target = "https://model.example.test/v1/responses";

  async function hello(url: string, env: Record<string, string>): Promise<string> {
    const connection = await open({ url }, { env });
    await connection.send("hi");
    return connection.receive();
  }

  async function through(
    answer: TunnelAnswer,
    options: { readonly secureProxy?: boolean; readonly secure?: boolean } = {},
  ): Promise<Awaited<ReturnType<typeof startTunnelProxy>>> {
    const { port } = await serve(echo, { secure: options.secure ?? true });
    const secureIn = options.secureProxy === true ? folder : null;
    const proxy = await startTunnelProxy({ port, answer, secureIn });
    cleanups.push(proxy.close);
    return proxy;
  }

  it("of the named authority are trusted, of another are not", async () => {
    const { url } = await serve(echo, { secure: true });
    expect(await hello(url, certificates())).toBe("echo hi");
    expect(await failure(hello(url, {}))).toMatchObject({
      code: "certificates",
      message: expect.stringContaining("CODEX_CA_CERTIFICATE") as string,
    });
  });

  it("lead through a tunnel, with the proxy's password, straight or over TLS", async () => {
    for (const secureProxy of [false, true]) {
      const proxy = await through("open", { secureProxy });
      const HTTPS_PROXY = proxy.url.replace("//", "//kim:pw@");
      expect(await hello(target, { ...certificates(), HTTPS_PROXY })).toBe("echo hi");
      const basic = `Basic ${Buffer.from("kim:pw").toString("base64")}`;
      expect(proxy.seen).toEqual([["model.example.test:443", basic]]);
    }
  });

  it("lead through a tunnel for a plain server too, and past it where NO_PROXY says so", async () => {
    const proxy = await through("open", { secure: false });
    const env = { HTTP_PROXY: proxy.url };
    expect(await hello("http://model.example.test/v1", env)).toBe("echo hi");
    expect(proxy.seen).toEqual([["model.example.test:80", undefined]]);
    const { url } = await serve(echo);
    expect(await hello(url, { ...env, NO_PROXY: "127.0.0.1" })).toBe("echo hi");
    expect(proxy.seen).toHaveLength(1);
  });

  it("of the server behind the proxy are checked", async () => {
    const proxy = await through("open");
    expect(await failure(hello(target, { HTTPS_PROXY: proxy.url }))).toMatchObject({
      code: "certificates",
    });
    const elsewhere = target.replace("model", "else");
    const env = { ...certificates(), HTTPS_PROXY: proxy.url };
    expect(await failure(hello(elsewhere, env))).toMatchObject({ code: "certificates" });
  });

  it("that the proxy refuses are an error without the password; silence is a timeout", async () => {
    for (const [answer, code] of [
      [407, "proxy"],
      [503, "network"],
    ] as const) {
      const proxy = await through(answer);
      const HTTPS_PROXY = proxy.url.replace("//", "//kim:hunter22@");
      const error = await failure(hello(target, { HTTPS_PROXY }));
      expect(error).toMatchObject({ code });
      expect(String(error)).not.toContain("hunter22");
    }
    const silent = await through("silent");
    const request = { url: target, connectTimeoutMs: 60 };
    const env = { HTTPS_PROXY: silent.url };
    expect(await failure(open(request, { env }))).toMatchObject({ code: "timeout" });
    await vi.waitFor(() => expect(silent.openSockets()).toBe(0));
  });
});
