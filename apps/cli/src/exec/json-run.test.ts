import { readFile } from "node:fs/promises";
import nodePath from "node:path";
import {
  customToolCall,
  functionCall,
  httpError,
  item,
  message,
  rawReasoning,
  reasoning,
  respond,
} from "@codex-ts/scripted-model";
import { expect, test, beforeAll } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { version } from "../version.ts";
import { cliWorld } from "../testing/cli.ts";

beforeAll(builtCli, buildTimeoutMs);

const command = (cmd: string, callId: string) =>
  functionCall({ name: "exec_command", args: { cmd }, callId });
const plan = (callId: string, ...statuses: readonly string[]) =>
  functionCall({
    name: "update_plan",
    args: { plan: statuses.map((status, index) => ({ step: `step ${index}`, status })) },
    callId,
  });
const anyId = expect.stringMatching(/^[0-9a-f-]{36}$/) as string;

test("every kind of item, its events in order, its id from start to end", async () => {
  await using world = await cliWorld({
    script: [
      respond([reasoning("**Look**"), rawReasoning("not for readers"), plan("p1", "in_progress")]),
      respond([command("echo out; echo err >&2; exit 3", "c1")]),
      respond([
        customToolCall({
          name: "apply_patch",
          input:
            "*** Begin Patch\n*** Add File: new.txt\n+new\n*** Update File: a.txt\n@@\n-a\n+b\n*** End Patch\n",
          callId: "c2",
        }),
      ]),
      respond([
        customToolCall({ name: "apply_patch", input: "no patch", callId: "c3" }),
        plan("p2", "completed"),
      ]),
      respond(
        [
          item({
            type: "web_search_call",
            id: "ws_1",
            status: "completed",
            action: { type: "search", query: "weather" },
          }),
          message("All done."),
        ],
        { usage: { input: 50, cached: 20, output: 5 } },
      ),
    ],
  });
  const run = await world.run(["exec", "--json", "-s", "workspace-write", "go"]);
  expect(run.events()).toEqual([
    {
      type: "thread.started",
      thread_id: anyId,
      schema_version: 1,
      cli_version: version,
    },
    { type: "turn.started" },
    { type: "item.completed", item: { id: "item_0", type: "reasoning", text: "**Look**" } },
    {
      type: "item.started",
      item: {
        id: "item_1",
        type: "todo_list",
        items: [{ text: "step 0", completed: false }],
      },
    },
    {
      type: "item.started",
      item: {
        id: "item_2",
        type: "command_execution",
        command: "/bin/bash -lc 'echo out; echo err >&2; exit 3'",
        aggregated_output: "",
        exit_code: null,
        status: "in_progress",
      },
    },
    {
      type: "item.completed",
      item: {
        id: "item_2",
        type: "command_execution",
        command: "/bin/bash -lc 'echo out; echo err >&2; exit 3'",
        aggregated_output: expect.stringMatching(/^(?:out\nerr|err\nout)\n$/) as string,
        exit_code: 3,
        status: "failed",
      },
    },
    {
      type: "item.started",
      item: {
        id: "item_3",
        type: "file_change",
        changes: [
          { path: nodePath.join(world.repository, "new.txt"), kind: "add" },
          { path: nodePath.join(world.repository, "a.txt"), kind: "update" },
        ],
        status: "in_progress",
      },
    },
    {
      type: "item.completed",
      item: {
        id: "item_3",
        type: "file_change",
        changes: [
          { path: nodePath.join(world.repository, "new.txt"), kind: "add" },
          { path: nodePath.join(world.repository, "a.txt"), kind: "update" },
        ],
        status: "completed",
      },
    },
    {
      type: "item.updated",
      item: { id: "item_1", type: "todo_list", items: [{ text: "step 0", completed: true }] },
    },
    {
      type: "item.started",
      item: {
        id: "item_4",
        type: "web_search",
        search_id: "ws_1",
        query: "weather",
        action: { type: "search", query: "weather" },
      },
    },
    {
      type: "item.completed",
      item: {
        id: "item_4",
        type: "web_search",
        search_id: "ws_1",
        query: "weather",
        action: { type: "search", query: "weather" },
      },
    },
    { type: "item.completed", item: { id: "item_5", type: "agent_message", text: "All done." } },
    {
      type: "item.completed",
      item: { id: "item_1", type: "todo_list", items: [{ text: "step 0", completed: true }] },
    },
    {
      type: "turn.completed",
      usage: { input_tokens: 450, cached_input_tokens: 20, output_tokens: 45 },
      turn_usage: { input_tokens: 450, cached_input_tokens: 20, output_tokens: 45 },
    },
  ]);
  expect(run.code).toBe(0);
  expect(await readFile(nodePath.join(world.repository, "a.txt"), "utf8")).toBe("b\n");
});

test("the usage of a resumed thread counts its earlier turns, turn_usage does not", async () => {
  await using world = await cliWorld({
    script: [respond([message("ok")], { usage: { input: 100, cached: 20, output: 10 } })],
  });
  await world.run(["exec", "one"]);
  const run = await world.run(["exec", "--json", "resume", "--last", "two"]);
  expect(run.events().at(-1)).toEqual({
    type: "turn.completed",
    usage: { input_tokens: 200, cached_input_tokens: 40, output_tokens: 20 },
    turn_usage: { input_tokens: 100, cached_input_tokens: 20, output_tokens: 10 },
  });
});

test("warnings are error items, and do not make the run fail", async () => {
  await using world = await cliWorld({ script: [respond([message("ok")])] });
  const run = await world.run(["exec", "--json", "-m", "a-model-of-tomorrow", "hi"]);
  expect(run.code).toBe(0);
  expect(run.events().filter(({ type }) => type === "item.completed")[0]).toEqual({
    type: "item.completed",
    item: {
      id: "item_0",
      type: "error",
      message: expect.stringContaining("a-model-of-tomorrow") as string,
    },
  });
});

test("a failed turn has an error event, and turn.failed with the same words as the last line", async () => {
  await using world = await cliWorld({
    script: [httpError(/*status*/ 400, { error: { message: "this model does not exist" } })],
  });
  const run = await world.run(["exec", "--json", "hi"]);
  const [error, failed, ...more] = run.events().slice(2);
  expect(more).toEqual([]);
  expect(error?.type).toBe("error");
  expect(failed).toEqual({
    type: "turn.failed",
    error: {
      message: expect.stringContaining("this model does not exist") as string,
      code: "other",
    },
  });
  expect(run.code).toBe(1);
});
