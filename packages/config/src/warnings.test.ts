import { describe, expect, test } from "vitest";
import { formatPlace } from "./index.ts";
import { makeTempHome } from "./testing/temp-home.ts";

async function warningsOf(toml: string, cli: readonly string[] = []) {
  await using temp = await makeTempHome(toml);
  const { warnings, config } = await temp.load({ overrides: { cli } });
  const shown = warnings.map(({ code, message, place }) => {
    const at = formatPlace(place).replace(temp.userFile, "F");
    return `${code} ${at} ${message}`;
  });
  const startup = config.startupWarnings.map((line) => line.replace(temp.userFile, "F"));
  return { shown, startup };
}

describe("a key that nobody knows is warned of, with its place and the nearest known one", () => {
  test.each([
    ['modle = "x"', "F:1:1", "`modle` is not a known key; did you mean `model`?"],
    [
      "[sandbox_workspace_write]\nnetwork = true\nwritable_root = []",
      "F:3:1",
      "`sandbox_workspace_write.writable_root` is not a known key; did you mean `writable_roots`?",
    ],
    ["tui.themes = 1", "F:1:5", "`tui.themes` is not a known key; did you mean `theme`?"],
    ["[zzz]\na = 1", "F:1:2", "`zzz` is not a known key"],
    [
      '[profiles."my p"]\nreview_model = "x"',
      "F:2:1",
      '`profiles."my p".review_model` is not a known key',
    ],
    [
      '[model_providers.a]\nname = "A"\nbase-url = "x"',
      "F:3:1",
      "`model_providers.a.base-url` is not a known key; did you mean `base_url`?",
    ],
    ['[[skills.config]]\nnam = "x"', "F:2:1", "`skills.config[0].nam` is not a known key"],
    [
      "approval_policy = { granular = { rule = true } }",
      "F:1:34",
      "`approval_policy.granular.rule` is not a known key; did you mean `rules`?",
    ],
    ["include_apply_patch_tool = true", "F:1:1", "`include_apply_patch_tool` is not a known key"],
  ])("%j", async (toml, place, message) => {
    const { shown, startup } = await warningsOf(toml);
    expect(shown.at(-1)).toMatch(`unknown_key ${place} ${message}`);
    expect(startup.at(-1)).toMatch(`${place}: ${message}`);
  });

  test("on the command line too", async () => {
    expect((await warningsOf("", ["modle=x"])).startup).toEqual([
      "-c modle: `modle` is not a known key; did you mean `model`?",
    ]);
  });

  test("what is below an open table, or belongs to features that change often, is not looked at", async () => {
    const toml = `experimental_realtime_ws_model = "x"\n[notice]\nfoo = 1\n[apps.a.b]\nc = 1\n[otel.exporter.otlp-http]\nx = 1\n`;
    expect((await warningsOf(toml)).shown).toEqual([]);
  });
});

test("an unknown feature is warned of, at the top level and in profiles", async () => {
  const { shown } = await warningsOf(
    "[features]\nsmart_approvals = true\nunifed_exec = false\n[profiles.p.features]\nudno = true\n",
  );
  expect(shown).toEqual([
    "unknown_feature F:2:1 `features.smart_approvals` is not a known feature",
    "unknown_feature F:3:1 `features.unifed_exec` is not a known feature; did you mean `unified_exec`?",
    "unknown_feature F:5:1 `profiles.p.features.udno` is not a known feature; did you mean `undo`?",
  ]);
});

test("keys that are accepted and do nothing are warned of", async () => {
  const { shown } = await warningsOf(
    'instructions = "x"\ntools.view_image = true\n[profiles.p]\ntools_view_image = true\ntools.view_image = false\n',
  );
  expect(shown).toEqual([
    "no_effect F:1:1 `instructions` has no effect; use `developer_instructions` or an AGENTS.md file",
    "no_effect F:2:7 `tools.view_image` has no effect; remove it",
    "no_effect F:5:7 `profiles.p.tools.view_image` has no effect; remove it",
    "no_effect F:4:1 `profiles.p.tools_view_image` has no effect; remove it",
  ]);
});

test("a disabled layer is not looked at", async () => {
  await using temp = await makeTempHome();
  await temp.write("work/.codex/config.toml", "modle = 1\n");
  expect((await temp.load()).warnings).toEqual([]);
});

describe("strict", () => {
  test("an unknown key is an error with the source line", async () => {
    await using temp = await makeTempHome('model = "x"\n  modle = "y"\n');
    const error = await temp.failure({ strict: true });
    expect([error.code, error.display]).toEqual([
      "unknown_key",
      `${temp.userFile}:2:3: \`modle\` is not a known key; did you mean \`model\`?
  |
2 |   modle = "y"
  |   ^^^^^`,
    ]);
  });

  test("an unknown feature is an error, a key without effect is not", async () => {
    await using temp = await makeTempHome('instructions = "x"\n[features]\nnope = true\n');
    expect(await temp.failure({ strict: true })).toMatchObject({ key: "features.nope", line: 3 });
    await temp.write("home/.codex/config.toml", 'instructions = "x"\n');
    expect((await temp.load({ strict: true })).warnings).toHaveLength(1);
  });
});
