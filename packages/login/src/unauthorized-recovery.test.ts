import { writeFile } from "node:fs/promises";
import { type TemporaryHome, temporaryHome } from "@codex-ts/test-support";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type AuthDotJson,
  type AuthManager,
  type UnauthorizedRecovery,
  createAuthManager,
} from "./index.ts";
import { type Issuer, startIssuer } from "./testing/issuer.ts";

let home: TemporaryHome;
let issuer: Issuer;
let manager: AuthManager;

beforeEach(async () => {
  home = await temporaryHome();
  issuer = await startIssuer();
  manager = createAuthManager({
    codexHome: home.codexHome,
    env: {},
    issuer: issuer.url,
    // As if no time went by, so that only the steps look into the store.
    monotonicNow: () => 0,
  });
});
afterEach(async () => {
  await manager[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const write = async (record: AuthDotJson) =>
  await writeFile(home.join(".codex/auth.json"), JSON.stringify(record));
const state = ({ step, readiness }: UnauthorizedRecovery) => [step, readiness];
const refused = { code: "refresh_refused", refusal: "other" };

test("looks into the store, then asks the authority, then is at its end", async () => {
  await write(await issuer.login());
  const recovery = await manager.unauthorizedRecovery();
  expect(state(recovery)).toEqual(["reload", "ready"]);
  expect(await recovery.next()).toBe(false);
  expect(state(recovery)).toEqual(["refresh_token", "ready"]);
  expect(issuer.requests).toEqual([]);
  expect(await recovery.next()).toBe(true);
  expect([state(recovery), issuer.renewals]).toEqual([["done", "recovery_exhausted"], 1]);
  await expect(recovery.next()).rejects.toMatchObject(refused);
  expect(issuer.requests).toHaveLength(1);
});

test("says that the store had something new, and still has its second step", async () => {
  await write(await issuer.login());
  const recovery = await manager.unauthorizedRecovery();
  const newer = await issuer.login();
  await write(newer);
  expect([await recovery.next(), issuer.requests]).toEqual([true, []]);
  expect(await manager.auth()).toMatchObject({ lastRefresh: newer.last_refresh });
  expect([await recovery.next(), issuer.renewals]).toEqual([true, 1]);
});

test("ends where the store holds another account, and keeps the login in use", async () => {
  await write(await issuer.login());
  const recovery = await manager.unauthorizedRecovery();
  const before = await manager.auth();
  await write(await issuer.login({ email: "lee@test", accountId: "ws-43" }));
  await expect(recovery.next()).rejects.toMatchObject(refused);
  expect([state(recovery), await manager.auth(), issuer.requests]).toEqual([
    ["done", "recovery_exhausted"],
    before,
    [],
  ]);
});

test("stays at a step that failed", async () => {
  await write(await issuer.login());
  const recovery = await manager.unauthorizedRecovery();
  await recovery.next();
  issuer.script("/oauth/token", { status: 500 });
  await expect(recovery.next()).rejects.toMatchObject({ code: "refresh_failed" });
  expect(state(recovery)).toEqual(["refresh_token", "ready"]);
  expect([await recovery.next(), recovery.step]).toEqual([true, "done"]);
});

test("an earlier refusal is not asked about again", async () => {
  await write(await issuer.login());
  issuer.script("/oauth/token", { status: 401, body: { code: "refresh_token_expired" } });
  await expect(manager.refreshToken()).rejects.toMatchObject({ refusal: "expired" });
  const recovery = await manager.unauthorizedRecovery();
  expect(await recovery.next()).toBe(false);
  await expect(recovery.next()).rejects.toMatchObject({ refusal: "expired" });
  expect(issuer.requests).toHaveLength(1);
});

test.each<[string, AuthDotJson, string]>([
  ["nobody logged in", {}, "not_chatgpt_auth"],
  ["an API key", { OPENAI_API_KEY: "sk-1" }, "not_chatgpt_auth"],
])("%s: nothing to try", async (_, record, readiness) => {
  await write(record);
  const recovery = await manager.unauthorizedRecovery();
  expect(state(recovery)).toEqual(["reload", readiness]);
  await expect(recovery.next()).rejects.toMatchObject(refused);
});

test("tokens of a host application: nothing to try without it", async () => {
  await write({ ...(await issuer.login()), auth_mode: "chatgptAuthTokens" });
  const recovery = await manager.unauthorizedRecovery();
  expect(state(recovery)).toEqual(["external_refresh", "no_external_auth"]);
  await expect(recovery.next()).rejects.toMatchObject(refused);
});

test("an aborted signal takes no step", async () => {
  await write(await issuer.login());
  const recovery = await manager.unauthorizedRecovery();
  await expect(recovery.next(AbortSignal.abort(new Error("stop")))).rejects.toThrow("stop");
  expect(recovery.step).toBe("reload");
});
