import { mkdir, readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, type Socket } from "node:net";
import nodePath from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { functionCall, httpError, message, respond } from "@codex-ts/scripted-model";
import { hasOpenssl, leaf, makeCertificates, startTunnelProxy } from "@codex-ts/test-support";
import { beforeAll, expect, test } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { cliWorld } from "../testing/cli.ts";

beforeAll(builtCli, buildTimeoutMs);

const provider = "supports_websockets = true";
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

const script = [
  respond([functionCall({ name: "exec_command", args: { cmd: "echo hi" }, callId: "c1" })], {
    responseId: "r1",
  }),
  respond([message("Done.")], { responseId: "r2" }),
];

test("a run over WebSocket: one connection, what is new in each frame, and a clean end", async () => {
  await using world = await cliWorld({ script, provider });
  const { code, events } = await world.run(["exec", "--json", "say hi"]);
  expect(code).toBe(0);
  expect(events().at(-1)).toMatchObject({ type: "turn.completed" });
  const { model } = world;
  expect(model.handshakes).toHaveLength(1);
  expect(model.openWebSockets()).toBe(0);
  expect(
    [...model.warmUps, ...model.requests].map(({ body }) => {
      const { previous_response_id: previous, input } = body as Record<string, unknown>;
      return [previous, (input as readonly unknown[]).length];
    }),
  ).toEqual([
    [undefined, 0],
    ["resp_warm_0", 3],
    ["r1", 1],
  ]);
});

test("the first frames have the keys of the released program, in its order", async () => {
  await using world = await cliWorld({ script, provider });
  await world.run(["exec", "say hi"]);
  const keys = (body: unknown): readonly string[] => Object.keys(body as object);
  const head = ["type", "model", "instructions"];
  const rest = [
    "input",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning",
    "store",
    "stream",
    "include",
    "prompt_cache_key",
  ];
  const { warmUps, requests } = world.model;
  expect(warmUps.map(({ body }) => keys(body))).toEqual([
    [...head, ...rest, "generate", "client_metadata"],
  ]);
  expect(requests.map(({ body }) => keys(body))).toEqual(
    requests.map(() => [...head, "previous_response_id", ...rest, "client_metadata"]),
  );
});

test("a server without WebSocket is asked over HTTP, without a word", async () => {
  await using world = await cliWorld({
    script,
    provider,
    server: { handshake: () => httpError(/*status*/ 426) },
  });
  const { code, stderr } = await world.run(["exec", "say hi"]);
  expect([code, world.model.handshakes.length]).toEqual([0, 1]);
  expect(world.model.requests.map(({ method }) => method)).toEqual(["POST", "POST"]);
  expect(stderr).not.toContain("WebSocket");
});

test("TRACEPARENT makes the run part of a trace, over WebSocket and over HTTP", async () => {
  const env = { TRACEPARENT: traceparent, TRACESTATE: "vendor=a" };
  await using webSocket = await cliWorld({ script, provider });
  await webSocket.run(["exec", "say hi"], { env });
  expect(webSocket.model.handshakes[0]?.headers["traceparent"]).toBeUndefined();
  expect(
    webSocket.model.requests.map(
      ({ body }) => (body as { client_metadata: Record<string, string> }).client_metadata,
    ),
  ).toEqual(
    [1, 2].map(() => ({
      "x-codex-turn-metadata": expect.any(String) as string,
      ws_request_header_traceparent: traceparent,
      ws_request_header_tracestate: "vendor=a",
    })),
  );
  const lines = await webSocket.sessionLines();
  const traces = lines.flatMap((line) =>
    line.type === "turn_context" ? [line.payload.trace_id] : [],
  );
  expect(traces).toEqual([traceparent.split("-")[1]]);

  await using http = await cliWorld({ script });
  await http.run(["exec", "say hi"], { env });
  expect(
    http.model.requests.map(({ headers }) => [headers["traceparent"], headers["tracestate"]]),
  ).toEqual([1, 2].map(() => [traceparent, "vendor=a"]));
  const ignored = await http.run(["exec", "say hi"], { env: { TRACEPARENT: "nonsense" } });
  expect(ignored.stderr).toContain("TRACEPARENT does not hold a W3C trace context");
  expect(http.model.requests.at(-1)?.headers["traceparent"]).toBeUndefined();
});

