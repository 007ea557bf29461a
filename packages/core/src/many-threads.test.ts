// A hundred threads in one process, each with a home, a credential and a clock of its own.
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { createLocalEnvironment } from "@codex-ts/exec-server";
import { createHttpTransport } from "@codex-ts/http-client";
import { bundledCatalogue, lookUpModel } from "@codex-ts/models";
import { createResponsesClient } from "@codex-ts/responses-client";
import { createSandbox } from "@codex-ts/sandboxing";
import { functionCall, message, respond, startScriptedModel } from "@codex-ts/scripted-model";
import { abs, temporaryDirectory, waitFor } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import { threadConfig, ThreadManager } from "./index.ts";
import { eventsUntil, turnEnded } from "./testing/thread-world.ts";

const THREADS = 100;

/** The sockets, files and processes that hold this process open; timers are the test runner's too. */
function handles(): readonly string[] {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => kind !== "Timeout")
    .toSorted();
}

test("nothing of one thread is seen by another, and ending them leaves nothing open", async () => {
  const before = handles();
  {
    await using stack = new AsyncDisposableStack();
    const root = abs(stack.use(await temporaryDirectory()).path);
    const model = stack.use(
      await startScriptedModel({
        script: ({ input }) =>
          respond([
            input.at(-1)?.type === "function_call_output"
              ? message("done")
              : functionCall({
                  name: "update_plan",
                  args: { plan: [{ step: JSON.stringify(input.at(-1)), status: "pending" }] },
                  callId: "c1",
                }),
          ]),
      }),
    );
    const env = { PATH: process.env["PATH"], HOME: root };
    const sandbox = stack.use(createSandbox({ env, cwd: root }));
    const environment = stack.use(createLocalEnvironment({ sandbox }));
    const hostOf = (index: number) => {
      const transport = stack.use(createHttpTransport({ env: {} }));
      return {
        codexHome: join(root, `home-${index}`),
        now: () => new Date(Date.UTC(2026, 0, 1 + index, 12)),
        env: { ...env, SECRET: `env-${index}` },
        responses: createResponsesClient({
          endpoint: {
            name: "Test",
            baseUrl: model.url,
            queryParams: {},
            headers: {},
            requestMaxRetries: 0,
            streamMaxRetries: 0,
            streamIdleTimeoutMs: 60_000,
            supportsWebsockets: false,
            websocketConnectTimeoutMs: 1000,
            storesResponses: false,
          },
          auth: {
            current: () => Promise.resolve({ kind: "api_key", bearer: `key-${index}` }),
            recover: () => Promise.resolve(false),
          },
          transport,
        }),
      };
    };
    const manager = stack.use(
      new ThreadManager({
        ...hostOf(/*index*/ 0),
        environment,
        lookUpModel: (name) => lookUpModel(bundledCatalogue, name),
        shell: { kind: "bash", path: "/bin/bash" },
        originator: "core_test",
        version: "0.0.0",
        source: "exec",
        timezone: "UTC",
      }),
    );
    await mkdir(join(root, "work"));
    const config = threadConfig({ cwd: join(root, "work"), model: "gpt-5.2-codex" });
    const ids = await Promise.all(
      Array.from({ length: THREADS }, async (_, index) => {
        const { thread } = await manager.startThread({ ...config, host: hostOf(index) });
        await thread.submit({
          type: "user_input",
          items: [{ type: "text", text: `secret-${index}.` }],
        });
        await eventsUntil(thread, turnEnded);
        await thread.shutdown();
        return thread.id;
      }),
    );
    expect(model.requests).toHaveLength(2 * THREADS);
    for (const { headers, body } of model.requests) {
      const index = ids.findIndex((id) => id === headers["session_id"]);
      const text = JSON.stringify(body);
      expect([headers.authorization, [...new Set(text.match(/secret-\d+\./g))]]).toEqual([
        `Bearer key-${index}`,
        [`secret-${index}.`],
      ]);
      expect(text).toContain(new Date(Date.UTC(2026, 0, 1 + index)).toISOString().slice(0, 10));
    }
    for (const [index, id] of ids.entries()) {
      const home = join(root, `home-${index}`);
      const files = (await readdir(home, { recursive: true })).filter((name) =>
        name.endsWith(".jsonl"),
      );
      expect(files).toEqual([expect.stringContaining(id)]);
      const text = await readFile(join(home, files[0] ?? ""), "utf8");
      expect([...new Set(text.match(/secret-\d+\./g))]).toEqual([`secret-${index}.`]);
      expect(text).not.toMatch(/key-\d|env-\d/);
    }
  }
  await waitFor(() => handles().length === before.length);
  expect(handles()).toEqual(before);
}, 120_000);
