// The Codex SDK as npm has it, pointed at our launcher.
import { readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import nodePath from "node:path";
import { functionCall, hangingStream, httpError, message, respond } from "@codex-ts/scripted-model";
import { childrenOf, waitFor } from "@codex-ts/test-support";
import { Codex, type ThreadEvent, type ThreadOptions } from "@openai/codex-sdk";
import { expect, test, beforeAll } from "vitest";
import { buildTimeoutMs, builtCli } from "./testing/built-cli.ts";
import { type CliWorld, cliWorld, type CliWorldOptions } from "./testing/cli.ts";

beforeAll(builtCli, buildTimeoutMs);

interface SdkWorld extends AsyncDisposable {
  readonly world: CliWorld;
  readonly codex: Codex;
  readonly options: ThreadOptions;
}

async function sdkWorld(
  script: CliWorldOptions["script"],
  env: Readonly<Record<string, string>> = {},
): Promise<SdkWorld> {
  const world = await cliWorld({ script, provider: "requires_openai_auth = true" });
  const given = Object.fromEntries(
    Object.entries({ ...world.env, ...env }).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value]],
    ),
  );
  const codex = new Codex({
    codexPathOverride: world.cli.launcher,
    apiKey: "sdk-key",
    env: given,
    config: { model_verbosity: "low" },
  });
  return {
    world,
    codex,
    options: { workingDirectory: world.repository },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

const texts = (world: CliWorld, index: number): readonly string[] =>
  (world.model.requests[index]?.input ?? []).flatMap((item) =>
    item.type === "message"
      ? item.content.flatMap((part) => (part.type === "input_image" ? ["(image)"] : [part.text]))
      : [],
  );

test("a thread runs, goes on, and is resumed by its id", async () => {
  await using sdk = await sdkWorld([
    respond([functionCall({ name: "exec_command", args: { cmd: "echo out" }, callId: "c1" })]),
    respond([message("first answer")]),
    respond([message("second answer")]),
    respond([message("third answer")]),
  ]);
  const thread = sdk.codex.startThread(sdk.options);
  const first = await thread.run([
    { type: "text", text: "one" },
    { type: "text", text: "more" },
  ]);
  expect(first).toEqual({
    items: [
      {
        id: "item_0",
        type: "command_execution",
        command: "/bin/bash -lc 'echo out'",
        aggregated_output: "out\n",
        exit_code: 0,
        status: "completed",
      },
      { id: "item_1", type: "agent_message", text: "first answer" },
    ],
    finalResponse: "first answer",
    usage: { input_tokens: 200, cached_input_tokens: 0, output_tokens: 20 },
  });
  expect(texts(sdk.world, /*index*/ 0).at(-1)).toBe("one\n\nmore");
  expect(sdk.world.model.requests[0]?.headers).toMatchObject({
    authorization: "Bearer sdk-key",
    originator: "codex_sdk_ts",
  });

  expect((await thread.run("two")).finalResponse).toBe("second answer");
  expect(texts(sdk.world, /*index*/ 2).slice(-2)).toEqual(["first answer", "two"]);

  if (thread.id === null) throw new Error("the thread has no id");
  const resumed = sdk.codex.resumeThread(thread.id, sdk.options);
  expect((await resumed.run("three")).finalResponse).toBe("third answer");
  expect(texts(sdk.world, /*index*/ 3).slice(-2)).toEqual(["second answer", "three"]);
  expect(await sdk.world.sessionFiles()).toHaveLength(1);
});

test("events stream while the turn goes on", async () => {
  const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>();
  await using sdk = await sdkWorld(async (_request, index) => {
    if (index === 0)
      return respond([functionCall({ name: "exec_command", args: { cmd: "true" }, callId: "c1" })]);
    await mayAnswer;
    return respond([message("done")]);
  });
  const { events } = await sdk.codex.startThread(sdk.options).runStreamed("go");
  const seen: ThreadEvent["type"][] = [];
  for await (const event of events) {
    seen.push(event.type);
    if (event.type === "item.completed") answer();
  }
  expect(seen).toEqual([
    "thread.started",
    "turn.started",
    "item.started",
    "item.completed",
    "item.completed",
    "turn.completed",
  ]);
});

test("options of a thread and of a turn reach the request", async () => {
  await using sdk = await sdkWorld([respond([message('{"answer":1}')])]);
  const image = nodePath.join(sdk.world.repository, "p.png");
  await writeFile(
    image,
    Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
      "base64",
    ),
  );
  const schema = { type: "object", properties: { answer: { type: "number" } } };
  const turn = await sdk.codex
    .startThread({
      ...sdk.options,
      model: "gpt-5.1",
      sandboxMode: "workspace-write",
      modelReasoningEffort: "high",
      networkAccessEnabled: true,
      webSearchMode: "live",
      approvalPolicy: "on-request",
      additionalDirectories: [sdk.world.home],
    })
    .run(
      [
        { type: "text", text: "look" },
        { type: "local_image", path: image },
      ],
      { outputSchema: schema },
    );
  expect(turn.finalResponse).toBe('{"answer":1}');
  const body = sdk.world.model.requests[0]?.body as Readonly<Record<string, unknown>>;
  expect(body).toMatchObject({
    model: "gpt-5.1",
    reasoning: { effort: "high" },
    text: {
      verbosity: "low",
      format: { type: "json_schema", strict: true, schema, name: "codex_output_schema" },
    },
  });
  expect(body["tools"]).toContainEqual({ type: "web_search", external_web_access: true });
  expect(texts(sdk.world, /*index*/ 0)).toContain("(image)");
  const permissions = texts(sdk.world, /*index*/ 0)[0];
  expect(permissions).toContain("`workspace-write`");
  expect(permissions).toContain(sdk.world.home);
  const left = (await readdir(tmpdir())).filter((name) => name.startsWith("codex-output-schema-"));
  expect(left).toEqual([]);
});

