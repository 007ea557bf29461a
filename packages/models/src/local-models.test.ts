import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type HttpTransport, createHttpTransport } from "@codex-ts/http-client";
import {
  type TemporaryDirectory,
  freePort,
  temporaryDirectory,
  waitFor,
} from "@codex-ts/test-support";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type LocalModelOptions, prepareLocalModel } from "./index.ts";

let folder: TemporaryDirectory;
let server: Server;
let transport: HttpTransport;
let routes: Record<string, unknown>;
let seen: string[];
let progress: string[];

beforeEach(async () => {
  folder = await temporaryDirectory();
  transport = createHttpTransport({ env: {} });
  [routes, seen, progress] = [{}, [], []];
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const route = `${request.method} ${request.url}`;
      seen.push(body === "" ? route : `${route} ${body}`);
      const answer = routes[route];
      response.statusCode = answer === undefined ? 404 : 200;
      response.end(typeof answer === "string" ? answer : JSON.stringify(answer ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  await transport[Symbol.asyncDispose]();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await folder[Symbol.asyncDispose]();
});

const prepare = async (options: Partial<LocalModelOptions> = {}) =>
  await prepareLocalModel({
    providerId: "ollama",
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    model: "gpt-oss:20b",
    transport,
    env: { PATH: process.env["PATH"], HOME: folder.path },
    onProgress: (line) => progress.push(line),
    ...options,
  });
const has = (...names: readonly string[]) => ({ models: names.map((name) => ({ name })) });

describe("Ollama", () => {
  test.each(["0.13.4", "0.14.0", "1.0.0-rc1", "0.0.0", "nightly", undefined])(
    "version %s that has the model is ready",
    async (version) => {
      routes = { "GET /api/tags": has("gpt-oss:20b"), "GET /api/version": { version } };
      await prepare();
      expect([seen, progress]).toEqual([["GET /api/tags", "GET /api/version"], []]);
    },
  );

  test("a model without a tag is its latest", async () => {
    routes = { "GET /api/tags": has("llama:latest") };
    await prepare({ model: "llama" });
    expect(progress).toEqual([]);
  });

  test("of an older version is refused", async () => {
    routes = { "GET /api/tags": has(), "GET /api/version": { version: "0.13.3" } };
    await expect(prepare()).rejects.toMatchObject({
      code: "server_too_old",
      message: "Ollama 0.13.3 does not speak the Responses API; install 0.13.4 or newer",
    });
  });

  test("that does not run is named with the way to start it", async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}/v1`;
    await expect(prepare({ baseUrl })).rejects.toMatchObject({
      code: "server_unreachable",
      message: `Ollama does not answer at ${baseUrl}; start it with: ollama serve`,
    });
  });

  test("gets a model that it does not have, and tells each step once", async () => {
    const steps = ["pulling manifest", "pulling abc", "pulling abc", "success"];
    routes = {
      "GET /api/tags": has("other"),
      "POST /api/pull": steps.map((status) => JSON.stringify({ status })).join("\n"),
    };
    await prepare();
    expect(seen.at(-1)).toBe('POST /api/pull {"model":"gpt-oss:20b","stream":true}');
    expect(progress).toEqual([
      "Ollama is getting the model gpt-oss:20b",
      "  pulling manifest",
      "  pulling abc",
    ]);
  });

  test.each([
    ['{"status":"pulling manifest"}\n{"error":"no such model"}', "no such model"],
    ['{"status":"pulling manifest"}\n', "the download ended before it was complete"],
  ])("fails when the download does: %j", async (answer, why) => {
    routes = { "GET /api/tags": has(), "POST /api/pull": answer };
    await expect(prepare()).rejects.toMatchObject({
      code: "model_unavailable",
      message: `Ollama could not get the model gpt-oss:20b: ${why}`,
    });
  });

  test("a cancelled download ends with the signal's reason", async () => {
    routes = { "GET /api/tags": has() };
    const stop = new AbortController();
    server.prependListener("request", (request) => {
      if (request.url === "/api/pull") stop.abort(new Error("enough"));
    });
    await expect(prepare({ signal: stop.signal })).rejects.toThrow("enough");
  });
});

describe("LM Studio", () => {
  const lmstudio = { providerId: "lmstudio", model: "openai/gpt-oss-20b" } as const;

  /** A program that notes its arguments, where LM Studio installs its own. */
  async function installLms(script: string): Promise<void> {
    await mkdir(folder.join(".lmstudio/bin"), { recursive: true });
    const program = folder.join(".lmstudio/bin/lms");
    await writeFile(program, `#!/bin/sh\n${script}\n`);
    await chmod(program, 0o755);
  }

  test("that has the model is ready, and loads it meanwhile", async () => {
    routes = { "GET /v1/models": { data: [{ id: lmstudio.model }] }, "POST /v1/responses": "{}" };
    await prepare(lmstudio);
    await waitFor(() => seen.length === 2, { describe: "the request that loads the model" });
    expect(seen).toEqual([
      "GET /v1/models",
      'POST /v1/responses {"model":"openai/gpt-oss-20b","input":"","max_output_tokens":1}',
    ]);
  });

  test("gets a model that it does not have with its own program", async () => {
    await installLms(`echo "$@" > ${folder.join("args")}`);
    routes = { "GET /v1/models": { data: [] } };
    await prepare(lmstudio);
    expect(await readFile(folder.join("args"), "utf8")).toBe("get --yes openai/gpt-oss-20b\n");
    expect(progress).toEqual(["LM Studio is getting the model openai/gpt-oss-20b"]);
  });

  test.each([
    ["echo no disk space >&2; exit 3", "lms get failed: no disk space"],
    [null, "its program lms is not installed"],
  ])("fails when its program does: %s", async (script, why) => {
    if (script !== null) await installLms(script);
    routes = { "GET /v1/models": { data: [] } };
    await expect(prepare(lmstudio)).rejects.toMatchObject({
      code: "model_unavailable",
      message: `LM Studio could not get the model openai/gpt-oss-20b: ${why}`,
    });
  });

  test("that does not run is named with the way to start it", async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}/v1`;
    await expect(prepare({ ...lmstudio, baseUrl })).rejects.toMatchObject({
      message: `LM Studio does not answer at ${baseUrl}; start it with: lms server start`,
    });
  });
});
