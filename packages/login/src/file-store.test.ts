import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  lstat,
  mkdir,
  readFile,
  readdir,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { type TemporaryHome, abs, temporaryHome } from "@codex-ts/test-support";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFileStore } from "./file-store.ts";
import { type AuthDotJson, type CredentialStore, createCredentialStore } from "./index.ts";

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const idToken = `${encode({ alg: "none" })}.${encode({ email: "kim@test" })}.sig`;

let home: TemporaryHome;
let store: CredentialStore;
let file: string;

beforeEach(async () => {
  home = await temporaryHome();
  store = createFileStore(home);
  file = home.join(".codex/auth.json");
});
afterEach(async () => {
  await home[Symbol.asyncDispose]();
});

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
const chatgpt: AuthDotJson = {
  auth_mode: "chatgpt",
  OPENAI_API_KEY: null,
  tokens: { id_token: idToken, access_token: "a", refresh_token: "r", account_id: "ws-42" },
  last_refresh: "2026-03-30T09:15:00.5Z",
};

test("no file is no record", async () => {
  expect(await store.load()).toBeNull();
  expect(await store.delete()).toBe(false);
});

describe("the shape of auth.json", () => {
  test("known keys have their order, two spaces of indent and no line end", async () => {
    const { tokens, last_refresh } = chatgpt;
    await store.save({ last_refresh, tokens, auth_mode: "chatgpt" });
    expect(await readFile(file, "utf8")).toBe(`{
  "auth_mode": "chatgpt",
  "OPENAI_API_KEY": null,
  "tokens": {
    "id_token": "${idToken}",
    "access_token": "a",
    "refresh_token": "r",
    "account_id": "ws-42"
  },
  "last_refresh": "2026-03-30T09:15:00.5Z"
}`);
  });

  test("unset keys are left out, but for the API key and the account", async () => {
    await store.save({ tokens: { id_token: idToken, access_token: "a", refresh_token: "" } });
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({
      OPENAI_API_KEY: null,
      tokens: { id_token: idToken, access_token: "a", refresh_token: "", account_id: null },
    });
  });

  test("what is saved is loaded, with the keys of other versions", async () => {
    const record = {
      ...chatgpt,
      tokens: { ...chatgpt.tokens, scope: ["x"] },
      later_version: { a: [1, null] },
    };
    await writeFile(file, JSON.stringify(record));
    const loaded = await store.load();
    expect(loaded).toEqual(record);
    await store.save(loaded ?? {});
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual(record);
  });

  test("any offset of last_refresh is read", async () => {
    await writeFile(file, JSON.stringify({ last_refresh: "2026-03-30T11:15:00+02:00" }));
    expect((await store.load())?.last_refresh).toBe("2026-03-30T11:15:00+02:00");
  });
});

describe("a malformed file", () => {
  test.each([
    ['{"OPENAI_API_KEY": "sk-leak"', "is not JSON"],
    ['["sk-leak"]', "is not a JSON object"],
    ['{"OPENAI_API_KEY": ["sk-leak"]}', "has a bad value at OPENAI_API_KEY"],
    ['{"auth_mode": "sk-leak"}', "has a bad value at auth_mode"],
    ['{"last_refresh": "sk-leak"}', "has a bad value at last_refresh"],
    ['{"tokens": {"id_token": "sk-leak"}}', "has a bad value at tokens.access_token"],
    [
      '{"tokens": {"id_token": "sk-leak", "access_token": "a", "refresh_token": "r"}}',
      "has a bad value at tokens.id_token",
    ],
  ])("%s: the error names the file and the key, not the content", async (text, fault) => {
    await writeFile(file, text);
    const error = await store.load().catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      name: "LoginError",
      code: "invalid_record",
      message: `the stored login (${file}) ${fault}; log in again to replace it, or log out to remove it`,
    });
    expect(inspect(error, { depth: 10 })).not.toContain("sk-leak");
  });

  test("a folder in its place is a file access error", async () => {
    await mkdir(file);
    await expect(store.load()).rejects.toMatchObject({
      code: "file_access",
      message: `${file} cannot be read: EISDIR`,
    });
  });
});

test("printing a loaded record shows nothing of it", async () => {
  await writeFile(file, JSON.stringify({ OPENAI_API_KEY: "sk-leak" }));
  const record = await store.load();
  expect(inspect(record) + JSON.stringify(record)).not.toContain("sk-leak");
  expect(record?.OPENAI_API_KEY).toBe("sk-leak");
});

