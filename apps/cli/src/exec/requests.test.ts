import { mkdir, readFile, writeFile } from "node:fs/promises";
import nodePath from "node:path";
import { baseInstructions } from "@codex-ts/models";
import {
  customToolCall,
  functionCall,
  message,
  reasoning,
  respond,
  type ReceivedRequest,
} from "@codex-ts/scripted-model";
import { expect, test, beforeAll } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { type CliWorld, cliWorld } from "../testing/cli.ts";

beforeAll(builtCli, buildTimeoutMs);

interface Body {
  readonly tools: readonly { readonly type: string; readonly name?: string }[];
  readonly [key: string]: unknown;
}

const text = (value: string) => ({ type: "input_text", text: value });
const user = (...texts: readonly string[]) => ({
  type: "message",
  role: "user",
  content: texts.map(text),
});
const output = (callId: string, value: string) => ({
  type: "function_call_output",
  call_id: callId,
  output: value,
});

/** What differs from run to run, replaced by words. */
function masked(value: unknown, world: CliWorld): unknown {
  const json = JSON.stringify(value)
    .replaceAll(world.repository, "REPOSITORY")
    .replaceAll(/\d{4}-\d\d-\d\d(?=<)/g, "DATE")
    .replaceAll(/<timezone>[^<]+/g, "<timezone>ZONE")
    .replaceAll(/Chunk ID: \w+/g, "Chunk ID: CHUNK")
    .replaceAll(/Wall time: [\d.]+/g, "Wall time: TIME")
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "UUID");
  return JSON.parse(json) as unknown;
}

const bodyOf = (request: ReceivedRequest | undefined): Body => request?.body as Body;

test("the requests of a run with a command and a patch, whole", async () => {
  await using world = await cliWorld({
    files: { "a.txt": "a\n", "AGENTS.md": "Be brief." },
    script: [
      respond([
        reasoning("Look first"),
        functionCall({ name: "exec_command", args: { cmd: "cat a.txt; exit 2" }, callId: "c1" }),
        customToolCall({
          name: "apply_patch",
          input: "*** Begin Patch\n*** Update File: a.txt\n@@\n-a\n+b\n*** End Patch\n",
          callId: "c2",
        }),
        functionCall({
          name: "update_plan",
          args: { plan: [{ step: "s", status: "pending" }] },
          callId: "c3",
        }),
      ]),
      respond([message("Done.")]),
    ],
  });
  await world.run(["exec", "-s", "workspace-write", "go"]);

  const [first, second] = world.model.requests.map(bodyOf);
  const { instructions, ...sent } = masked(first, world) as Body;
  expect(instructions).toBe(masked(baseInstructions, world));
  const { tools, ...rest } = sent;
  expect(tools.map(({ type, name }) => name ?? type)).toEqual([
    "exec_command",
    "write_stdin",
    "update_plan",
    "apply_patch",
    "web_search",
    "view_image",
  ]);
  const context = [
    {
      type: "message",
      role: "developer",
      content: [text(expect.stringContaining("`workspace-write`") as string)],
    },
    user(
      "# AGENTS.md instructions for REPOSITORY\n\n<INSTRUCTIONS>\nBe brief.\n</INSTRUCTIONS>",
      "<environment_context>\n  <cwd>REPOSITORY</cwd>\n  <shell>bash</shell>\n  <current_date>DATE</current_date>\n  <timezone>ZONE</timezone>\n</environment_context>",
    ),
    user("go"),
  ];
  expect(rest).toEqual({
    model: "gpt-5.2-codex",
    input: context,
    tool_choice: "auto",
    parallel_tool_calls: true,
    reasoning: { effort: "medium", summary: "auto" },
    store: false,
    stream: true,
    include: ["reasoning.encrypted_content"],
    prompt_cache_key: "UUID",
  });

  const { input, ...same } = masked(second, world) as Body;
  expect({ ...same, input: context }).toEqual({ ...sent, instructions });
  expect(input).toEqual([
    ...context,
    {
      type: "reasoning",
      summary: [{ type: "summary_text", text: "Look first" }],
      content: null,
      encrypted_content: "c2NyaXB0ZWQ=",
    },
    {
      type: "function_call",
      name: "exec_command",
      arguments: '{"cmd":"cat a.txt; exit 2"}',
      call_id: "c1",
    },
    {
      type: "custom_tool_call",
      status: "completed",
      call_id: "c2",
      name: "apply_patch",
      input: "*** Begin Patch\n*** Update File: a.txt\n@@\n-a\n+b\n*** End Patch\n",
    },
    {
      type: "function_call",
      name: "update_plan",
      arguments: '{"plan":[{"step":"s","status":"pending"}]}',
      call_id: "c3",
    },
    output(
      "c1",
      "Command: /bin/bash -lc 'cat a.txt; exit 2'\nChunk ID: CHUNK\nWall time: TIME seconds\nProcess exited with code 2\nOriginal token count: 1\nOutput:\na\n",
    ),
    {
      type: "custom_tool_call_output",
      call_id: "c2",
      output:
        "Exit code: 0\nWall time: TIME seconds\nOutput:\nSuccess. Updated the following files:\nM a.txt\n",
    },
    output("c3", "Plan updated"),
  ]);
});

