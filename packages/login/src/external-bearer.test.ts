import { writeFile, readdir } from "node:fs/promises";
import { resolveProvider, defineProvider } from "@codex-ts/model-providers";
import { type TemporaryHome, temporaryHome } from "@codex-ts/test-support";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type AuthManager,
  type ExternalBearer,
  type ExternalRefresh,
  type ExternalTokens,
  accountPlanOf,
  apiAuthModeOf,
  createAuthManager,
  createAuthSource,
} from "./index.ts";

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: unknown) => `${encode({ alg: "none" })}.${encode(claims)}.sig`;
const claimed = (n: number, plan?: string) =>
  jwt({ n, "https://api.openai.com/auth": { chatgpt_plan_type: plan, chatgpt_account_id: "c" } });

let home: TemporaryHome;
let managers: AuthManager[];

beforeEach(async () => {
  home = await temporaryHome();
  managers = [];
});
afterEach(async () => {
  await Promise.all(managers.map(async (manager) => await manager[Symbol.asyncDispose]()));
  await home[Symbol.asyncDispose]();
});

function managerOf(external: ExternalBearer, forcedWorkspaceId?: string): AuthManager {
  const manager = createAuthManager({
    codexHome: home.codexHome,
    env: {},
    external,
    forcedWorkspaceId,
    now: () => new Date("2026-03-30T12:00:00Z"),
  });
  managers.push(manager);
  return manager;
}

/** A source that gives one token after another; each refresh moves on. */
function source(
  kind: ExternalBearer["kind"],
  tokens: readonly (ExternalTokens | null | Error)[],
): ExternalBearer & { readonly refreshes: ExternalRefresh[] } {
  const refreshes: ExternalRefresh[] = [];
  const give = (): ExternalTokens | null => {
    const given = tokens[Math.min(refreshes.length, tokens.length - 1)] ?? null;
    if (given instanceof Error) throw given;
    return given;
  };
  return {
    kind,
    refreshes,
    resolve: async () => give(),
    async refresh(refresh) {
      refreshes.push(refresh);
      return give() ?? { accessToken: "" };
    },
  };
}

const openAi = resolveProvider("acme", {
  acme: defineProvider({ name: "Acme", base_url: "http://acme.test", requires_openai_auth: true }),
});
const storeKey = async () =>
  await writeFile(home.join(".codex/auth.json"), JSON.stringify({ OPENAI_API_KEY: "sk-stored" }));

describe("a source of API keys", () => {
  test("goes before the stored login, and is asked for each request", async () => {
    await storeKey();
    const external = source("api_key", [{ accessToken: " t1\n" }, { accessToken: "t2" }]);
    const manager = managerOf(external);
    const auth = await manager.auth();
    expect(auth?.kind === "api_key" && [auth.source, auth.apiKey.reveal()]).toEqual([
      "external",
      "t1",
    ]);
    expect([manager.externalKind, auth && apiAuthModeOf(auth)]).toEqual(["api_key", "apikey"]);
  });

  test("that has none leaves the request to the stored login", async () => {
    await storeKey();
    const auth = await managerOf(source("api_key", [null])).auth();
    expect(auth).toMatchObject({ kind: "api_key", source: "store" });
  });

  test("that fails, fails the request; nothing goes out", async () => {
    await storeKey();
    const manager = managerOf(source("api_key", [new Error("the vault is locked")]));
    const auth = createAuthSource({ provider: openAi, manager, env: {} });
    await expect(auth.current()).rejects.toThrow("the vault is locked");
  });

  test("a token that no header can carry is an error", async () => {
    const manager = managerOf(source("api_key", [{ accessToken: "two words" }]));
    await expect(manager.auth()).rejects.toMatchObject({ code: "invalid_token" });
  });

  test("after a 401 it is asked once for another one, and the request is made again", async () => {
    const external = source("api_key", [{ accessToken: "t1" }, { accessToken: "t2" }]);
    const manager = managerOf(external);
    const auth = createAuthSource({ provider: openAi, manager, env: {}, monotonicNow: () => 0 });
    expect(await auth.kind()).toBe("api_key");
    const used = await auth.current();
    expect([used.bearer, await auth.recover(used)]).toEqual(["t1", true]);
    const next = await auth.current();
    expect([next.bearer, await auth.recover(next)]).toEqual(["t2", false]);
    expect(external.refreshes).toEqual([{ reason: "unauthorized", previousAccountId: null }]);
  });

  test("the machine has one step, and then none", async () => {
    const recovery = await managerOf(
      source("api_key", [{ accessToken: "t1" }]),
    ).unauthorizedRecovery();
    expect([recovery.step, recovery.readiness]).toEqual(["external_refresh", "ready"]);
    expect(await recovery.next()).toBe(true);
    expect([recovery.step, recovery.readiness]).toEqual(["done", "recovery_exhausted"]);
  });
});

