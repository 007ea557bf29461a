// A planted secret is looked for in everything that a run writes: home, repository, stdout, stderr.
import { readFile, writeFile } from "node:fs/promises";
import nodePath from "node:path";
import { functionCall, httpError, message, type Reply, respond } from "@codex-ts/scripted-model";
import { searchTree } from "@codex-ts/test-support";
import { beforeAll, describe, expect, test } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { type CliWorld, cliWorld } from "../testing/cli.ts";

beforeAll(builtCli, buildTimeoutMs);

const secret = "sk-planted-5f0c9e7d1a";

interface Source {
  readonly name: string;
  readonly provider: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Files that a person has put the secret into. */
  readonly files?: Readonly<Record<string, string>>;
}

const sources: readonly Source[] = [
  {
    name: "CODEX_API_KEY",
    provider: "requires_openai_auth = true",
    env: { CODEX_API_KEY: secret },
  },
  {
    name: "auth.json",
    provider: "requires_openai_auth = true",
    files: { "auth.json": JSON.stringify({ OPENAI_API_KEY: secret }) },
  },
  {
    name: "a ChatGPT login",
    provider: "requires_openai_auth = true",
    // Nobody listens there: after a 401 the renewal fails, and says why.
    env: { CODEX_REFRESH_TOKEN_URL_OVERRIDE: `http://127.0.0.1:1/oauth/token?key=${secret}` },
    files: {
      "auth.json": JSON.stringify({
        tokens: { id_token: "e30.e30.sig", access_token: secret, refresh_token: secret },
        last_refresh: new Date().toISOString(),
      }),
    },
  },
  { name: "env_key", provider: 'env_key = "MY_PROVIDER_KEY"', env: { MY_PROVIDER_KEY: secret } },
  { name: "experimental_bearer_token", provider: `experimental_bearer_token = "${secret}"` },
  {
    name: "a token command",
    provider: 'auth = { command = "cat", args = ["token"], cwd = "HOME" }',
    files: { token: secret },
  },
];

/** Where the secret is, apart from the places that a person has put it in. */
async function leaks(world: CliWorld, source: Source): Promise<readonly string[]> {
  const own = new Set(
    ["config.toml", ...Object.keys(source.files ?? {})].map((name) =>
      nodePath.join(world.home, name),
    ),
  );
  const found = [
    ...(await searchTree(nodePath.dirname(world.home), secret)),
    ...(await searchTree(world.repository, secret)),
  ];
  return found.filter((path) => !own.has(path));
}

async function plant(source: Source, script: readonly Reply[]): Promise<CliWorld> {
  const world = await cliWorld({ script, provider: source.provider });
  const config = nodePath.join(world.home, "config.toml");
  await writeFile(config, (await readFile(config, "utf8")).replace("HOME", world.home));
  for (const [name, text] of Object.entries(source.files ?? {})) {
    await writeFile(nodePath.join(world.home, name), text, { mode: 0o600 });
  }
  return world;
}

/** Runs in both output modes and gives what the secret was found in. */
async function placesOfSecret(
  source: Source,
  script: readonly Reply[],
): Promise<readonly string[]> {
  await using world = await plant(source, script);
  const found: string[] = [];
  for (const args of [["--json"], []]) {
    const run = await world.run(["exec", ...args, "go"], {
      env: { ...source.env, CODEX_TS_DEBUG: "1" },
    });
    expect(world.model.requests[0]?.headers.authorization).toBe(`Bearer ${secret}`);
    if (run.stdout.includes(secret)) found.push("stdout");
    if (run.stderr.includes(secret)) found.push("stderr");
  }
  return [...found, ...(await leaks(world, source))];
}

describe.each(sources)("a secret from $name is in nothing that is written", (source) => {
  test.each([
    ["when the run succeeds", respond([message("ok")])],
    [
      "when the service refuses it and sends it back",
      httpError(/*status*/ 401, { error: { message: `Incorrect API key provided: ${secret}` } }),
    ],
    [
      "when the service fails and sends it back",
      httpError(/*status*/ 400, { error: { message: `bad header Bearer ${secret}` } }),
    ],
  ])("%s", async (_name, reply) => {
    expect(await placesOfSecret(source, [reply])).toEqual([]);
  });
});

describe("a command that prints its environment", () => {
  const script = [
    respond([
      functionCall({ name: "exec_command", args: { cmd: "env", login: false }, callId: "c1" }),
    ]),
    respond([message("ok")]),
  ];
  const [source] = sources;
  if (source === undefined) throw new Error("no source");

  test("sees what the policy lets through: by default everything, keys included", async () => {
    await using world = await cliWorld({ script });
    const run = await world.run(["exec", "--json", "go"], { env: { MY_API_KEY: secret } });
    expect(run.stdout).toContain(`MY_API_KEY=${secret}`);
  });

  test("sees no key where the policy keeps the default excludes", async () => {
    await using world = await cliWorld({
      script,
      config: "shell_environment_policy = { ignore_default_excludes = false }",
    });
    const run = await world.run(["exec", "--json", "go"], { env: { MY_API_KEY: secret } });
    expect(run.stdout).toContain("PATH=");
    expect(run.stdout).not.toContain(secret);
    expect(await leaks(world, source)).toEqual([]);
  });

  test("never sees CODEX_API_KEY, the key of the run itself", async () => {
    await using world = await plant(source, script);
    const run = await world.run(["exec", "--json", "go"], { env: source.env ?? {} });
    expect(run.events().at(-1)?.type).toBe("turn.completed");
    expect(run.stdout).not.toContain(secret);
    expect(await leaks(world, source)).toEqual([]);
  });
});
