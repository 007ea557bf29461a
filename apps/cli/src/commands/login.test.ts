// Logins for scripts: JSON on stdout, exit codes, and the log of what they came to.
import { readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import nodePath from "node:path";
import { message, respond } from "@codex-ts/scripted-model";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { type CliWorld, cliWorld } from "../testing/cli.ts";

beforeAll(builtCli, buildTimeoutMs);
// Every run is a process of its own, and a busy machine takes its time to start one.
vi.setConfig({ testTimeout: 120_000 });

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: unknown) => `${encode({ alg: "none" })}.${encode(claims)}.sig`;
const account = { chatgpt_plan_type: "pro", chatgpt_account_id: "ws-42" };
const chatgpt = {
  auth_mode: "chatgpt",
  tokens: {
    id_token: jwt({ email: "kim@test", "https://api.openai.com/auth": account }),
    access_token: jwt({ exp: 4_102_444_800 }),
    refresh_token: "rt-planted",
    account_id: "ws-42",
  },
};

let world: CliWorld;
beforeEach(async () => {
  world = await cliWorld({ script: [respond([message("ok")])] });
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const store = async (record: unknown) =>
  await writeFile(nodePath.join(world.home, "auth.json"), JSON.stringify(record));

/** Exit code and the lines of stdout, parsed. */
async function json(args: readonly string[], stdin?: string) {
  const { code, stdout } = await world.run(args, stdin === undefined ? {} : { stdin });
  const lines = stdout.trimEnd().split("\n");
  return [code, ...lines.map((line) => JSON.parse(line) as unknown)];
}

describe("login status --json", () => {
  test.each<[string, unknown, unknown[]]>([
    ["nobody", {}, [1, { logged_in: false }]],
    [
      "an API key",
      { OPENAI_API_KEY: "sk-proj-1234567890ABCDE" },
      [0, { logged_in: true, method: "apikey", masked_key: "sk-proj-***ABCDE" }],
    ],
    [
      "ChatGPT",
      chatgpt,
      [
        0,
        {
          logged_in: true,
          method: "chatgpt",
          email: "kim@test",
          plan: "pro",
          account_id: "ws-42",
          expires_at: "2100-01-01T00:00:00.000Z",
        },
      ],
    ],
  ])("%s", async (_, record, expected) => {
    await store(record);
    expect(await json(["login", "status", "--json"])).toEqual(expected);
  });
});

test("new tokens that arrive after the run was killed are stored all the same", async () => {
  const tokens = { ...chatgpt.tokens, access_token: jwt({ exp: 1 }) };
  await store({ ...chatgpt, tokens });
  const asked = Promise.withResolvers<void>();
  const killed = Promise.withResolvers<void>();
  const renewed = { access_token: jwt({ exp: 4_102_444_800 }), refresh_token: "rt-renewed" };
  const issuer = createServer((_request, response) => {
    asked.resolve();
    void killed.promise.then(() => response.end(JSON.stringify(renewed)));
  });
  await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
  const issuerUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/oauth/token`;
  const { child, done } = world.start(
    ["exec", "-c", "model_providers.test.requires_openai_auth=true", "hi"],
    { env: { CODEX_REFRESH_TOKEN_URL_OVERRIDE: issuerUrl } },
  );
  await asked.promise;
  child.kill("SIGKILL");
  await done;
  killed.resolve();
  const path = nodePath.join(world.home, "auth.json");
  await vi.waitFor(
    async () =>
      expect(JSON.parse(await readFile(path, "utf8"))).toEqual({
        ...chatgpt,
        OPENAI_API_KEY: null,
        tokens: { ...tokens, ...renewed },
        last_refresh: expect.any(String),
      }),
    { timeout: 30_000 },
  );
  await new Promise((resolve) => issuer.close(resolve));
});

test("a key on the command line is refused with the way to do it, and is not repeated", async () => {
  expect(await world.run(["login", "--api-key", "sk-planted"])).toMatchObject({
    code: 1,
    stdout: "",
    stderr:
      "Error: --api-key would put the key into your shell's history; pipe it in instead: printenv OPENAI_API_KEY | codex-ts login --with-api-key\n",
  });
});

test("login and logout print what they came to", async () => {
  const key = "sk-proj-1234567890ABCDE";
  const loggedIn = { logged_in: true, method: "apikey", masked_key: "sk-proj-***ABCDE" };
  expect(await json(["login", "--with-api-key", "--json"], key)).toEqual([0, loggedIn]);
  expect(await json(["logout", "--json"])).toEqual([0, { logged_in: false, removed: true }]);
  expect(await json(["logout", "--json"])).toEqual([0, { logged_in: false, removed: false }]);
});

describe("login with a device code", () => {
  let server: Server;
  let answers: Record<string, readonly [status: number, body: unknown]>;

  beforeEach(async () => {
    server = createServer((request, response) => {
      const [status, body] = answers[request.url ?? ""] ?? [404, {}];
      response.statusCode = status;
      response.end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const logIn = async (...more: readonly string[]) =>
    await world.run([
      "login",
      "--device-auth",
      "--experimental_issuer",
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      ...more,
    ]);

  test("of a server that has none says what to do instead", async () => {
    answers = {};
    const { code, stderr } = await logIn();
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^Error: http\S+ offers no login with a device code; log in with the browser/,
      ) as string,
    ]);
  });

  test("that is declined fails, having shown the code; the log tells of it, its owner alone", async () => {
    answers = {
      "/api/accounts/deviceauth/usercode": [
        200,
        { device_auth_id: "d1", user_code: "ABCD-1234", interval: 1 },
      ],
      "/api/accounts/deviceauth/token": [400, { error: "access_denied" }],
    };
    const { code, stdout, stderr } = await logIn("--json");
    expect([code, JSON.parse(stdout), stderr]).toEqual([
      1,
      {
        verification_url: expect.stringMatching(/\/codex\/device$/) as string,
        user_code: "ABCD-1234",
        expires_at: expect.any(String) as string,
      },
      "Error: the login was declined: access_denied\n",
    ]);
    const log = nodePath.join(world.home, "log/codex-login.log");
    const lines = (await readFile(log, "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => line.replace(/^\S+Z /, ""))).toEqual([
      "device: started",
      "device: failed: the login was declined: access_denied",
    ]);
    expect((await stat(log)).mode & 0o777).toBe(0o600);
  });
});

test("what cannot be read is an error that shows nothing of it", async () => {
  await store({ ...chatgpt, tokens: { ...chatgpt.tokens, id_token: "planted" } });
  const { code, stdout, stderr } = await world.run(["login", "status"], {
    env: { CODEX_TS_DEBUG: "1" },
  });
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/^Error: the stored login .* has a bad value at tokens\.id_token/);
  expect(stderr).not.toContain("planted");
});