describe.skipIf(process.platform === "win32")("file modes", () => {
  test("a new file and a new home are private", async () => {
    const codexHome = abs(home.join("new/home"));
    await createFileStore({ codexHome }).save({ OPENAI_API_KEY: "k" });
    expect(await modeOf(`${codexHome}/auth.json`)).toBe(0o600);
    expect(await modeOf(codexHome)).toBe(0o700);
  });

  test("a save tightens a file that others can read", async () => {
    await writeFile(file, "{}", { mode: 0o644 });
    await store.save({ OPENAI_API_KEY: "k" });
    expect(await modeOf(file)).toBe(0o600);
  });

  test("a load tightens it too", async () => {
    await writeFile(file, "{}");
    await chmod(file, 0o664);
    await store.load();
    expect(await modeOf(file)).toBe(0o600);
  });

  test("a read-only file of the owner stays read-only", async () => {
    await writeFile(file, "{}");
    await chmod(file, 0o444);
    await store.load();
    expect(await modeOf(file)).toBe(0o400);
  });
});

describe.skipIf(process.platform === "win32")("a symbolic link", () => {
  test("a save follows it and a delete removes the file behind it", async () => {
    await home.write({ "dotfiles/auth.json": "{}" });
    const target = home.join("dotfiles/auth.json");
    await symlink(target, file);
    await store.save({ OPENAI_API_KEY: "k" });
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
    expect(JSON.parse(await readFile(target, "utf8"))).toEqual({ OPENAI_API_KEY: "k" });
    expect(await store.delete()).toBe(true);
    expect([await readdir(home.join("dotfiles")), await readdir(home.codexHome)]).toEqual([[], []]);
  });
});

describe("temporary files of killed processes", () => {
  const leftover = "auth.json.0123456789abcdef.tmp";

  test("a save removes old ones and leaves those of a running save", async () => {
    const young = "auth.json.fedcba9876543210.tmp";
    await home.write({ [`.codex/${leftover}`]: "k", [`.codex/${young}`]: "k", ".codex/x.tmp": "" });
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(home.join(`.codex/${leftover}`), longAgo, longAgo);
    await store.save({ OPENAI_API_KEY: "k" });
    expect((await readdir(home.codexHome)).toSorted()).toEqual(["auth.json", young, "x.tmp"]);
  });

  test("a delete removes all of them", async () => {
    await home.write({ [`.codex/${leftover}`]: "k", ".codex/auth.json": "{}" });
    expect(await store.delete()).toBe(true);
    expect(await readdir(home.codexHome)).toEqual([]);
  });
});

test("a failed save leaves no temporary file and keeps the old record", async () => {
  await store.save({ OPENAI_API_KEY: "old" });
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  await expect(store.save({ circular })).rejects.toMatchObject({ code: "file_access" });
  expect(await readdir(home.codexHome)).toEqual(["auth.json"]);
  expect((await store.load())?.OPENAI_API_KEY).toBe("old");
});

test(
  "a process that is killed in the middle of saving never leaves a torn file",
  { timeout: 120_000 },
  async () => {
    const values = ["a", "b"].map((letter) => letter.repeat(200_000));
    const program = `
      import { createFileStore } from ${JSON.stringify(import.meta.resolve("./file-store.ts"))};
      const store = createFileStore({ codexHome: ${JSON.stringify(home.codexHome)} });
      for (let round = 0; ; round++) {
        await store.save({ OPENAI_API_KEY: (round % 2 ? "a" : "b").repeat(200_000) });
        if (round === 0) console.log("saving");
      }`;
    const flags = ["--conditions=@codex-ts/source", "--input-type=module", "--eval", program];
    const env = { ...process.env, NODE_COMPILE_CACHE: home.join("compiled") };

    const killOnce = async (delayMs: number) => {
      const child = spawn(process.execPath, flags, { stdio: ["ignore", "pipe", "inherit"], env });
      const ended = once(child, "exit");
      await Promise.race([once(child.stdout, "data"), ended]);
      await sleep(delayMs);
      child.kill("SIGKILL");
      expect(await ended).toEqual([null, "SIGKILL"]);
      expect(values).toContain((await store.load())?.OPENAI_API_KEY);
    };
    // Two processes at a time, so that saves meet saves as well.
    for (let round = 0; round < 20; round += 2) {
      await Promise.all([killOnce(round), killOnce(round + 1)]);
    }
  },
);

describe("the store that the configuration names", () => {
  test("file is auth.json in the home", () => {
    expect(createCredentialStore("file", home).label).toBe(file);
  });

  test("ephemeral keeps the record in memory alone", async () => {
    const memory = createCredentialStore("ephemeral", home);
    expect(await memory.load()).toBeNull();
    await memory.save(chatgpt);
    expect(await memory.load()).toEqual(chatgpt);
    expect(await readdir(home.codexHome)).toEqual([]);
    expect([await memory.delete(), await memory.load(), await memory.delete()]).toEqual([
      true,
      null,
      false,
    ]);
  });
});
