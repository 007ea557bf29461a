// Which credential and which list of models a run uses.
import { readFile, writeFile } from "node:fs/promises";
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import nodePath from "node:path";
import { bundledCatalogue } from "@codex-ts/models";
import { message, respond } from "@codex-ts/scripted-model";
import { freePort } from "@codex-ts/test-support";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { type CliWorld, cliWorld } from "../testing/cli.ts";

beforeAll(builtCli, buildTimeoutMs);
// Every run is a process of its own, and a busy machine takes its time to start one.
vi.setConfig({ testTimeout: 120_000 });

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: unknown) => `${encode({ alg: "none" })}.${encode(claims)}.sig`;
const chatgpt = {
  auth_mode: "chatgpt",
  tokens: {
    id_token: jwt({
      email: "kim@test",
      "https://api.openai.com/auth": { chatgpt_account_id: "ws-42" },
    }),
    access_token: jwt({ exp: 4_102_444_800 }),
    refresh_token: "r",
    account_id: "ws-42",
  },
};
const [template] = bundledCatalogue;
const bundledDefault = "gpt-5.3-codex";

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(null) : server.close(resolve)));
  server = undefined;
});

interface ListRequest {
  readonly authorization: string | undefined;
  readonly account: unknown;
}

/** Answers `/models` itself and hands all else to the scripted model; the run uses its address. */
async function withModelList(
  world: CliWorld,
  answer: (request: ListRequest) => { readonly status: number; readonly body: unknown } | null,
): Promise<readonly ListRequest[]> {
  const asked: ListRequest[] = [];
  const { promise: answered, resolve: onAnswer } = Promise.withResolvers<void>();
  // A model takes longer to answer than a list does to come, if it is asked for at all.
  const patience = setTimeout(onAnswer, 5000);
  void answered.then(() => clearTimeout(patience));
  server = createServer((request, response) => {
    if (request.url?.includes("/models") === true) {
      const { authorization } = request.headers;
      asked.push({ authorization, account: request.headers["chatgpt-account-id"] });
      const given = answer(asked.at(-1) as ListRequest);
      // Null: never an answer.
      if (given === null) {
        onAnswer();
        return;
      }
      response.writeHead(given.status, { etag: "e1" });
      response.end(JSON.stringify(given.body));
      if (given.status === 200) onAnswer();
      return;
    }
    void answered.then(() => handOn(request, response));
  });
  function handOn(request: IncomingMessage, response: ServerResponse): void {
    const target = new URL(request.url ?? "/", world.model.url);
    const { method, headers } = request;
    const onward = httpRequest(target, { method, headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 500, reply.headers);
      reply.pipe(response);
    });
    request.pipe(onward);
  }
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const config = nodePath.join(world.home, "config.toml");
  const text = await readFile(config, "utf8");
  const here = new URL(world.model.url);
  here.port = String(port);
  await writeFile(config, text.replace(world.model.url, here.href.replace(/\/$/, "")));
  return asked;
}

const bodies = ({ model }: CliWorld) =>
  model.requests.map(
    ({ body }) => body as { readonly model: string; readonly instructions: string },
  );
const done = respond([message("ok")]);

