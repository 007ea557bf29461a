// Permissions that a sandbox mode has no words for: enforced for every tool of a turn, and told.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import type { ResponseItem } from "@codex-ts/protocol";
import { functionCall, message, respond, type Script } from "@codex-ts/scripted-model";
import { expect, test } from "vitest";
import { say, type ThreadWorld, threadWorld } from "./testing/thread-world.ts";

const list = (path: string, callId: string) =>
  functionCall({ name: "list_dir", args: { dir_path: path }, callId });

const secretOf = ({ config }: Pick<ThreadWorld, "config">) => join(config.cwd, "secret");

/** A thread whose workspace may be written, but for a folder that nothing may read. */
async function guardedWorld(): Promise<ThreadWorld> {
  const script: Script = (_, index) =>
    index % 2 === 0 ? respond([list(secretOf(world), `c${index}`)]) : respond([message("done")]);
  const world = await threadWorld({
    script,
    lookUpModel: (_, info) => ({ ...info, experimental_supported_tools: ["list_dir"] }),
  });
  await mkdir(secretOf(world));
  await writeFile(join(secretOf(world), "key"), "");
  return world;
}

const permissions = (world: ThreadWorld) =>
  ({
    fileSystem: {
      kind: "restricted",
      entries: [
        { path: { type: "special", value: { kind: "root" } }, access: "read" },
        { path: { type: "special", value: { kind: "project_roots" } }, access: "write" },
        { path: { type: "path", path: secretOf(world) }, access: "none" },
        { path: { type: "glob_pattern", pattern: "**/.env" }, access: "none" },
      ],
    },
    network: "restricted",
  }) as const;

const output = (world: ThreadWorld, index: number): unknown =>
  (world.model.requests[index]?.input ?? []).findLast(
    (item): item is Extract<ResponseItem, { type: "function_call_output" }> =>
      item.type === "function_call_output",
  )?.output;

test("denied paths are closed to the model's tools, and it is told of them", async () => {
  await using world = await guardedWorld();
  const { thread } = await world.manager.startThread({
    ...world.config,
    sandboxPolicy: { type: "workspace-write" },
    permissions: permissions(world),
  });
  await say(thread, "look");
  expect(output(world, /*index*/ 1)).toBe(
    `the sandbox policy does not let \`${secretOf(world)}\` be read`,
  );
  const told = JSON.stringify(world.model.requests[0]?.input);
  expect(told).toContain(
    "A permission profile confines commands: files can be read, and files can be changed only below the writable roots",
  );
  expect(told).toContain(
    `Not to be read, by commands and by your other tools: \`${secretOf(world)}\`, \`**/.env\`.`,
  );
});

test("a turn that repeats the policy keeps the permissions, and one that brings another ends them", async () => {
  await using world = await guardedWorld();
  const { thread } = await world.manager.startThread({
    ...world.config,
    sandboxPolicy: { type: "read-only" },
    permissions: permissions(world),
  });
  const outputs: unknown[] = [];
  for (const [turn, type] of (["read-only", "danger-full-access"] as const).entries()) {
    await thread.submit({ type: "override_turn_context", sandbox_policy: { type } });
    await say(thread, "look");
    outputs.push(output(world, turn * 2 + 1));
  }
  expect(outputs).toEqual([
    `the sandbox policy does not let \`${secretOf(world)}\` be read`,
    `Absolute path: ${secretOf(world)}\nkey`,
  ]);
});
