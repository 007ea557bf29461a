// Logging in, renewing and logging out where the way out is a proxy, and the certificate a company's own.
import { spawnSync } from "node:child_process";
import {
  type TemporaryHome,
  type TlsProxy,
  startTlsProxy,
  temporaryHome,
} from "@codex-ts/test-support";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createAuthManager, loginWithDeviceCode, startBrowserLogin } from "./index.ts";
import { type Issuer, startIssuer } from "./testing/issuer.ts";

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

let home: TemporaryHome;
let issuer: Issuer;
let network: TlsProxy;

describe.skipIf(!hasOpenssl)("behind a proxy and an authority of the company's own", () => {
  beforeEach(async () => {
    home = await temporaryHome();
    issuer = await startIssuer();
    network = await startTlsProxy({ host: "auth.example.test", target: issuer.url });
  });
  afterEach(async () => {
    await network[Symbol.asyncDispose]();
    await issuer[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  const managerIn = (env: Readonly<Record<string, string>>) =>
    createAuthManager({ codexHome: home.codexHome, env, issuer: network.url });

  test("a browser login, a renewal and a logout all go through the proxy", async () => {
    const { env } = network;
    await using manager = managerIn(env);
    const issuerUrl = network.url;
    const options = { manager, env, issuer: issuerUrl, ports: [0], openBrowser: null };
    await using login = await startBrowserLogin(options);
    await fetch(login.authUrl.replace(network.url, issuer.url));
    await login.wait();
    await manager.refreshToken();
    await manager.logout();
    expect(network.requests).toEqual([
      "POST /oauth/token",
      "GET /.well-known/openid-configuration",
      "POST /oauth/token",
      "POST /oauth/token",
      "POST /oauth/revoke",
    ]);
    expect(new Set(network.tunnels)).toEqual(new Set(["auth.example.test:443"]));
  });

  test("so does a login with a device code", async () => {
    const { env } = network;
    await using manager = managerIn(env);
    // Its own address is another one than the one that it is reached at, which its rules do not allow.
    const { tokens } = await issuer.login();
    issuer.script("/oauth/token", { status: 200, body: tokens });
    await loginWithDeviceCode({ manager, env, issuer: network.url, onCode: () => {} });
    expect(network.requests.slice(0, 3)).toEqual([
      "POST /api/accounts/deviceauth/usercode",
      "POST /api/accounts/deviceauth/token",
      "POST /oauth/token",
    ]);
    expect((await manager.auth())?.kind).toBe("chatgpt");
  });

  test("without the company's certificate, each of them says how to name it", async () => {
    const env = { HTTPS_PROXY: network.env.HTTPS_PROXY };
    await using manager = managerIn(env);
    const way = /name its certificate bundle in CODEX_CA_CERTIFICATE/;
    const device = loginWithDeviceCode({ manager, env, issuer: network.url, onCode: () => {} });
    await expect(device).rejects.toThrow(way);
    await manager.loginWithTokens({
      idToken: (await issuer.login()).tokens?.id_token ?? "",
      accessToken: "opaque",
      refreshToken: "r",
      apiKey: null,
    });
    await expect(manager.refreshToken()).rejects.toThrow(way);
    await expect(manager.logout()).rejects.toThrow(way);
    expect(network.requests).toEqual([]);
  });
});
