import { join } from "@codex-ts/absolute-path";
import { describe, expect, test } from "vitest";
import { makeTempHome } from "./testing/temp-home.ts";

describe("files that settings name", () => {
  test("texts are read, trimmed, and replaced by what a program sets", async () => {
    await using temp = await makeTempHome(
      `model_instructions_file = "base.md"\nexperimental_compact_prompt_file = "compact.md"\n`,
    );
    await temp.write("home/.codex/base.md", "\n be brief \n");
    await temp.write("home/.codex/compact.md", " sum up\n");
    const { config } = await temp.load();
    expect([config.baseInstructions, config.compactPrompt]).toEqual(["be brief", "sum up"]);
    const flags = { baseInstructions: "other", compactPrompt: " mine " };
    const flagged = (await temp.load({ overrides: { flags } })).config;
    expect([flagged.baseInstructions, flagged.compactPrompt]).toEqual(["other", "mine"]);
  });

  test("a prompt in the file wins over the prompt's file; a blank one is unset", async () => {
    await using temp = await makeTempHome(
      `compact_prompt = "text"\nexperimental_compact_prompt_file = "missing.md"\n`,
    );
    expect((await temp.load()).config.compactPrompt).toBe("text");
    const blank = await temp.failure({ overrides: { cli: ["compact_prompt=' '"] } });
    expect(blank.message).toContain("missing.md does not exist");
  });

  test("-c model_instructions_file takes an absolute path", async () => {
    await using temp = await makeTempHome();
    const file = await temp.write("texts/base.md", "hello");
    const { config } = await temp.load({ overrides: { cli: [`model_instructions_file=${file}`] } });
    expect(config.baseInstructions).toBe("hello");
  });

  test.each([
    ["blank.md", "  \n", "is blank"],
    ["missing.md", undefined, "does not exist"],
  ])("%s is an error at the key", async (name, text, problem) => {
    await using temp = await makeTempHome(`\nmodel_instructions_file = "${name}"\n`);
    if (text !== undefined) await temp.write(`home/.codex/${name}`, text);
    const error = await temp.failure();
    expect(error).toMatchObject({ code: "invalid_value", line: 2, column: 27 });
    expect(error.message).toBe(
      `\`model_instructions_file\`: ${join(temp.codexHome, name)} ${problem}`,
    );
  });

  test("a model list must be JSON with at least one model", async () => {
    await using temp = await makeTempHome(`model_catalog_json = "models.json"\n`);
    const failures: string[] = [];
    for (const text of ["{", "[]", '{"models":[]}', '{"models":[1]}']) {
      await temp.write("home/.codex/models.json", text);
      failures.push((await temp.failure()).message.replace(temp.codexHome, ""));
    }
    expect(failures).toEqual([
      "`model_catalog_json`: /models.json is not valid JSON",
      "`model_catalog_json`: /models.json must be an object whose `models` has at least one entry",
      "`model_catalog_json`: /models.json must be an object whose `models` has at least one entry",
      "`model_catalog_json`: every model in /models.json must be an object",
    ]);
    await temp.write("home/.codex/models.json", '{"models":[{"slug":"m"}]}');
    expect((await temp.load()).config.modelCatalog).toEqual([{ slug: "m" }]);
  });

  test("the global instructions are the first of the two files that is not blank", async () => {
    await using temp = await makeTempHome();
    expect((await temp.load()).config.userInstructions).toBeUndefined();
    await temp.write("home/.codex/AGENTS.md", " plain \n");
    await temp.write("home/.codex/AGENTS.override.md", "  ");
    expect((await temp.load()).config.userInstructions).toBe("plain");
    await temp.write("home/.codex/AGENTS.override.md", "override");
    expect((await temp.load()).config.userInstructions).toBe("override");
  });
});
