import { readFile, writeFile } from "node:fs/promises";
import { type TemporaryHome, temporaryHome } from "@codex-ts/test-support";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type AuthDotJson, type AuthManager, createAuthManager } from "./index.ts";
import { type Issuer, startIssuer } from "./testing/issuer.ts";

let home: TemporaryHome;
let issuer: Issuer;
let manager: AuthManager;

beforeEach(async () => {
  home = await temporaryHome();
  issuer = await startIssuer();
  const env = { CODEX_REFRESH_TOKEN_URL_OVERRIDE: `${issuer.url}/oauth/token` };
  manager = createAuthManager({ codexHome: home.codexHome, env });
});
afterEach(async () => {
  await manager[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const file = () => home.join(".codex/auth.json");
const write = async (record: AuthDotJson) => await writeFile(file(), JSON.stringify(record));
const sent = () => issuer.requests.map(({ path, body }) => [path, JSON.parse(body)]);

test("revokes the refresh token before it removes the login", async () => {
  const record = await issuer.login();
  await write(record);
  const token = record.tokens?.refresh_token ?? "";
  expect([await manager.logout(), await manager.auth()]).toEqual([true, null]);
  expect(issuer.accepts(token)).toBe(false);
  expect(sent()).toEqual([
    [
      "/oauth/revoke",
      { token, token_type_hint: "refresh_token", client_id: "app_EMoamEEZ73f0CkXaXp7hrann" },
    ],
  ]);
});

test("revokes the access token where there is no other", async () => {
  const { tokens, ...record } = await issuer.login();
  if (tokens == null) throw new Error("the issuer gave no tokens");
  await write({ ...record, tokens: { ...tokens, refresh_token: "" } });
  await manager.logout();
  expect(sent()).toMatchObject([
    ["/oauth/revoke", { token: tokens.access_token, token_type_hint: "access_token" }],
  ]);
});

test("a revocation that fails leaves the login; it can be left out", async () => {
  const record = await issuer.login();
  await write(record);
  issuer.script("/oauth/revoke", { status: 503, body: { error: "busy" } });
  await expect(manager.logout()).rejects.toMatchObject({
    code: "revocation_failed",
    message:
      "the ChatGPT login could not be revoked and is still stored: the server answered with status 503: busy; try again",
  });
  expect(JSON.parse(await readFile(file(), "utf8"))).toEqual(record);
  expect([await manager.logout({ revoke: false }), issuer.requests.length]).toEqual([true, 1]);
});

test.each<[string, (record: AuthDotJson) => AuthDotJson]>([
  ["an API key", () => ({ OPENAI_API_KEY: "sk-1" })],
  [
    "an API key beside tokens",
    (record) => ({ ...record, auth_mode: "apikey", OPENAI_API_KEY: "k" }),
  ],
  ["tokens of a host application", (record) => ({ ...record, auth_mode: "chatgptAuthTokens" })],
])("%s: removed without a request", async (_, make) => {
  await write(make(await issuer.login()));
  expect([await manager.logout(), issuer.requests]).toEqual([true, []]);
});
