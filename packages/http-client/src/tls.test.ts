import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecureServer, type Server as SecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import {
  hasOpenssl,
  makeCertificates,
  startTunnelProxy,
  type TunnelAnswer,
} from "@codex-ts/test-support";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { parseCertificateBundle, readExtraCertificates } from "./certificates.ts";
import { HttpError } from "./errors.ts";
import { createHttpTransport, type HttpTransportOptions } from "./transport.ts";

const cleanups: (() => unknown)[] = [];
let folder: string;
let secureUrl: string;
let secureServer: SecureServer;

const inFolder = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "http-client-tls-"));
  if (!hasOpenssl) return;
  makeCertificates(folder);
  secureServer = createSecureServer(
    { key: readFileSync(inFolder("leaf.key")), cert: readFileSync(inFolder("leaf.pem")) },
    (request, response) => response.end(`secure ${request.headers.host}`),
  ).listen(0, "127.0.0.1");
  await once(secureServer, "listening");
  secureUrl = `https://127.0.0.1:${(secureServer.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

afterAll(() => {
  secureServer?.closeAllConnections();
  secureServer?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function get(url: string, options: HttpTransportOptions): Promise<string> {
  await using transport = createHttpTransport(options);
  const response = await transport.send({ method: "GET", url });
  return response.text();
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "no failure",
    (error: unknown) => error,
  );

describe.skipIf(!hasOpenssl)("certificates", () => {
  it("of an authority that nobody named are refused, with the way out", async () => {
    expect(await failure(get(secureUrl, { env: {} }))).toMatchObject({
      code: "certificates",
      message: expect.stringContaining("CODEX_CA_CERTIFICATE") as string,
    });
  });

  it("are trusted when CODEX_CA_CERTIFICATE, else SSL_CERT_FILE, names their authority", async () => {
    const ca = inFolder("ca.pem");
    const other = inFolder("other-ca.pem");
    const host = secureUrl.slice("https://".length);
    for (const env of [
      { CODEX_CA_CERTIFICATE: ca, SSL_CERT_FILE: "/nowhere" },
      { SSL_CERT_FILE: ca },
      { CODEX_CA_CERTIFICATE: "", SSL_CERT_FILE: ca },
    ]) {
      expect(await get(secureUrl, { env })).toBe(`secure ${host}`);
    }
    const env = { CODEX_CA_CERTIFICATE: other, SSL_CERT_FILE: ca };
    expect(await failure(get(secureUrl, { env }))).toMatchObject({ code: "certificates" });
  });

  it("are trusted when the operating system's store has their authority", async () => {
    // A process of its own, because OpenSSL's variable for the store is read once.
    const module = pathToFileURL(join(import.meta.dirname, "transport.ts")).href;
    const program = `
      const { createHttpTransport } = await import(${JSON.stringify(module)});
      const transport = createHttpTransport({ env: {} });
      for (let index = 0; index < 2; index += 1) {
        const response = await transport.send({ method: "GET", url: ${JSON.stringify(secureUrl)} });
        console.log(await response.text());
      }
    `;
    const args = ["--input-type=module", "--no-warnings", "-e", program];
    const env = { SSL_CERT_FILE: inFolder("ca.pem") };
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    const line = `secure ${secureUrl.slice("https://".length)}\n`;
    expect(stdout).toBe(line + line);
  });

  it("that cannot be read fail every https request, or are reported once and left out", async () => {
    const env = { CODEX_CA_CERTIFICATE: inFolder("missing.pem") };
    const error = await failure(get(secureUrl, { env }));
    expect(error).toBeInstanceOf(HttpError);
    expect(error).toMatchObject({
      code: "certificates",
      message: `the certificates of CODEX_CA_CERTIFICATE (${env.CODEX_CA_CERTIFICATE}) cannot be used: ENOENT: no such file or directory, open '${env.CODEX_CA_CERTIFICATE}'; it must be a file with one or more certificates in PEM form (-----BEGIN CERTIFICATE-----), or the variable unset`,
    });
    const problems: HttpError[] = [];
    await using transport = createHttpTransport({
      env,
      onCertificateProblem: (problem) => problems.push(problem),
    });
    for (let index = 0; index < 2; index += 1) {
      const sent = transport.send({ method: "GET", url: secureUrl });
      expect(await failure(sent)).toMatchObject({
        message: expect.stringContaining("inspects TLS") as string,
      });
    }
    expect(problems).toEqual([error]);
  });
});

describe.skipIf(!hasOpenssl)("parseCertificateBundle", () => {
  const read = (name: string): string => readFileSync(inFolder(name), "utf8");

  it("takes several certificates and the text between them", () => {
    const bundle = `# mine\n${read("ca.pem")}\nnotes\n${read("other-ca.pem").replaceAll("\n", "\r\n")}`;
    expect(parseCertificateBundle(bundle)).toEqual([read("ca.pem"), read("other-ca.pem")]);
  });

  it("takes the certificate out of OpenSSL's trusted form", () => {
    expect(read("trusted.pem")).toContain("BEGIN TRUSTED CERTIFICATE");
    expect(parseCertificateBundle(read("trusted.pem"))).toEqual([read("ca.pem")]);
  });

  it("passes over revocation lists", () => {
    const crl = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n";
    expect(parseCertificateBundle(crl + read("ca.pem"))).toEqual([read("ca.pem")]);
    expect(() => parseCertificateBundle(crl)).toThrow("it holds no certificate");
  });
});

