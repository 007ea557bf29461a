import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { message, respond } from "@codex-ts/scripted-model";
import { beforeAll, expect, test } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { type CliWorld, cliWorld } from "../testing/cli.ts";

beforeAll(builtCli, buildTimeoutMs);

const skill = (name: string, body: string): string =>
  `---\nname: ${name}\ndescription: Does ${name} things\n---\n${body}\n`;

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** The texts of the newest request's messages of a role. */
function texts(world: CliWorld, role: "developer" | "user"): readonly string[] {
  return (world.model.requests.at(-1)?.input ?? []).flatMap((item) =>
    item.type === "message" && item.role === role
      ? item.content.map((part) => (part.type === "input_image" ? "" : part.text))
      : [],
  );
}

test("the model is told of the skills here, and gets one whole that the prompt names", async () => {
  await using world = await cliWorld({ script: [respond([message("ok")])] });
  await write(join(world.home, "skills/tidy/SKILL.md"), skill("tidy", "Sweep the floor."));
  await write(join(world.repository, ".agents/skills/paint/SKILL.md"), skill("paint", "Use blue."));
  await world.run(["exec", "$tidy up, please"]);
  const [section] = texts(world, "developer").filter((text) => text.includes("<skills_inst"));
  expect(section).toMatch(/^- paint: Does paint things \(file: .*paint\/SKILL\.md\)$/m);
  expect(section).toMatch(/^- tidy: Does tidy things \(file: .*tidy\/SKILL\.md\)$/m);
  expect(texts(world, "user").slice(-2)).toEqual([
    "$tidy up, please",
    expect.stringMatching(/^<skill>\n<name>tidy<\/name>\n<path>.*Sweep the floor\.\n\n<\/skill>$/s),
  ]);

  // A resumed session knows them; one that is switched off by then is taken from the list.
  await write(
    join(world.home, "config.toml"),
    `model = "gpt-5.2-codex"
model_provider = "test"
[model_providers.test]
name = "Test"
base_url = "${world.model.url}"
[[skills.config]]
name = "tidy"
enabled = false
`,
  );
  await world.run(["exec", "resume", "--last", "$tidy again"]);
  const sections = texts(world, "developer").filter((text) => text.includes("<skills_inst"));
  expect(sections).toHaveLength(2);
  expect(sections[1]).not.toContain("- tidy:");
  expect(texts(world, "user").at(-1)).toBe("$tidy again");
});

test("a broken skill is named with its file, and costs nothing else", async () => {
  await using world = await cliWorld({ script: [respond([message("ok")])] });
  const path = join(world.home, "skills/broken/SKILL.md");
  await write(path, "no front matter\n");
  const run = await world.run(["exec", "hi"]);
  expect([run.code, run.stdout]).toEqual([0, "ok\n"]);
  expect(run.stderr).toContain(`warning: ${path}:1: `);
  expect(texts(world, "developer").join("\n")).not.toContain("<skills_instructions>");
});
