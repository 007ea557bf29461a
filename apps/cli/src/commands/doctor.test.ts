// The doctor on healthy machines and on broken ones: it always comes to an end, and shows no secret.
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import nodePath from "node:path";
import { message, respond } from "@codex-ts/scripted-model";
import { beforeAll, describe, expect, test } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { type CliResult, type CliWorld, type CliWorldOptions, cliWorld } from "../testing/cli.ts";
import type { DoctorReport } from "./doctor.ts";

beforeAll(builtCli, buildTimeoutMs);

function worldWith(options: Omit<CliWorldOptions, "script"> = {}): Promise<CliWorld> {
  return cliWorld({ script: [respond([message("Done.")])], ...options });
}

function reportOf({ stdout }: CliResult): DoctorReport {
  return JSON.parse(stdout) as DoctorReport;
}

function findingOf(result: CliResult, name: string): DoctorReport["checks"][number] | undefined {
  return reportOf(result).checks.find((check) => check.name === name);
}

const names = "runtime home git config auth network sandbox rules hooks skills".split(" ");

test("where all is well every check is ok and the exit code 0", async () => {
  await using world = await worldWith({
    provider: 'env_key = "GATEWAY_KEY"',
    config: "model_reasoning_effort = 'low'\n",
  });
  const result = await world.run(["doctor", "--json"], { env: { GATEWAY_KEY: "sk-gateway-1234" } });
  expect(result).toMatchObject({ code: 0, stderr: "" });
  const report = reportOf(result);
  expect(report.checks.map(({ name }) => name)).toEqual(names);
  // Whether this machine has bubblewrap is the machine's.
  const others = report.checks.filter(({ name }) => name !== "sandbox");
  expect(others.map(({ name, state, repair }) => ({ name, state, repair }))).toEqual(
    others.map(({ name }) => ({ name, state: "ok", repair: null })),
  );
  expect(findingOf(result, "config")?.details).toContain(
    `model_reasoning_effort = "low" # ${nodePath.join(world.home, "config.toml")}:3:26`,
  );
  expect(findingOf(result, "auth")?.summary).toBe(
    "a credential for the model provider test: the variable GATEWAY_KEY",
  );
});

test("broken settings are named, and the other checks go by the defaults", async () => {
  await using world = await worldWith();
  const file = nodePath.join(world.home, "config.toml");
  await writeFile(file, 'model = "a"\nsandbox_mode = "wide-open"\n');
  const rules = nodePath.join(world.home, "rules/default.rules");
  await mkdir(nodePath.dirname(rules));
  await writeFile(rules, "prefix_rule(pattern = [])\n");
  const result = await world.run(["doctor", "--json"], {
    env: { HTTPS_PROXY: "http://user:proxy-password@127.0.0.1:9" },
  });
  expect(result).toMatchObject({ code: 1, stderr: "" });
  expect(findingOf(result, "config")).toMatchObject({
    state: "failed",
    summary: expect.stringContaining(`${file}:2:`),
    repair: expect.stringContaining("codex-ts config check"),
  });
  expect(findingOf(result, "rules")).toMatchObject({
    state: "failed",
    details: [expect.stringContaining(`${rules}:1:`)],
  });
  expect(findingOf(result, "network")).toMatchObject({
    state: "failed",
    details: ["through the proxy http://127.0.0.1:9"],
  });
  expect(reportOf(result).checks.map(({ name }) => name)).toEqual(names);
  expect(result.stdout).not.toContain("proxy-password");
});

test("a home folder that is not there fails, and what needs it is not looked at", async () => {
  await using world = await worldWith();
  const result = await world.run(["doctor", "--json"], {
    env: { CODEX_HOME: nodePath.join(world.home, "gone") },
  });
  expect(result.code).toBe(1);
  const states = reportOf(result).checks.map(({ name, state, summary }) => [
    name,
    state === "warning" ? summary : state,
  ]);
  const notLooked = "not looked at, for want of settings";
  expect(Object.fromEntries(states)).toEqual({
    runtime: "ok",
    home: "failed",
    git: "ok",
    config: "failed",
    auth: notLooked,
    network: notLooked,
    sandbox: notLooked,
    rules: notLooked,
    hooks: notLooked,
    skills: notLooked,
  });
});

test("a person reads a line for each check, with what to do", async () => {
  await using world = await worldWith({ provider: "requires_openai_auth = true" });
  const { code, stdout } = await world.run(["doctor", "-C", nodePath.dirname(world.home)]);
  expect(code).toBe(1);
  expect(stdout).toContain(`ok       home     ${world.home}\n`);
  expect(stdout).toContain(
    "failed   auth     nobody is logged in\n                  to do: codex-ts login, or",
  );
  expect(stdout).toMatch(/warning {2}git {6}.* is not inside a git repository/);
  expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/^1 to mend before a run can work, /);
});

describe("a server that takes the connection and never answers", () => {
  test("does not hold up the other checks, nor a person who stops the doctor", async () => {
    const server = createServer(() => {}).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await using world = await worldWith();
    const file = nodePath.join(world.home, "config.toml");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace(world.model.url, `http://127.0.0.1:${port}`));
    const connected = once(server, "connection");
    const { child, done } = world.start(["doctor"]);
    await connected;
    child.kill("SIGINT");
    const { code, signal } = await done;
    expect({ code, signal }).toEqual({ code: 130, signal: null });
    server.close();
  });
});

const secret = "sk-planted-5f0c9e7d1a";

describe("no credential is printed", () => {
  test.each([
    { name: "CODEX_API_KEY", provider: "requires_openai_auth = true", state: "ok" },
    { name: "MY_PROVIDER_KEY", provider: 'env_key = "MY_PROVIDER_KEY"', state: "ok" },
    {
      name: "experimental_bearer_token",
      provider: `experimental_bearer_token = "${secret}"`,
      state: "ok",
    },
    {
      name: "a token command that fails and says it",
      provider: 'auth = { command = "sh", args = ["-c", "echo $MY_PROVIDER_KEY >&2; exit 3"] }',
      state: "failed",
    },
    {
      name: "auth.json",
      provider: "requires_openai_auth = true",
      file: JSON.stringify({ OPENAI_API_KEY: secret }),
      state: "ok",
    },
  ])("of $name", async ({ name, provider, file, state }) => {
    await using world = await worldWith({ provider });
    if (file !== undefined) await writeFile(nodePath.join(world.home, "auth.json"), file);
    const env = name === "CODEX_API_KEY" ? { [name]: secret } : { MY_PROVIDER_KEY: secret };
    const json = await world.run(["doctor", "--json"], { env });
    const human = await world.run(["doctor"], { env });
    expect(findingOf(json, "auth")?.state).toBe(state);
    expect(json.stdout + json.stderr + human.stdout + human.stderr).not.toContain(secret);
  });
});
