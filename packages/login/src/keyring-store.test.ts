import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { type TemporaryHome, temporaryHome } from "@codex-ts/test-support";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StoredTokens } from "./auth-dot-json.ts";
import { type AuthDotJson, createAuthManager, createCredentialStore } from "./index.ts";
import {
  type KeyringEntry,
  createAutoStore,
  createKeyringStore,
  keyringAccount,
} from "./keyring-store.ts";
import { startIssuer } from "./testing/issuer.ts";
import { keyringMissing, spawnInKeyringSession } from "./testing/keyring-session.ts";

let home: TemporaryHome;
let file: string;

beforeEach(async () => {
  home = await temporaryHome();
  file = home.join(".codex/auth.json");
});
afterEach(async () => {
  await home[Symbol.asyncDispose]();
});

const record: AuthDotJson = { auth_mode: "apikey", OPENAI_API_KEY: "sk-1", later_version: 1 };
const readBack = async () => JSON.parse(await readFile(file, "utf8")) as unknown;
const noFile = async () => await expect(readFile(file)).rejects.toMatchObject({ code: "ENOENT" });

test("the account of a home that does not exist comes from its path as it is written", async () => {
  expect(await keyringAccount("~/.codex")).toBe("cli|940db7b1d0e4eb40");
});

/** What a keyring that cannot be used does: on a server there is none. */
const brokenEntry = async (): Promise<KeyringEntry> => {
  throw new Error("no D-Bus session");
};

describe("a machine without a keyring", () => {
  test("fails where the keyring is demanded, and says what to do", async () => {
    const store = createKeyringStore({ codexHome: home.codexHome, openEntry: brokenEntry });
    const failure = {
      code: "keyring_access",
      message: expect.stringMatching(
        /cannot be \w+: no D-Bus session; unlock the keyring, or set cli_auth_credentials_store = "file"/,
      ) as string,
    };
    await writeFile(file, JSON.stringify(record));
    await expect(store.load()).rejects.toMatchObject(failure);
    await expect(store.save(record)).rejects.toMatchObject(failure);
    await expect(store.mark()).rejects.toMatchObject(failure);
  });

  test("uses the file where the store is auto", async () => {
    const store = createAutoStore({ codexHome: home.codexHome, openEntry: brokenEntry });
    expect(await store.load()).toBeNull();
    const before = await store.mark();
    await store.save(record);
    expect(await readBack()).toEqual(record);
    expect(await store.load()).toEqual(record);
    expect(await store.mark()).not.toBe(before);
  });

  test("logs out where the store is auto; without a login the keyring is to blame", async () => {
    const store = createAutoStore({ codexHome: home.codexHome, openEntry: brokenEntry });
    await store.save(record);
    expect(await store.delete()).toBe(true);
    await noFile();
    await expect(store.delete()).rejects.toMatchObject({ code: "keyring_access" });
  });
});

test("a record in the keyring that cannot be read is an error, and auto does not pass over it", async () => {
  const openEntry = async (): Promise<KeyringEntry> => ({
    read: async () => "{",
    write: async () => {},
    remove: async () => true,
  });
  const store = createAutoStore({ codexHome: home.codexHome, openEntry });
  await writeFile(file, JSON.stringify(record));
  await expect(store.load()).rejects.toMatchObject({ code: "invalid_record" });
});

const missing = keyringMissing();

test("the checks on a build machine have a keyring", () => {
  if (process.env["CI"] === undefined) return;
  expect(missing).toBeNull();
});

/** Runs steps inside a session of their own with a real keyring; gives what they print as JSON. */
async function inSession(program: string): Promise<unknown> {
  const index = pathToFileURL(`${import.meta.dirname}/index.ts`).href;
  const code = `
    import { readFile, writeFile } from "node:fs/promises";
    import { createCredentialStore, createAuthManager } from ${JSON.stringify(index)};
    const codexHome = ${JSON.stringify(home.codexHome)};
    const file = ${JSON.stringify(file)};
    const exists = async () => await readFile(file).then(() => true, () => false);
    const store = (mode) => createCredentialStore(mode, { codexHome });
    const print = (value) => process.stdout.write(JSON.stringify(value));
    ${program}
    process.exit(0);`;
  const child = spawnInKeyringSession(home.join("session"), [
    process.execPath,
    "--conditions=@codex-ts/source",
    "--input-type=module",
    "--no-warnings",
    "-e",
    code,
  ]);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => err.push(chunk));
  const [status] = (await once(child, "close")) as [number | null];
  if (status !== 0) throw new Error(`the session failed: ${Buffer.concat(err).toString()}`);
  return JSON.parse(Buffer.concat(out).toString());
}

