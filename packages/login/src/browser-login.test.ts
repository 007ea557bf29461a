import { createHash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { type TemporaryHome, freePort, temporaryHome } from "@codex-ts/test-support";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type AuthManager,
  type BrowserLogin,
  type BrowserLoginOptions,
  createAuthManager,
  startBrowserLogin,
} from "./index.ts";
import { type Issuer, startIssuer } from "./testing/issuer.ts";

let home: TemporaryHome;
let issuer: Issuer;
let manager: AuthManager;
let started: BrowserLogin[];

beforeEach(async () => {
  home = await temporaryHome();
  issuer = await startIssuer();
  manager = createAuthManager({ codexHome: home.codexHome, env: {}, issuer: issuer.url });
  started = [];
});
afterEach(async () => {
  await Promise.all(started.map(async (login) => await login[Symbol.asyncDispose]()));
  await manager[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

async function start(options: Partial<BrowserLoginOptions> = {}): Promise<BrowserLogin> {
  const login = await startBrowserLogin({
    manager,
    issuer: issuer.url,
    ports: [0],
    openBrowser: null,
    env: {},
    ...options,
  });
  started.push(login);
  return login;
}

/** What a browser shows for an address, redirects followed. */
async function browse(url: string) {
  const response = await fetch(url);
  return { status: response.status, url: response.url, text: await response.text() };
}
const at = (login: BrowserLogin, path: string) => `http://127.0.0.1:${login.port}${path}`;
const stateOf = (login: BrowserLogin) =>
  new URL(login.authUrl).searchParams.get("state") ?? "no state";
const callback = (login: BrowserLogin, query: Readonly<Record<string, string>>) =>
  at(
    login,
    `/auth/callback?${new URLSearchParams({ state: stateOf(login), ...query }).toString()}`,
  );
const file = () => home.join(".codex/auth.json");
const readBack = async () => JSON.parse(await readFile(file(), "utf8")) as unknown;
const nothingStored = async () =>
  await expect(readFile(file())).rejects.toMatchObject({ code: "ENOENT" });

describe("a login in the browser", () => {
  test("replaces key, tokens and account, and says so", async () => {
    await writeFile(file(), JSON.stringify({ OPENAI_API_KEY: "sk-old", later_version: 1 }));
    const login = await start();
    const page = await browse(login.authUrl);
    await login.wait();
    expect(page).toEqual({
      status: 200,
      url: `http://localhost:${login.port}/success`,
      text: expect.stringContaining("You can close this page"),
    });
    expect(await readBack()).toEqual({
      auth_mode: "chatgpt",
      OPENAI_API_KEY: "sk-exchanged",
      tokens: {
        id_token: expect.any(String),
        access_token: expect.any(String),
        refresh_token: expect.stringMatching(/^rt-/),
        account_id: "ws-42",
      },
      last_refresh: expect.stringMatching(/Z$/),
      later_version: 1,
    });
    expect(await manager.auth()).toMatchObject({ kind: "chatgpt", accountId: "ws-42" });
  });

  test("makes the home if there is none", async () => {
    await rm(home.codexHome, { recursive: true });
    const login = await start();
    await browse(login.authUrl);
    await login.wait();
    expect(await manager.status()).toMatchObject({ kind: "chatgpt", email: "kim@test" });
  });

  test("asks the server for what it needs, in the order that it knows", async () => {
    const login = await start({ forcedWorkspaceId: "ws 42", originator: "my-program" });
    const url = new URL(login.authUrl);
    expect(url.origin + url.pathname).toBe(`${issuer.url}/oauth/authorize`);
    expect([...url.searchParams]).toEqual([
      ["response_type", "code"],
      ["client_id", "app_EMoamEEZ73f0CkXaXp7hrann"],
      ["redirect_uri", `http://localhost:${login.port}/auth/callback`],
      ["scope", "openid profile email offline_access api.connectors.read api.connectors.invoke"],
      ["code_challenge", expect.stringMatching(/^[\w-]{43}$/)],
      ["code_challenge_method", "S256"],
      ["id_token_add_organizations", "true"],
      ["codex_cli_simplified_flow", "true"],
      ["state", expect.stringMatching(/^[\w-]{43}$/)],
      ["originator", "my-program"],
      ["allowed_workspace_id", "ws 42"],
    ]);
    expect(login.authUrl).toContain("allowed_workspace_id=ws%2042");
  });

  test("proves with the exchange that it began the login", async () => {
    const login = await start();
    await browse(login.authUrl);
    const [code, key] = issuer.requests
      .filter(({ path }) => path === "/oauth/token")
      .map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
    const challenge = new URL(login.authUrl).searchParams.get("code_challenge");
    expect(code).toEqual({
      grant_type: "authorization_code",
      code: expect.any(String),
      redirect_uri: `http://localhost:${login.port}/auth/callback`,
      client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
      code_verifier: expect.stringMatching(/^[\w-]{86}$/),
    });
    expect(
      createHash("sha256")
        .update(code?.["code_verifier"] ?? "")
        .digest("base64url"),
    ).toBe(challenge);
    expect(key).toMatchObject({
      requested_token: "openai-api-key",
      subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
    });
  });

  test("goes without an API key where none is given", async () => {
    issuer.apiKey = null;
    const login = await start();
    await browse(login.authUrl);
    await login.wait();
    expect(await readBack()).toMatchObject({ auth_mode: "chatgpt", OPENAI_API_KEY: null });
  });

  test("leads on to the set-up of the organisation, without the token in its own address", async () => {
    issuer.person = {
      email: "kim@test",
      accountId: "ws-42",
      claims: { is_org_owner: true, organization_id: "org-1", project_id: "proj&1" },
    };
    const login = await start();
    const page = await browse(login.authUrl);
    await login.wait();
    expect(page.url).toBe(`http://localhost:${login.port}/success`);
    expect(page.text).toMatch(
      /content="3; url=https:\/\/platform\.api\.openai\.org\/org-setup\?p=pro&amp;t=[\w.-]+&amp;with_org=org-1&amp;project_id=proj%261"/,
    );
  });

  test("opens the address", async () => {
    const opened: string[] = [];
    const login = await start({ openBrowser: (url) => opened.push(url) });
    expect(opened).toEqual([login.authUrl]);
  });
});

describe("what fails", () => {
  async function failure(login: BrowserLogin, url: string) {
    const page = await browse(url);
    const error: unknown = await login.wait().catch((reason: unknown) => reason);
    return { page, error };
  }

  test("a declined login says what the server says, escaped", async () => {
    const login = await start();
    const description = `<b>"no" & 'never'</b>`;
    const url = callback(login, { error: "access_denied", error_description: description });
    const { page, error } = await failure(login, url);
    expect(error).toMatchObject({
      code: "login_denied",
      message: `the sign-in failed: ${description}`,
    });
    expect(page.text).toContain("Sign-in was not completed");
    expect(page.text).toContain("&lt;b&gt;&quot;no&quot; &amp; &#39;never&#39;&lt;/b&gt;");
    expect(page.text).not.toMatch(/<b>|administrator of your workspace to give/);
    await nothingStored();
  });

  test("a workspace without Codex points to its administrator", async () => {
    const login = await start();
    const description = "Missing_Codex_Entitlement: contact sales";
    const url = callback(login, { error: "access_denied", error_description: description });
    const { page, error } = await failure(login, url);
    expect(error).toMatchObject({
      code: "login_denied",
      message: expect.stringMatching(/administrator/),
    });
    expect(page.text).toMatch(/No access to Codex[^]*access_denied[^]*administrator/);
    expect(page.text).not.toContain(description);
    await nothingStored();
  });

  test("no code", async () => {
    const login = await start();
    const { page, error } = await failure(login, callback(login, { code: "" }));
    expect(error).toMatchObject({ code: "login_failed" });
    expect(page.text).toContain("missing_authorization_code");
  });

  test.each([
    [{ error: "invalid_grant", error_description: "d" }, "status 400, d"],
    [{ error: { message: "m", code: "c" } }, "status 400, m"],
    [{ error: { code: "c" } }, "status 400, c"],
    ["plain text", "status 400, plain text"],
    ["", "status 400, no reason given"],
  ])("a code that the server does not take: %j", async (body, message) => {
    const login = await start();
    issuer.script("/oauth/token", { status: 400, body });
    const { page, error } = await failure(login, callback(login, { code: "c-1" }));
    expect(error).toMatchObject({
      code: "login_failed",
      message: `the login server did not give tokens: ${message}`,
    });
    expect(page.text).toContain("token_exchange_failed");
    await nothingStored();
  });

  test("another workspace than the required one", async () => {
    const login = await start({ forcedWorkspaceId: "ws-7" });
    const { page, error } = await failure(login, login.authUrl);
    expect(error).toMatchObject({
      code: "login_denied",
      message: expect.stringMatching(/ws-7 .*ws-42/),
    });
    expect(page.text).toMatch(/ws-7[^]*workspace_restriction/);
    await nothingStored();
  });

  test("an id token that the issuer has not signed", async () => {
    issuer.keys = "wrong";
    const login = await start();
    const { page, error } = await failure(login, login.authUrl);
    expect(error).toMatchObject({
      code: "login_failed",
      message: expect.stringMatching(/not signed with a key of the login server/),
    });
    expect(page.text).toContain("token_exchange_failed");
    await nothingStored();
  });

  test("an issuer that publishes no keys is taken at its word", async () => {
    issuer.keys = "hidden";
    const login = await start();
    await browse(login.authUrl);
    await login.wait();
    expect(await manager.status()).toMatchObject({ kind: "chatgpt" });
  });

  test("a home that cannot be written", async () => {
    await home.write({ plain: "" });
    await using other = createAuthManager({ codexHome: home.join("plain"), env: {} });
    const login = await start({ manager: other });
    const { page, error } = await failure(login, login.authUrl);
    expect(error).toMatchObject({ code: "file_access" });
    expect(page.text).toContain("persist_failed");
  });
});

describe("the server on loopback", () => {
  test("ignores a wrong state, unknown paths and methods, and goes on", async () => {
    const login = await start();
    const statuses = [];
    for (const [method, path] of [
      ["GET", "/auth/callback?state=wrong&code=c"],
      ["GET", "/auth/callback?code=c"],
      ["GET", "/"],
      ["GET", "/success"],
      ["POST", "/auth/callback"],
    ] as const) {
      statuses.push((await fetch(at(login, path), { method })).status);
    }
    expect(statuses).toEqual([400, 400, 404, 404, 405]);
    await browse(login.authUrl);
    await login.wait();
  });

  test("cannot be cancelled from outside, nor reached under another name", async () => {
    const login = await start();
    expect((await fetch(at(login, "/cancel"))).status).toBe(404);
    const status = await new Promise((resolve, reject) => {
      const headers = { host: `evil.test:${login.port}` };
      const path = new URL(callback(login, { code: "c" }));
      httpRequest(path, { headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .once("error", reject)
        .end();
    });
    expect(status).toBe(403);
    await browse(login.authUrl);
    await login.wait();
  });

  test("a callback that is loaded twice exchanges its code once", async () => {
    const login = await start();
    const back = (await fetch(login.authUrl, { redirect: "manual" })).headers.get("location") ?? "";
    const responses = await Promise.all(
      [1, 2].map(async () => await fetch(back, { redirect: "manual" })),
    );
    expect(responses.map(({ status }) => status)).toEqual([302, 302]);
    await browse(at(login, "/success"));
    await login.wait();
    const exchanges = issuer.requests.filter(({ body }) => body.includes("authorization_code"));
    expect(exchanges).toHaveLength(1);
  });

  test("cancelled: the wait ends, the port is free, and nothing is stored", async () => {
    const abort = new AbortController();
    const [first, second] = [await start(), await start({ signal: abort.signal })];
    first.cancel();
    abort.abort();
    const cancelled = { code: "login_cancelled" };
    await expect(first.wait()).rejects.toMatchObject(cancelled);
    await expect(second.wait()).rejects.toMatchObject(cancelled);
    await expect(fetch(at(first, "/"))).rejects.toThrow("fetch failed");
    await start({ ports: [first.port] });
    await nothingStored();
  });

  test("takes the second port while another login of ours has the first", async () => {
    const [one, two] = [await freePort(), await freePort()];
    const first = await start({ ports: [one, two] });
    const second = await start({ ports: [one, two] });
    expect([first.port, second.port]).toEqual([one, two]);
    await expect(start({ ports: [one, two] })).rejects.toMatchObject({
      code: "port_in_use",
      message: expect.stringContaining(`port ${one} or ${two}`),
    });
    await browse(first.authUrl);
    await first.wait();
  });

  test("takes the port of a login that ends when it is asked to", async () => {
    const old = createServer((request, response) => {
      response.end();
      if (request.url === "/cancel") old.close();
    });
    await new Promise<void>((resolve) => old.listen(0, "127.0.0.1", resolve));
    const { port } = old.address() as AddressInfo;
    expect((await start({ ports: [port, 0] })).port).toBe(port);
  });
});
