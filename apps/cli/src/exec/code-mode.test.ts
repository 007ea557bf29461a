import { readFile } from "node:fs/promises";
import nodePath from "node:path";
import type { ResponseItem } from "@codex-ts/protocol";
import { customToolCall, functionCall, message, respond } from "@codex-ts/scripted-model";
import { beforeAll, expect, test } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { cliWorld } from "../testing/cli.ts";

beforeAll(builtCli, buildTimeoutMs);

const script = (input: string, callId: string) => customToolCall({ name: "exec", input, callId });

/** The texts of a call's outputs, without the line of the wall time. */
function outputs(input: readonly ResponseItem[], callId: string): readonly string[] {
  return input.flatMap((item) => {
    if (item.type !== "custom_tool_call_output" && item.type !== "function_call_output") return [];
    if (item.call_id !== callId) return [];
    const parts = typeof item.output === "string" ? [item.output] : item.output;
    return parts.map((part) => {
      if (typeof part === "string") return part;
      return part.type === "input_text" ? part.text : part.image_url;
    });
  });
}

test("exec --enable code_mode runs a script that patches, runs commands and is waited for", async () => {
  await using world = await cliWorld({
    script: [
      respond([
        script(
          `await tools.apply_patch("*** Begin Patch\\n*** Add File: made.txt\\n+made\\n*** End Patch\\n");
          text((await tools.exec_command({ cmd: "cat made.txt" })).output);
          yield_control();
          await tools.exec_command({ cmd: "echo later >> made.txt" });
          text("late");`,
          "s1",
        ),
      ]),
      respond([functionCall({ name: "wait", args: { cell_id: "1" }, callId: "w1" })]),
      respond([message("done")]),
    ],
  });
  const run = await world.run([
    "exec",
    "--json",
    "-s",
    "workspace-write",
    "--enable",
    "code_mode",
    "go",
  ]);
  expect(run.stderr).not.toMatch(/code mode/i);
  expect(run.code).toBe(0);
  const made = nodePath.join(world.repository, "made.txt");
  expect(await readFile(made, "utf8")).toBe("made\nlater\n");
  const input = world.model.requests.at(-1)?.input ?? [];
  expect([outputs(input, "s1"), outputs(input, "w1")]).toEqual([
    [
      expect.stringMatching(
        /^Script running with cell ID 1\nWall time \d+\.\d seconds\nOutput:\n$/,
      ),
      "made\n",
    ],
    [expect.stringMatching(/^Script completed\n/), "late"],
  ]);
  const items = run
    .events()
    .flatMap((event) => (event.type === "item.completed" ? [event.item.type] : []))
    .filter((type) => type !== "error"); // a warning: the feature is under development
  expect(items).toEqual(["file_change", "command_execution", "command_execution", "agent_message"]);
});

test("code_mode_only offers exec and wait alone, and a command in a script stays in the sandbox", async () => {
  const outside = nodePath.join("/var/tmp", `codex-ts-${process.pid}`);
  await using world = await cliWorld({
    script: [
      respond([
        script(
          `text((await tools.exec_command({ cmd: "touch ${outside} && echo got out" })).exit_code !== 0);`,
          "s1",
        ),
      ]),
      respond([message("done")]),
    ],
  });
  const run = await world.run(["exec", "-s", "read-only", "--enable", "code_mode_only", "go"]);
  expect(run.code).toBe(0);
  const [first, second] = world.model.requests;
  expect(first?.body).toMatchObject({ tools: [{ name: "exec" }, { name: "wait" }] });
  expect(outputs(second?.input ?? [], "s1").slice(1)).toEqual(["true"]);
});