test("the headers name the thread and the program, and carry the key of CODEX_API_KEY", async () => {
  await using world = await cliWorld({
    script: [respond([message("ok")])],
    provider: "requires_openai_auth = true",
  });
  const run = await world.run(["exec", "--json", "hi"], { env: { CODEX_API_KEY: "dummy" } });
  const [started] = run.events();
  if (started?.type !== "thread.started") throw new Error(run.stderr);
  const { headers } = world.model.requests[0] ?? {};
  expect(headers).toMatchObject({
    authorization: "Bearer dummy",
    accept: "text/event-stream",
    "content-type": "application/json",
    originator: "codex-ts",
    session_id: started.thread_id,
    "x-client-request-id": started.thread_id,
  });
  expect(headers?.["user-agent"]).toMatch(/^codex-ts\/\d/);
  expect(JSON.parse(String(headers?.["x-codex-turn-metadata"]))).toMatchObject({
    session_id: started.thread_id,
    sandbox: "seccomp",
  });
});

test("another program's name is sent where the override asks for it", async () => {
  await using world = await cliWorld({ script: [respond([message("ok")])] });
  await world.run(["exec", "hi"], { env: { CODEX_INTERNAL_ORIGINATOR_OVERRIDE: "my_ci" } });
  expect(world.model.requests[0]?.headers).toMatchObject({ originator: "my_ci" });
});

test("an output schema is sent as a strict format", async () => {
  await using world = await cliWorld({ script: [respond([message("{}")])] });
  const schema = { type: "object", properties: {}, additionalProperties: false };
  await writeFile(nodePath.join(world.repository, "schema.json"), JSON.stringify(schema));
  await world.run(["exec", "--output-schema", "schema.json", "hi"]);
  expect(bodyOf(world.model.requests[0])["text"]).toEqual({
    format: { type: "json_schema", strict: true, schema, name: "codex_output_schema" },
  });
});

test("images come before the text, those of flags in front of resume first", async () => {
  await using world = await cliWorld({ script: [respond([message("ok")])] });
  const png = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  );
  const files = ["1.png", "2.png", "3.png"];
  for (const file of files) await writeFile(nodePath.join(world.repository, file), png);
  await world.run(["exec", "one"]);
  const run = await world.run(
    ["exec", "-i", "1.png,2.png", "resume", "--last", "-i", "3.png", "look"],
    {},
  );
  expect(run.stderr).not.toContain("Error");
  const last = world.model.requests[1]?.input.at(-1);
  if (last?.type !== "message") throw new Error("no message");
  const url = `data:image/png;base64,${png.toString("base64")}`;
  expect(last.content.filter(({ type }) => type === "input_image")).toEqual(
    files.map(() => expect.objectContaining({ image_url: url }) as unknown),
  );
  expect(last.content.at(-1)).toEqual(text("look"));
});

