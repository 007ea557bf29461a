import { expect, test } from "vitest";
import { makeTempHome } from "./testing/temp-home.ts";

const disabled = (name: string): string => `[[skills.config]]\nname = "${name}"\nenabled = false\n`;
const trusting = (folder: string): string =>
  `[projects.${JSON.stringify(folder)}]\ntrust_level = "trusted"\n`;

test("the switches of the person's file and of the command line add up, the command line last", async () => {
  await using temp = await makeTempHome(disabled("a") + disabled("b"));
  const { config } = await temp.load({
    overrides: { cli: ['skills.config=[{name="a", enabled=true}]'] },
  });
  expect(config.skills.switches).toEqual([
    { path: undefined, name: "a", enabled: false },
    { path: undefined, name: "b", enabled: false },
    { path: undefined, name: "a", enabled: true },
  ]);
});

test("a project switches no skill and moves no root, and is told so", async () => {
  await using temp = await makeTempHome();
  await temp.write("home/.codex/config.toml", trusting(temp.work) + disabled("a"));
  const file = await temp.write(
    "work/.codex/config.toml",
    `project_root_markers = [".hg"]\n[[skills.config]]\nname = "a"\n`,
  );
  const { config, warnings } = await temp.load();
  expect({
    switches: config.skills.switches,
    markers: config.projectRootMarkers,
    warnings: warnings.map(({ message, place: { path, line } }) => ({ message, path, line })),
  }).toEqual({
    switches: [{ path: undefined, name: "a", enabled: false }],
    markers: [".git"],
    warnings: ["project_root_markers", "skills.config"].map((key, index) => ({
      message: `\`${key}\` has no effect; a project has no say in it; set it in your own config.toml`,
      path: file,
      line: index + 1,
    })),
  });
});

test("a bad entry is refused at its place, even where a higher layer has a list of its own", async () => {
  await using temp = await makeTempHome("[[skills.config]]\nname = 1\n");
  const error = await temp.failure({ overrides: { cli: ['skills.config=[{name="a"}]'] } });
  expect([error.code, error.display.split("\n")[0]]).toEqual([
    "invalid_value",
    `${temp.userFile}:2:8: \`skills.config[0].name\` must be a string, not 1`,
  ]);
});
