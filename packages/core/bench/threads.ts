// Many threads in one process, against the model at the URL given: `idle N` starts them, lets each say
// one thing and waits; `stream N` lets all of them answer at once and prints the event loop's p99 delay.
import { mkdirSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { join, parseAbsolutePath } from "@codex-ts/absolute-path";
import { createLocalEnvironment } from "@codex-ts/exec-server";
import { bundledCatalogue, lookUpModel } from "@codex-ts/models";
import { createHttpTransport } from "@codex-ts/http-client";
import { createResponsesClient } from "@codex-ts/responses-client";
import { createSandbox } from "@codex-ts/sandboxing";
import { type Thread, threadConfig, ThreadManager } from "../src/index.ts";

const [mode = "idle", count = "100", url = "", scratch = ""] = process.argv.slice(2);
const root = parseAbsolutePath(scratch);
const env = { PATH: process.env["PATH"], HOME: scratch };
await using transport = createHttpTransport({ env: {} });
await using sandbox = createSandbox({ env, cwd: root });
await using environment = createLocalEnvironment({ sandbox });
const responses = createResponsesClient({
  endpoint: {
    name: "Bench",
    baseUrl: url,
    queryParams: {},
    headers: {},
    requestMaxRetries: 0,
    streamMaxRetries: 0,
    streamIdleTimeoutMs: 60_000,
    supportsWebsockets: false,
    websocketConnectTimeoutMs: 1000,
    storesResponses: false,
  },
  auth: { current: async () => ({ kind: "none" }), recover: async () => false },
  transport,
});
await using manager = new ThreadManager({
  codexHome: join(root, `home-${process.pid}`),
  responses,
  environment,
  lookUpModel: (name) => lookUpModel(bundledCatalogue, name),
  shell: { kind: "bash", path: "/bin/bash" },
  env,
  originator: "bench",
  version: "0.0.0",
  source: "exec",
});
const cwd = join(root, "work");
mkdirSync(cwd, { recursive: true });
const config = threadConfig({ cwd, model: "gpt-5.2-codex" });

async function answered(thread: Thread): Promise<void> {
  for await (const { msg } of thread.events()) if (msg.type === "task_complete") return;
}

const threads: Thread[] = [];
for (let index = 0; index < Number(count); index += 1) {
  const { thread } = await manager.startThread(config);
  threads.push(thread);
  if (mode === "idle") {
    await thread.submit({ type: "user_input", items: [{ type: "text", text: "hello" }] });
    await answered(thread);
  }
}
if (mode === "idle") await new Promise((resolve) => setTimeout(resolve, 200));
else {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await Promise.all(
    threads.map(async (thread) => {
      await thread.submit({ type: "user_input", items: [{ type: "text", text: "go" }] });
      await answered(thread);
    }),
  );
  delay.disable();
  console.log(delay.percentile(99) / 1e6);
}
