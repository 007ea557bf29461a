// login, logout and features, as a person runs them.
import { readFile, stat, writeFile } from "node:fs/promises";
import nodePath from "node:path";
import { message, respond } from "@codex-ts/scripted-model";
import { beforeAll, describe, expect, test } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { type CliWorld, cliWorld } from "../testing/cli.ts";

beforeAll(builtCli, buildTimeoutMs);

const plain = (provider = ""): Promise<CliWorld> =>
  cliWorld({ script: [respond([message("ok")])], provider });

describe("login with an API key", () => {
  test("stores it for the owner alone, shows it masked, uses it, and forgets it", async () => {
    await using world = await plain("requires_openai_auth = true");
    const said = async (args: readonly string[], stdin = "") => {
      const { code, stdout, stderr } = await world.run(args, { stdin });
      expect(stdout).toBe("");
      return [code, stderr];
    };
    expect(await said(["login", "status"])).toEqual([1, "Not logged in\n"]);
    expect(await said(["login", "--with-api-key"], "sk-proj-1234567890ABCDE\n")).toEqual([
      0,
      "Reading API key from stdin...\nSuccessfully logged in\n",
    ]);
    const file = nodePath.join(world.home, "auth.json");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({
      OPENAI_API_KEY: "sk-proj-1234567890ABCDE",
    });
    expect(await said(["login", "status"])).toEqual([
      0,
      "Logged in using an API key - sk-proj-***ABCDE\n",
    ]);
    await world.run(["exec", "hi"]);
    expect(world.model.requests[0]?.headers.authorization).toBe("Bearer sk-proj-1234567890ABCDE");
    expect(await said(["logout"])).toEqual([0, "Successfully logged out\n"]);
    expect(await said(["logout"])).toEqual([0, "Not logged in\n"]);
    await expect(stat(file)).rejects.toThrow(/ENOENT/);
  });

  test("an empty key, and one where another login is forced, are answered with the reason", async () => {
    await using world = await plain();
    const empty = await world.run(["login", "--with-api-key"], { stdin: " \n" });
    expect([empty.code, empty.stderr]).toEqual([
      1,
      "Reading API key from stdin...\nError: No API key provided via stdin. Pipe it in: printenv OPENAI_API_KEY | codex-ts login --with-api-key\n",
    ]);
    const forced = await world.run(
      ["login", "--with-api-key", "-c", "forced_login_method=chatgpt"],
      { stdin: "sk-1" },
    );
    expect([forced.code, forced.stderr]).toEqual([
      1,
      expect.stringContaining("forced_login_method") as string,
    ]);
  });

  test("a run without any credential says how to get one", async () => {
    await using world = await plain();
    const run = await world.run(["exec", "--json", "-c", "model_provider=openai", "hi"], {
      // Nothing leaves the machine, should the run try to.
      env: { HTTPS_PROXY: "http://127.0.0.1:9" },
    });
    expect(run.code).toBe(1);
    expect(run.events().at(-1)).toEqual({
      type: "turn.failed",
      error: { message: expect.stringContaining("codex-ts login") as string, code: "unauthorized" },
    });
  });

  test("a broken auth.json is an error with its path, and none of its content", async () => {
    await using world = await plain("requires_openai_auth = true");
    const file = nodePath.join(world.home, "auth.json");
    await writeFile(file, '{"OPENAI_API_KEY": "sk-broken-file');
    const status = await world.run(["login", "status"]);
    expect(status.code).toBe(1);
    expect(status.stderr).toContain("auth.json");
    expect(status.stderr).not.toContain("sk-broken-file");
  });
});

describe("features list", () => {
  const states = async (world: CliWorld, ...args: readonly string[]) => {
    const run = await world.run(["features", "list", ...args]);
    expect([run.code, run.stderr]).toEqual([0, ""]);
    return new Map(
      run.stdout
        .trimEnd()
        .split("\n")
        .map((line) => {
          const [name = "", ...rest] = line.split(/ {2,}/);
          return [name, rest] as const;
        }),
    );
  };

  test("rows sorted by name with stage and state; -c, --enable, --disable and -p count", async () => {
    await using world = await cliWorld({
      script: [respond([])],
      tables: "[profiles.p.features]\nunified_exec = false",
    });
    const all = await states(world);
    expect([...all.keys()]).toEqual([...all.keys()].sort());
    expect(all.get("unified_exec")).toEqual(["stable", "true"]);
    expect((await states(world, "-p", "p")).get("unified_exec")?.[1]).toBe("false");
    expect(
      (await states(world, "-p", "p", "--enable", "unified_exec")).get("unified_exec")?.[1],
    ).toBe("true");
    expect(
      (await states(world, "-c", "features.unified_exec=false")).get("unified_exec")?.[1],
    ).toBe("false");
    expect((await states(world, "--disable", "unified_exec")).get("unified_exec")?.[1]).toBe(
      "false",
    );
  });
});
