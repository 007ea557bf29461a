import { describe, expect, it } from "vitest";
import { HttpError } from "./errors.ts";
import { proxyFor } from "./proxy.ts";

const https = new URL("https://api.example.test/v1");
const http = new URL("http://api.example.test/v1");

function host(url: URL, env: Record<string, string>): string | null {
  const proxy = proxyFor(url, env);
  return proxy === null ? null : `${proxy.protocol}//${proxy.hostname}:${proxy.port}`;
}

describe("proxyFor", () => {
  it("takes the variable of the URL's scheme, in lower case first, else ALL_PROXY", () => {
    const env = { HTTPS_PROXY: "http://s:1", HTTP_PROXY: "http://p:2", ALL_PROXY: "http://a:3" };
    expect(host(https, env)).toBe("http://s:1");
    expect(host(http, env)).toBe("http://p:2");
    expect(host(https, { ...env, https_proxy: "http://low:4" })).toBe("http://low:4");
    expect(host(https, { ...env, HTTPS_PROXY: "" })).toBe("http://a:3");
    expect(host(https, { HTTP_PROXY: "http://p:2" })).toBeNull();
    expect(host(https, {})).toBeNull();
  });

  it("reads addresses with and without scheme, port and user", () => {
    expect(host(https, { HTTPS_PROXY: "proxy.test" })).toBe("http://proxy.test:80");
    expect(host(https, { HTTPS_PROXY: "proxy.test:3128" })).toBe("http://proxy.test:3128");
    expect(host(https, { HTTPS_PROXY: "https://proxy.test" })).toBe("https://proxy.test:443");
    expect(host(https, { HTTPS_PROXY: "http://[::1]:8080" })).toBe("http://::1:8080");
    expect(proxyFor(https, { HTTPS_PROXY: "http://kim:p%40ss@proxy.test" })?.authorization).toBe(
      `Basic ${Buffer.from("kim:p@ss").toString("base64")}`,
    );
  });

  it("refuses what it cannot use, without showing a password", () => {
    const failure = (text: string): unknown => {
      try {
        return proxyFor(https, { HTTPS_PROXY: text });
      } catch (error) {
        return error;
      }
    };
    const socks = failure("socks5://kim:secret@proxy.test");
    expect(socks).toBeInstanceOf(HttpError);
    expect(socks).toMatchObject({
      code: "build",
      message:
        "HTTPS_PROXY names a proxy of the kind socks5; only http and https proxies are supported",
    });
    expect(failure("http://")).toMatchObject({
      code: "build",
      message: "HTTPS_PROXY does not hold a proxy's address such as http://host:3128",
    });
  });

  it("goes straight to what NO_PROXY lists", () => {
    const straight = (url: string, noProxy: string): boolean =>
      proxyFor(new URL(url), { ALL_PROXY: "http://a:3", NO_PROXY: noProxy }) === null;
    expect(straight("https://api.example.test", "*")).toBe(true);
    expect(straight("https://api.example.test", "other.test, example.test")).toBe(true);
    expect(straight("https://api.example.test", ".example.test")).toBe(true);
    expect(straight("https://api.example.test", "*.example.test")).toBe(true);
    expect(straight("https://api.EXAMPLE.test", "Example.TEST")).toBe(true);
    expect(straight("https://badexample.test", "example.test")).toBe(false);
    expect(straight("https://api.example.test", "api.example.test:8443")).toBe(false);
    expect(straight("https://api.example.test:8443", "api.example.test:8443")).toBe(true);
    expect(straight("https://api.example.test", "api.example.test:443")).toBe(true);
    expect(straight("http://127.0.0.1:9", "127.0.0.1")).toBe(true);
    expect(straight("http://[::1]:9", "::1")).toBe(true);
    expect(straight("http://[::1]:9", "[::1]:9")).toBe(true);
    expect(straight("http://[::1]:9", "[::1]:8")).toBe(false);
    expect(straight("https://api.example.test", "")).toBe(false);
  });

  it("reads networks in NO_PROXY", () => {
    const straight = (url: string, noProxy: string): boolean =>
      proxyFor(new URL(url), { ALL_PROXY: "http://a:3", no_proxy: noProxy }) === null;
    expect(straight("http://10.1.2.3", "10.0.0.0/8")).toBe(true);
    expect(straight("http://11.1.2.3", "10.0.0.0/8")).toBe(false);
    expect(straight("http://10.1.2.3", "0.0.0.0/0")).toBe(true);
    expect(straight("http://10.1.2.3", "10.1.2.3/32")).toBe(true);
    expect(straight("http://[fd00::1:2]", "fd00::/8")).toBe(true);
    expect(straight("http://[fe80::1]", "fd00::/8")).toBe(false);
    expect(straight("http://api.example.test", "10.0.0.0/8")).toBe(false);
    expect(straight("http://10.1.2.3", "10.0.0.0/x")).toBe(false);
    expect(straight("http://10.1.2.3", "fd00::/8")).toBe(false);
  });

  it("uses no proxy inside of macOS's sandbox", () => {
    expect(host(https, { HTTPS_PROXY: "http://s:1", CODEX_SANDBOX: "seatbelt" })).toBeNull();
    expect(host(https, { HTTPS_PROXY: "http://s:1", CODEX_SANDBOX: "other" })).toBe("http://s:1");
  });

  it("ignores the upper-case HTTP_PROXY where a web client could have set it", () => {
    const env = { HTTP_PROXY: "http://p:2", REQUEST_METHOD: "GET" };
    expect(host(http, env)).toBeNull();
    expect(host(http, { ...env, http_proxy: "http://low:4" })).toBe("http://low:4");
    expect(host(https, { ...env, HTTPS_PROXY: "http://s:1" })).toBe("http://s:1");
  });
});
