// Sessions that the released program 0.118.0 recorded go on here. Its own texts (instructions, context,
// prompts) were replaced by placeholders when the files were taken over; all else is as it wrote it.
import { copyFile, readdir } from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import type { ResponseItem } from "@codex-ts/protocol";
import { message, respond } from "@codex-ts/scripted-model";
import { readRollout } from "@codex-ts/rollout";
import { abs } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import { itemLabel, say, threadWorld } from "./testing/thread-world.ts";

const folder = abs(join(abs(import.meta.dirname), "testing/released-0.118.0"));

/** Behind the context: what the person and the model said, and what was called. */
function conversation(input: readonly ResponseItem[]): readonly string[] {
  return input
    .filter((item) => item.type !== "reasoning")
    .filter((item) => item.type !== "message" || item.role !== "developer")
    .map(itemLabel)
    .filter((label) => !/^user (environment_context|"# AGENTS)/.test(label));
}

const files = (await readdir(folder)).filter((name) => name.endsWith(".jsonl")).toSorted();

test("at least ten kinds of sessions are kept", () => {
  expect(files.length).toBeGreaterThanOrEqual(10);
});

test.each(files)("%s: every line is read, and the next request goes on from it", async (name) => {
  await using world = await threadWorld({ script: [respond([message("ok")])] });
  const path = join(world.config.cwd, name);
  await copyFile(join(folder, name), path);
  const { skipped } = await readRollout(path);
  const { thread, configured } = await world.manager.resumeThread(world.config, path);
  expect(configured.initial_messages?.some((msg) => msg.type === "user_message")).toBe(true);
  const events = await say(thread, "go on");
  expect(events.at(-1)?.msg).toMatchObject({ type: "task_complete", last_agent_message: "ok" });
  const input = world.model.requests[0]?.input ?? [];
  const calls = input.flatMap((item) =>
    item.type === "function_call" || item.type === "custom_tool_call" ? [item.call_id] : [],
  );
  const outputs = input.flatMap((item) =>
    item.type === "function_call_output" || item.type === "custom_tool_call_output"
      ? [item.call_id]
      : [],
  );
  expect(outputs.toSorted()).toEqual(calls.toSorted());
  expect({ skipped, told: conversation(input) }).toMatchSnapshot();

  await thread.shutdown();
  const { thread: again } = await world.manager.resumeThread(world.config, path);
  await say(again, "and on");
  const next = world.model.requests[1]?.input ?? [];
  expect(next.slice(0, input.length)).toEqual(input);
  expect(next.slice(input.length).map(itemLabel)).toEqual(['assistant "ok"', 'user "and on"']);
});
