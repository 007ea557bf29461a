import { type ChildProcess, spawn } from "node:child_process";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type TemporaryHome, temporaryHome } from "@codex-ts/test-support";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type AuthDotJson, createAuthManager } from "./index.ts";
import { type Issuer, type IssuerOptions, startIssuer } from "./testing/issuer.ts";

const program = fileURLToPath(new URL("testing/renewing-process.ts", import.meta.url));

let home: TemporaryHome;
let issuer: Issuer;
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
  readonly lines: AsyncIterator<string>;
  readonly child: ChildProcess;
  renew(): Promise<string>;
  kill(): Promise<void>;
}

async function start(...mode: readonly string[]): Promise<Worker> {
  const child = spawn(
    process.execPath,
    [
      "--conditions=@codex-ts/source",
      program,
      home.codexHome,
      `${issuer.url}/oauth/token`,
      ...mode,
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const worker: Worker = {
    child,
    lines,
    async renew() {
      child.stdin.write("\n");
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

async function logIn(options: IssuerOptions): Promise<void> {
  issuer = await startIssuer(options);
  await writeFile(file, JSON.stringify(await issuer.login()));
}

const stored = async () => JSON.parse(await readFile(file, "utf8")) as AuthDotJson;

// Many processes take their time on a busy machine.
const timeoutMs = 180_000;

test(
  "processes that renew at the same time make one request, and all get its tokens",
  async () => {
    await logIn({});
    const workers = await Promise.all(Array.from({ length: 8 }, async () => await start()));
    for (let round = 1; round <= 25; round += 1) {
      const tokens = await Promise.all(workers.map(async (worker) => await worker.renew()));
      const expected = (await stored()).tokens?.access_token;
      expect(tokens).toEqual(Array(8).fill(expected));
      expect({ renewals: issuer.renewals, reuses: issuer.reuses }).toEqual({
        renewals: round,
        reuses: 0,
      });
    }
    expect(await readdir(home.codexHome)).toEqual(["auth.json"]);
  },
  timeoutMs,
);

test(
  "processes that are killed at random leave a login that is whole and can be renewed",
  async () => {
    // An answer that a killed process never stored is lost; nobody but the issuer can mend that.
    await logIn({ lifetimeSeconds: -1, forgivesLostAnswers: true });
    const workers = await Promise.all([1, 2, 3].map(async () => await start("endless")));
    for (let kills = 0; kills < 6; kills += 1) {
      const renewals = issuer.renewals + 2;
      const victim = kills % workers.length;
      while (issuer.renewals < renewals) await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
      await workers[victim]?.kill();
      expect(await stored()).toMatchObject({
        auth_mode: "chatgpt",
        tokens: { account_id: "ws-42" },
      });
      workers[victim] = await start("endless");
    }
    await Promise.all(workers.map(async (worker) => await worker.kill()));
    const env = { CODEX_REFRESH_TOKEN_URL_OVERRIDE: `${issuer.url}/oauth/token` };
    await using manager = createAuthManager({ codexHome: home.codexHome, env });
    await manager.refreshToken();
    expect(issuer.reuses).toBe(0);
    expect(issuer.accepts((await stored()).tokens?.refresh_token ?? "")).toBe(true);
    expect(await readdir(home.codexHome)).not.toContain("auth.json.lock");
  },
  timeoutMs,
);
