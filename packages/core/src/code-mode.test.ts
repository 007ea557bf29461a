import { access } from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { defaultFeatures } from "@codex-ts/features";
import { createHooks, functionHook, type HookHandler } from "@codex-ts/hooks";
import type { ResponseItem, ToolSpec } from "@codex-ts/protocol";
import {
  customToolCall,
  functionCall,
  message,
  respond,
  type Script,
} from "@codex-ts/scripted-model";
import { waitFor } from "@codex-ts/test-support";
import { createTestSyncTool, type Tool } from "@codex-ts/tools";
import { describe, expect, test } from "vitest";
import {
  eventsUntil,
  labels,
  say,
  type ThreadWorld,
  threadWorld,
  turnEnded,
} from "./testing/thread-world.ts";
import type { ThreadConfig } from "./thread-config.ts";

const exec = (input: string, callId: string) => customToolCall({ name: "exec", input, callId });
const wait = (args: object, callId: string) => functionCall({ name: "wait", args, callId });
const done = respond([message("done")]);

function codeModeWorld(script: Script, config: Partial<ThreadConfig> = {}): Promise<ThreadWorld> {
  return threadWorld({
    script,
    config: { features: defaultFeatures().with({ code_mode: true }), ...config },
  });
}

/** What the last request has as outputs of a call: its own, then notifications; wall times left out. */
function outputs(world: ThreadWorld, callId: string): readonly unknown[] {
  const input: readonly ResponseItem[] = world.model.requests.at(-1)?.input ?? [];
  return input.flatMap((item): readonly unknown[] => {
    if (item.type !== "custom_tool_call_output" && item.type !== "function_call_output") return [];
    if (item.call_id !== callId) return [];
    if (typeof item.output === "string") return [plain(item.output)];
    return [item.output.map((part) => (part.type === "input_text" ? plain(part.text) : part))];
  });
}

const plain = (text: string): string => text.replace(/\nWall time \d+\.\d seconds\nOutput:\n$/, "");

const specs = ({ model }: ThreadWorld): readonly ToolSpec[] =>
  (model.requests[0] as { readonly body: { readonly tools: readonly ToolSpec[] } }).body.tools;

const exists = async (world: ThreadWorld, name: string): Promise<boolean> =>
  access(join(world.config.cwd, name)).then(
    () => true,
    () => false,
  );

const tool = (name: string, run: Tool["run"], parts: object = {}): Tool => ({
  name,
  spec: {
    type: "function",
    name,
    description: `The tool ${name}.`,
    strict: false,
    parameters: {
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
      additionalProperties: false,
    },
    ...parts,
  },
  parallel: true,
  abortedText: () => "aborted",
  accepts: ({ kind }) => kind === "function",
  run,
});

