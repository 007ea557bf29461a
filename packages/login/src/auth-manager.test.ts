import { readFile, writeFile } from "node:fs/promises";
import { inspect } from "node:util";
import { authDefaults } from "@codex-ts/model-providers";
import { type TemporaryHome, temporaryHome } from "@codex-ts/test-support";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type AuthManager,
  type AuthManagerOptions,
  type CodexAuth,
  accountOf,
  accountPlanOf,
  apiAuthModeOf,
  createAuthManager,
} from "./index.ts";

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: unknown) => `${encode({ alg: "none" })}.${encode(claims)}.sig`;
const secondsOf = (time: string) => Date.parse(time) / 1000;
const noon = "2026-03-30T12:00:00Z";

let home: TemporaryHome;
let file: string;

beforeEach(async () => {
  home = await temporaryHome();
  file = home.join(".codex/auth.json");
});
afterEach(async () => {
  await home[Symbol.asyncDispose]();
});

const manager = (options: Partial<AuthManagerOptions> = {}): AuthManager =>
  createAuthManager({
    codexHome: home.codexHome,
    // Nobody listens there: what these tests are about needs no answer.
    env: { CODEX_REFRESH_TOKEN_URL_OVERRIDE: "http://127.0.0.1:1/oauth/token" },
    now: () => new Date(noon),
    // As if no time went by: the store is looked at once, unless a test says otherwise.
    monotonicNow: () => 0,
    ...options,
  });
const write = async (record: unknown) => await writeFile(file, JSON.stringify(record));
const readBack = async () => JSON.parse(await readFile(file, "utf8")) as unknown;

function record({
  access = "opaque",
  account = "ws-42",
  plan = "pro",
}: {
  readonly access?: string;
  readonly account?: string | null;
  readonly plan?: string;
} = {}) {
  const claims = {
    email: "kim@test",
    "https://api.openai.com/auth": {
      chatgpt_plan_type: plan,
      user_id: "user-2",
      chatgpt_account_id: "claim-account",
    },
  };
  const tokens = { id_token: jwt(claims), access_token: access, refresh_token: "rt-7" };
  return { OPENAI_API_KEY: null, tokens: { ...tokens, account_id: account } };
}

/** A login with its secret readable, for comparison. */
const revealed = (auth: CodexAuth | null) =>
  auth?.kind === "api_key"
    ? { ...auth, apiKey: auth.apiKey.reveal() }
    : auth && { ...auth, accessToken: auth.accessToken.reveal() };

describe("what a record says", () => {
  test.each([
    ["{}", {}],
    ["all null", { auth_mode: null, OPENAI_API_KEY: null, tokens: null, last_refresh: null }],
    ["a blank key", { OPENAI_API_KEY: " " }],
  ])("%s is logged out", async (_, stored) => {
    await write(stored);
    expect(await manager().auth()).toBeNull();
    expect(await manager().status()).toEqual({ kind: "logged_out" });
  });

  test("tokens without a mode are a ChatGPT login, also without last_refresh", async () => {
    await write(record());
    const auth = await manager().auth();
    expect(revealed(auth)).toEqual({
      kind: "chatgpt",
      external: false,
      accessToken: "opaque",
      accountId: "ws-42",
      idToken: {
        email: "kim@test",
        plan: { kind: "known", plan: "pro" },
        userId: "user-2",
        accountId: "claim-account",
      },
      lastRefresh: null,
    });
    expect(auth && [apiAuthModeOf(auth), accountPlanOf(auth)]).toEqual(["chatgpt", "pro"]);
  });

  test("a key without a mode is an API key login, tokens or not", async () => {
    await write({ ...record(), OPENAI_API_KEY: "sk-1" });
    const auth = await manager().auth();
    expect(revealed(auth)).toEqual({ kind: "api_key", source: "store", apiKey: "sk-1" });
    expect(auth && [apiAuthModeOf(auth), accountPlanOf(auth)]).toEqual(["apikey", null]);
  });

  test("the mode decides when both are there", async () => {
    await write({ ...record(), OPENAI_API_KEY: "sk-1", auth_mode: "chatgpt" });
    expect((await manager().auth())?.kind).toBe("chatgpt");
  });

  test("tokens of a host application are external", async () => {
    await write({ ...record(), auth_mode: "chatgptAuthTokens" });
    const auth = await manager().auth();
    expect(auth && apiAuthModeOf(auth)).toBe("chatgptAuthTokens");
  });

  test.each([
    [{ auth_mode: "apikey" }, "is one with an API key but has no OPENAI_API_KEY"],
    [{ auth_mode: "chatgpt", OPENAI_API_KEY: "sk-1" }, "is one with ChatGPT but has no tokens"],
  ])("%j lacks what its mode needs", async (stored, fault) => {
    await write(stored);
    await expect(manager().auth()).rejects.toMatchObject({
      code: "invalid_record",
      message: `the stored login (${file}) ${fault}; log in again to replace it, or log out to remove it`,
    });
  });

  test("the account is that of the login, else that of the id token", async () => {
    await write(record({ account: null, plan: "mystery-tier" }));
    const auth = await manager().auth();
    expect(auth && [accountOf(auth), accountPlanOf(auth)]).toEqual(["claim-account", "unknown"]);
  });

  test("printing a login or a manager shows no secret", async () => {
    await write({ ...record({ access: "at-leak" }), OPENAI_API_KEY: null });
    const inUse = manager();
    const auth = await inUse.auth();
    const printed = [inspect({ auth, inUse }, { depth: 10 }), JSON.stringify({ auth, inUse })];
    expect(printed.join()).not.toMatch(/at-leak|rt-7|\.sig/);
  });
});