describe("parseCertificateBundle", () => {
  it("refuses what is empty, not PEM, or broken", () => {
    expect(() => parseCertificateBundle("")).toThrow("it is not in PEM form");
    expect(() => parseCertificateBundle("hello")).toThrow("it is not in PEM form");
    const broken = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    expect(() => parseCertificateBundle(broken)).toThrow("certificate 1 cannot be read");
  });
});

describe("readExtraCertificates", () => {
  it("gives null when no variable is set, or all are empty", () => {
    expect(readExtraCertificates({})).toBeNull();
    expect(readExtraCertificates({ CODEX_CA_CERTIFICATE: "", SSL_CERT_FILE: "" })).toBeNull();
  });

  it("names the variable and the file that it cannot use", () => {
    const path = inFolder("empty.pem");
    writeFileSync(path, "");
    expect(() => readExtraCertificates({ SSL_CERT_FILE: path })).toThrow(
      `the certificates of SSL_CERT_FILE (${path}) cannot be used: it is not in PEM form`,
    );
  });
});

describe.skipIf(!hasOpenssl)("a tunnel", () => {
  async function startProxy(
    answer: TunnelAnswer,
    secure = false,
  ): Promise<{ readonly proxy: string; readonly seen: unknown[] }> {
    const port = (secureServer.address() as AddressInfo).port;
    const { url, seen, close } = await startTunnelProxy({
      port,
      answer,
      secureIn: secure ? folder : null,
    });
    cleanups.push(close);
    return { proxy: url, seen };
  }

  const target = "https://model.example.test/v1";
  const certificates = () => ({ CODEX_CA_CERTIFICATE: inFolder("ca.pem") });

  it("carries https through the proxy, and serves the next request too", async () => {
    const { proxy, seen } = await startProxy("open");
    const env = { ...certificates(), HTTPS_PROXY: proxy.replace("//", "//kim:pw@") };
    await using transport = createHttpTransport({ env });
    for (let index = 0; index < 2; index += 1) {
      const response = await transport.send({ method: "GET", url: target });
      expect(await response.text()).toBe("secure model.example.test");
    }
    expect(seen).toEqual([
      ["model.example.test:443", `Basic ${Buffer.from("kim:pw").toString("base64")}`],
    ]);
  });

  it("goes through a proxy that itself speaks TLS, with the same certificates", async () => {
    const { proxy, seen } = await startProxy("open", /*secure*/ true);
    const env = { ...certificates(), https_proxy: proxy };
    expect(await get(target, { env })).toBe("secure model.example.test");
    expect(seen).toEqual([["model.example.test:443", undefined]]);
  });

  it("checks the certificate of the server behind the proxy", async () => {
    const { proxy } = await startProxy("open");
    expect(await failure(get(target, { env: { HTTPS_PROXY: proxy } }))).toMatchObject({
      code: "certificates",
    });
    const env = { ...certificates(), HTTPS_PROXY: proxy };
    expect(await failure(get("https://else.example.test/", { env }))).toMatchObject({
      code: "certificates",
    });
  });

  it("that the proxy refuses is an error without the password", async () => {
    for (const [status, code] of [
      [407, "proxy"],
      [403, "proxy"],
      [503, "network"],
    ] as const) {
      const { proxy } = await startProxy(status);
      const env = { HTTPS_PROXY: proxy.replace("//", "//kim:hunter22@") };
      const error = await failure(get(target, { env }));
      expect(error).toMatchObject({
        code,
        message: expect.stringContaining(`refused the tunnel (status ${status})`) as string,
      });
      expect(String(error)).not.toContain("hunter22");
    }
  });

  it("that does not come up in time is a timeout", async () => {
    const { proxy } = await startProxy("silent");
    const options = { env: { HTTPS_PROXY: proxy }, connectTimeoutMs: 60 };
    expect(await failure(get(target, options))).toMatchObject({ code: "timeout" });
  });

  it("through a server that is no proxy is an error", async () => {
    const server = createServer((_request, response) => response.end());
    cleanups.push(() => server.close());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const env = { HTTPS_PROXY: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
    expect(await failure(get(target, { env }))).toMatchObject({ code: "network" });
  });
});
