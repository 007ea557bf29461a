import {
  createHooks,
  type FunctionHookOptions,
  functionHook,
  type HookEventName,
  type HookHandler,
} from "@codex-ts/hooks";
import { functionCall, message, respond } from "@codex-ts/scripted-model";
import { describe, expect, test } from "vitest";
import { itemLabel, labels, say, type ThreadWorld, threadWorld } from "./testing/thread-world.ts";

const command = (cmd: string, callId: string) =>
  functionCall({ name: "exec_command", args: { cmd }, callId });

function hook<E extends HookEventName>(
  event: E,
  run: FunctionHookOptions<E>["run"],
  matcher?: string,
): HookHandler {
  return functionHook(event, { name: "test", run, ...(matcher === undefined ? {} : { matcher }) });
}

async function withHooks(
  world: ThreadWorld,
  ...handlers: readonly HookHandler[]
): Promise<Awaited<ReturnType<ThreadWorld["manager"]["startThread"]>>["thread"]> {
  const hooks = createHooks({ handlers });
  return (await world.manager.startThread({ ...world.config, hooks })).thread;
}

const sent = (world: ThreadWorld, request: number) =>
  world.model.requests[request]?.input.slice(2).map(itemLabel);

test("a rollback keeps what a session's start told: no later turn tells it again", async () => {
  await using world = await threadWorld({ script: [respond([message("ok")])] });
  const thread = await withHooks(
    world,
    hook("SessionStart", () => ({
      hookSpecificOutput: { hookEventName: "SessionStart", additionalContext: "start" },
    })),
    hook("UserPromptSubmit", ({ prompt }) => ({
      hookSpecificOutput: {
        hookEventName: "UserPromptSubmit",
        additionalContext: `about ${prompt}`,
      },
    })),
  );
  await say(thread, "one");
  await thread.submit({ type: "thread_rollback", num_turns: 1 });
  await say(thread, "two");
  const told = [
    'developer "start"',
    "developer permissions instructions",
    "user environment_context",
    'user "two"',
    'developer "about two"',
  ];
  expect(world.model.requests[1]?.input.map(itemLabel)).toEqual(told);

  await thread.shutdown();
  if (thread.rolloutPath === null) throw new Error("the thread has no session file");
  const { thread: resumed } = await world.manager.resumeThread(world.config, thread.rolloutPath);
  await say(resumed, "three");
  expect(world.model.requests[2]?.input.map(itemLabel)).toEqual([
    ...told,
    'assistant "ok"',
    'user "three"',
  ]);
});

test("a start's and a prompt's contexts stand around the prompt, once", async () => {
  await using world = await threadWorld({ script: [respond([message("ok")])] });
  const sources: string[] = [];
  const thread = await withHooks(
    world,
    hook("SessionStart", ({ source }) => {
      sources.push(source);
      return { hookSpecificOutput: { hookEventName: "SessionStart", additionalContext: "start" } };
    }),
    hook("UserPromptSubmit", ({ prompt }) => ({
      hookSpecificOutput: {
        hookEventName: "UserPromptSubmit",
        additionalContext: `about ${prompt}`,
      },
    })),
  );
  const events = labels(await say(thread, "one"));
  await say(thread, "two");
  expect(sources).toEqual(["startup"]);
  expect(sent(world, /*request*/ 1)).toEqual([
    'developer "start"',
    'user "one"',
    'developer "about one"',
    'assistant "ok"',
    'user "two"',
    'developer "about two"',
  ]);
  expect(events.filter((label) => label.startsWith("hook_"))).toEqual([
    "hook_started",
    "hook_completed",
    "hook_started",
    "hook_completed",
  ]);
});

test("a refused prompt is not recorded, and no request is sent", async () => {
  await using world = await threadWorld({ script: [respond([message("ok")])] });
  const thread = await withHooks(
    world,
    hook("UserPromptSubmit", ({ prompt }) =>
      prompt.includes("secret") ? { decision: "block", reason: "no secrets" } : undefined,
    ),
  );
  const events = await say(thread, "my secret");
  expect(events.at(-1)?.msg).toMatchObject({ type: "task_complete", last_agent_message: null });
  expect(world.model.requests).toHaveLength(0);
  await say(thread, "fine");
  expect(sent(world, /*request*/ 0)).toEqual(['user "fine"']);
});

