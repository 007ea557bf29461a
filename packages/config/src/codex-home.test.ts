import nodeFs from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { expect, test } from "vitest";
import { ConfigError, findCodexHome, loadDotenv } from "./index.ts";
import { makeTempHome } from "./testing/temp-home.ts";

test("CODEX_HOME unset or empty is .codex in the home folder, which need not exist", async () => {
  expect([
    await findCodexHome({}, "/nowhere/kim"),
    await findCodexHome({ CODEX_HOME: "" }, "/nowhere/kim"),
  ]).toEqual(["/nowhere/kim/.codex", "/nowhere/kim/.codex"]);
});

test("CODEX_HOME is an existing folder, with its links resolved", async () => {
  await using temp = await makeTempHome();
  const link = join(temp.root, "link");
  await nodeFs.symlink(temp.codexHome, link);
  expect(await findCodexHome({ CODEX_HOME: link }, temp.home)).toBe(temp.codexHome);
});

test.each([
  ["missing", "which does not exist"],
  ["file", "which is not a folder"],
  ["file/below", "which cannot be read"],
])("CODEX_HOME=%s is refused: %s", async (name, problem) => {
  await using temp = await makeTempHome();
  await temp.write("file", "");
  const value = join(temp.root, name);
  await expect(findCodexHome({ CODEX_HOME: value }, temp.home)).rejects.toThrow(
    new ConfigError(
      "bad_codex_home",
      `CODEX_HOME is ${JSON.stringify(value)}, ${problem}; set it to an existing folder, or unset it to use ~/.codex`,
    ),
  );
});

test("without any home the error says what to set", async () => {
  await expect(findCodexHome({}, "")).rejects.toThrow(/set CODEX_HOME/);
});

test("the variables of .env are set on top, those of CODEX_ left out in any case", async () => {
  await using temp = await makeTempHome();
  await temp.write(
    "home/.codex/.env",
    "# note\nA=from file\nexport B=\"two words\" # why\nC='$A'\nCODEX_HOME=/x\ncodex_api_key=k\nnonsense\n",
  );
  const env = { A: "from shell", HOME: "/home/kim" };
  expect(await loadDotenv({ codexHome: temp.codexHome, env })).toEqual({
    A: "from file",
    B: "two words",
    C: "$A",
    HOME: "/home/kim",
  });
  expect(env).toEqual({ A: "from shell", HOME: "/home/kim" });
});

test("a .env that is missing or cannot be read changes nothing", async () => {
  await using temp = await makeTempHome();
  const env = { A: "1" };
  expect(await loadDotenv({ codexHome: temp.codexHome, env })).toBe(env);
  await temp.makeFolder("home/.codex/.env");
  expect(await loadDotenv({ codexHome: temp.codexHome, env })).toBe(env);
});