describe.skipIf(missing !== null)(
  `with a real keyring${missing === null ? "" : `: ${missing}`}`,
  () => {
    test("a save removes the file, a load gives all that was saved, a delete leaves nothing", async () => {
      await writeFile(file, JSON.stringify({ OPENAI_API_KEY: "sk-old" }));
      expect(
        await inSession(`
        const keyring = store("keyring");
        const empty = [await keyring.load(), await keyring.mark()];
        await keyring.save(${JSON.stringify(record)});
        const loaded = await keyring.load();
        const shown = JSON.stringify(loaded);
        const marked = await keyring.mark();
        const afterSave = await exists();
        print({
          empty, loaded: { ...loaded }, shown, afterSave,
          isMarked: marked !== "",
          deletes: [await keyring.delete(), await keyring.delete(), await keyring.load()],
        });`),
      ).toEqual({
        empty: [null, ""],
        loaded: record,
        shown: `{"redacted":"the entry \\"Codex Auth\\" of the system's keyring"}`,
        afterSave: false,
        isMarked: true,
        deletes: [true, false, null],
      });
    });

    test("the entry is the released CLI's: service, account and compact JSON", async () => {
      const account = await keyringAccount(home.codexHome);
      expect(
        await inSession(`
        await store("keyring").save(${JSON.stringify(record)});
        const { createRequire } = await import("node:module");
        const { Entry } = createRequire(${JSON.stringify(import.meta.filename)})("@napi-rs/keyring");
        print(new Entry("Codex Auth", ${JSON.stringify(account)}, { linux: { store: "secret-service" } }).getPassword());`),
      ).toBe('{"auth_mode":"apikey","OPENAI_API_KEY":"sk-1","later_version":1}');
    });

    test("auto stores there and not in the file, and a delete clears both", async () => {
      expect(
        await inSession(`
        const auto = store("auto");
        await auto.save(${JSON.stringify(record)});
        const steps = [await exists(), { ...(await auto.load()) }];
        await writeFile(file, "{}");
        steps.push(await auto.delete(), await exists(), await auto.load());
        print(steps);`),
      ).toEqual([false, record, true, false, null]);
    });

    test("tokens are renewed by a process of their own, there and not in the file", async () => {
      await using issuer = await startIssuer();
      const login = await issuer.login();
      const result = await inSession(`
        await store("keyring").save(${JSON.stringify(login)});
        const env = { CODEX_REFRESH_TOKEN_URL_OVERRIDE: "${issuer.url}/oauth/token" };
        await using manager = createAuthManager({ codexHome, store: store("keyring"), env });
        // This process could renew them as well, if it had to.
        process.getBuiltinModule("node:http").request = () => { throw new Error("not from here"); };
        await manager.refreshToken();
        const token = (await manager.auth()).accessToken.reveal();
        const { tokens } = await store("keyring").load();
        print({ token, tokens, isFile: await exists() });`);
      const { token, tokens, isFile } = result as {
        readonly token: string;
        readonly tokens: StoredTokens;
        readonly isFile: boolean;
      };
      expect([tokens.access_token, isFile, issuer.renewals]).toEqual([token, false, 1]);
      expect(issuer.accepts(tokens.refresh_token)).toBe(true);
    });

    test("a manager logs in, is read by another one, and logs out", async () => {
      expect(
        await inSession(`
        const manager = () => createAuthManager({ codexHome, store: store("keyring"), env: {} });
        await using first = manager();
        await first.loginWithApiKey("sk-proj-1234567890ABCDE");
        await using second = manager();
        print([await second.status(), await exists(), await second.logout(), await first.status()]);`),
      ).toEqual([
        { kind: "api_key", maskedKey: "sk-proj-***ABCDE" },
        false,
        true,
        { kind: "logged_out" },
      ]);
    });
  },
);

test("importing the package, and using a file, loads no native module", async () => {
  const store = createCredentialStore("file", { codexHome: home.codexHome });
  await using manager = createAuthManager({ codexHome: home.codexHome, store, env: {} });
  expect(await manager.auth()).toBeNull();
  const loaded = process.report.getReport() as { sharedObjects?: readonly string[] };
  expect(loaded.sharedObjects?.filter((name) => name.includes("keyring"))).toEqual([]);
});
