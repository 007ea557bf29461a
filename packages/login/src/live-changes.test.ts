// What another process does to the login is seen by one that runs.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type TemporaryHome, temporaryHome, waitFor } from "@codex-ts/test-support";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type AuthManager,
  type CodexAuth,
  createAuthManager,
  createCredentialStore,
} from "./index.ts";

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const idToken = `${encode({ alg: "none" })}.${encode({ email: "kim@test" })}.sig`;

let home: TemporaryHome;
let file: string;
let clockMs: number;
let manager: AuthManager;

beforeEach(async () => {
  home = await temporaryHome();
  file = home.join(".codex/auth.json");
  clockMs = 0;
  manager = createAuthManager({
    codexHome: home.codexHome,
    env: {},
    monotonicNow: () => clockMs,
  });
});
afterEach(async () => {
  await manager[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const key = (apiKey: string) => JSON.stringify({ OPENAI_API_KEY: apiKey });
const chatgpt = (account: string) =>
  JSON.stringify({
    tokens: { id_token: idToken, access_token: "opaque", refresh_token: "r", account_id: account },
  });
const shown = (auth: CodexAuth | null) =>
  auth?.kind === "api_key" ? auth.apiKey.reveal() : (auth?.accountId ?? null);
const inUse = async () => shown(await manager.auth());

describe("before a login is handed out", () => {
  test("the file is looked at, but not more than twice a second", async () => {
    await writeFile(file, key("sk-1"));
    expect(await inUse()).toBe("sk-1");
    await writeFile(file, key("sk-2"));
    clockMs = 499;
    expect(await inUse()).toBe("sk-1");
    clockMs = 500;
    expect(await inUse()).toBe("sk-2");
  });

  test("a login, a switch and a logout of another process are all seen", async () => {
    const seen = [await inUse()];
    for (const text of [key("sk-1"), chatgpt("ws-1"), chatgpt("ws-2"), null]) {
      await (text === null ? rm(file) : writeFile(file, text));
      clockMs += 500;
      seen.push(await inUse());
    }
    expect(seen).toEqual([null, "sk-1", "ws-1", "ws-2", null]);
  });

  test("half of a file that is being written changes nothing; the whole of it does", async () => {
    await writeFile(file, key("sk-1"));
    expect(await inUse()).toBe("sk-1");
    for (const half of ["", key("sk-2").slice(0, 10)]) {
      await writeFile(file, half);
      clockMs += 500;
      expect(await inUse()).toBe("sk-1");
    }
    await writeFile(file, key("sk-2"));
    clockMs += 500;
    expect(await inUse()).toBe("sk-2");
  });

  test("a key of the environment stays, whatever is stored", async () => {
    await using fixed = createAuthManager({
      codexHome: home.codexHome,
      env: { CODEX_API_KEY: "sk-env" },
      enableCodexApiKeyEnv: true,
      monotonicNow: () => clockMs,
    });
    expect(shown(await fixed.auth())).toBe("sk-env");
    await writeFile(file, key("sk-1"));
    clockMs += 500;
    expect(shown(await fixed.auth())).toBe("sk-env");
  });
});

const program = fileURLToPath(new URL("testing/logging-in-process.ts", import.meta.url));

/** Logs in, or out, in a process of its own. */
async function elsewhere(...words: readonly string[]): Promise<void> {
  const child: ChildProcess = spawn(
    process.execPath,
    ["--conditions=@codex-ts/source", program, home.codexHome, ...words],
    { stdio: "inherit" },
  );
  expect(await once(child, "exit")).toEqual([0, null]);
}

describe("whoever listens", () => {
  test("is told what other processes do, also in a home that is not there yet", async () => {
    await rm(home.codexHome, { recursive: true });
    const events: unknown[] = [];
    const stop = manager.onChange(({ auth, accountChanged }) => {
      events.push([shown(auth), accountChanged]);
    });
    await manager.auth();
    await mkdir(home.codexHome);
    const steps: [words: string[], event: unknown][] = [
      [
        ["key", "sk-1"],
        ["sk-1", false],
      ],
      [
        ["tokens", "ws-1"],
        ["ws-1", true],
      ],
      [
        ["tokens", "ws-2"],
        ["ws-2", true],
      ],
      [["logout"], [null, true]],
    ];
    for (const [words] of steps) {
      const before = events.length;
      await elsewhere(...words);
      await waitFor(() => events.length > before, { describe: `the news of ${words.join(" ")}` });
    }
    expect(events).toEqual(steps.map(([, event]) => event));
    stop();
    await elsewhere("key", "sk-3");
    await manager.reload();
    expect(events).toHaveLength(steps.length);
  });

  test("is told of changes by the manager's own methods", async () => {
    const events: unknown[] = [];
    await manager.auth();
    manager.onChange(({ auth }) => events.push(shown(auth)));
    await manager.loginWithApiKey("sk-1");
    await manager.loginWithApiKey("sk-1");
    await manager.logout();
    expect(events).toEqual(["sk-1", null]);
  });

  test("does not keep the process alive", async () => {
    const index = new URL("index.ts", import.meta.url).href;
    const code = `
      import { createAuthManager } from ${JSON.stringify(index)};
      const manager = createAuthManager({ codexHome: ${JSON.stringify(home.codexHome)}, env: {} });
      manager.onChange(() => {});
      await manager.auth();`;
    const args = ["--conditions=@codex-ts/source", "--input-type=module", "--no-warnings"];
    const child = spawn(process.execPath, [...args, "-e", code], { stdio: "inherit" });
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});

test.each(["ephemeral", "file"] as const)(
  "the mark of the %s store differs after every change",
  async (mode) => {
    const store = createCredentialStore(mode, { codexHome: home.codexHome });
    const marks = [await store.mark()];
    for (const OPENAI_API_KEY of ["sk-1", "sk-2"]) {
      await store.save({ OPENAI_API_KEY });
      marks.push(await store.mark());
    }
    expect(new Set(marks).size).toBe(3);
    await store.delete();
    expect([marks[0], await store.mark()]).toEqual(["", ""]);
  },
);
