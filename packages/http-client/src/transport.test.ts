import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { text as readText } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { compressZstd } from "./compress.ts";
import { HttpStatusError } from "./errors.ts";
import { withRequestRetries } from "./retry.ts";
import { readServerSentEvents } from "./server-sent-events.ts";
import { createHttpTransport, type HttpTransport, type HttpTransportOptions } from "./transport.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function listen(server: { listen: Server["listen"] } & Pick<Server, "address" | "once">) {
  server.listen(0, "127.0.0.1");
  await once(server as Server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A loopback server; its requests are kept as they came. */
async function serve(listener: RequestListener): Promise<{ url: string; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    listener(request, response);
  });
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: await listen(server), seen };
}

/** A server that speaks bytes: it hands each connection to `handle`. */
async function serveRaw(handle: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    handle(socket);
  });
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return listen(server as never);
}

function transportFor(options: HttpTransportOptions = {}): HttpTransport {
  const transport = createHttpTransport({ env: {}, ...options });
  cleanups.push(() => transport[Symbol.asyncDispose]());
  return transport;
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "no failure",
    (error: unknown) => error,
  );
}

describe("send", () => {
  it("sends a body in pieces with its length, made anew for each time", async () => {
    const { url, seen } = await serve((request, response) => {
      void readText(request).then((text) => {
        response.statusCode = seen.length === 1 ? 503 : 200;
        response.end(text);
      });
    });
    const long = "ü".repeat(100_000);
    const texts = ["é", long, "", "end"];
    const whole = texts.join("");
    let made = 0;
    const body = {
      size: Buffer.byteLength(whole),
      *pieces() {
        made += 1;
        yield* texts;
      },
    };
    const transport = transportFor();
    const send = () => transport.send({ method: "POST", url, body });
    const response = await withRequestRetries(send, { maxRetries: 1, sleep: async () => {} });
    expect(await response.text()).toBe(whole);
    expect(seen.map(({ headers }) => headers["content-length"])).toEqual(
      Array.from({ length: 2 }, () => String(body.size)),
    );
    expect(made).toBe(2);
  });

  it("makes no more pieces than the server takes: none after an abort or a refusal", async () => {
    const aborting = new AbortController();
    const url = await serveRaw((socket) => {
      socket.pause();
      setImmediate(() => aborting.abort());
    });
    const size = 2_000_000_000;
    let made = 0;
    const body = {
      size,
      *pieces() {
        const piece = "x".repeat(100_000);
        for (; made < size / piece.length; made += 1) yield piece;
      },
    };
    const { signal } = aborting;
    const aborted = transportFor().send({ method: "POST", url, body, signal });
    expect(await failure(aborted)).toMatchObject({ code: "aborted" });
    const { url: refusing } = await serve((_request, response) => {
      response.writeHead(413, { connection: "close" }).end("too long");
    });
    const refused = transportFor().send({ method: "POST", url: refusing, body });
    expect(await failure(refused)).toMatchObject({ status: 413 });
    expect(made).toBeLessThan(size / 100_000);
  });

  it("ends with the error of a piece that cannot be made, also when it comes late", async () => {
    const { url } = await serve((request) => void request.resume());
    const body = {
      size: 2_000_000,
      *pieces() {
        yield "x".repeat(1_000_000);
        throw new Error("no second piece");
      },
    };
    const sent = transportFor().send({ method: "POST", url, body });
    expect(await failure(sent)).toMatchObject({
      code: "network",
      message: expect.stringContaining("no second piece") as string,
    });
    await expect(compressZstd(body)).rejects.toThrow("no second piece");
  });

  it("sends method, path, body and length, and gives status, headers and text", async () => {
    const { url, seen } = await serve((request, response) => {
      void readText(request).then((body) => {
        response.setHeader("x-two", ["a", "b"]);
        response.end(`got ${body}`);
      });
    });
    const response = await transportFor().send({
      method: "POST",
      url: `${url}/v1/x?y=1`,
      headers: { "Content-Type": "text/plain" },
      body: "héllo",
    });
    expect(response.status).toBe(200);
    expect(response.url).toBe(`${url}/v1/x`);
    expect(response.headers.get("x-two")).toBe("a, b");
    expect(await response.text()).toBe("got héllo");
    expect(seen.map(({ method, url: path, headers }) => [method, path, headers])).toEqual([
      [
        "POST",
        "/v1/x?y=1",
        {
          host: url.slice("http://".length),
          connection: "keep-alive",
          "content-type": "text/plain",
          "content-length": "6",
        },
      ],
    ]);
  });

  it("lets auth win over request over provider over default headers", async () => {
    const { url, seen } = await serve((_request, response) => response.end());
    const transport = transportFor({
      defaultHeaders: { originator: "default", "user-agent": "default", a: "default" },
      traceHeaders: () => ({ traceparent: "00-1" }),
    });
    await transport.send({
      method: "GET",
      url,
      providerHeaders: { a: "provider", b: "provider", c: "provider" },
      headers: { b: "request", c: "request" },
      authHeaders: { c: "auth", Authorization: "Bearer ill\negal" },
    });
    const { host: _host, connection: _connection, ...headers } = seen[0]?.headers ?? {};
    expect(headers).toEqual({
      traceparent: "00-1",
      originator: "default",
      "user-agent": "default",
      a: "provider",
      b: "request",
      c: "auth",
    });
  });

  it("asks for trace headers anew for each request", async () => {
    const { url, seen } = await serve((_request, response) => response.end());
    let count = 0;
    const transport = transportFor({ traceHeaders: () => ({ traceparent: String((count += 1)) }) });
    for (let index = 0; index < 2; index += 1) {
      await (await transport.send({ method: "GET", url })).text();
    }
    expect(seen.map(({ headers }) => headers["traceparent"])).toEqual(["1", "2"]);
  });

  it("sends a URL's user as basic authorization, unless there is another", async () => {
    const { url, seen } = await serve((_request, response) => response.end());
    const withUser = url.replace("//", "//kim:p%40ss@");
    await transportFor().send({ method: "GET", url: withUser });
    await transportFor().send({
      method: "GET",
      url: withUser,
      authHeaders: { authorization: "Bearer t" },
    });
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([
      `Basic ${Buffer.from("kim:p@ss").toString("base64")}`,
      "Bearer t",
    ]);
  });

  it("throws every other status with url, headers and body", async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(404, { "x-request-id": "r1" });
      response.end('{"error":"naïve"}');
    });
    const error = await failure(transportFor().send({ method: "GET", url: `${url}/a?key=secret` }));
    expect(error).toBeInstanceOf(HttpStatusError);
    const { status, url: shown, headers, body, code, message } = error as HttpStatusError;
    expect({ status, shown, id: headers.get("x-request-id"), body, code, message }).toEqual({
      status: 404,
      shown: `${url}/a`,
      id: "r1",
      body: '{"error":"naïve"}',
      code: "status",
      message: `${url}/a answered with status 404`,
    });
  });

  it("does not follow redirects", async () => {
    const { url, seen } = await serve((_request, response) => {
      response.writeHead(307, { location: "/elsewhere" });
      response.end();
    });
    expect(await failure(transportFor().send({ method: "POST", url, body: "x" }))).toMatchObject({
      status: 307,
    });
    expect(seen).toHaveLength(1);
  });

  it("keeps at most 64 KiB of an error's body, and does not wait for the rest", async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(500);
      response.write("x".repeat(70 * 1024));
    });
    const error = await failure(transportFor().send({ method: "GET", url }));
    expect((error as HttpStatusError).body).toBe("x".repeat(64 * 1024));
  });

  it("strikes credentials out of an error's body", async () => {
    const { url } = await serve((request, response) => {
      response.writeHead(401);
      response.end(`you sent ${request.headers.authorization}, that is secret-token-1`);
    });
    const error = await failure(
      transportFor().send({
        method: "GET",
        url,
        authHeaders: { authorization: "Bearer secret-token-1" },
      }),
    );
    expect((error as HttpStatusError).body).toBe("you sent [redacted], that is [redacted]");
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain("secret-token-1");
  });

  it("refuses what is not an http URL, without showing it", async () => {
    for (const url of ["ftp://kim:secret@a.test/x", "secret", "/v1"]) {
      const error = await failure(transportFor().send({ method: "GET", url }));
      expect(error).toMatchObject({ code: "build" });
      expect(String(error)).not.toContain("secret");
    }
  });

  it("says what it could not reach, and why", async () => {
    const url = await serveRaw(() => {});
    await cleanups.pop()?.();
    expect(await failure(transportFor().send({ method: "GET", url: `${url}/v1` }))).toMatchObject({
      code: "network",
      message: `cannot reach ${url}/v1: connect ECONNREFUSED ${url.slice("http://".length)}`,
    });
  });

  it("says when the connection breaks before the answer", async () => {
    const url = await serveRaw((socket) => socket.once("data", () => socket.destroy()));
    expect(await failure(transportFor().send({ method: "GET", url }))).toMatchObject({
      code: "network",
      message: `the connection to ${url}/ broke before an answer: socket hang up`,
    });
  });

  it("fails when the body breaks off", async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half");
      setTimeout(() => response.destroy(), 10);
    });
    const response = await transportFor().send({ method: "GET", url });
    expect(await failure(response.text())).toMatchObject({
      code: "network",
      message: `the connection to ${url}/ broke before the end of its answer`,
    });
  });

  it("refuses a text beyond the caller's limit", async () => {
    const { url } = await serve((_request, response) => response.end("x".repeat(1000)));
    const response = await transportFor().send({ method: "GET", url });
    expect(await failure(response.text({ maxBytes: 999 }))).toMatchObject({ code: "network" });
  });
});

