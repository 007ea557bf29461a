import { fromAbsolute } from "@codex-ts/absolute-path";
import { expect, test } from "vitest";
import { checkConfigFile } from "./index.ts";
import { makeTempHome } from "./testing/temp-home.ts";

async function check(toml: string) {
  await using temp = await makeTempHome();
  const file = await temp.write("elsewhere/mine.toml", toml);
  const { errors, warnings } = await checkConfigFile(file, { env: {}, version: "0.0.0" });
  return {
    errors: errors.map(({ code, key, line, column }) => [code, key, line, column]),
    warnings: warnings.map(({ code, key, place }) => [code, key, place.line]),
  };
}

test("everything that is wrong is found, in the order of the file", async () => {
  expect(
    await check('model_verbosity = "loud"\nmodle = 1\n[tui]\ntheme = 1\n[features]\nundo = "x"\n'),
  ).toEqual({
    errors: [
      ["invalid_value", "model_verbosity", 1, 19],
      ["invalid_value", "tui.theme", 4, 9],
      ["invalid_value", "features.undo", 6, 8],
    ],
    warnings: [["unknown_key", "modle", 2]],
  });
});

test("what does not fit together is found in every profile, and told once", async () => {
  expect(
    await check(
      'profile = "a"\n[profiles.a]\nmodel = "m"\n[profiles.b]\nmodel_provider = "gone"\n[profiles.c]\nmodel_instructions_file = "not-there.md"\n',
    ),
  ).toEqual({
    errors: [
      ["unknown_provider", "profiles.b.model_provider", 5, 18],
      ["invalid_value", "profiles.c.model_instructions_file", 7, 27],
    ],
    warnings: [],
  });
  expect(await check("[mcp_servers.s]\n[profiles.a]\n[profiles.b]\n")).toEqual({
    errors: [["invalid_value", "mcp_servers.s", 1, 1]],
    warnings: [],
  });
});

test("a file that is no TOML has one fault, a right one none, a missing one cannot be checked", async () => {
  expect(await check("a = [")).toEqual({ errors: [["syntax", undefined, 1, 5]], warnings: [] });
  expect(await check('model = "m"\n')).toEqual({ errors: [], warnings: [] });
  const missing = checkConfigFile(fromAbsolute("/no/such/config.toml"), { env: {}, version: "0" });
  await expect(missing).rejects.toMatchObject({ code: "unreadable_file" });
});
