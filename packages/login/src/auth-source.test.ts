import { readFile, writeFile } from "node:fs/promises";
import { inspect } from "node:util";
import {
  type ModelProviderInput,
  builtInProviders,
  defineProvider,
  resolveProvider,
} from "@codex-ts/model-providers";
import { type TemporaryHome, temporaryHome } from "@codex-ts/test-support";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type AuthDotJson,
  type AuthManager,
  createAuthManager,
  createAuthSource,
} from "./index.ts";
import { type Issuer, startIssuer } from "./testing/issuer.ts";

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: unknown) => `${encode({ alg: "none" })}.${encode(claims)}.sig`;
const now = new Date("2026-03-30T12:00:00Z");
const inSeconds = (offset: number) => jwt({ exp: now.getTime() / 1000 + offset });

let home: TemporaryHome;
let issuer: Issuer;
let manager: AuthManager;

beforeEach(async () => {
  home = await temporaryHome();
  issuer = await startIssuer({ now: () => now });
  manager = createAuthManager({
    codexHome: home.codexHome,
    env: { PATH: process.env["PATH"] },
    now: () => now,
    issuer: issuer.url,
  });
});
afterEach(async () => {
  await manager[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

function source(block: Partial<ModelProviderInput>, env: Record<string, string> = {}) {
  const acme = defineProvider({ name: "Acme", base_url: "https://llm.test/v1", ...block });
  return createAuthSource({ provider: resolveProvider("acme", { acme }), manager, env });
}

function openai(openaiBaseUrl?: string, monotonicNow?: () => number) {
  const builtIn = builtInProviders({ env: {}, version: "0.1.0", openaiBaseUrl });
  const provider = resolveProvider("openai", builtIn);
  return createAuthSource({ provider, manager, env: {}, monotonicNow });
}

const authFile = () => home.join(".codex/auth.json");

/** A login that the issuer renews, with the access token of the test. */
async function storeLogin({ access, ...more }: { readonly access: string } & Partial<AuthDotJson>) {
  const { tokens, ...record } = await issuer.login();
  const changed = { ...record, ...more, tokens: { ...tokens, access_token: access } };
  await writeFile(authFile(), JSON.stringify(changed));
}

async function storedBearer(): Promise<string | undefined> {
  return (JSON.parse(await readFile(authFile(), "utf8")) as AuthDotJson).tokens?.access_token;
}

async function storeTokens(access: string, account: string | null = "ws-42") {
  const tokens = { id_token: jwt({}), access_token: access, refresh_token: "rt-7" };
  const record = { OPENAI_API_KEY: null, tokens: { ...tokens, account_id: account } };
  await writeFile(authFile(), JSON.stringify(record));
}

describe("a provider that is not OpenAI", () => {
  test("never sees the person's own login", async () => {
    await manager.loginWithApiKey("sk-mine");
    const auth = source({});
    expect([await auth.kind(), await auth.current(), await auth.recover({ kind: "none" })]).toEqual(
      ["none", { kind: "none" }, false],
    );
  });

  test("gets it when its block asks for it", async () => {
    await manager.loginWithApiKey("sk-mine");
    const auth = source({ requires_openai_auth: true });
    expect(await auth.current()).toEqual({ kind: "api_key", bearer: "sk-mine" });
  });

  test("that asks for it gets no request while there is none", async () => {
    await expect(source({ requires_openai_auth: true }).current()).rejects.toMatchObject({
      code: "not_logged_in",
      message:
        "the model provider acme needs a login, and there is none; log in with `codex-ts login`",
    });
  });

  test("display name OpenAI changes nothing", async () => {
    await manager.loginWithApiKey("sk-mine");
    expect(await source({ name: "OpenAI" }).current()).toEqual({ kind: "none" });
  });
});

describe("OpenAI's own servers", () => {
  test("see only the kind of login that the address was chosen for", async () => {
    await manager.loginWithApiKey("sk-mine");
    const auth = openai();
    expect([await auth.kind(), (await auth.current()).bearer]).toEqual(["api_key", "sk-mine"]);
    await storeLogin({ access: inSeconds(/*offset*/ 60) });
    await manager.reload();
    await expect(auth.current()).rejects.toMatchObject({
      code: "login_changed",
      message:
        "the login was changed between an API key and ChatGPT, and they have servers of their own; start this program again",
    });
  });

  test("a configured address takes both", async () => {
    await manager.loginWithApiKey("sk-mine");
    const auth = openai("https://llm.test/v1");
    expect(await auth.kind()).toBe("api_key");
    await storeLogin({ access: inSeconds(/*offset*/ 60) });
    await manager.reload();
    expect((await auth.current()).kind).toBe("chatgpt");
  });
});

describe("env_key", () => {
  test("goes before every other credential", async () => {
    await manager.loginWithApiKey("sk-mine");
    const block = {
      env_key: "ACME_KEY",
      experimental_bearer_token: "literal",
      requires_openai_auth: true,
    };
    const auth = source(block, { ACME_KEY: " key-1\n" });
    expect([await auth.kind(), await auth.current()]).toEqual([
      "api_key",
      { kind: "api_key", bearer: "key-1" },
    ]);
    expect(await auth.recover({ kind: "api_key", bearer: "key-1" })).toBe(false);
  });

  test.each([{}, { ACME_KEY: "  " }])("%j: unset and blank are errors that say so", async (env) => {
    const block = { env_key: "ACME_KEY", env_key_instructions: "Ask the platform team." };
    await expect(source(block, env).current()).rejects.toMatchObject({
      code: "missing_env_key",
      message:
        "the model provider acme needs an API key in the variable ACME_KEY, which is not set. Ask the platform team.",
    });
    await expect(source({ env_key: "ACME_KEY" }, env).current()).rejects.toThrow(/not set\.$/);
  });

  test("a value that no header can carry is an error that does not repeat it", async () => {
    const failed = source({ env_key: "ACME_KEY" }, { ACME_KEY: "key-leak\nx" }).current();
    await expect(failed).rejects.toMatchObject({
      code: "invalid_token",
      message: expect.stringMatching(/^the variable ACME_KEY holds white space/),
    });
    await expect(failed).rejects.not.toThrow("key-leak");
  });
});

test("experimental_bearer_token is sent as it is", async () => {
  const auth = source({ experimental_bearer_token: "literal", requires_openai_auth: true });
  expect(await auth.current()).toEqual({ kind: "api_key", bearer: "literal" });
  const broken = source({ experimental_bearer_token: "lit\neral" });
  await expect(broken.current()).rejects.toThrow(
    /experimental_bearer_token of model_providers\.acme/,
  );
});

describe.skipIf(process.platform === "win32")("a token command", () => {
  const counting = "echo run >> runs; echo t$(($(wc -l < runs)))";
  const block = (text: string) => ({ auth: { command: "sh", args: ["-c", text] } });
  const runs = async () =>
    (await readFile(home.join(".codex/runs"), "utf8")).split("\n").length - 1;

  test("replaces the person's own login, and kind() does not run it", async () => {
    await manager.loginWithApiKey("sk-mine");
    const auth = source(block(counting));
    expect(await auth.kind()).toBe("api_key");
    await expect(runs()).rejects.toMatchObject({ code: "ENOENT" });
    expect(await auth.current()).toEqual({ kind: "api_key", bearer: "t1" });
    expect(await auth.current()).toEqual({ kind: "api_key", bearer: "t1" });
  });

  test("runs again after a 401, once for all", async () => {
    const first = source(block(counting));
    const second = source(block(counting));
    const used = await first.current();
    expect(await second.current()).toEqual(used);
    expect(await Promise.all([first.recover(used), second.recover(used)])).toEqual([true, true]);
    const renewed = await second.current();
    expect([renewed, await runs()]).toEqual([{ kind: "api_key", bearer: "t2" }, 2]);
  });

  test("recovery ends when every token is refused", async () => {
    const auth = source(block(counting));
    let rounds = 0;
    while (await auth.recover(await auth.current())) rounds += 1;
    expect([rounds, await runs()]).toEqual([1, 2]);
  });

  test("that fails fails the request with its own error", async () => {
    const auth = source(block("echo no ticket >&2; exit 1"));
    const failure = {
      code: "token_command_failed",
      message: "the token command sh failed with exit code 1: no ticket",
    };
    await expect(auth.current()).rejects.toMatchObject(failure);
    await expect(auth.recover({ kind: "api_key", bearer: "x" })).rejects.toMatchObject(failure);
  });
});

describe("the person's own login with OpenAI", () => {
  test("an API key is sent without an account, and a 401 is final", async () => {
    await manager.loginWithApiKey("sk-mine");
    const auth = openai();
    const used = await auth.current();
    expect([await auth.kind(), used]).toEqual(["api_key", { kind: "api_key", bearer: "sk-mine" }]);
    expect(await auth.recover(used)).toBe(false);
  });

  test("a ChatGPT token is sent with its account", async () => {
    const access = inSeconds(/*offset*/ 60);
    await storeTokens(access);
    const auth = openai();
    const expected = { kind: "chatgpt", bearer: access, accountId: "ws-42" };
    expect([await auth.kind(), await auth.current()]).toEqual(["chatgpt", expected]);
  });

  test("a ChatGPT token without an account is sent alone", async () => {
    await storeTokens("opaque", /*account*/ null);
    expect(await openai().current()).toEqual({ kind: "chatgpt", bearer: "opaque" });
  });

  test("nobody logged in: an error for OpenAI itself, no credential for another address", async () => {
    expect(await openai().kind()).toBe("none");
    await expect(openai().current()).rejects.toMatchObject({ code: "not_logged_in" });
    expect(await openai("http://127.0.0.1:9/v1").current()).toEqual({ kind: "none" });
  });

  test("an expired token is renewed before it is sent", async () => {
    await storeLogin({ access: inSeconds(/*offset*/ 0) });
    const auth = openai();
    expect([await auth.current(), issuer.renewals]).toEqual([
      { kind: "chatgpt", bearer: await storedBearer(), accountId: "ws-42" },
      1,
    ]);
  });

  test("an expired token that cannot be renewed is an error, and nothing is sent", async () => {
    await storeTokens(inSeconds(/*offset*/ 0));
    const auth = openai();
    await expect(auth.current()).rejects.toMatchObject({ code: "refresh_refused" });
    await expect(auth.current()).rejects.toMatchObject({ refusal: "revoked" });
    expect(issuer.requests).toHaveLength(1);
    const renewed = inSeconds(/*offset*/ 60);
    await storeTokens(renewed);
    expect(await auth.current()).toMatchObject({ bearer: renewed });
  });

  test("an expired token of a host application is an error", async () => {
    await storeLogin({ access: inSeconds(/*offset*/ 0), auth_mode: "chatgptAuthTokens" });
    await expect(openai().current()).rejects.toMatchObject({ code: "token_expired" });
  });

  test("after a 401, another token in the file is tried first, then a new one, then no more", async () => {
    await storeLogin({ access: "first" });
    const auth = openai();
    const used = await auth.current();
    await storeLogin({ access: "second" });
    expect(await Promise.all([auth.recover(used), auth.recover(used)])).toEqual([true, true]);
    const second = await auth.current();
    expect([second.bearer, issuer.requests]).toEqual(["second", []]);
    expect(await Promise.all([auth.recover(second), auth.recover(second)])).toEqual([true, true]);
    const third = await auth.current();
    expect([third.bearer, issuer.renewals]).toEqual([await storedBearer(), 1]);
    expect([await auth.recover(third), issuer.renewals]).toEqual([false, 1]);
    expect(await auth.recover(used)).toBe(true);
  });

  test("a renewed token that is refused a minute later is renewed again", async () => {
    await storeLogin({ access: "first" });
    let time = 0;
    const auth = openai(/*openaiBaseUrl*/ undefined, () => time);
    expect(await auth.recover(await auth.current())).toBe(true);
    const renewed = await auth.current();
    time = 59_999;
    expect(await auth.recover(renewed)).toBe(false);
    time = 60_000;
    expect([await auth.recover(renewed), issuer.renewals]).toEqual([true, 2]);
  });

  test("after a 401, a refused renewal fails the request with its own error", async () => {
    await storeTokens("first");
    const auth = openai();
    await expect(auth.recover(await auth.current())).rejects.toMatchObject({ refusal: "revoked" });
  });

  test("after a 401, the token of another account is not taken", async () => {
    await storeTokens("first");
    const auth = openai();
    const used = await auth.current();
    await storeTokens("second", "ws-43");
    await expect(auth.recover(used)).rejects.toMatchObject({ code: "refresh_refused" });
    expect([await auth.current(), issuer.requests]).toEqual([used, []]);
  });

  test("a broken file fails the request", async () => {
    await writeFile(authFile(), "{");
    await expect(openai().current()).rejects.toMatchObject({ code: "invalid_record" });
  });
});

test("printing what a request carries shows no bearer", async () => {
  await storeTokens("at-leak");
  const all = [
    await openai().current(),
    await source({ experimental_bearer_token: "lit-leak" }).current(),
  ];
  expect(inspect(all) + JSON.stringify(all)).not.toContain("leak");
  expect(JSON.parse(JSON.stringify(all))).toEqual([
    { kind: "chatgpt", accountId: "ws-42" },
    { kind: "api_key" },
  ]);
});

test("an aborted signal ends the wait for a credential", async () => {
  const signal = AbortSignal.abort(new Error("turn interrupted"));
  await expect(source({}).current(signal)).rejects.toThrow("turn interrupted");
  await expect(openai().current(signal)).rejects.toThrow("turn interrupted");
});