describe("a call of a script", () => {
  test("asks the person as a direct call does, and runs when they agree", async () => {
    await using world = await codeModeWorld(
      [
        respond([
          exec(
            `const ask = (cmd) => tools.exec_command({ cmd }).then(({ output }) => output, String);
             text(await ask("touch yes && echo ran")); text(await ask("touch no"));`,
            "s1",
          ),
        ]),
        done,
      ],
      { approvalPolicy: "untrusted" },
    );
    const { thread } = await world.manager.startThread(world.config);
    await thread.submit({ type: "user_input", items: [{ type: "text", text: "go" }] });
    const ids: string[] = [];
    for (const decision of ["approved", "denied"] as const) {
      const asked = await eventsUntil(thread, ({ type }) => type === "exec_approval_request");
      const question = asked.at(-1)?.msg;
      if (question?.type !== "exec_approval_request") throw new Error("not asked");
      ids.push(question.call_id);
      await thread.submit({ type: "exec_approval", id: question.call_id, decision });
    }
    await eventsUntil(thread, turnEnded);
    expect(ids).toEqual(Array(2).fill(expect.stringMatching(/^exec-[0-9a-f-]{36}$/)));
    expect(outputs(world, "s1")).toEqual([
      ["Script completed", "ran\n", expect.stringMatching(/reject/)],
    ]);
    expect([await exists(world, "yes"), await exists(world, "no")]).toEqual([true, false]);
  });

  test("passes the lifecycle hooks, and the model is told what they want it to know", async () => {
    await using world = await codeModeWorld([
      respond([
        exec(
          `try { await tools.exec_command({ cmd: "touch refused" }); } catch (error) { text(String(error)); }
           text((await tools.exec_command({ cmd: "echo fine" })).output);`,
          "s1",
        ),
      ]),
      done,
    ]);
    const handlers: readonly HookHandler[] = [
      functionHook("PreToolUse", {
        name: "guard",
        matcher: "Bash",
        run: ({ tool_input }) =>
          JSON.stringify(tool_input).includes("refused")
            ? { decision: "block", reason: "not that one" }
            : undefined,
      }),
      functionHook("PostToolUse", {
        name: "teller",
        matcher: "Bash",
        run: () => ({
          hookSpecificOutput: { hookEventName: "PostToolUse", additionalContext: "it was fine" },
        }),
      }),
    ];
    const hooks = createHooks({ handlers });
    const { thread } = await world.manager.startThread({ ...world.config, hooks });
    await say(thread, "go");
    expect(outputs(world, "s1")).toEqual([
      [
        "Script completed",
        "Blocked by a PreToolUse hook: not that one\nCommand: touch refused",
        "fine\n",
      ],
    ]);
    expect(await exists(world, "refused")).toBe(false);
    const last = world.model.requests.at(-1)?.input.at(-1);
    expect(last).toMatchObject({ role: "developer", content: [{ text: "it was fine" }] });
  });

  test("runs beside others that may overlap, and is announced but not recorded", async () => {
    const meet = `tools.test_sync_tool({ sleep_after_ms: 20, barrier: { id: "b", participants: 2, timeout_ms: 20000 } })`;
    await using world = await codeModeWorld(
      [
        respond([
          exec(
            `text(await Promise.all([${meet}, ${meet}])); text((await tools.exec_command({ cmd: "echo hi" })).output);`,
            "s1",
          ),
        ]),
        done,
      ],
      { tools: [createTestSyncTool()] },
    );
    const { thread } = await world.manager.startThread(world.config);
    const events = labels(await say(thread, "go"));
    expect(outputs(world, "s1")).toEqual([["Script completed", '["ok","ok"]', "hi\n"]]);
    expect(events.filter((label) => label.startsWith("exec_command"))).toEqual([
      "exec_command_begin",
      "exec_command_output_delta",
      "exec_command_end",
    ]);
    expect(events.filter((label) => label.startsWith("raw call"))).toEqual(["raw call s1"]);
  });

  test("reaches a tool that the model is not offered, and finds it documented", async () => {
    const asked: unknown[] = [];
    const hidden = tool(
      "hidden-tool",
      async ({ payload }) => {
        asked.push(payload);
        return { body: [{ type: "input_text", text: "sunny" }], success: true };
      },
      { defer_loading: true },
    );
    const described: Tool = {
      ...hidden,
      outputSchema: {
        type: "object",
        properties: { ok: { type: "boolean" } },
        required: ["ok"],
        additionalProperties: false,
      },
    };
    await using world = await codeModeWorld(
      [
        respond([
          exec(
            `text(ALL_TOOLS.find(({ name }) => name === "hidden_tool").description);
             text(await tools.hidden_tool({ city: "Oslo" }));`,
            "s1",
          ),
        ]),
        done,
      ],
      { tools: [described] },
    );
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "go");
    const declaration =
      "declare const tools: { hidden_tool(args: { city: string; }): Promise<{ ok: boolean; }>; };";
    expect(outputs(world, "s1")).toEqual([
      [
        "Script completed",
        `The tool hidden-tool.\n\nexec tool declaration:\n\`\`\`ts\n${declaration}\n\`\`\``,
        "sunny",
      ],
    ]);
    expect(asked).toEqual([{ kind: "function", arguments: '{"city":"Oslo"}' }]);
    expect(JSON.stringify(specs(world))).not.toContain("hidden");
  });
});

describe("what the model is offered", () => {
  const offered = (world: ThreadWorld) =>
    specs(world).map((spec) => ("name" in spec ? spec.name : spec.type));

  test("code_mode: exec and wait first, then the tools with their declarations", async () => {
    await using world = await codeModeWorld([done], { webSearch: "cached" });
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "go");
    expect(offered(world)).toEqual([
      "exec",
      "wait",
      "exec_command",
      "write_stdin",
      "update_plan",
      "apply_patch",
      "web_search",
      "view_image",
    ]);
    const declared = specs(world).map(
      (spec) =>
        "description" in spec && /^declare const tools: \{ (\w+)\(/m.exec(spec.description)?.[1],
    );
    expect(declared).toEqual([
      undefined,
      undefined,
      "exec_command",
      "write_stdin",
      "update_plan",
      "apply_patch",
      false,
      "view_image",
    ]);
  });

  test("code_mode_only: exec and wait alone; the text of exec has a section for each tool", async () => {
    await using world = await codeModeWorld([done], {
      features: defaultFeatures().with({ code_mode_only: true }),
      webSearch: "cached",
    });
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "go");
    expect(offered(world)).toEqual(["exec", "wait"]);
    const [spec] = specs(world);
    const description = spec !== undefined && "description" in spec ? spec.description : "";
    expect(description).toMatch(/^Every other tool is called from a script/);
    expect(description.match(/^### .*$/gm)).toEqual(
      ["apply_patch", "exec_command", "update_plan", "view_image", "write_stdin"].map(
        (name) => `### \`${name}\` (\`${name}\`)`,
      ),
    );
  });

  test("code_mode_only: a tool that the model calls all the same is carried out", async () => {
    await using world = await codeModeWorld(
      [
        respond([
          functionCall({ name: "exec_command", args: { cmd: "echo direct" }, callId: "d1" }),
        ]),
        done,
      ],
      { features: defaultFeatures().with({ code_mode_only: true }) },
    );
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "go");
    expect(outputs(world, "d1")).toEqual([
      expect.stringMatching(/exited with code 0[^]*\ndirect\n/),
    ]);
  });

  test("a call in the wrong form is told the right one", async () => {
    await using world = await codeModeWorld([
      respond([
        functionCall({ name: "exec", args: { source: "text(1)" }, callId: "f1" }),
        customToolCall({ name: "wait", input: "1", callId: "f2" }),
      ]),
      done,
    ]);
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "go");
    expect([outputs(world, "f1"), outputs(world, "f2")]).toEqual([
      ["exec takes a script as free-form input, not JSON arguments"],
      ["wait takes JSON arguments, not free-form input"],
    ]);
  });
});