describe("timeouts", () => {
  it("ends a request that gets no answer in time", async () => {
    const { url } = await serve(() => {});
    const sent = transportFor().send({ method: "GET", url, idleTimeoutMs: 40 });
    expect(await failure(sent)).toMatchObject({
      code: "timeout",
      message: `${url}/ gave no answer within 40 ms`,
    });
  });

  it("ends a body that falls silent", async () => {
    const { url } = await serve((_request, response) => void response.write("start"));
    const response = await transportFor().send({ method: "GET", url, idleTimeoutMs: 60 });
    expect(await failure(response.text())).toMatchObject({
      code: "timeout",
      message: `${url}/ sent nothing more for 60 ms`,
    });
  });

  it("does not end a body that keeps coming", async () => {
    const { url } = await serve((_request, response) => {
      let left = 26;
      const timer = setInterval(() => {
        left -= 1;
        if (left > 0) response.write("x");
        else {
          clearInterval(timer);
          response.end();
        }
      }, 50);
    });
    const response = await transportFor().send({ method: "GET", url, idleTimeoutMs: 1000 });
    expect(await response.text()).toBe("x".repeat(25));
  });

  it("takes a deadline of the signal as a timeout", async () => {
    const { url } = await serve(() => {});
    const signal = AbortSignal.timeout(30);
    expect(await failure(transportFor().send({ method: "GET", url, signal }))).toMatchObject({
      code: "timeout",
    });
  });
});

