import { join } from "@codex-ts/absolute-path";
import { expect, test } from "vitest";
import { formatConfig, reportConfig } from "./index.ts";
import { makeTempHome } from "./testing/temp-home.ts";
import { parseToml } from "./toml.ts";

test("what counts is TOML that says of each value where it stands; what does not count is named", async () => {
  await using temp = await makeTempHome(
    'model = "a"\nprofile = "p"\n[profiles.p]\nmodel_verbosity = "low"\n',
  );
  await temp.write("work/.codex/config.toml", 'model = "theirs"\n');
  const loaded = await temp.load({
    overrides: { cli: ["web_search=live"], flags: { model: "b" } },
  });
  const file = temp.userFile;
  const text = formatConfig(loaded, { origins: true });
  expect(text).toBe(`# Settings that are not defaults. Of these layers the later ones win:
#   system       ${join(temp.systemFolder, "config.toml")} (not there)
#   user         ${file}
#   project      ${join(temp.work, ".codex/config.toml")} (ignored: not trusted)
#   command line
# The active profile is p.

model = "b" # command line
profile = "p" # ${file}:2:11
model_verbosity = "low" # ${file}:4:19
web_search = "live" # -c web_search

[profiles.p]
model_verbosity = "low" # ${file}:4:19
`);
  expect(await parseToml(formatConfig(loaded))).toEqual(loaded.effective);
});

test("the report is plain data", async () => {
  await using temp = await makeTempHome('model = "a"\nnope = 1\n');
  const loaded = await temp.load({ overrides: { cli: ["notify=['x']"] } });
  expect(JSON.parse(JSON.stringify(reportConfig(loaded)))).toEqual({
    profile: null,
    layers: [
      {
        name: { type: "system", file: join(temp.systemFolder, "config.toml") },
        file: join(temp.systemFolder, "config.toml"),
        exists: false,
        disabled_reason: null,
      },
      {
        name: { type: "user", file: temp.userFile },
        file: temp.userFile,
        exists: true,
        disabled_reason: null,
      },
      { name: { type: "sessionFlags" }, file: null, exists: true, disabled_reason: null },
    ],
    config: { model: "a", nope: 1, notify: ["x"] },
    origins: {
      model: {
        layer: { type: "user", file: temp.userFile },
        key: "model",
        file: temp.userFile,
        line: 1,
        column: 9,
        override: null,
      },
      nope: {
        layer: { type: "user", file: temp.userFile },
        key: "nope",
        file: temp.userFile,
        line: 2,
        column: 8,
        override: null,
      },
      "notify[0]": {
        layer: { type: "sessionFlags" },
        key: "notify[0]",
        file: null,
        line: null,
        column: null,
        override: "-c notify",
      },
    },
    warnings: [`${temp.userFile}:2:1: \`nope\` is not a known key`],
  });
});

test("no credential is shown, wherever it stands", async () => {
  await using temp = await makeTempHome(`
notify = ["send", "--api-key", "SECRET-1", "--token=SECRET-2", "sk-SECRET-3"]
openai_base_url = "https://me:SECRET-4@host/v1?api_key=SECRET-5"
[model_providers.x]
name = "X"
experimental_bearer_token = "SECRET-6"
http_headers = { Authorization = "SECRET-7" }
query_params = { key = "SECRET-8" }
env_key = "SHOWN"
[mcp_servers.s]
command = "shown"
env = { A = "SECRET-9" }
[shell_environment_policy]
set = { B = "SECRET-10" }
[otel.exporter.otlp-http]
endpoint = "shown"
headers = { x-key = "SECRET-11" }
`);
  const loaded = await temp.load();
  for (const text of [
    formatConfig(loaded, { origins: true }),
    JSON.stringify(reportConfig(loaded)),
  ]) {
    expect(text).not.toContain("SECRET");
    expect(text).toContain("SHOWN");
    expect(text).toContain("shown");
  }
});