test("once the hooks are shut down nothing passes that they would have been asked about", async () => {
  await using world = await threadWorld({
    script: [respond([command("echo no > file", "c1")]), respond([message("ok")])],
  });
  const handlers = [hook("PreToolUse", () => hooks[Symbol.asyncDispose]())];
  const hooks = createHooks({ handlers });
  const { thread } = await world.manager.startThread({ ...world.config, hooks });
  await say(thread, "go");
  expect(world.model.requests[1]?.input.at(-1)).toMatchObject({
    output: "Not run: the hooks that are to be asked first have been shut down.",
  });
});

describe("tool calls", () => {
  test("a refused call does not run, has no events, and is answered with the reason", async () => {
    await using world = await threadWorld({
      script: [respond([command("echo no > file", "c1")]), respond([message("ok")])],
    });
    const thread = await withHooks(
      world,
      hook("PreToolUse", ({ tool_name, tool_input }) => {
        expect([tool_name, tool_input]).toEqual(["Bash", { command: "echo no > file" }]);
        return { decision: "block", reason: "read only today" };
      }),
    );
    const events = labels(await say(thread, "go"));
    expect(events).not.toContain("exec_command_begin");
    expect(world.model.requests[1]?.input.at(-1)).toEqual({
      type: "function_call_output",
      call_id: "c1",
      output: "Blocked by a PreToolUse hook: read only today\nCommand: echo no > file",
    });
  });

  test("feedback replaces the output, and context follows it", async () => {
    await using world = await threadWorld({
      script: [respond([command("echo private", "c1")]), respond([message("ok")])],
    });
    const thread = await withHooks(
      world,
      hook("PostToolUse", ({ tool_response }) => {
        expect(tool_response).toBe("private\n");
        return {
          decision: "block",
          reason: "withheld",
          hookSpecificOutput: { hookEventName: "PostToolUse", additionalContext: "be careful" },
        };
      }),
    );
    await say(thread, "go");
    expect(world.model.requests[1]?.input.slice(-2)).toEqual([
      { type: "function_call_output", call_id: "c1", output: "withheld" },
      {
        type: "message",
        role: "developer",
        content: [{ type: "input_text", text: "be careful" }],
      },
    ]);
  });

  test("patches are covered under their own name and those of other agents", async () => {
    await using world = await threadWorld({
      script: [
        respond([functionCall({ name: "update_plan", args: { plan: [] }, callId: "c1" })]),
        respond([message("ok")]),
      ],
    });
    const names: string[] = [];
    const thread = await withHooks(
      world,
      hook(
        "PreToolUse",
        ({ tool_name }) => {
          names.push(tool_name);
          return undefined;
        },
        "TodoWrite",
      ),
    );
    await say(thread, "go");
    expect(names).toEqual(["update_plan"]);
  });
});

test("a Stop hook lets the model go on with a marked message, and knows that it did", async () => {
  await using world = await threadWorld({
    script: [respond([message("one")]), respond([message("two")])],
  });
  const seen: [boolean, string | null][] = [];
  const thread = await withHooks(
    world,
    hook("Stop", ({ stop_hook_active, last_assistant_message }) => {
      seen.push([stop_hook_active, last_assistant_message]);
      return stop_hook_active ? undefined : { decision: "block", reason: "run the <tests>" };
    }),
  );
  const events = await say(thread, "go");
  expect(seen).toEqual([
    [false, "one"],
    [true, "two"],
  ]);
  expect(world.model.requests[1]?.input.at(-1)).toMatchObject({
    role: "user",
    content: [
      {
        text: expect.stringMatching(
          /^<hook_prompt hook_run_id="stop:[^"]+">run the &lt;tests&gt;<\/hook_prompt>$/,
        ) as string,
      },
    ],
  });
  expect(events.at(-1)?.msg).toMatchObject({ type: "task_complete", last_agent_message: "two" });
  expect(labels(events).filter((label) => label === "task_complete")).toHaveLength(1);
});
