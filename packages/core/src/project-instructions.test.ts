// The instructions that a thread starts with, as the model is sent them and the person is told of them.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { defaultFeatures } from "@codex-ts/features";
import { message, respond, type ScriptedModel } from "@codex-ts/scripted-model";
import { expect, test } from "vitest";
import { nestedAgentsMd } from "./prompts/nested-agents-md.ts";
import { eventsUntil, say, threadWorld, turnEnded } from "./testing/thread-world.ts";

const ok = respond([message("ok")]);

function instructionsSent(model: ScriptedModel): readonly string[] {
  return (model.requests.at(-1)?.input ?? [])
    .flatMap((item) => (item.type === "message" ? item.content : []))
    .flatMap((part) => (part.type === "input_text" ? [part.text] : []))
    .filter((text) => text.startsWith("# AGENTS.md"));
}

test("the feature child_agents_md adds its note after the project's documents", async () => {
  await using world = await threadWorld({ script: [ok] });
  const { cwd } = world.config;
  await writeFile(join(cwd, "AGENTS.md"), "use tabs");
  const features = defaultFeatures().with({ child_agents_md: true });
  const { thread } = await world.manager.startThread({
    ...world.config,
    features,
    userInstructions: "be brief",
  });
  await say(thread, "one");
  const text = `be brief\n\n--- project-doc ---\n\nuse tabs\n\n${nestedAgentsMd}`;
  expect(instructionsSent(world.model)).toEqual([
    `# AGENTS.md instructions for ${cwd}\n\n<INSTRUCTIONS>\n${text}\n</INSTRUCTIONS>`,
  ]);
});

test("a person is told which document was cut where, and which was left out", async () => {
  await using world = await threadWorld({ script: [ok] });
  const { cwd } = world.config;
  const deep = join(cwd, "deep");
  await mkdir(join(cwd, ".git"));
  await mkdir(deep);
  await writeFile(join(cwd, "AGENTS.md"), "use tabs");
  await writeFile(join(deep, "AGENTS.md"), "use blanks");
  const { thread } = await world.manager.startThread({
    ...world.config,
    cwd: deep,
    projectDocs: { maxBytes: 3, fallbackFilenames: [], rootMarkers: [".git"] },
  });
  await thread.submit({ type: "user_input", items: [{ type: "text", text: "one" }] });
  const events = await eventsUntil(thread, turnEnded);
  const limit = "all project documents together may have 3 bytes (project_doc_max_bytes)";
  expect(events.flatMap(({ msg }) => (msg.type === "warning" ? [msg.message] : []))).toEqual([
    `${join(cwd, "AGENTS.md")} was cut in line 1, after 3 of 8 bytes: ${limit}`,
    `${join(deep, "AGENTS.md")} was left out: ${limit}`,
  ]);
  const cut = `[${join(cwd, "AGENTS.md")} goes on here: 3 of 8 bytes are shown. Read the file where the rest matters.]`;
  expect(instructionsSent(world.model)).toEqual([
    `# AGENTS.md instructions for ${deep}\n\n<INSTRUCTIONS>\nuse\n\n${cut}\n</INSTRUCTIONS>`,
  ]);
});
