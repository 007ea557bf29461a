// What a company's network has: authorities of its own, and a proxy that opens tunnels.
import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";

export const hasOpenssl: boolean = spawnSync("openssl", ["version"]).status === 0;

/**
 * Makes in `folder` two authorities, `ca.pem` and `other-ca.pem`, and a certificate for `host` and
 * 127.0.0.1 that the first one signed: `leaf.pem` with `leaf.key`, and `trusted.pem` in OpenSSL's own form.
 */
export function makeCertificates(folder: string, host = "model.example.test"): void {
  const openssl = (command: string): void => {
    execFileSync("openssl", command.split(" "), { cwd: folder, stdio: "ignore" });
  };
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
  for (const name of ["ca", "other-ca"]) {
    openssl(`req -x509 ${key} -days 30 -subj /CN=${name} -keyout ${name}.key -out ${name}.pem`);
  }
  openssl(`req ${key} -subj /CN=leaf -keyout leaf.key -out leaf.csr`);
  const names = `subjectAltName=DNS:${host},IP:127.0.0.1`;
  writeFileSync(join(folder, "leaf.ext"), names);
  const signing = "-CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile leaf.ext";
  openssl(`x509 -req -in leaf.csr ${signing} -out leaf.pem`);
  openssl("x509 -in ca.pem -trustout -addtrust serverAuth -out trusted.pem");
}

/** The certificate of {@link makeCertificates}, for a server. */
export function leaf(folder: string): { readonly key: Buffer; readonly cert: Buffer } {
  return {
    key: readFileSync(join(folder, "leaf.key")),
    cert: readFileSync(join(folder, "leaf.pem")),
  };
}

/** What a proxy does when it is asked for a tunnel: open it, say nothing, or answer with a status. */
export type TunnelAnswer = "open" | "silent" | number;

export interface TunnelProxy {
  readonly url: string;
  /** Each tunnel that was asked for: the target, and the `proxy-authorization`. */
  readonly seen: (readonly [target: string | undefined, authorization: string | undefined])[];
  /** Connections that are open, both sides counted. */
  openSockets(): number;
  close(): void;
}

/** A proxy whose tunnels all lead to `port`; it speaks TLS with the certificate of `secureIn`. */
export async function startTunnelProxy(options: {
  readonly port: number;
  readonly answer: TunnelAnswer;
  readonly secureIn: string | null;
}): Promise<TunnelProxy> {
  const { port, answer, secureIn } = options;
  const seen: TunnelProxy["seen"] = [];
  const server: Server = secureIn === null ? createServer() : createSecureServer(leaf(secureIn));
  const sockets = new Set<Socket>();
  const hold = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  };
  server.on("connection", hold);
  server.on("connect", (request, client: Socket) => {
    client.on("error", () => {});
    seen.push([request.url, request.headers["proxy-authorization"]]);
    if (answer === "silent") {
      client.resume().on("end", () => client.end());
      return;
    }
    if (answer !== "open") {
      client.end(`HTTP/1.1 ${answer} Nope\r\n\r\n`);
      return;
    }
    const upstream = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      upstream.pipe(client).pipe(upstream);
    });
    hold(upstream);
    upstream.on("close", () => client.destroy());
    client.on("close", () => upstream.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const scheme = secureIn === null ? "http" : "https";
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    openSockets: () => sockets.size,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
