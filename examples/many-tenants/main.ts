// Many agents in one process: each tenant has a home, a credential and a folder that no other sees.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import { threadConfig, ThreadManager } from "@codex-ts/core";
import { createLocalEnvironment } from "@codex-ts/exec-server";
import { createHttpTransport } from "@codex-ts/http-client";
import { createAuthManager, createAuthSource } from "@codex-ts/login";
import { builtInProviders, resolveProvider } from "@codex-ts/model-providers";
import { bundledCatalogue, lookUpModel } from "@codex-ts/models";
import { createResponsesClient } from "@codex-ts/responses-client";
import { createSandbox } from "@codex-ts/sandboxing";
import { message, respond, startScriptedModel } from "@codex-ts/scripted-model";

const tenants = 20;
const root = fromAbsolute(await mkdtemp(`${tmpdir()}/many-tenants-`));
await using transport = createHttpTransport();
await using sandbox = createSandbox({ env: process.env });
await using environment = createLocalEnvironment({ sandbox });

/** Asks one question as one tenant, and gives the key that its request carried. */
async function ask(name: string): Promise<string | undefined> {
  const home = await makeFolder(name, "home");
  const work = await makeFolder(name, "work");
  await using model = await startScriptedModel({ script: [respond([message(`hello ${name}`)])] });
  await using auth = createAuthManager({ codexHome: home, env: {} });
  await auth.loginWithApiKey(`sk-${name}-0123456789`);
  const provider = resolveProvider("openai", builtInProviders({ env: {}, version: "1.0.0" }));
  await using manager = new ThreadManager({
    codexHome: home,
    responses: createResponsesClient({
      endpoint: {
        name: "Example",
        baseUrl: model.url,
        queryParams: {},
        headers: {},
        requestMaxRetries: 2,
        streamMaxRetries: 2,
        streamIdleTimeoutMs: 60_000,
        supportsWebsockets: false,
        websocketConnectTimeoutMs: 15_000,
        storesResponses: false,
      },
      auth: createAuthSource({ provider, manager: auth, env: {} }),
      transport,
    }),
    environment,
    lookUpModel: (slug) => lookUpModel(bundledCatalogue, slug),
    shell: { kind: "bash", path: "/bin/bash" },
    env: { PATH: process.env["PATH"], TENANT: name },
    originator: "many-tenants",
    version: "1.0.0",
    source: { custom: "many-tenants" },
  });
  const { thread } = await manager.startThread(threadConfig({ cwd: work, model: "gpt-5.2-codex" }));
  await thread.submit({ type: "user_input", items: [{ type: "text", text: `I am ${name}` }] });
  for await (const { msg } of thread.events()) if (msg.type === "task_complete") break;
  await thread.shutdown();
  return model.requests[0]?.headers["authorization"]?.toString();
}

async function makeFolder(name: string, part: string): Promise<AbsolutePath> {
  const folder = join(root, name, part);
  await mkdir(folder, { recursive: true });
  return folder;
}

const names = Array.from({ length: tenants }, (_, index) => `tenant-${index}x`);
const keys = await Promise.all(names.map(ask));
assert.deepEqual(
  keys,
  names.map((name) => `Bearer sk-${name}-0123456789`),
);

// Each session file tells of its own tenant alone.
for (const name of names) {
  const sessions = join(root, name, "home/sessions");
  const [file = ""] = (await readdir(sessions, { recursive: true })).filter((path) =>
    path.endsWith(".jsonl"),
  );
  const text = await readFile(join(sessions, file), "utf8");
  assert.deepEqual(
    names.filter((other) => text.includes(other)),
    [name],
  );
}
console.log(`${tenants} tenants, none saw another`);
await rm(root, { recursive: true });
