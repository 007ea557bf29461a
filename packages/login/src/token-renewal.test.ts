import { readFile, writeFile } from "node:fs/promises";
import { inspect } from "node:util";
import { type TemporaryHome, temporaryHome } from "@codex-ts/test-support";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type AuthDotJson,
  type AuthManager,
  type AuthManagerOptions,
  type CredentialStore,
  LoginError,
  createAuthManager,
  createCredentialStore,
} from "./index.ts";
import { type Issuer, startIssuer } from "./testing/issuer.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

let home: TemporaryHome;
let issuer: Issuer;
let file: string;
/** Later than when the issuer's tokens are made, by this much. */
let later = 0;

beforeEach(async () => {
  later = 0;
  home = await temporaryHome();
  issuer = await startIssuer({ now });
  file = home.join(".codex/auth.json");
});
afterEach(async () => {
  await issuer[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

function now(): Date {
  return new Date(Date.parse("2026-03-30T12:00:00Z") + later);
}
const manager = (options: Partial<AuthManagerOptions> = {}): AuthManager =>
  createAuthManager({
    codexHome: home.codexHome,
    env: { CODEX_REFRESH_TOKEN_URL_OVERRIDE: `${issuer.url}/oauth/token` },
    now,
    // As if no time went by, so that only what a test is about looks into the store.
    monotonicNow: () => 0,
    ...options,
  });
const write = async (record: AuthDotJson) => await writeFile(file, JSON.stringify(record));
const stored = async () => JSON.parse(await readFile(file, "utf8")) as AuthDotJson;
const bearer = async (inUse: AuthManager) => {
  const auth = await inUse.auth();
  return auth?.kind === "chatgpt" ? auth.accessToken.reveal() : null;
};
function withTokens(record: AuthDotJson, tokens: Partial<AuthDotJson["tokens"] & {}>): AuthDotJson {
  return { ...record, tokens: { ...(record.tokens as AuthDotJson["tokens"] & {}), ...tokens } };
}
const refused = (refusal: string) => ({ code: "refresh_refused", refusal });

describe("when tokens are renewed", () => {
  test("an expired one, however new the login is; the new tokens are stored", async () => {
    const record = { ...(await issuer.login()), later_version: 1 };
    await write(record);
    later = hourMs;
    await using inUse = manager();
    const tokens = await Promise.all([bearer(inUse), bearer(inUse), bearer(inUse)]);
    const after = await stored();
    expect(tokens).toEqual([1, 2, 3].map(() => after.tokens?.access_token));
    expect(issuer.renewals).toBe(1);
    expect(after).toEqual({
      ...record,
      tokens: {
        id_token: expect.stringMatching(/\./),
        access_token: expect.stringMatching(/\./),
        refresh_token: expect.stringMatching(/^rt-/),
        account_id: "ws-42",
      },
      last_refresh: "2026-03-30T13:00:00.000Z",
    });
    expect(after.tokens).not.toEqual(record.tokens);
    expect(issuer.accepts(after.tokens?.refresh_token ?? "")).toBe(true);
  });

  test("not one that is good by its own word, however old the login is", async () => {
    await write({ ...(await issuer.login()), last_refresh: "2020-01-01T00:00:00Z" });
    await using inUse = manager();
    expect(await bearer(inUse)).toBe((await stored()).tokens?.access_token);
    expect(issuer.requests).toEqual([]);
  });

  test("ahead of its end where that is asked for", async () => {
    await write(await issuer.login());
    later = hourMs - 299_000;
    await using exact = manager();
    await exact.auth();
    expect(issuer.renewals).toBe(0);
    await using ahead = manager({ renewAheadMs: 300_000 });
    await ahead.auth();
    expect(issuer.renewals).toBe(1);
  });

  test("no more than a tenth of its time ahead, however much is asked for", async () => {
    await write(await issuer.login());
    await using ahead = manager({ renewAheadMs: hourMs });
    later = hourMs - 361_000;
    await ahead.auth();
    expect(issuer.renewals).toBe(0);
    later = hourMs - 360_000;
    await ahead.auth();
    expect(issuer.renewals).toBe(1);
  });

  test.each([
    ["8 days old", { ageMs: 8 * dayMs, renewals: 0 }],
    ["a second older", { ageMs: 8 * dayMs + 1000, renewals: 1 }],
  ])("an opaque token by the age of the login: %s", async (_, { ageMs, renewals }) => {
    const record = withTokens(await issuer.login(), { access_token: "opaque" });
    await write({ ...record, last_refresh: now().toISOString() });
    later = ageMs;
    await using inUse = manager();
    await inUse.auth();
    expect(issuer.renewals).toBe(renewals);
  });

  test("not an opaque token whose age is unknown, not a key, not a host application's", async () => {
    const record = withTokens(await issuer.login(), { access_token: "opaque" });
    const records: readonly AuthDotJson[] = [
      { ...record, last_refresh: null },
      { OPENAI_API_KEY: "sk-1" },
      { ...record, auth_mode: "chatgptAuthTokens", last_refresh: "2020-01-01T00:00:00Z" },
    ];
    for (const kept of records) {
      await write(kept);
      await using inUse = manager();
      await inUse.auth();
      if (kept.tokens == null || kept.auth_mode !== "chatgpt") await inUse.refreshToken();
    }
    expect(issuer.requests).toEqual([]);
  });
});

test("the request is JSON with exactly client, grant type and token", async () => {
  const record = await issuer.login();
  await write(record);
  await using inUse = manager();
  await inUse.refreshToken();
  const { path, headers, body } = issuer.requests[0] ?? {};
  expect({ path, type: headers?.["content-type"], originator: headers?.["originator"] }).toEqual({
    path: "/oauth/token",
    type: "application/json",
    originator: "codex-ts",
  });
  expect(JSON.parse(body ?? "")).toEqual({
    client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
    grant_type: "refresh_token",
    refresh_token: record.tokens?.refresh_token,
  });
});

test("what an answer leaves out stays as it was", async () => {
  const record = await issuer.login();
  await write(record);
  issuer.script("/oauth/token", { status: 200, body: { access_token: "new" } });
  await using inUse = manager();
  await inUse.refreshToken();
  expect(await stored()).toEqual({
    ...withTokens(record, { access_token: "new" }),
    last_refresh: now().toISOString(),
  });
});

describe("the store comes first", () => {
  test("tokens that another process has renewed are taken without a request", async () => {
    await write(withTokens(await issuer.login(), { access_token: "opaque" }));
    later = 9 * dayMs;
    issuer.script("/oauth/token", { status: 401 });
    await using inUse = manager({ now: () => new Date(now().getTime() - 9 * dayMs) });
    await inUse.auth();
    const newer = withTokens(await issuer.login(), { access_token: "newer" });
    await write({ ...newer, last_refresh: now().toISOString() });
    await inUse.refreshToken();
    expect(await bearer(inUse)).toBe("newer");
    expect(issuer.requests).toEqual([]);
  });

  test("newer tokens that are past their time too are renewed from where they are", async () => {
    await write(await issuer.login());
    await using inUse = manager();
    await inUse.auth();
    const newer = await issuer.login();
    await write(newer);
    later = hourMs;
    await inUse.auth();
    expect(JSON.parse(issuer.requests[0]?.body ?? "")).toMatchObject({
      refresh_token: newer.tokens?.refresh_token,
    });
  });

  test.each([
    ["another account", { email: "kim@test", accountId: "ws-43" }],
    ["nobody", null],
  ])("%s there by now: no request, and nothing changes", async (_, person) => {
    await write(await issuer.login());
    await using inUse = manager();
    const before = await bearer(inUse);
    const other = person === null ? {} : await issuer.login(person);
    await write(other);
    await expect(inUse.refreshToken()).rejects.toMatchObject({
      ...refused("other"),
      message: expect.stringMatching(/logged out or replaced .* log in again/),
    });
    expect([await bearer(inUse), await stored(), issuer.requests]).toEqual([before, other, []]);
  });

  test("an account that is stored during the request does not get the new tokens", async () => {
    await write(await issuer.login());
    await using inUse = manager({
      transport: {
        async send(request) {
          await write(other);
          return await real.send(request);
        },
      },
    });
    const { createHttpTransport } = await import("@codex-ts/http-client");
    await using real = createHttpTransport({ env: {} });
    const other = await issuer.login({ email: "lee@test", accountId: "ws-43" });
    await expect(inUse.refreshToken()).rejects.toMatchObject(refused("other"));
    expect(await stored()).toEqual(other);
  });

  test("a refusal because another program was faster ends in that program's tokens", async () => {
    const record = await issuer.login();
    await write(record);
    const { createHttpTransport } = await import("@codex-ts/http-client");
    await using real = createHttpTransport({ env: {} });
    const newer = withTokens(record, { access_token: "newer", refresh_token: "rt-newer" });
    issuer.script("/oauth/token", { status: 401, body: { error: "refresh_token_reused" } });
    await using inUse = manager({
      transport: {
        async send(request) {
          await write(newer);
          return await real.send(request);
        },
      },
    });
    await inUse.refreshToken();
    expect([await bearer(inUse), inUse.refreshFailure(), await stored()]).toEqual([
      "newer",
      null,
      newer,
    ]);
  });

  test("a login without any account id is renewed as long as it is unchanged", async () => {
    await write(await issuer.login({ email: "kim@test", accountId: null }));
    await using inUse = manager();
    await inUse.refreshToken();
    expect(issuer.renewals).toBe(1);
    await write(await issuer.login({ email: "lee@test", accountId: null }));
    await expect(inUse.refreshToken()).rejects.toMatchObject(refused("other"));
  });
});

describe("a refusal", () => {
  test.each([
    [401, { error: { code: "refresh_token_expired" } }, "expired"],
    [401, { error: { code: "REFRESH_TOKEN_REUSED" } }, "exhausted"],
    [401, { error: "refresh_token_invalidated" }, "revoked"],
    [401, { code: "refresh_token_expired" }, "expired"],
    [401, "plain", "other"],
    [403, {}, "other"],
    [400, { error: "invalid_grant" }, "other"],
  ])("%i %j is for good: %s", async (status, body, refusal) => {
    await write(await issuer.login());
    issuer.script("/oauth/token", { status, body });
    await using inUse = manager();
    await expect(inUse.refreshToken()).rejects.toMatchObject({
      ...refused(refusal),
      message: expect.stringMatching(/log out and log in again$/),
    });
  });

  test("is remembered: no second request, the same error, nothing lost", async () => {
    const record = await issuer.login();
    await write(record);
    later = hourMs;
    issuer.script("/oauth/token", { status: 401, body: { error: "refresh_token_reused" } });
    await using inUse = manager();
    const first = await inUse.refreshToken().catch((error: unknown) => error);
    const second = await inUse.refreshToken().catch((error: unknown) => error);
    expect(first).toMatchObject(refused("exhausted"));
    expect([second, inUse.refreshFailure()]).toEqual([first, first]);
    expect(await bearer(inUse)).toBe(record.tokens?.access_token);
    expect([issuer.requests.length, await stored()]).toEqual([1, record]);
  });

  test("is forgotten when the stored login changes", async () => {
    await write(await issuer.login());
    issuer.script("/oauth/token", { status: 401 });
    await using inUse = manager();
    await expect(inUse.refreshToken()).rejects.toMatchObject(refused("other"));
    const newer = await issuer.login();
    await write(newer);
    await inUse.refreshToken();
    expect([await bearer(inUse), inUse.refreshFailure(), issuer.requests.length]).toEqual([
      newer.tokens?.access_token,
      null,
      1,
    ]);
    await inUse.refreshToken();
    expect(issuer.renewals).toBe(1);
  });

  test("is forgotten with a logout", async () => {
    await write(await issuer.login());
    issuer.script("/oauth/token", { status: 401 });
    await using inUse = manager();
    await expect(inUse.refreshToken()).rejects.toMatchObject(refused("other"));
    await inUse.loginWithApiKey("sk-1");
    expect(inUse.refreshFailure()).toBeNull();
  });

  test("a login without a refresh token asks for nothing", async () => {
    await write(withTokens(await issuer.login(), { refresh_token: "" }));
    await using inUse = manager();
    await expect(inUse.refreshToken()).rejects.toMatchObject(refused("other"));
    expect(issuer.requests).toEqual([]);
  });
});

describe("a failure that may pass", () => {
  test.each([
    [{ status: 500, body: { error: { message: "out of order" } } }, "status 500: out of order"],
    [{ status: 400, body: { error: "invalid_request" } }, "status 400: invalid_request"],
    [{ status: 502, body: " bad\ngateway " }, "status 502: bad gateway"],
    [{ status: 200, body: "no JSON" }, "holds no access token"],
    [{ status: 200, body: { id_token: "x" } }, "holds no access token"],
    [{ status: 200, body: { access_token: "a", id_token: "x" } }, "id token that cannot be read"],
    [{ status: 200, body: { access_token: "a", refresh_token: 7 } }, "tokens that are not texts"],
  ])("%j leaves all as it was, and the next call asks again", async (answer, message) => {
    const record = await issuer.login();
    await write(record);
    issuer.script("/oauth/token", answer);
    await using inUse = manager();
    const failed = inUse.refreshToken();
    await expect(failed).rejects.toMatchObject({ code: "refresh_failed", refusal: null });
    await expect(failed).rejects.toThrow(message);
    expect(await stored()).toEqual(record);
    await inUse.refreshToken();
    expect([issuer.renewals, inUse.refreshFailure()]).toEqual([1, null]);
  });

  test("a server that is not there", async () => {
    await write(await issuer.login());
    await issuer[Symbol.asyncDispose]();
    await using inUse = manager();
    await expect(inUse.refreshToken()).rejects.toMatchObject({ code: "refresh_failed" });
  });

  test("a server that echoes the token does not get it into an error", async () => {
    const record = await issuer.login();
    const secret = record.tokens?.refresh_token ?? "";
    await write(record);
    issuer.script("/oauth/token", { status: 500, body: `no ${secret}` });
    await using inUse = manager();
    const error: unknown = await inUse.refreshToken().catch((failure: unknown) => failure);
    expect(error).toMatchObject({ message: expect.stringContaining("no [redacted]") });
    expect(inspect(error, { depth: 10 })).not.toContain(secret);
  });
});

describe("new tokens that the store does not take", () => {
  /** Takes nothing while `disk.isFull`. */
  function storeOn(disk: { readonly isFull: boolean }): CredentialStore {
    const file = createCredentialStore("file", home);
    return {
      ...file,
      async save(record) {
        if (disk.isFull) throw new LoginError("file_access", "cannot be written: ENOSPC");
        await file.save(record);
      },
    };
  }

  test("are used all the same, and stored as soon as that can be", async () => {
    const record = await issuer.login();
    await write(record);
    later = hourMs;
    const disk = { isFull: true };
    let clockMs = 0;
    await using inUse = manager({ store: storeOn(disk), monotonicNow: () => clockMs });
    const renewed = await bearer(inUse);
    expect(inUse.refreshFailure()).toMatchObject({ code: "refresh_failed", refusal: null });
    expect([renewed === record.tokens?.access_token, await stored()]).toEqual([false, record]);
    expect([await inUse.guardedReload(), await bearer(inUse)]).toEqual(["unchanged", renewed]);

    disk.isFull = false;
    clockMs += 1000;
    await inUse.reload();
    const { tokens } = await stored();
    expect([tokens?.access_token, await bearer(inUse), issuer.renewals]).toEqual([
      renewed,
      renewed,
      1,
    ]);
    expect(issuer.accepts(tokens?.refresh_token ?? "")).toBe(true);
  });

  test("are dropped for another login that is stored meanwhile", async () => {
    await write(await issuer.login());
    const disk = { isFull: true };
    await using inUse = manager({ store: storeOn(disk) });
    await expect(inUse.refreshToken()).rejects.toThrow("ENOSPC");
    disk.isFull = false;
    const other = await issuer.login({ email: "lee@test", accountId: "ws-43" });
    await write(other);
    await inUse.reload();
    expect([await bearer(inUse), await stored()]).toEqual([other.tokens?.access_token, other]);
  });
});

test("whoever gives up waiting does not end the renewal for the others", async () => {
  await write(await issuer.login());
  await using inUse = manager();
  const abort = new AbortController();
  const givenUp = inUse.refreshToken(abort.signal);
  const other = inUse.refreshToken();
  abort.abort(new Error("turn interrupted"));
  await expect(givenUp).rejects.toThrow("turn interrupted");
  await other;
  expect(issuer.renewals).toBe(1);
});

test("an aborted signal starts no renewal", async () => {
  await write(await issuer.login());
  await using inUse = manager();
  const signal = AbortSignal.abort(new Error("turn interrupted"));
  await expect(inUse.refreshToken(signal)).rejects.toThrow("turn interrupted");
  expect(issuer.requests).toEqual([]);
});

test("disposing waits for the tokens that are on their way", async () => {
  await write(await issuer.login());
  const inUse = manager();
  const renewal = inUse.refreshToken();
  await inUse[Symbol.asyncDispose]();
  await renewal;
  expect(issuer.accepts((await stored()).tokens?.refresh_token ?? "")).toBe(true);
});