describe("what is read is kept", () => {
  test("a change of the file is not seen within half a second, but by a reload", async () => {
    await write({ OPENAI_API_KEY: "sk-1" });
    const inUse = manager();
    expect(revealed(await inUse.auth())).toMatchObject({ apiKey: "sk-1" });
    await write({ OPENAI_API_KEY: "sk-2" });
    expect(revealed(await inUse.auth())).toMatchObject({ apiKey: "sk-1" });
    expect(await inUse.reload()).toEqual({ changed: true, accountChanged: false });
    expect(revealed(await inUse.auth())).toMatchObject({ apiKey: "sk-2" });
    expect(await inUse.reload()).toEqual({ changed: false, accountChanged: false });
  });

  test("a reload says when the account is another one", async () => {
    await write(record());
    const inUse = manager();
    await inUse.auth();
    await write(record({ account: "ws-43" }));
    expect(await inUse.reload()).toEqual({ changed: true, accountChanged: true });
  });

  test("a file that cannot be read fails the call, and is read anew by the next", async () => {
    await writeFile(file, "{");
    const inUse = manager();
    const failures = await Promise.allSettled([inUse.auth(), inUse.auth()]);
    expect(failures.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await write({ OPENAI_API_KEY: "sk-1" });
    expect((await inUse.auth())?.kind).toBe("api_key");
  });
});

describe("CODEX_API_KEY", () => {
  test("goes before what is stored where it is enabled", async () => {
    await write(record());
    const env = { CODEX_API_KEY: "  sk-env\n" };
    const auth = await manager({ env, enableCodexApiKeyEnv: true }).auth();
    expect(revealed(auth)).toEqual({ kind: "api_key", source: "environment", apiKey: "sk-env" });
    expect((await manager({ env }).auth())?.kind).toBe("chatgpt");
  });

  test("a blank one counts as unset", async () => {
    const env = { CODEX_API_KEY: "  " };
    expect(await manager({ env, enableCodexApiKeyEnv: true }).auth()).toBeNull();
  });

  test("one that no header can carry is an error that does not repeat it", async () => {
    const env = { CODEX_API_KEY: "sk-leak more" };
    const failed = manager({ env, enableCodexApiKeyEnv: true }).auth();
    await expect(failed).rejects.toMatchObject({ code: "invalid_token" });
    await expect(failed).rejects.not.toThrow("sk-leak");
  });

  test("OPENAI_API_KEY is no login", async () => {
    const env = { OPENAI_API_KEY: "sk-env" };
    expect(await manager({ env, enableCodexApiKeyEnv: true }).auth()).toBeNull();
  });

  test("status tells what is stored", async () => {
    const env = { CODEX_API_KEY: "sk-env" };
    const inUse = manager({ env, enableCodexApiKeyEnv: true });
    expect(await inUse.status()).toEqual({ kind: "logged_out" });
  });
});

describe("log in and log out", () => {
  test("an API key replaces key and tokens and keeps what other versions have stored", async () => {
    const stored = { ...record(), OPENAI_API_KEY: "sk-old", last_refresh: noon, later_version: 1 };
    await write(stored);
    const inUse = manager();
    await inUse.auth();
    await inUse.loginWithApiKey(" sk-proj-1234567890ABCDE\n");
    expect(await readBack()).toEqual({
      auth_mode: "apikey",
      OPENAI_API_KEY: "sk-proj-1234567890ABCDE",
      later_version: 1,
    });
    expect(revealed(await inUse.auth())).toMatchObject({ apiKey: "sk-proj-1234567890ABCDE" });
    expect(await inUse.status()).toEqual({ kind: "api_key", maskedKey: "sk-proj-***ABCDE" });
  });

  test("a login replaces a file that cannot be read", async () => {
    await writeFile(file, "{");
    await manager().loginWithApiKey("sk-1");
    expect(await readBack()).toEqual({ auth_mode: "apikey", OPENAI_API_KEY: "sk-1" });
  });

  test.each(["", " \n", "two words"])(
    "the key %j is refused and nothing is stored",
    async (key) => {
      await write(record());
      await expect(manager().loginWithApiKey(key)).rejects.toMatchObject({ code: "invalid_token" });
      expect(await readBack()).toEqual(record());
    },
  );

  test("a logout removes the file, also one that cannot be read", async () => {
    await write({ OPENAI_API_KEY: "sk-1" });
    const inUse = manager();
    await inUse.auth();
    expect([await inUse.logout(), await inUse.auth()]).toEqual([true, null]);
    expect(await inUse.logout()).toBe(false);
    await writeFile(file, "{");
    expect(await inUse.logout()).toBe(true);
  });

  test("status of a ChatGPT login", async () => {
    await write(record({ access: jwt({ exp: secondsOf("2026-03-30T13:00:00Z") }) }));
    expect(await manager().status()).toEqual({
      kind: "chatgpt",
      email: "kim@test",
      plan: "pro",
      accountId: "ws-42",
      expiresAt: new Date("2026-03-30T13:00:00Z"),
    });
  });

  test("a home that cannot be written is an error", async () => {
    await home.write({ plain: "" });
    const inUse = manager({ codexHome: home.join("plain") });
    await expect(inUse.loginWithApiKey("sk-1")).rejects.toMatchObject({ code: "file_access" });
  });
});

describe("a ChatGPT token past its time", () => {
  const expired = jwt({ exp: secondsOf(noon), n: 1 });
  const valid = jwt({ exp: secondsOf(noon) + 1 });

  test("is looked for in the store again", async () => {
    await write(record({ access: expired }));
    const inUse = manager();
    expect(revealed(await inUse.auth())).toMatchObject({ accessToken: expired });
    await write(record({ access: valid }));
    const all = await Promise.all([inUse.auth(), inUse.auth(), inUse.auth()]);
    expect(all.map(revealed)).toMatchObject([1, 2, 3].map(() => ({ accessToken: valid })));
  });

  test("is not replaced by that of another account, by no login, or by a broken file", async () => {
    await write(record({ access: expired }));
    const inUse = manager();
    await inUse.auth();
    const stays = async () => {
      expect(await inUse.guardedReload()).toBe("skipped");
      expect(revealed(await inUse.auth())).toMatchObject({ accessToken: expired });
    };
    await write(record({ access: valid, account: "ws-43" }));
    await stays();
    await write({ OPENAI_API_KEY: "sk-1" });
    await stays();
    await writeFile(file, "{");
    await stays();
  });

  test("an account that only the id token names is the same on both sides", async () => {
    await write(record({ access: expired, account: null }));
    const inUse = manager();
    await inUse.auth();
    expect(await inUse.guardedReload()).toBe("unchanged");
    await write(record({ access: valid, account: "claim-account" }));
    expect(await inUse.guardedReload()).toBe("changed");
  });

  test("a token that is still good is not looked for, however old the login is", async () => {
    await write({ ...record({ access: valid }), last_refresh: "2020-01-01T00:00:00Z" });
    const inUse = manager();
    await inUse.auth();
    await write(record({ access: "other" }));
    expect(revealed(await inUse.auth())).toMatchObject({ accessToken: valid });
  });
});

test("equal auth blocks share one token command", async () => {
  await using inUse = manager();
  const auth = { ...authDefaults, command: "acme-sso" };
  expect(inUse.tokenCommand({ ...auth })).toBe(inUse.tokenCommand(auth));
  expect(inUse.tokenCommand({ ...auth, args: ["x"] })).not.toBe(inUse.tokenCommand(auth));
});

test("two managers in one process have nothing in common", async () => {
  await using other = await temporaryHome();
  await manager().loginWithApiKey("sk-1");
  expect(await createAuthManager({ codexHome: other.codexHome, env: {} }).auth()).toBeNull();
});
