import { message, respond } from "@codex-ts/scripted-model";
import { beforeAll, expect, test } from "vitest";
import { painter } from "../colors.ts";
import { builtCli, buildTimeoutMs } from "../testing/built-cli.ts";
import { cliWorld } from "../testing/cli.ts";
import { HumanOutput } from "./human-output.ts";
import { JsonEventStream } from "./json-events.ts";

beforeAll(builtCli, buildTimeoutMs);

const raw =
  "Seen <oai-mem-citation><citation_entries>\nMEMORY.md:1-3|note=[why]\n</citation_entries></oai-mem-citation>before.";

test("a memory citation is neither on stdout nor on stderr", async () => {
  await using world = await cliWorld({ script: [respond([message(raw)])] });
  const run = await world.run(["exec", "hi"]);
  expect([run.code, run.stdout]).toEqual([0, "Seen before.\n"]);
  expect(run.stderr).toContain("Seen before.");
  expect(run.stderr).not.toContain("MEMORY.md");
  const id = /^session id: (.+)$/m.exec(run.stderr)?.[1] ?? "";
  const shown = await world.run(["sessions", "show", id]);
  expect(shown.stdout).toContain("Seen before.");
  expect(shown.stdout).not.toContain("MEMORY.md");
});

test("a memory citation is not in the JSON events", async () => {
  await using world = await cliWorld({ script: [respond([message(raw)])] });
  const run = await world.run(["exec", "--json", "hi"]);
  expect(run.events().find(({ type }) => type === "item.completed")).toEqual({
    type: "item.completed",
    item: { id: "item_0", type: "agent_message", text: "Seen before." },
  });
});

test("a proposed plan is shown to a person, and takes no id of the JSON events", () => {
  const scope = { thread_id: "t", turn_id: "u" };
  const plan = {
    type: "item_completed",
    ...scope,
    item: { type: "Plan", id: "u-plan", text: "# Plan\n" },
  } as const;
  let written = "";
  const output = new HumanOutput({
    paint: painter(/*enabled*/ false),
    write: (text) => void (written += text),
    isPainted: false,
    columns: () => null,
    showsProgress: false,
    hideReasoning: false,
    showRawReasoning: false,
  });
  output.push(plan);
  expect([written, output.lastShownMessage]).toEqual(["proposed plan\n# Plan\n", "# Plan\n"]);
  const stream = new JsonEventStream();
  expect(stream.push(plan)).toEqual([]);
  const content = [{ type: "Text", text: "ok" }] as const;
  const item = { type: "AgentMessage", id: "m", content } as const;
  expect(stream.push({ type: "item_completed", ...scope, item })).toEqual([
    { type: "item.completed", item: { id: "item_0", type: "agent_message", text: "ok" } },
  ]);
});