test("a failed turn rejects with the reason, also when it never got through", async () => {
  await using sdk = await sdkWorld([
    httpError(/*status*/ 400, { error: { message: "no such model" } }),
  ]);
  const thread = sdk.codex.startThread(sdk.options);
  await expect(thread.run("go")).rejects.toThrow(/no such model/);
  await using broken = await sdkWorld([respond([])].map((reply) => ({ ...reply, chunks: [] })));
  await expect(broken.codex.startThread(broken.options).run("go")).rejects.toThrow(
    /^stream disconnected before completion/,
  );
});

test("a large prompt for a run that is refused is an error in words, not a broken pipe", async () => {
  await using sdk = await sdkWorld([respond([message("ok")])]);
  const thread = sdk.codex.startThread({ workingDirectory: sdk.world.home });
  await expect(thread.run("x".repeat(2_000_000))).rejects.toThrow(/--skip-git-repo-check/);
});

test("an abort in mid-turn rejects, ends the process and its commands, and can be gone on from", async () => {
  await using sdk = await sdkWorld([
    respond([functionCall({ name: "exec_command", args: { cmd: "sleep 300" }, callId: "c1" })]),
    respond([message("resumed")]),
  ]);
  const before = new Set(childrenOf(process.pid));
  const stop = new AbortController();
  const thread = sdk.codex.startThread(sdk.options);
  const { events } = await thread.runStreamed("go", { signal: stop.signal });
  const reading = (async () => {
    for await (const event of events) if (event.type === "item.started") stop.abort();
  })();
  await expect(reading).rejects.toThrow(/abort/i);
  await waitFor(() => childrenOf(process.pid).every((pid) => before.has(pid)));
  expect((await thread.run("again")).finalResponse).toBe("resumed");
  expect(texts(sdk.world, /*index*/ 1).some((text) => text.includes("<turn_aborted>"))).toBe(true);
});

test("an abort before and during a silent stream rejects", async () => {
  await using sdk = await sdkWorld([hangingStream()]);
  const thread = sdk.codex.startThread(sdk.options);
  await expect(thread.run("go", { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  const stop = new AbortController();
  const running = thread.run("go", { signal: stop.signal });
  await sdk.world.model.waitForRequests(/*count*/ 1);
  stop.abort();
  await expect(running).rejects.toThrow(/abort|interrupted/i);
});

test("commands see the environment that the SDK was given, and nothing else of ours", async () => {
  await using sdk = await sdkWorld(
    [
      respond([
        functionCall({
          name: "exec_command",
          args: { cmd: 'echo "<$GIVEN|$VITEST>"', login: false },
          callId: "c1",
        }),
      ]),
      respond([message("ok")]),
    ],
    { GIVEN: "yes" },
  );
  const { items } = await sdk.codex.startThread(sdk.options).run("go");
  expect(items[0]).toMatchObject({ aggregated_output: "<yes|>\n" });
});