test("flags beat -c, -c beats the profile, the profile beats the file", async () => {
  await using world = await cliWorld({
    script: [respond([message("ok")])],
    config: 'model_reasoning_effort = "low"',
    tables: '[profiles.p]\nmodel_reasoning_effort = "high"\nmodel = "gpt-5.1-codex"',
  });
  const sent = async (...args: readonly string[]): Promise<readonly unknown[]> => {
    await world.run(["exec", ...args, "hi"]);
    const body = bodyOf(world.model.requests.at(-1));
    return [body["model"], (body["reasoning"] as { readonly effort: string }).effort];
  };
  expect(await sent()).toEqual(["gpt-5.2-codex", "low"]);
  expect(await sent("-p", "p")).toEqual(["gpt-5.1-codex", "high"]);
  expect(await sent("-p", "p", "-c", "model_reasoning_effort=medium")).toEqual([
    "gpt-5.1-codex",
    "medium",
  ]);
  expect(await sent("-p", "p", "-c", "model=x", "-m", "gpt-5.2-codex")).toEqual([
    "gpt-5.2-codex",
    "high",
  ]);
});

test("-C and --add-dir set where the agent works and what it may write", async () => {
  await using world = await cliWorld({
    script: [
      respond([
        functionCall({
          name: "exec_command",
          args: { cmd: 'pwd; echo x > "$OTHER/x"; echo y > ../y' },
          callId: "c1",
        }),
      ]),
      respond([message("ok")]),
    ],
  });
  const folder = nodePath.join(world.repository, "folder");
  const other = nodePath.join(world.home, "../other");
  await mkdir(folder);
  await mkdir(other);
  await world.run(
    ["exec", "-C", "folder", "-s", "workspace-write", "--add-dir", other, "go"].concat([
      "-c",
      "sandbox_workspace_write.exclude_slash_tmp=true",
      "-c",
      "sandbox_workspace_write.exclude_tmpdir_env_var=true",
    ]),
    { env: { OTHER: other } },
  );
  const answer = JSON.stringify(world.model.requests[1]?.input.at(-1));
  expect(answer).toContain(folder);
  expect(await readFile(nodePath.join(other, "x"), "utf8")).toBe("x\n");
  await expect(readFile(nodePath.join(world.repository, "y"))).rejects.toThrow(/ENOENT/);
});

test("the settings of the web search reach the request, the profile's field by field over the others", async () => {
  await using world = await cliWorld({
    script: [respond([message("ok")])],
    tables: `
[tools.web_search]
context_size = "low"
allowed_domains = ["example.com"]
location = { country = "NL", city = "Delft" }
[profiles.near.tools.web_search]
context_size = "high"
`,
  });
  expect((await world.run(["exec", "-p", "near", "go"])).code).toBe(0);
  const { tools } = bodyOf(world.model.requests[0]);
  expect(tools.find(({ type }) => type === "web_search")).toEqual({
    type: "web_search",
    external_web_access: false,
    filters: { allowed_domains: ["example.com"] },
    user_location: { type: "approximate", country: "NL", city: "Delft" },
    search_context_size: "high",
  });
});

test("a friendly tone is asked of the model where the settings want one, and not with the feature off", async () => {
  await using world = await cliWorld({ script: [respond([message("ok")])] });
  const asks = async (...args: readonly string[]): Promise<boolean> => {
    await world.run(["exec", ...args, "hi"]);
    return JSON.stringify(world.model.requests.at(-1)?.input).includes("<personality_spec>");
  };
  expect(await asks()).toBe(false);
  expect(await asks("-c", "personality=friendly")).toBe(true);
  expect(await asks("-c", "personality=friendly", "--disable", "personality")).toBe(false);
});
