// The whole agent inside a program: it offers a tool of its own and decides approvals in code.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fromAbsolute } from "@codex-ts/absolute-path";
import { threadConfig, ThreadManager } from "@codex-ts/core";
import { createLocalEnvironment } from "@codex-ts/exec-server";
import { createHttpTransport } from "@codex-ts/http-client";
import { bundledCatalogue, lookUpModel } from "@codex-ts/models";
import { createResponsesClient } from "@codex-ts/responses-client";
import { createSandbox } from "@codex-ts/sandboxing";
import { functionCall, message, respond, startScriptedModel } from "@codex-ts/scripted-model";
import type { Tool } from "@codex-ts/tools";

/** A tool of this program's: it answers from memory and touches nothing. */
const stock: Tool = {
  name: "stock",
  spec: {
    type: "function",
    name: "stock",
    description: "How many of an article are in stock.",
    strict: false,
    parameters: {
      type: "object",
      properties: { article: { type: "string" } },
      required: ["article"],
      additionalProperties: false,
    },
  },
  parallel: true,
  claims: () => [],
  abortedText: () => "aborted",
  accepts: ({ kind }) => kind === "function",
  run: async () => ({ body: "17", success: true }),
};

// The model is played by a script, so that the example needs no key.
await using model = await startScriptedModel({
  script: [
    respond([
      functionCall({ name: "stock", args: { article: "bolts" }, callId: "call_1" }),
      functionCall({ name: "exec_command", args: { cmd: "touch order.txt" }, callId: "call_2" }),
    ]),
    respond([message("17 bolts are in stock; the order was not allowed.")]),
  ],
});

const folder = fromAbsolute(await mkdtemp(`${tmpdir()}/embed-engine-`));
await using transport = createHttpTransport();
await using sandbox = createSandbox({ env: process.env });
await using environment = createLocalEnvironment({ sandbox });
await using manager = new ThreadManager({
  codexHome: fromAbsolute(`${folder}/home`),
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
    auth: { current: async () => ({ kind: "none" }), recover: async () => false },
    transport,
  }),
  environment,
  lookUpModel: (name) => lookUpModel(bundledCatalogue, name),
  shell: { kind: "bash", path: "/bin/bash" },
  env: process.env,
  originator: "embed-engine",
  version: "1.0.0",
  source: { custom: "embed-engine" },
});

const { thread } = await manager.startThread(
  threadConfig({
    cwd: folder,
    model: "gpt-5.2-codex",
    approvalPolicy: "untrusted",
    ephemeral: true,
    tools: [stock],
  }),
);
await thread.submit({ type: "user_input", items: [{ type: "text", text: "Order bolts." }] });

const said: string[] = [];
for await (const { msg } of thread.events()) {
  if (msg.type === "exec_approval_request") {
    console.log(`asked for: ${msg.command.join(" ")}`);
    await thread.submit({ type: "exec_approval", id: msg.call_id, decision: "denied" });
  }
  if (msg.type === "agent_message") {
    said.push(msg.message);
    console.log(msg.message);
  }
  if (msg.type === "task_complete") break;
}

assert.deepEqual(said, ["17 bolts are in stock; the order was not allowed."]);
const outputs = JSON.stringify(model.requests.at(-1)?.input);
assert.match(outputs, /"output":"17"/);
assert.match(outputs, /reject/);
await thread.shutdown();
await rm(folder, { recursive: true });
