import nodeFs from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { expect, test } from "vitest";
import { formatOrigin, type LoadedConfig } from "./index.ts";
import { makeTempHome } from "./testing/temp-home.ts";

function shown({ origins }: LoadedConfig, root: string) {
  return Object.fromEntries(
    [...origins()].map(([key, origin]) => [
      key.replaceAll(root, ""),
      `${origin.layer.type} ${formatOrigin(origin)} ${origin.key}`.replaceAll(root, ""),
    ]),
  );
}

test("every effective value knows its layer, file, line, column and key", async () => {
  await using temp = await makeTempHome();
  await temp.write("etc/config.toml", `review_model = "r"\nnotify = ["x", "y", "z"]\n`);
  await nodeFs.writeFile(
    temp.userFile,
    `profile = "p"\nnotify = ["a", "b"]\nmodel = "m"\nmodel_verbosity = "low"\n[profiles.p]\nmodel = "pm"\npersonality = "none"\n[projects.${JSON.stringify(temp.work)}]\ntrust_level = "trusted"\n`,
  );
  await temp.write("work/.codex/config.toml", `[profiles.p]\n  personality = "friendly"\n[tui]\n`);
  const loaded = await temp.load({
    overrides: {
      cli: ["model_verbosity=high", "tui.theme=t", 'mcp_servers."a.b"={command="c"}'],
      enable: ["undo"],
      flags: { sandboxMode: "read-only", approvalPolicy: { granular: granular } },
    },
  });
  const user = "/home/.codex/config.toml";
  const project = "/work/.codex/config.toml";
  expect(shown(loaded, temp.root)).toEqual({
    "approval_policy.granular.mcp_elicitations":
      "flag command line approval_policy.granular.mcp_elicitations",
    "approval_policy.granular.rules": "flag command line approval_policy.granular.rules",
    "approval_policy.granular.sandbox_approval":
      "flag command line approval_policy.granular.sandbox_approval",
    "features.undo": "sessionFlags --enable undo features.undo",
    'mcp_servers."a.b".command': 'sessionFlags -c mcp_servers."a.b" mcp_servers."a.b".command',
    model: `user ${user}:6:9 profiles.p.model`,
    model_verbosity: "sessionFlags -c model_verbosity model_verbosity",
    "notify[0]": `user ${user}:2:11 notify[0]`,
    "notify[1]": `user ${user}:2:16 notify[1]`,
    personality: `project ${project}:2:17 profiles.p.personality`,
    profile: `user ${user}:1:11 profile`,
    "profiles.p.model": `user ${user}:6:9 profiles.p.model`,
    "profiles.p.personality": `project ${project}:2:17 profiles.p.personality`,
    'projects."/work".trust_level': `user ${user}:9:15 projects."/work".trust_level`,
    review_model: "system /etc/config.toml:1:16 review_model",
    sandbox_mode: "flag command line sandbox_mode",
    "tui.theme": "sessionFlags -c tui.theme tui.theme",
  });
  expect(loaded.originOf("personality")).toMatchObject({
    path: join(temp.work, ".codex", "config.toml"),
    line: 2,
    column: 17,
  });
  expect(loaded.originOf(`projects."${temp.work}".trust_level`)).toMatchObject({ line: 9 });
  expect(loaded.originOf(["notify", 1])).toMatchObject({ line: 2, column: 16 });
  expect(loaded.originOf("log_dir")).toBeUndefined();
});

const granular = { sandbox_approval: true, rules: true, mcp_elicitations: false };

test("a profile's key that does not count there is no origin", async () => {
  await using temp = await makeTempHome(
    `profile = "p"\nreview_model = "r"\n[profiles.p]\nreview_model = "no"\n`,
  );
  const loaded = await temp.load();
  expect([loaded.effective["review_model"], loaded.originOf("review_model")?.line]).toEqual([
    "r",
    2,
  ]);
});