describe("abort", () => {
  it("sends nothing when the signal is aborted already", async () => {
    const { url, seen } = await serve((_request, response) => response.end());
    const sent = transportFor().send({ method: "GET", url, signal: AbortSignal.abort("why") });
    expect(await failure(sent)).toMatchObject({ code: "aborted", cause: "why" });
    expect(seen).toEqual([]);
  });

  it("ends the wait for an answer, and the server sees it", async () => {
    const controller = new AbortController();
    const closed = Promise.withResolvers<void>();
    const { url } = await serve((request) => {
      request.on("close", () => closed.resolve());
      controller.abort();
    });
    const sent = transportFor().send({ method: "GET", url, signal: controller.signal });
    expect(await failure(sent)).toMatchObject({ code: "aborted" });
    await closed.promise;
  });

  it("ends a body that is being read", async () => {
    const controller = new AbortController();
    const { url } = await serve((_request, response) => void response.write("data: 1\n\n"));
    const { signal } = controller;
    const response = await transportFor().send({ method: "GET", url, signal });
    const seen: string[] = [];
    const error = await failure(
      (async () => {
        for await (const { data } of readServerSentEvents(response)) {
          seen.push(data);
          controller.abort();
        }
      })(),
    );
    expect({ seen, error }).toMatchObject({ seen: ["1"], error: { code: "aborted" } });
  });
});