describe("a source of ChatGPT tokens", () => {
  const account = { accountId: "ws-1", planType: "Education" };

  test("is a login in memory: the account and plan of the host, the rest of the token", async () => {
    const manager = managerOf(
      source("chatgpt", [{ accessToken: claimed(/*n*/ 1), chatgpt: account }]),
    );
    const auth = await manager.auth();
    expect(auth && { ...auth, accessToken: null, plan: accountPlanOf(auth) }).toEqual({
      kind: "chatgpt",
      external: true,
      accessToken: null,
      accountId: "ws-1",
      idToken: {
        email: null,
        plan: { kind: "known", plan: "edu" },
        userId: null,
        accountId: "ws-1",
      },
      lastRefresh: "2026-03-30T12:00:00.000Z",
      plan: "edu",
    });
    expect(await readdir(home.codexHome)).toEqual([]);
  });

  test("without a plan of the host, that of the token counts", async () => {
    const manager = managerOf(
      source("chatgpt", [
        { accessToken: claimed(/*n*/ 1, "plus"), chatgpt: { accountId: "ws-1" } },
      ]),
    );
    const auth = await manager.auth();
    expect(auth && accountPlanOf(auth)).toBe("plus");
  });

  test("goes before what is stored, and is gone after a logout that leaves nothing", async () => {
    await storeKey();
    const manager = managerOf(source("chatgpt", [null]));
    expect((await manager.auth())?.kind).toBe("api_key");
    await manager.loginWithHostTokens({ accessToken: claimed(/*n*/ 1), chatgpt: account });
    expect((await manager.auth())?.kind).toBe("chatgpt");
    manager.setExternalBearer(/*source*/ null);
    expect([await manager.logout(), await manager.auth()]).toEqual([true, null]);
  });

  test("after a 401 the host is asked for other tokens, with the account of the old ones", async () => {
    const external = source("chatgpt", [
      { accessToken: claimed(/*n*/ 1), chatgpt: account },
      { accessToken: claimed(/*n*/ 2), chatgpt: account },
    ]);
    const manager = managerOf(external);
    const auth = createAuthSource({ provider: openAi, manager, env: {} });
    const used = await auth.current();
    expect(await auth.recover(used)).toBe(true);
    expect((await auth.current()).bearer).toBe(claimed(/*n*/ 2));
    expect(external.refreshes).toEqual([{ reason: "unauthorized", previousAccountId: "ws-1" }]);
  });

  test.each<[string, ExternalTokens, RegExp]>([
    ["no account", { accessToken: claimed(/*n*/ 2) }, /does not say which account/],
    [
      "another workspace than the required one",
      { accessToken: claimed(/*n*/ 2), chatgpt: { accountId: "ws-2" } },
      /workspace ws-2, and only ws-1 is allowed/,
    ],
    ["no JWT", { accessToken: "opaque", chatgpt: account }, /not a JWT/],
  ])("tokens with %s fail this time, and the login stays", async (_, bad, message) => {
    const external = source("chatgpt", [{ accessToken: claimed(/*n*/ 1), chatgpt: account }, bad]);
    const manager = managerOf(external, "ws-1");
    const before = await manager.auth();
    await expect(manager.refreshToken()).rejects.toMatchObject({
      code: "refresh_failed",
      refusal: null,
      message: expect.stringMatching(message) as string,
    });
    expect(await manager.auth()).toBe(before);
  });

  test("a source that fails, fails the renewal with its own error", async () => {
    const external = source("chatgpt", [
      { accessToken: claimed(/*n*/ 1), chatgpt: account },
      new Error("the host is gone"),
    ]);
    const manager = managerOf(external);
    await manager.auth();
    await expect(manager.refreshToken()).rejects.toThrow("the host is gone");
  });
});
