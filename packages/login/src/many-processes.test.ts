// Many processes share one login of a real OAuth issuer, which revokes it when a refresh token comes twice.
import { once } from "node:events";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type OauthIssuer,
  type TemporaryHome,
  startOauthIssuer,
  temporaryHome,
  waitFor,
} from "@codex-ts/test-support";
import { afterEach, beforeEach, expect, test } from "vitest";
import { defaultClientId } from "./authority.ts";
import { type AuthDotJson, createAuthManager } from "./index.ts";
import { type Workers, renewingWorkers } from "./testing/renewing-workers.ts";

let home: TemporaryHome;
let issuer: OauthIssuer;
let file: string;
let workers: Workers;

beforeEach(async () => {
  home = await temporaryHome();
  file = home.join(".codex/auth.json");
  workers = renewingWorkers(home);
});
afterEach(async () => {
  await workers[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const stale = async (url: string) => await workers.start({ url, mode: "stale" });
const tokenUrl = () => `${issuer.url}/oauth/token`;
const stored = async () => JSON.parse(await readFile(file, "utf8")) as AuthDotJson;

async function logIn({ isStale = false } = {}): Promise<void> {
  const tokens = await issuer.login();
  // An opaque token is stale when its last renewal is more than eight days ago.
  const old = new Date(Date.now() - 9 * 86_400_000).toISOString();
  const record: AuthDotJson = {
    auth_mode: "chatgpt",
    OPENAI_API_KEY: null,
    tokens: {
      ...tokens,
      ...(isStale ? { access_token: "opaque" } : {}),
      account_id: "ws-42",
    },
    last_refresh: isStale ? old : new Date().toISOString(),
  };
  await writeFile(file, JSON.stringify(record));
}

/** Reads the file over and over as any program may; gives how often, and ends when told to. */
function readAlongside(): { stop(): Promise<number> } {
  const stopping = new AbortController();
  const reading = (async () => {
    let reads = 0;
    while (!stopping.signal.aborted) {
      expect((await stored()).tokens?.refresh_token).toEqual(expect.any(String));
      reads += 1;
      await sleep(1);
    }
    return reads;
  })();
  reading.catch(() => {});
  return {
    async stop() {
      stopping.abort();
      return await reading;
    },
  };
}

// Many processes take their time on a busy machine.
const timeoutMs = 300_000;

test(
  "8 processes, 200 rotations: 200 renewals, no token used twice, no torn file, and all get the same tokens",
  async () => {
    issuer = await startOauthIssuer({ clientId: defaultClientId });
    await logIn();
    const reader = readAlongside();
    // A renewal in a process of its own takes longer, and then 8 of them want to be the one.
    const phases = [
      { mode: "here", rotations: 170 },
      { mode: undefined, rotations: 30 },
    ] as const;
    for (const { mode, rotations } of phases) {
      const all = await Promise.all(
        Array.from({ length: 8 }, async () => await workers.start({ url: tokenUrl(), mode })),
      );
      for (let round = 1; round <= rotations; round += 1) {
        const tokens = await Promise.all(all.map(async (worker) => await worker.run("renew")));
        const expected = (await stored()).tokens?.access_token;
        expect(tokens).toEqual(Array(8).fill(expected));
      }
      await Promise.all(all.map(async (worker) => await worker.signal("SIGTERM")));
    }
    expect({ renewals: issuer.renewals, reuses: issuer.reuses }).toEqual({
      renewals: 200,
      reuses: 0,
    });
    expect(await reader.stop()).toBeGreaterThan(200);
    expect(await readdir(home.codexHome)).toEqual(["auth.json"]);
  },
  timeoutMs,
);

test(
  "processes that started with stale tokens need nothing of an authority that would refuse them",
  async () => {
    issuer = await startOauthIssuer({ clientId: defaultClientId });
    await logIn({ isStale: true });
    let asked = 0;
    const refusing = createServer((_request, response) => {
      asked += 1;
      response.writeHead(401).end("{}");
    }).listen(0, "127.0.0.1");
    try {
      await once(refusing, "listening");
      const { port } = refusing.address() as AddressInfo;
      const refused = `http://127.0.0.1:${port}/oauth/token`;
      const [first, using, renewing] = [
        await stale(tokenUrl()),
        await stale(refused),
        await stale(refused),
      ];
      const renewed = await first.run("auth");
      expect(await using.run("auth")).toBe(renewed);
      expect(await renewing.run("renew")).toBe(renewed);
      expect(asked).toBe(0);
    } finally {
      refusing.close();
    }
  },
  timeoutMs,
);

test(
  "processes that started with stale tokens take the ones that another has put on disk, and make no request",
  async () => {
    issuer = await startOauthIssuer({ clientId: defaultClientId });
    await logIn({ isStale: true });
    const [first, second] = [await stale(tokenUrl()), await stale(tokenUrl())];
    const renewed = await first.run("auth");
    expect(issuer.tokenRequests).toBe(1);
    // By now the issuer would refuse the refresh token that the second process started with.
    expect(await second.run("auth")).toBe(renewed);
    expect(await second.run("renew")).not.toContain("failed");
    expect({ requests: issuer.tokenRequests, reuses: issuer.reuses }).toEqual({
      requests: 2,
      reuses: 0,
    });
  },
  timeoutMs,
);

test(
  "processes that are killed at random, or just when new tokens arrive, leave a login that is whole and good",
  async () => {
    issuer = await startOauthIssuer({ clientId: defaultClientId });
    await logIn();
    const start = async () => await workers.start({ url: tokenUrl(), mode: "endless" });
    const startAll = async () => await Promise.all([1, 2, 3].map(start));
    const reader = readAlongside();
    let kills = 0;
    for (let round = 0; round < 10; round += 1) {
      const all = await startAll();
      const renewals = issuer.renewals + 1;
      const isAnswered = () => issuer.renewals >= renewals || issuer.reuses > 0;
      await waitFor(isAnswered, { timeoutMs: 60_000, intervalMs: 1 });
      // Two times out of three at the very moment when the issuer has used up the old token.
      if (round % 3 === 0) await sleep(Math.random() * 100);
      const to = round % 2 === 0 ? "process" : "group";
      await Promise.all(all.map(async (worker) => await worker.signal("SIGKILL", to)));
      kills += all.length;
      const failures = all.flatMap((worker) => worker.failures);
      expect({ failures, reuses: issuer.reuses }).toEqual({ failures: [], reuses: 0 });
      expect(await stored()).toMatchObject({
        auth_mode: "chatgpt",
        tokens: { account_id: "ws-42" },
      });
    }
    expect(await reader.stop()).toBeGreaterThan(kills);
    const env = { CODEX_REFRESH_TOKEN_URL_OVERRIDE: tokenUrl() };
    await using manager = createAuthManager({ codexHome: home.codexHome, env });
    await manager.refreshToken();
    expect({ kills, reuses: issuer.reuses }).toEqual({ kills: 30, reuses: 0 });
    expect(await issuer.isRevoked((await stored()).tokens?.refresh_token ?? "")).toBe(false);
    expect(await readdir(home.codexHome)).not.toContain("auth.json.lock");
  },
  timeoutMs,
);

test("a revoked login is asked about once; after a new one things go on without a restart", async () => {
  issuer = await startOauthIssuer({ clientId: defaultClientId });
  await logIn();
  let clockMs = 0;
  await using manager = createAuthManager({
    codexHome: home.codexHome,
    env: { CODEX_REFRESH_TOKEN_URL_OVERRIDE: tokenUrl() },
    monotonicNow: () => clockMs,
  });
  await manager.auth();
  // Somebody else uses the refresh token, twice: the issuer revokes the login.
  const { tokens } = await stored();
  for (const _ of [1, 2]) {
    const fields = { client_id: defaultClientId, grant_type: "refresh_token" };
    const body = new URLSearchParams({ ...fields, refresh_token: tokens?.refresh_token ?? "" });
    await fetch(tokenUrl(), { method: "POST", body });
  }
  const before = issuer.tokenRequests;
  const refused = { code: "refresh_refused", refusal: "other" };
  for (const _ of [1, 2, 3]) await expect(manager.refreshToken()).rejects.toMatchObject(refused);
  expect(issuer.tokenRequests - before).toBe(1);
  await logIn();
  clockMs += 500;
  expect(await manager.auth()).toMatchObject({ kind: "chatgpt", accountId: "ws-42" });
  expect([manager.refreshFailure(), issuer.tokenRequests - before]).toEqual([null, 1]);
  await manager.refreshToken();
  expect(issuer.tokenRequests - before).toBe(2);
});
