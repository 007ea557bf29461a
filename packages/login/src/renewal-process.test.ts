// A renewal outlives whoever has asked for it.
import { readFile, writeFile } from "node:fs/promises";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { withLockFile } from "@codex-ts/lock-file";
import { type TemporaryHome, temporaryHome, waitFor } from "@codex-ts/test-support";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type AuthDotJson,
  type AuthManager,
  TokenRefreshError,
  createAuthManager,
} from "./index.ts";
import { decodeOutcome, encodeOutcome } from "./renewal-order.ts";
import type { RenewalOutcome } from "./renewal.ts";
import { type Issuer, startIssuer } from "./testing/issuer.ts";
import { type Workers, renewingWorkers } from "./testing/renewing-workers.ts";

const timeoutMs = 60_000;

let home: TemporaryHome;
let issuer: Issuer;
let workers: Workers;
let authority: Authority;

beforeEach(async () => {
  home = await temporaryHome();
  issuer = await startIssuer();
  workers = renewingWorkers(home);
  authority = await heldAuthority(issuer.url);
  await writeFile(home.join(".codex/auth.json"), JSON.stringify(await issuer.login()));
});
afterEach(async () => {
  authority.answer();
  await workers[Symbol.asyncDispose]();
  await authority[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

interface Authority extends AsyncDisposable {
  readonly url: string;
  /** Requests that have come. */
  readonly asked: number;
  /** Lets the answers go out that were held until now, and all later ones at once. */
  answer(): void;
}

/** The issuer, whose answers go out when the test wants it. The refresh token is used up before that. */
async function heldAuthority(issuerUrl: string): Promise<Authority> {
  let asked = 0;
  const released = Promise.withResolvers<void>();
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const answer = await fetch(`${issuerUrl}/oauth/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: Buffer.concat(parts),
    });
    const text = await answer.text();
    asked += 1;
    await released.promise;
    response.writeHead(answer.status).end(text);
  }
  const server = createServer((request, response) => void respond(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/oauth/token`,
    get asked() {
      return asked;
    },
    answer: released.resolve,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const stored = async () =>
  JSON.parse(await readFile(home.join(".codex/auth.json"), "utf8")) as AuthDotJson;
const isStoredGood = async () => issuer.accepts((await stored()).tokens?.refresh_token ?? "");
const start = async () => await workers.start({ url: authority.url });
const manager = (): AuthManager =>
  createAuthManager({
    codexHome: home.codexHome,
    env: { CODEX_REFRESH_TOKEN_URL_OVERRIDE: authority.url },
  });

describe("while the authority answers", () => {
  test.each([
    ["killed", "SIGKILL", "process"],
    ["killed with its process group", "SIGKILL", "group"],
    ["left by its terminal", "SIGHUP", "group"],
    ["interrupted with Ctrl-C", "SIGINT", "group"],
    ["told to end", "SIGTERM", "group"],
  ] as const)(
    "a program is %s: what comes is stored, and the next one needs no request",
    async (_, signal, to) => {
      const [ending, next] = await Promise.all([start(), start()]);
      void ending.run("renew");
      await waitFor(() => authority.asked === 1, { timeoutMs });
      await ending.signal(signal, to);
      expect(await isStoredGood()).toBe(false);
      const renewed = next.run("renew");
      authority.answer();
      expect(await renewed).toBe((await stored()).tokens?.access_token);
      expect([await isStoredGood(), authority.asked]).toEqual([true, 1]);
    },
    timeoutMs,
  );

  test("whoever gives up waiting does not end the renewal", { timeout: timeoutMs }, async () => {
    await using inUse = manager();
    const abort = new AbortController();
    const givenUp = inUse.refreshToken(abort.signal);
    await waitFor(() => authority.asked === 1, { timeoutMs });
    abort.abort(new Error("turn interrupted"));
    await expect(givenUp).rejects.toThrow("turn interrupted");
    authority.answer();
    await inUse.refreshToken();
    expect([await isStoredGood(), authority.asked]).toEqual([true, 1]);
  });

  test("a manager can be disposed of; the renewal goes on", { timeout: timeoutMs }, async () => {
    const inUse = manager();
    const renewal = inUse.refreshToken();
    renewal.catch(() => {});
    await waitFor(() => authority.asked === 1, { timeoutMs });
    await inUse[Symbol.asyncDispose]();
    await expect(renewal).rejects.toMatchObject({ code: "refresh_failed", refusal: null });
    authority.answer();
    await waitFor(isStoredGood, { timeoutMs });
  });

  test.runIf(process.platform === "linux")(
    "no argument and no variable of the process that renews holds a token",
    { timeout: timeoutMs },
    async () => {
      const { tokens } = await stored();
      const worker = await start();
      void worker.run("renew");
      await waitFor(() => authority.asked === 1, { timeoutMs });
      const [pid, ...more] = await workers.renewals();
      expect(more).toEqual([]);
      const [command, environment] = await Promise.all([
        readFile(`/proc/${pid}/cmdline`, "utf8"),
        readFile(`/proc/${pid}/environ`, "utf8"),
      ]);
      const { id_token, access_token, refresh_token } = { ...tokens };
      const isLeaked = (secret = "none") => `${command}${environment}`.includes(secret);
      expect([id_token, access_token, refresh_token].map(isLeaked)).toEqual([false, false, false]);
    },
  );
});

test("what the authority refuses is final here too", { timeout: timeoutMs }, async () => {
  authority.answer();
  issuer.script("/oauth/token", { status: 401, body: { error: "refresh_token_reused" } });
  await using inUse = manager();
  const failures = [];
  for (const _ of [1, 2])
    failures.push(await inUse.refreshToken().catch((error: unknown) => error));
  expect(failures[0]).toMatchObject({ code: "refresh_refused", refusal: "exhausted" });
  expect([failures[1], authority.asked]).toEqual([failures[0], 1]);
});

test("what may pass can be tried again", { timeout: timeoutMs }, async () => {
  authority.answer();
  issuer.script("/oauth/token", { status: 500, body: { error: { message: "out of order" } } });
  await using inUse = manager();
  await expect(inUse.refreshToken()).rejects.toMatchObject({
    code: "refresh_failed",
    refusal: null,
    message: expect.stringContaining("status 500: out of order"),
  });
  await inUse.refreshToken();
  expect(await isStoredGood()).toBe(true);
});

test.runIf(process.platform === "linux")(
  "where the process that renews is killed before it has asked, the program renews itself",
  { timeout: timeoutMs },
  async () => {
    authority.answer();
    const worker = await start();
    let renewed: Promise<string> | undefined;
    await withLockFile(home.join(".codex/auth.json.lock"), async () => {
      renewed = worker.run("renew");
      const isThere = async () => (await workers.renewals()).length > 0;
      await waitFor(isThere, { timeoutMs });
      for (const pid of await workers.renewals()) process.kill(pid, "SIGKILL");
    });
    expect(await renewed).toBe((await stored()).tokens?.access_token);
    expect([await isStoredGood(), authority.asked]).toEqual([true, 1]);
  },
);

test(
  "where no process may be started, the program renews itself",
  { timeout: timeoutMs },
  async () => {
    authority.answer();
    const nodeFlags = ["--permission", "--allow-fs-read=*", "--allow-fs-write=*"];
    const worker = await workers.start({ url: authority.url, nodeFlags });
    expect(await worker.run("renew")).toBe((await stored()).tokens?.access_token);
    expect([await isStoredGood(), authority.asked]).toEqual([true, 1]);
  },
);

test("tokens that could not be stored come back whole, and so does the reason", async () => {
  const outcome: RenewalOutcome = {
    kind: "unsaved",
    record: await issuer.login(),
    replaces: "f",
    error: new TokenRefreshError(/*refusal*/ null, "no space"),
  };
  expect(decodeOutcome(encodeOutcome(outcome))).toEqual(outcome);
  expect(decodeOutcome(encodeOutcome(outcome).slice(0, -1))).toBeNull();
});
