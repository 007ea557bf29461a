import { readFile } from "node:fs/promises";
import { type TemporaryHome, temporaryHome } from "@codex-ts/test-support";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type AuthManager,
  type DeviceCode,
  type DeviceLoginOptions,
  createAuthManager,
  loginWithDeviceCode,
} from "./index.ts";
import { type Issuer, startIssuer } from "./testing/issuer.ts";

const usercode = "/api/accounts/deviceauth/usercode";
const poll = "/api/accounts/deviceauth/token";
const pending = { status: 403, body: { error: { code: "deviceauth_authorization_unknown" } } };

let home: TemporaryHome;
let issuer: Issuer;
let manager: AuthManager;
let time: number;
let pauses: number[];
let shown: DeviceCode[];

beforeEach(async () => {
  home = await temporaryHome();
  issuer = await startIssuer();
  manager = createAuthManager({ codexHome: home.codexHome, env: {}, issuer: issuer.url });
  time = Date.parse("2026-03-30T12:00:00Z");
  pauses = [];
  shown = [];
});
afterEach(async () => {
  await manager[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const login = async (options: Partial<DeviceLoginOptions> = {}) =>
  await loginWithDeviceCode({
    manager,
    issuer: `${issuer.url}/`,
    env: {},
    onCode: (code) => shown.push(code),
    now: () => new Date(time),
    sleep: async (ms) => {
      pauses.push(ms);
      time += ms;
    },
    ...options,
  });
const file = () => home.join(".codex/auth.json");
const nothingStored = async () =>
  await expect(readFile(file())).rejects.toMatchObject({ code: "ENOENT" });
const polls = () => issuer.requests.filter(({ path }) => path === poll).length;

test("shows the code, waits for the person, and stores tokens without an API key", async () => {
  issuer.script(poll, { status: 404 });
  await login();
  expect(shown).toEqual([
    {
      verificationUrl: `${issuer.url}/codex/device`,
      userCode: "ABCD-1234",
      expiresAt: new Date("2026-03-30T12:15:00Z"),
    },
  ]);
  expect([polls(), pauses]).toEqual([2, [1000]]);
  expect(JSON.parse(await readFile(file(), "utf8"))).toMatchObject({
    auth_mode: "chatgpt",
    OPENAI_API_KEY: null,
    tokens: { account_id: "ws-42" },
  });
  expect(await manager.auth()).toMatchObject({ kind: "chatgpt" });
});

test("an id token without an account is no obstacle", async () => {
  issuer.person = { email: "kim@test", accountId: null };
  await login();
  expect(await manager.status()).toMatchObject({ kind: "chatgpt", accountId: null });
});

describe("how often it asks", () => {
  test.each([
    ["2", 2000],
    [3, 3000],
    ["0", 1000],
    [undefined, 1000],
  ])("an interval of %j", async (interval, ms) => {
    const body = { device_auth_id: "d1", usercode: "ABCD-1234", interval };
    issuer.script(usercode, { status: 200, body });
    issuer.script(poll, pending);
    await login();
    expect([pauses, shown[0]?.userCode]).toEqual([[ms], "ABCD-1234"]);
  });

  test("slower when it is told to", async () => {
    issuer.script(
      poll,
      { status: 400, body: { error: "authorization_pending" } },
      { status: 400, body: { error: "slow_down" } },
      { status: 429 },
      pending,
    );
    await login();
    expect(pauses).toEqual([1000, 6000, 11_000, 11_000]);
  });

  test("not for longer than the code lasts", async () => {
    const body = { device_auth_id: "d1", user_code: "ABCD-1234", interval: 600 };
    issuer.script(usercode, { status: 200, body });
    issuer.script(poll, ...Array.from({ length: 9 }, () => pending));
    await expect(login()).rejects.toMatchObject({
      code: "login_failed",
      message: expect.stringMatching(/15 minutes/),
    });
    expect([pauses, polls()]).toEqual([[600_000, 300_000], 3]);
  });
});

describe("what fails", () => {
  test("a server without device login", async () => {
    issuer.script(usercode, { status: 404 });
    await expect(login()).rejects.toMatchObject({ code: "device_login_unavailable" });
    await nothingStored();
  });

  test.each([
    [usercode, { status: 503 }, "login_failed", /status 503/],
    [usercode, { status: 200, body: {} }, "login_failed", /holds no device code/],
    [poll, { status: 401, body: "no" }, "login_failed", /status 401: no/],
    [poll, { status: 403, body: { error: "access_denied" } }, "login_denied", /access_denied/],
    [poll, { status: 400, body: { error: "expired_token" } }, "login_failed", /past its time/],
    [poll, { status: 200, body: {} }, "login_failed", /no authorization code/],
    ["/oauth/token", { status: 400, body: { error: "x" } }, "login_failed", /status 400, x/],
  ])("%s answers %j", async (path, answer, code, message) => {
    issuer.script(path, answer);
    await expect(login()).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    await nothingStored();
  });

  test("another workspace than the required one", async () => {
    await expect(login({ forcedWorkspaceId: "ws-7" })).rejects.toMatchObject({
      code: "login_denied",
    });
    await nothingStored();
  });

  test("an aborted login", async () => {
    issuer.script(poll, pending);
    const abort = new AbortController();
    const sleep = async () => abort.abort(new Error("stop"));
    await expect(login({ signal: abort.signal, sleep })).rejects.toThrow("stop");
    expect(polls()).toBe(1);
    await nothingStored();
  });
});
