import { readFile, writeFile } from "node:fs/promises";
import { inspect } from "node:util";
import { type TemporaryHome, temporaryHome } from "@codex-ts/test-support";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type AuthDotJson,
  type AuthManager,
  createAuthManager,
  enforceLoginRestrictions,
  getAuthStatus,
} from "./index.ts";
import { type Issuer, startIssuer } from "./testing/issuer.ts";

let home: TemporaryHome;
let issuer: Issuer;
let manager: AuthManager;
let file: string;
let clockMs: number;

beforeEach(async () => {
  home = await temporaryHome();
  issuer = await startIssuer();
  file = home.join(".codex/auth.json");
  clockMs = 0;
  manager = createAuthManager({
    codexHome: home.codexHome,
    env: {},
    issuer: issuer.url,
    monotonicNow: () => clockMs,
  });
});
afterEach(async () => {
  await manager[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const write = async (record: AuthDotJson) => await writeFile(file, JSON.stringify(record));
const openai = { requires_openai_auth: true };
const host = { auth_mode: "chatgptAuthTokens" } as const;

describe("the status of the login", () => {
  test("is none where nobody is logged in, and where the provider wants no login", async () => {
    expect(await getAuthStatus(manager, openai, { includeToken: true })).toEqual({
      authMethod: null,
      authToken: null,
      requiresOpenaiAuth: true,
    });
    await write({ OPENAI_API_KEY: "sk-1" });
    await manager.reload();
    const other = { requires_openai_auth: false };
    expect(await getAuthStatus(manager, other, { includeToken: true })).toEqual({
      authMethod: null,
      authToken: null,
      requiresOpenaiAuth: false,
    });
  });

  test("has the token only if that is asked for, and shows it to nobody who prints it", async () => {
    await write({ OPENAI_API_KEY: "sk-leak" });
    const asked = await getAuthStatus(manager, openai, { includeToken: true });
    expect([asked.authMethod, asked.authToken]).toEqual(["apikey", "sk-leak"]);
    expect(`${inspect(asked)}${JSON.stringify(asked)}`).not.toContain("sk-leak");
    expect((await getAuthStatus(manager, openai)).authToken).toBeNull();
  });

  test("is renewed first where that is asked for", async () => {
    await write(await issuer.login());
    const before = await getAuthStatus(manager, openai, { includeToken: true });
    const question = { includeToken: true, refreshToken: true };
    const after = await getAuthStatus(manager, openai, question);
    expect([before.authMethod, after.authMethod, issuer.renewals]).toEqual([
      "chatgpt",
      "chatgpt",
      1,
    ]);
    expect(after.authToken).not.toBe(before.authToken);
  });

  test("keeps the method and loses the token when the authority has refused for good, until the login changes", async () => {
    await write(await issuer.login());
    issuer.script("/oauth/token", { status: 401, body: { code: "refresh_token_reused" } });
    const question = { includeToken: true, refreshToken: true };
    const refused = { authMethod: "chatgpt", authToken: null, requiresOpenaiAuth: true };
    for (const _ of [1, 2]) {
      expect(await getAuthStatus(manager, openai, question)).toEqual(refused);
    }
    expect(await getAuthStatus(manager, openai, { includeToken: true })).toEqual(refused);
    expect(issuer.requests).toHaveLength(1);
    const next = await issuer.login();
    await write(next);
    clockMs += 500;
    expect(await getAuthStatus(manager, openai, { includeToken: true })).toEqual({
      authMethod: "chatgpt",
      authToken: next.tokens?.access_token,
      requiresOpenaiAuth: true,
    });
    expect(issuer.requests).toHaveLength(1);
  });

  test("of a host application is not renewed", async () => {
    await write({ ...(await issuer.login()), ...host });
    const status = await getAuthStatus(manager, openai, { refreshToken: true });
    expect([status.authMethod, issuer.requests]).toEqual(["chatgptAuthTokens", []]);
  });
});

describe("restrictions of the configuration", () => {
  const stored = async () => await readFile(file, "utf8").catch(() => null);

  test.each<[string, AuthDotJson | null, Parameters<typeof enforceLoginRestrictions>[1]]>([
    ["nobody is logged in", null, { method: "chatgpt", workspaceId: "ws-1" }],
    ["an API key where one is required", { OPENAI_API_KEY: "sk-1" }, { method: "api" }],
    [
      "an API key where a workspace is required",
      { OPENAI_API_KEY: "sk-1" },
      { workspaceId: "ws-1" },
    ],
    ["nothing is required", { OPENAI_API_KEY: "sk-1" }, {}],
  ])("%s: fine, and all stays", async (_, record, restrictions) => {
    if (record !== null) await write(record);
    await enforceLoginRestrictions(manager, restrictions);
    expect(await stored()).toBe(record === null ? null : JSON.stringify(record));
  });

  test("the required workspace, and the required method, are fine", async () => {
    await write(await issuer.login());
    await enforceLoginRestrictions(manager, { method: "chatgpt", workspaceId: "ws-42" });
    expect((await manager.auth())?.kind).toBe("chatgpt");
  });

  test("another method is logged out and named", async () => {
    await write({ OPENAI_API_KEY: "sk-1" });
    await expect(enforceLoginRestrictions(manager, { method: "chatgpt" })).rejects.toMatchObject({
      code: "login_denied",
      message:
        "a login with ChatGPT is required here (forced_login_method), and an API key is in use; it has been logged out: log in again with `codex-ts login`",
    });
    expect([await stored(), await manager.auth()]).toEqual([null, null]);
    await write({ ...(await issuer.login()), ...host });
    await manager.reload();
    await expect(enforceLoginRestrictions(manager, { method: "api" })).rejects.toThrow(
      /API key is required here .* is one with ChatGPT; log in anew in the program that has set it/,
    );
  });

  test.each([
    [
      "ws-43",
      "the login in use",
      /workspace ws-43 is required .* the one in use is ws-42; it has been/,
    ],
    ["ws-43", null, /workspace ws-43 is required .* the login in use names none; it has been/],
  ])(
    "another workspace than %s is logged out and named (%s)",
    async (workspaceId, named, message) => {
      const accountId = named === null ? null : "ws-42";
      await write(await issuer.login({ email: "kim@test", accountId }));
      await expect(enforceLoginRestrictions(manager, { workspaceId })).rejects.toThrow(message);
      expect([await stored(), issuer.requests]).toEqual([null, []]);
    },
  );

  test("a key of the environment does not cost the stored login", async () => {
    await write(await issuer.login());
    await using inUse = createAuthManager({
      codexHome: home.codexHome,
      env: { CODEX_API_KEY: "sk-env" },
      enableCodexApiKeyEnv: true,
    });
    await expect(enforceLoginRestrictions(inUse, { method: "chatgpt" })).rejects.toThrow(
      /an API key is in use; unset CODEX_API_KEY$/,
    );
    expect(await stored()).not.toBeNull();
  });
});
