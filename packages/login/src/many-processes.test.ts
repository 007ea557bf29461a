// Many processes share one login of a real OAuth issuer, which revokes it when a refresh token comes twice.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  type OauthIssuer,
  type TemporaryHome,
  startOauthIssuer,
  temporaryHome,
} from "@codex-ts/test-support";
import { afterEach, beforeEach, expect, test } from "vitest";
import { defaultClientId } from "./authority.ts";
import { type AuthDotJson, createAuthManager } from "./index.ts";

const program = fileURLToPath(new URL("testing/renewing-process.ts", import.meta.url));

let home: TemporaryHome;
let issuer: OauthIssuer;
let file: string;
let running: Worker[];

beforeEach(async () => {
  home = await temporaryHome();
  file = home.join(".codex/auth.json");
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map(async (worker) => await worker.kill()));
  await issuer[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

interface Worker {
  /** Does one thing and gives the access token that it has then, or why it failed. */
  run(what: "auth" | "renew"): Promise<string>;
  kill(): Promise<void>;
}

const start = (...mode: readonly string[]): Promise<Worker> => startAt(tokenUrl(), ...mode);

/** A process whose tokens are renewed at `url`. */
async function startAt(url: string, ...mode: readonly string[]): Promise<Worker> {
  const child: ChildProcess = spawn(
    process.execPath,
    ["--conditions=@codex-ts/source", program, home.codexHome, url, ...mode],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const ended = new Promise((resolve) => child.once("exit", resolve));
  if (child.stdout === null) throw new Error("no output");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const worker: Worker = {
    async run(what) {
      child.stdin?.write(`${what}\n`);
      return String((await lines.next()).value);
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
  running.push(worker);
  expect((await lines.next()).value).toBe("ready");
  return worker;
}

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
    const workers = await Promise.all(Array.from({ length: 8 }, async () => await start()));
    const reader = readAlongside();
    for (let round = 1; round <= 200; round += 1) {
      const tokens = await Promise.all(workers.map(async (worker) => await worker.run("renew")));
      const expected = (await stored()).tokens?.access_token;
      expect(tokens).toEqual(Array(8).fill(expected));
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
        await start("stale"),
        await startAt(refused, "stale"),
        await startAt(refused, "stale"),
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
    const [first, second] = [await start("stale"), await start("stale")];
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
  "processes that are killed at random leave a login that is whole and can be renewed",
  async () => {
    // An answer that a killed process never stored is lost; nobody but the issuer can mend that.
    issuer = await startOauthIssuer({ clientId: defaultClientId, forgivesLostAnswers: true });
    await logIn();
    const workers = await Promise.all([1, 2, 3].map(async () => await start("endless")));
    const reader = readAlongside();
    for (let kills = 0; kills < 12; kills += 1) {
      const renewals = issuer.renewals + 2;
      const victim = kills % workers.length;
      while (issuer.renewals < renewals) await sleep(1);
      await sleep(Math.random() * 10);
      await workers[victim]?.kill();
      expect(await stored()).toMatchObject({
        auth_mode: "chatgpt",
        tokens: { account_id: "ws-42" },
      });
      workers[victim] = await start("endless");
    }
    await Promise.all(workers.map(async (worker) => await worker.kill()));
    expect(await reader.stop()).toBeGreaterThan(12);
    const env = { CODEX_REFRESH_TOKEN_URL_OVERRIDE: tokenUrl() };
    await using manager = createAuthManager({ codexHome: home.codexHome, env });
    await manager.refreshToken();
    expect(issuer.reuses).toBe(0);
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