describe("the list of models", () => {
  test("is had with the token of the provider's command, renewed once after a 401, and serves the next run", async () => {
    await using world = await cliWorld({
      script: [done, done],
      provider: `auth = { command = "sh", args = ["-c", "if [ -e t1 ]; then echo t2; else touch t1; echo t1; fi"], cwd = "HOME" }`,
    });
    const config = nodePath.join(world.home, "config.toml");
    const text = await readFile(config, "utf8");
    await writeFile(config, text.replace("HOME", world.home).replace(/^model = .*/, ""));
    const best = { ...template, slug: "acme-best", priority: -1 };
    const asked = await withModelList(world, ({ authorization }) =>
      authorization === "Bearer t1"
        ? { status: 401, body: {} }
        : { status: 200, body: { models: [best] } },
    );
    const first = await world.run(["exec", "go"]);
    expect(first.code).toBe(0);
    expect(bodies(world)[0]?.model).not.toBe("acme-best");
    expect(asked.map(({ authorization }) => authorization)).toEqual(["Bearer t1", "Bearer t2"]);
    await world.run(["exec", "go"]);
    expect(bodies(world)[1]?.model).toBe("acme-best");
    expect(asked).toHaveLength(2);
  });

  test("of the cache chooses the default model, without a request while it is fresh", async () => {
    await using world = await cliWorld({
      script: [done, done, done],
      provider: "requires_openai_auth = true",
    });
    const config = nodePath.join(world.home, "config.toml");
    await writeFile(config, (await readFile(config, "utf8")).replace(/^model = .*/, ""));
    await writeFile(nodePath.join(world.home, "auth.json"), JSON.stringify(chatgpt));
    const best = { ...template, slug: "acme-best", priority: -1 };
    const asked = await withModelList(world, () => ({ status: 200, body: { models: [best] } }));
    await world.run(["exec", "go"]);
    await world.run(["exec", "go"]);
    expect(bodies(world).map(({ model }) => model)).toEqual([bundledDefault, "acme-best"]);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.account).toBe("ws-42");
  });

  test("that never comes delays nothing", async () => {
    await using world = await cliWorld({ script: [done], provider: "requires_openai_auth = true" });
    await writeFile(nodePath.join(world.home, "auth.json"), JSON.stringify(chatgpt));
    await withModelList(world, () => null);
    const run = await world.run(["exec", "go"]);
    expect([run.code, run.stdout]).toEqual([0, "ok\n"]);
  });

  test("is nobody's business with an API key", async () => {
    await using world = await cliWorld({ script: [done], provider: "requires_openai_auth = true" });
    const asked = await withModelList(world, () => ({ status: 200, body: { models: [] } }));
    const run = await world.run(["exec", "go"], { env: { CODEX_API_KEY: "sk-1" } });
    expect([run.code, asked]).toEqual([0, []]);
  });

  test("of the configuration replaces the bundled one", async () => {
    await using world = await cliWorld({
      script: [done],
      config: 'model_catalog_json = "models.json"',
    });
    const config = nodePath.join(world.home, "config.toml");
    await writeFile(config, (await readFile(config, "utf8")).replace(/^model = .*/, ""));
    const mine = { ...template, slug: "mine", base_instructions: "Be brief." };
    await writeFile(nodePath.join(world.home, "models.json"), JSON.stringify({ models: [mine] }));
    const run = await world.run(["exec", "go"]);
    expect([run.code, bodies(world)[0]?.model]).toEqual([0, "mine"]);
    expect(bodies(world)[0]?.instructions).toBe("Be brief.");
  });
});

describe("the credential", () => {
  test("that a provider of one's own demands, and nobody has, fails the run before a request", async () => {
    await using world = await cliWorld({ script: [done], provider: "requires_openai_auth = true" });
    const run = await world.run(["exec", "go"]);
    expect([run.code, world.model.requests]).toEqual([1, []]);
    expect(run.stderr).toContain(
      "the model provider test needs a login, and there is none; log in with `codex-ts login`",
    );
  });

  test("that the configuration forbids is logged out, and the run refused", async () => {
    await using world = await cliWorld({
      script: [done],
      config: 'forced_login_method = "api"',
      provider: "requires_openai_auth = true",
    });
    await writeFile(nodePath.join(world.home, "auth.json"), JSON.stringify(chatgpt));
    const run = await world.run(["exec", "go"]);
    expect([run.code, run.stderr, world.model.requests]).toEqual([
      1,
      "Error: an API key is required here (forced_login_method), and the login in use is one with ChatGPT; it has been logged out: log in again with `codex-ts login`\n",
      [],
    ]);
    await expect(readFile(nodePath.join(world.home, "auth.json"))).rejects.toMatchObject({
      code: "ENOENT",
    });
  });
});

test("--oss says how to start a local server that does not answer", async () => {
  await using world = await cliWorld({ script: [done] });
  const port = await freePort();
  const run = await world.run(["exec", "--oss", "--local-provider", "ollama", "go"], {
    env: { CODEX_OSS_PORT: String(port) },
  });
  expect([run.code, run.stderr]).toEqual([
    1,
    `Error: Ollama does not answer at http://localhost:${port}/v1; start it with: ollama serve\n`,
  ]);
});
