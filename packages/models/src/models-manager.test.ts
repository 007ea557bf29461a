import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { type IncomingHttpHeaders, type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createHttpTransport } from "@codex-ts/http-client";
import type { ModelInfo } from "@codex-ts/protocol";
import type { AuthSource, RequestAuth } from "@codex-ts/responses-client";
import {
  type TemporaryDirectory,
  startTlsProxy,
  temporaryDirectory,
  waitFor,
} from "@codex-ts/test-support";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type ModelsManager,
  type ModelsManagerOptions,
  bundledCatalogue,
  createModelsManager,
  defaultModel,
} from "./index.ts";

interface Answer {
  readonly status?: number;
  readonly body?: unknown;
  readonly etag?: string;
}
interface Seen {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

let folder: TemporaryDirectory;
let server: Server;
let answers: Answer[];
let seen: Seen[];
let problems: string[];
let started: AsyncDisposable[];
let clock: Date;
let monotonicMs: number;

beforeEach(async () => {
  folder = await temporaryDirectory();
  [answers, seen, problems, started] = [[], [], [], []];
  clock = new Date("2026-03-30T12:00:00Z");
  monotonicMs = 0;
  server = createServer((request, response) => {
    seen.push({ path: request.url ?? "", headers: request.headers });
    const { status = 200, body, etag } = answers.shift() ?? { status: 500 };
    response.writeHead(status, etag === undefined ? {} : { etag });
    response.end(body === undefined ? "" : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  for (const each of started.toReversed()) await each[Symbol.asyncDispose]();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await folder[Symbol.asyncDispose]();
});

const cacheFile = () => folder.join("models_cache.json");
const cached = async () =>
  JSON.parse(await readFile(cacheFile(), "utf8")) as Record<string, unknown>;
const later = (ms: number) => {
  clock = new Date(clock.getTime() + ms);
};

/** Gives one bearer after another; each recovery moves on, as long as there are some. */
function bearers(...tokens: readonly string[]): AuthSource & { readonly recovered: () => number } {
  let at = 0;
  return {
    current: async (): Promise<RequestAuth> => ({ kind: "api_key", bearer: tokens[at] ?? "" }),
    async recover() {
      at += 1;
      return at < tokens.length;
    },
    recovered: () => at,
  };
}

function manager({
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`,
  ...options
}: Partial<ModelsManagerOptions> & { readonly baseUrl?: string } = {}): ModelsManager {
  const transport = createHttpTransport({ env: {} });
  const made = createModelsManager({
    providerId: "acme",
    endpoint: {
      name: "Acme",
      baseUrl,
      queryParams: { "api-version": "1 2" },
      headers: { "x-team": "blue" },
      requestMaxRetries: 0,
      streamMaxRetries: 0,
      streamIdleTimeoutMs: 1000,
      supportsWebsockets: false,
      websocketConnectTimeoutMs: 1000,
      storesResponses: false,
    },
    auth: bearers("provider-token"),
    transport,
    cachePath: cacheFile(),
    clientVersion: "0.118.0-alpha.1",
    onProblem: (message) => problems.push(message),
    now: () => clock,
    monotonicNow: () => monotonicMs,
    ...options,
  });
  started.push(transport, made);
  return made;
}

const [template] = bundledCatalogue;
if (template === undefined) throw new Error("the catalogue is empty");
const model = (slug: string, more: Partial<ModelInfo> = {}): ModelInfo => ({
  ...template,
  slug,
  ...more,
});
const slugs = ({ catalogue }: ModelsManager) => catalogue.map(({ slug }) => slug);
const news = ({ catalogue }: ModelsManager) =>
  catalogue.filter((each) => !bundledCatalogue.includes(each)).map(({ slug }) => slug);

describe("the request", () => {
  test("carries the provider's bearer, headers and query, and the version without its appendix", async () => {
    answers = [{ body: { models: [model("acme-1")] }, etag: '"e1"' }];
    const models = manager();
    await models.refresh("online");
    expect(
      seen.map(({ path, headers }) => [path, headers.authorization, headers["x-team"]]),
    ).toEqual([
      ["/v1/models?api-version=1%202&client_version=0.118.0", "Bearer provider-token", "blue"],
    ]);
    expect([news(models), problems]).toEqual([["acme-1"], []]);
  });

  test("is made once for callers in parallel", async () => {
    answers = [{ body: { models: [] } }];
    const models = manager();
    await Promise.all([1, 2, 3].map(async () => await models.refresh("online")));
    expect(seen).toHaveLength(1);
  });

  test("that gets a 401 renews the credential once and is made once more", async () => {
    answers = [{ status: 401 }, { body: { models: [model("acme-1")] } }];
    const auth = bearers("old", "new", "newer");
    const models = manager({ auth });
    await models.refresh("online");
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(["Bearer old", "Bearer new"]);
    expect([auth.recovered(), news(models)]).toEqual([1, ["acme-1"]]);
  });

  test("that gets a second 401 is given up", async () => {
    answers = [{ status: 401 }, { status: 401 }];
    const auth = bearers("old", "new", "newer");
    const models = manager({ auth });
    await models.refresh("online");
    expect([auth.recovered(), seen.length, news(models)]).toEqual([1, 2, []]);
    expect(problems).toEqual([expect.stringMatching(/answered with status 401$/)]);
  });

  test("is not made without a credential, and says why", async () => {
    const auth: AuthSource = {
      current: async () => {
        throw new Error("the token command acme-sso failed");
      },
      recover: async () => false,
    };
    await manager({ auth }).refresh("online");
    expect([seen, problems]).toEqual([
      [],
      ["the provider's list of models cannot be had: the token command acme-sso failed"],
    ]);
  });

  test("is not made again for half a minute after a failure", async () => {
    answers = [{ status: 500 }, { body: { models: [model("acme-1")] } }];
    const models = manager();
    await models.refresh("online");
    monotonicMs = 29_999;
    await models.refresh("online");
    expect(seen).toHaveLength(1);
    monotonicMs = 30_000;
    await models.refresh("online");
    expect([seen.length, news(models)]).toEqual([2, ["acme-1"]]);
  });
});

describe("the answer", () => {
  test("replaces bundled entries of the same name, and adds the others", async () => {
    const changed = model("gpt-5.4", { description: "changed" });
    answers = [{ body: { models: [model("acme-1"), changed] } }];
    const models = manager();
    await models.refresh("online");
    expect(slugs(models)).toEqual([...bundledCatalogue.map(({ slug }) => slug), "acme-1"]);
    expect(models.catalogue.find(({ slug }) => slug === "gpt-5.4")).toEqual(changed);
  });

  test("a model that it no longer has goes; bundled ones never do", async () => {
    answers = [{ body: { models: [model("acme-1")] } }, { body: { models: [] } }];
    const models = manager();
    await models.refresh("online");
    await models.refresh("online");
    expect(models.catalogue).toEqual(bundledCatalogue);
  });

  test("its priorities choose the default model, but hidden ones are never that", async () => {
    const hidden = model("acme-hidden", { priority: -10_001, visibility: "hide" });
    answers = [{ body: { models: [model("acme-1", { priority: -10_000 }), hidden] } }];
    const models = manager();
    await models.refresh("online");
    expect(defaultModel(models.catalogue, { chatgpt: true })?.slug).toBe("acme-1");
  });

  test("an entry that cannot be read is named and left out", async () => {
    answers = [{ body: { models: [{ slug: "broken" }, model("acme-1")] } }];
    const models = manager();
    await models.refresh("online");
    expect(news(models)).toEqual(["acme-1"]);
    expect(problems).toEqual([
      "the model broken of the catalogue is left out: display_name is missing",
    ]);
  });

  test.each([
    ["names alone, as other servers give them", { data: [{ id: "llama" }] }, []],
    [
      "no list",
      { error: "no" },
      ["the provider's list of models cannot be had: the server's answer is no list of models"],
    ],
  ])("with %s leaves the bundled list", async (_, body, expected) => {
    answers = [{ body }];
    const models = manager();
    await models.refresh("online");
    expect([models.catalogue, problems]).toEqual([bundledCatalogue, expected]);
  });
});

describe("the cache", () => {
  const first = { body: { models: [{ ...model("acme-1"), from_the_future: 1 }] }, etag: 'W/"e1"' };

  test("holds what came, with tag, time and version", async () => {
    answers = [first];
    await manager().refresh("online");
    expect(await cached()).toEqual({
      fetched_at: "2026-03-30T12:00:00.000Z",
      etag: 'W/"e1"',
      client_version: "0.118.0",
      source: expect.stringMatching(/^[0-9a-f]{16}$/),
      models: [model("acme-1")],
    });
  });

  test("serves for five minutes, also another process; then the server is asked with its tag", async () => {
    answers = [first, { status: 304 }, { status: 500 }];
    await manager().refresh("online_if_uncached");
    later(/*ms*/ 300_000);
    const models = manager();
    await models.refresh("online_if_uncached");
    expect([seen.length, news(models)]).toEqual([1, ["acme-1"]]);
    later(/*ms*/ 1);
    await models.refresh("online_if_uncached");
    expect(seen.map(({ headers }) => headers["if-none-match"])).toEqual([undefined, 'W/"e1"']);
    expect([news(models), (await cached())["fetched_at"]]).toEqual([
      ["acme-1"],
      "2026-03-30T12:05:00.001Z",
    ]);
  });

  test("serves offline whatever its age", async () => {
    answers = [first];
    await manager().refresh("online");
    later(/*ms*/ 86_400_000);
    const models = manager();
    await models.refresh("offline");
    expect([seen.length, news(models)]).toEqual([1, ["acme-1"]]);
  });

  test.each<[string, Partial<ModelsManagerOptions>]>([
    ["another version", { clientVersion: "0.119.0" }],
    ["another provider", { providerId: "other" }],
    ["another account", { accountId: async () => "ws-43" }],
  ])("of %s does not count", async (_, options) => {
    answers = [first];
    await manager().refresh("online");
    const models = manager(options);
    await models.refresh("offline");
    expect(news(models)).toEqual([]);
  });

  test("from the future is asked about", async () => {
    answers = [first, { status: 304 }];
    await manager().refresh("online");
    later(/*ms*/ -1000);
    await manager().refresh("online_if_uncached");
    expect(seen).toHaveLength(2);
  });

  test.each(["", "{", "[]", '{"client_version":"0.118.0","models":7}'])(
    "that holds %j is none",
    async (text) => {
      await writeFile(cacheFile(), text);
      const models = manager();
      await models.refresh("offline");
      expect([models.catalogue, problems]).toEqual([bundledCatalogue, []]);
    },
  );

  test("that cannot be written is a problem, and the list is used", async () => {
    answers = [first];
    const models = manager({ cachePath: folder.join("nowhere/models_cache.json") });
    await models.refresh("online");
    expect([news(models), problems]).toEqual([
      ["acme-1"],
      [expect.stringMatching(/^the list of models cannot be kept: ENOENT/)],
    ]);
  });
});

describe("a tag that a response announces", () => {
  test("renews the time of the same list, once that is old, without a request", async () => {
    answers = [{ body: { models: [model("acme-1")] }, etag: "e1" }];
    const models = manager();
    await models.refresh("online");
    later(/*ms*/ 300_001);
    models.noteEtag("e1");
    await waitFor(async () => (await cached())["fetched_at"] === clock.toISOString(), {
      describe: "the time in the cache is renewed",
    });
    expect(seen).toHaveLength(1);
  });

  test("and that is another one gets the list anew, once", async () => {
    answers = [
      { body: { models: [model("acme-1")] }, etag: "e1" },
      { body: { models: [model("acme-2")] }, etag: "e2" },
    ];
    const models = manager();
    await models.refresh("online");
    models.noteEtag("e2");
    models.noteEtag("e2");
    await waitFor(() => news(models).includes("acme-2"), { describe: "the new list" });
    models.noteEtag("e2");
    await models.refresh("offline");
    expect(seen).toHaveLength(2);
  });

  test("is remembered where lists come without one", async () => {
    answers = [{ body: { models: [model("acme-1")] } }];
    const models = manager();
    models.noteEtag("e9");
    await waitFor(() => news(models).includes("acme-1"), { describe: "the list" });
    await models.refresh("offline");
    models.noteEtag("e9");
    expect(seen).toHaveLength(1);
  });
});

test.skipIf(spawnSync("openssl", ["version"]).status !== 0)(
  "the list is had through a proxy, and with an authority of the company's own",
  async () => {
    const { port } = server.address() as AddressInfo;
    await using network = await startTlsProxy({
      host: "llm.example.test",
      target: `http://127.0.0.1:${port}`,
    });
    await using transport = createHttpTransport({ env: network.env });
    answers = [{ body: { models: [model("acme-1")] } }];
    const models = manager({ transport, baseUrl: `${network.url}/v1` });
    await models.refresh("online");
    expect([news(models), problems, network.requests, network.tunnels]).toEqual([
      ["acme-1"],
      [],
      ["GET /v1/models"],
      ["llm.example.test:443"],
    ]);
  },
);

test("disposing ends a request that is under way, and is no problem", async () => {
  server.removeAllListeners("request");
  server.on("request", () => seen.push({ path: "", headers: {} }));
  const models = manager();
  const refreshed = models.refresh("online");
  await waitFor(() => seen.length === 1, { describe: "the request" });
  await models[Symbol.asyncDispose]();
  await refreshed;
  expect(problems).toEqual([]);
});