/** A login with ChatGPT whose token nobody will ask for more of. */
async function logIn(home: string): Promise<void> {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    email: "kim@example.test",
    exp: 4_000_000_000,
    "https://api.openai.com/auth": { chatgpt_account_id: "account-1", chatgpt_plan_type: "plus" },
  };
  const token = `${part({ alg: "none" })}.${part(claims)}.c2ln`;
  const auth = {
    auth_mode: "chatgpt",
    OPENAI_API_KEY: null,
    tokens: {
      id_token: token,
      access_token: token,
      refresh_token: "refresh",
      account_id: "account-1",
    },
    last_refresh: new Date().toISOString(),
  };
  await mkdir(home, { recursive: true });
  await writeFile(nodePath.join(home, "auth.json"), JSON.stringify(auth), { mode: 0o600 });
}

test.skipIf(!hasOpenssl)(
  "OpenAI behind a company's proxy and authority: WebSocket, or else a compressed request",
  async () => {
    for (const refuse of [false, true]) {
      await using world = await cliWorld({
        script,
        server: refuse ? { handshake: () => httpError(/*status*/ 426) } : {},
      });
      makeCertificates(world.home, "api.openai.com");
      // What the company's proxy sees as api.openai.com: TLS in front of the scripted model.
      const sockets = new Set<Socket>();
      const { port: modelPort } = new URL(world.model.url);
      const front = createTlsServer(leaf(world.home), (client) => {
        const behind = connect(Number(modelPort), "127.0.0.1");
        for (const socket of [client, behind]) {
          sockets.add(socket);
          socket.on("error", () => {});
        }
        client.pipe(behind).pipe(client);
      });
      await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
      const { port } = front.address() as AddressInfo;
      const proxy = await startTunnelProxy({ port, answer: "open", secureIn: null });
      try {
        await logIn(world.home);
        await writeFile(
          nodePath.join(world.home, "config.toml"),
          'model = "gpt-5.2-codex"\nopenai_base_url = "https://api.openai.com/v1"\n',
        );
        const env = {
          HTTPS_PROXY: proxy.url.replace("//", "//kim:pw@"),
          CODEX_CA_CERTIFICATE: nodePath.join(world.home, "ca.pem"),
        };
        const { code, stderr } = await world.run(["exec", "say hi"], { env });
        expect([code, stderr.includes("ERROR")]).toEqual([0, false]);
        const { requests, handshakes } = world.model;
        const headers = refuse ? requests[0]?.headers : handshakes[0]?.headers;
        expect(headers).toMatchObject({
          host: "api.openai.com",
          "chatgpt-account-id": "account-1",
          authorization: expect.stringMatching(/^Bearer /) as string,
        });
        expect(
          requests.map((request) => [request.connection, request.headers["content-encoding"]]),
        ).toEqual(
          refuse
            ? [
                [null, "zstd"],
                [null, "zstd"],
              ]
            : [
                [0, undefined],
                [0, undefined],
              ],
        );
        const basic = `Basic ${Buffer.from("kim:pw").toString("base64")}`;
        expect(new Set(proxy.seen.map(([target, user]) => `${target} ${user}`))).toEqual(
          new Set([`api.openai.com:443 ${basic}`]),
        );
        expect(await readFile(nodePath.join(world.home, "auth.json"), "utf8")).toContain("refresh");
      } finally {
        for (const socket of sockets) socket.destroy();
        front.close();
        proxy.close();
      }
    }
  },
);
