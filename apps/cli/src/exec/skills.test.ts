import { mkdir, readFile, writeFile } from "node:fs/promises";
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

test("a name that two skills have is told, with the way to name one", async () => {
  await using world = await cliWorld({ script: [respond([message("ok")])] });
  const own = join(world.home, "skills/tidy/SKILL.md");
  const projects = join(world.repository, ".agents/skills/tidy/SKILL.md");
  await write(own, skill("tidy", "Sweep the floor."));
  await write(projects, skill("tidy", "Wipe the table."));
  const run = await world.run(["exec", `use [$tidy](${own})`]);
  expect(run.stderr).toContain(
    `warning: 2 skills are called tidy, so $tidy picks none of them; name one by its file, as in [$tidy](${projects}): ${projects}, ${own}`,
  );
  expect(texts(world, "user").at(-1)).toContain("Sweep the floor.");
});

test("skills of a project that is marked as untrusted are used only when the person names them", async () => {
  await using world = await cliWorld({ script: [respond([message("ok")])] });
  await write(join(world.repository, ".agents/skills/paint/SKILL.md"), skill("paint", "Use blue."));
  const config = join(world.home, "config.toml");
  const mark = `[projects.${JSON.stringify(world.repository)}]\ntrust_level = "untrusted"\n`;
  await writeFile(config, `${await readFile(config, "utf8")}${mark}`);
  const run = await world.run(["exec", "hi"]);
  const told =
    "warning: The project is marked as untrusted: its skills (paint) are used only when you name them, as in $paint.";
  expect(run.stderr.split(told)).toHaveLength(2);
  expect(texts(world, "developer").join("\n")).not.toContain("- paint:");
  await world.run(["exec", "$paint it"]);
  expect(texts(world, "user").at(-1)).toContain("Use blue.");
});