describe("a script that outlives its call", () => {
  test("goes on in the next turn: its calls wait for that, its values and its id live on", async () => {
    const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>();
    const slow = tool("slow", async () => {
      await mayAnswer;
      return { body: "slept", success: true };
    });
    await using world = await codeModeWorld(
      [
        respond([
          exec(
            `store("from", "first"); yield_control(); text(await tools.slow({ city: "a" })); text(await tools.slow({ city: "b" }));`,
            "s1",
          ),
        ]),
        done,
        respond([wait({ cell_id: "1" }, "w1")]),
        respond([exec("text(load('from'));", "s2")]),
        done,
      ],
      { tools: [slow] },
    );
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "one");
    answer();
    await say(thread, "two");
    expect([outputs(world, "s1"), outputs(world, "w1"), outputs(world, "s2")]).toEqual([
      ["Script running with cell ID 1"],
      [["Script completed", "slept", "slept"]],
      [["Script completed", "first"]],
    ]);
  });

  test("and notifies after the turn's last request: the next turn's first one has it", async () => {
    await using world = await codeModeWorld([
      respond([exec(`yield_control(); notify("early"); notify("later");`, "s1")]),
      done,
      done,
    ]);
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "one");
    await say(thread, "two");
    expect(outputs(world, "s1")).toEqual(["Script running with cell ID 1", "early", "later"]);
  });

  test("an interruption leaves it to be waited for, and cancels its calls", async () => {
    await using world = await codeModeWorld([
      respond([
        exec(
          `text("begun"); try { await tools.exec_command({ cmd: "sleep 1; touch made" }); } catch (error) { text(String(error)); } text("went on");`,
          "s1",
        ),
      ]),
      respond([wait({ cell_id: "1" }, "w1")]),
      done,
    ]);
    const { thread } = await world.manager.startThread(world.config);
    await thread.submit({ type: "user_input", items: [{ type: "text", text: "go" }] });
    await eventsUntil(thread, ({ type }) => type === "exec_command_begin");
    await thread.submit({ type: "interrupt" });
    await eventsUntil(thread, turnEnded);
    await say(thread, "again");
    expect([outputs(world, "s1"), outputs(world, "w1")]).toEqual([
      [expect.stringMatching(/^aborted by user after \d+\.\ds$/)],
      [["Script completed", "begun", expect.stringMatching(/aborted by user/), "went on"]],
    ]);
  });

  test("terminating it cancels its calls", async () => {
    const signals: AbortSignal[] = [];
    const endless = tool("endless", async (_call, _context, signal) => {
      signals.push(signal);
      await new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      });
      return { body: "", success: true };
    });
    await using world = await codeModeWorld(
      [
        respond([exec(`// @exec: {"yield_time_ms": 50}\nawait tools.endless();`, "s1")]),
        respond([wait({ cell_id: "1", terminate: true }, "w1")]),
        done,
      ],
      { tools: [endless] },
    );
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "go");
    expect(outputs(world, "w1")).toEqual(["Script terminated"]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test("the end of the thread stops it and cancels its calls", async () => {
    const signals: AbortSignal[] = [];
    const endless = tool("endless", async (_call, _context, signal) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    await using world = await codeModeWorld(
      [respond([exec(`yield_control(); tools.endless(); for (;;) await null;`, "s1")]), done],
      { tools: [endless] },
    );
    const { thread } = await world.manager.startThread(world.config);
    await say(thread, "go");
    await waitFor(() => signals.length === 1);
    await thread.shutdown();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });
});