describe("connections", () => {
  it("are used again after a whole body, and after a release", async () => {
    const sockets = new Set<unknown>();
    let finished = Promise.withResolvers<void>();
    const { url } = await serve((request, response) => {
      sockets.add(request.socket);
      response.write("data: 1\n\n");
      response.once("finish", () => finished.resolve());
      setTimeout(() => response.end(": the rest\n"), 5);
    });
    const transport = transportFor();
    await (await transport.send({ method: "GET", url })).text();
    for (let index = 0; index < 3; index += 1) {
      finished = Promise.withResolvers();
      const response = await transport.send({ method: "GET", url });
      for await (const _event of readServerSentEvents(response)) break;
      response.release();
      await finished.promise;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(sockets.size).toBe(1);
  });

  it("are closed when a response is disposed of before its end", async () => {
    const closed = Promise.withResolvers<void>();
    const { url } = await serve((request, response) => {
      request.on("close", () => closed.resolve());
      response.write("never ends");
    });
    {
      await using response = await transportFor().send({ method: "GET", url });
      expect(response.status).toBe(200);
    }
    await closed.promise;
  });

  it("that the server closed meanwhile are replaced without a failure", async () => {
    let connections = 0;
    const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok";
    const url = await serveRaw((socket) => {
      connections += 1;
      let requests = 0;
      socket.on("data", () => {
        requests += 1;
        // The second request on a connection finds it closed.
        if (requests === 1) socket.write(answer);
        else socket.resetAndDestroy();
      });
    });
    const transport = transportFor();
    const answers: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      answers.push(await (await transport.send({ method: "POST", url, body: "x" })).text());
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect({ answers, connections }).toEqual({ answers: ["ok", "ok", "ok"], connections: 3 });
  });

  it("end when the transport is disposed of", async () => {
    const { url } = await serve(() => {});
    const transport = transportFor();
    const sent = failure(transport.send({ method: "GET", url }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await transport[Symbol.asyncDispose]();
    expect(await sent).toMatchObject({ code: "network" });
  });
});

describe("retries", () => {
  it("send the same request again after an error", async () => {
    const bodies: string[] = [];
    const { url } = await serve((request, response) => {
      void readText(request).then((body) => {
        bodies.push(body);
        response.statusCode = bodies.length < 3 ? 500 : 200;
        response.end("answer");
      });
    });
    const transport = transportFor();
    const response = await withRequestRetries(
      () => transport.send({ method: "POST", url, body: "same" }),
      { maxRetries: 2, sleep: async () => {} },
    );
    expect([await response.text(), bodies]).toEqual(["answer", ["same", "same", "same"]]);
  });
});

describe("an http proxy", () => {
  it("gets the whole URL and its own authorization", async () => {
    const { url: proxy, seen } = await serve((_request, response) => response.end("from afar"));
    const transport = transportFor({ env: { http_proxy: proxy.replace("//", "//kim:pw@") } });
    const response = await transport.send({
      method: "GET",
      url: "http://model.example.test:8080/v1/x?y=1",
      authHeaders: { authorization: "Bearer t" },
    });
    expect(await response.text()).toBe("from afar");
    expect(seen.map(({ url, headers }) => [url, headers])).toEqual([
      [
        "http://model.example.test:8080/v1/x?y=1",
        {
          host: "model.example.test:8080",
          connection: "keep-alive",
          authorization: "Bearer t",
          "proxy-authorization": `Basic ${Buffer.from("kim:pw").toString("base64")}`,
        },
      ],
    ]);
  });

  it("is passed by where NO_PROXY says so", async () => {
    const { url } = await serve((_request, response) => response.end("straight"));
    const env = { HTTP_PROXY: "http://127.0.0.1:1", NO_PROXY: "127.0.0.1" };
    expect(await (await transportFor({ env }).send({ method: "GET", url })).text()).toBe(
      "straight",
    );
  });
});
