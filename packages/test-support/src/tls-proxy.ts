// A network as companies have it: the way out is a proxy, and the server's certificate is signed by an
// authority of their own.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { temporaryDirectory } from "./temporary-directory.ts";

export interface TlsProxyOptions {
  /** The name of the server; nobody but the proxy can find it. */
  readonly host: string;
  /** The plain HTTP server behind it. */
  readonly target: string;
}

export interface TlsProxy extends AsyncDisposable {
  /** The server's address, `https://` and its name. */
  readonly url: string;
  /** What a program needs in its environment to get there. */
  readonly env: { readonly HTTPS_PROXY: string; readonly CODEX_CA_CERTIFICATE: string };
  /** The requests that have come through, as `POST /path`. */
  readonly requests: readonly string[];
  /** The servers that the proxy was asked for, as `host:port`. */
  readonly tunnels: readonly string[];
}

/** Needs `openssl`. */
export async function startTlsProxy({ host, target }: TlsProxyOptions): Promise<TlsProxy> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryDirectory());
  const openssl = (command: string) =>
    execFileSync("openssl", command.split(" "), { cwd: folder.path, stdio: "ignore" });
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
  openssl(`req -x509 ${key} -days 2 -subj /CN=company -keyout ca.key -out ca.pem`);
  openssl(`req ${key} -subj /CN=leaf -keyout leaf.key -out leaf.csr`);
  writeFileSync(folder.join("leaf.ext"), `subjectAltName=DNS:${host}`);
  openssl(
    "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile leaf.ext -out leaf.pem",
  );

  const requests: string[] = [];
  const tunnels: string[] = [];
  const secure = createSecureServer(
    { key: readFileSync(folder.join("leaf.key")), cert: readFileSync(folder.join("leaf.pem")) },
    (request, response) => {
      requests.push(`${request.method} ${request.url?.split("?")[0]}`);
      const { method, headers } = request;
      const onward = httpRequest(new URL(request.url ?? "/", target), { method, headers });
      onward.on("response", (reply) => {
        response.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(response);
      });
      onward.on("error", () => response.destroy());
      request.pipe(onward);
    },
  );
  const proxy = createServer((_request, response) => response.writeHead(501).end());
  proxy.on("connect", (request, socket) => {
    tunnels.push(request.url ?? "");
    const server = connect((secure.address() as AddressInfo).port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      server.pipe(socket).pipe(server);
    });
    socket.on("error", () => server.destroy());
    server.on("error", () => socket.destroy());
  });
  for (const server of [secure, proxy]) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    stack.defer(() => {
      server.closeAllConnections();
      server.close();
    });
  }
  return {
    url: `https://${host}`,
    env: {
      HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      CODEX_CA_CERTIFICATE: folder.join("ca.pem"),
    },
    requests,
    tunnels,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
