import nodeFs from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { describe, expect, test } from "vitest";
import { makeTempHome } from "./testing/temp-home.ts";

describe("what wins", () => {
  test("flag, managed file, -c, profile, project, person, machine, default, in that order", async () => {
    await using temp = await makeTempHome();
    const load = async (overrides = {}) => (await temp.load({ overrides })).config.personality;
    const seen: (string | undefined)[] = [await load()];
    await temp.write("etc/config.toml", `personality = "none"\n`);
    seen.push(await load());
    const trusted = `[projects.${JSON.stringify(temp.work)}]\ntrust_level = "trusted"\n[profiles.p]\npersonality = "none"\n`;
    await nodeFs.writeFile(temp.userFile, `personality = "friendly"\n${trusted}`);
    seen.push(await load());
    await temp.write("work/.codex/config.toml", `personality = "pragmatic"\n`);
    seen.push(await load());
    seen.push(await load({ profile: "p" }));
    seen.push(await load({ profile: "p", cli: ["personality=friendly"] }));
    await temp.write("etc/managed_config.toml", `personality = "none"\n`);
    seen.push(await load({ profile: "p", cli: ["personality=friendly"] }));
    seen.push(
      await load({
        profile: "p",
        cli: ["personality=friendly"],
        flags: { personality: "pragmatic" },
      }),
    );
    expect(seen).toEqual([
      "pragmatic",
      "none",
      "friendly",
      "pragmatic",
      "none",
      "friendly",
      "none",
      "pragmatic",
    ]);
  });
});

describe("profiles", () => {
  const toml = `
model = "base"
model_reasoning_effort = "low"
approval_policy = "never"
review_model = "reviewer"
[model_providers.acme]
name = "Acme"
[features]
undo = true
[tools.web_search]
context_size = "low"
allowed_domains = ["a"]
[profiles.fast]
model = "small"
[profiles.acme]
model_provider = "acme"
approval_policy = "on-request"
features.undo = false
tools.web_search.context_size = "high"
[profiles.deep]
model_reasoning_effort = "xhigh"
review_model = "does not count here"
[profiles.open]
sandbox_mode = "danger-full-access"
`;

  test.each([
    [undefined, ["base", "openai", "low", "never", "reviewer", true, "low", "read-only"]],
    ["fast", ["small", "openai", "low", "never", "reviewer", true, "low", "read-only"]],
    ["acme", ["base", "acme", "low", "on-request", "reviewer", false, "high", "read-only"]],
    ["deep", ["base", "openai", "xhigh", "never", "reviewer", true, "low", "read-only"]],
    ["open", ["base", "openai", "low", "never", "reviewer", true, "low", "danger-full-access"]],
  ])("%s: its keys come from it, the rest from the base", async (profile, expected) => {
    await using temp = await makeTempHome(toml);
    const { config } = await temp.load({ overrides: { profile } });
    expect([
      config.model,
      config.modelProviderId,
      config.modelReasoningEffort,
      config.approvalPolicy,
      config.reviewModel,
      config.features.enabled("undo"),
      config.webSearch?.contextSize,
      config.sandboxMode,
    ]).toEqual(expected);
    expect([config.profile, config.webSearch?.allowedDomains]).toEqual([profile, ["a"]]);
  });

  test("a flag stands above the profile", async () => {
    await using temp = await makeTempHome(toml);
    const { config } = await temp.load({
      overrides: { profile: "open", flags: { sandboxMode: "workspace-write" } },
    });
    expect(config.sandboxMode).toBe("workspace-write");
  });

  test("-c, --enable and --disable stand above the profile", async () => {
    await using temp = await makeTempHome(
      `profile = "a"\n[profiles.a]\nmodel = "p"\nfeatures = { undo = true, shell_tool = false }\n`,
    );
    const { config } = await temp.load({
      overrides: { cli: ["model=c"], enable: ["shell_tool"], disable: ["undo"] },
    });
    expect([
      config.model,
      config.features.enabled("undo"),
      config.features.enabled("shell_tool"),
    ]).toEqual(["c", false, true]);
  });

  test("--profile and -c profile choose one", async () => {
    await using temp = await makeTempHome(toml);
    const byItem = await temp.load({ overrides: { cli: ["profile=fast"] } });
    const both = await temp.load({ overrides: { cli: ["profile=fast"], profile: "deep" } });
    expect([byItem.config.profile, both.config.profile]).toEqual(["fast", "deep"]);
  });

  test("a missing one is an error that names it, the nearest and all that exist", async () => {
    await using temp = await makeTempHome(`profile = "fsat"\n[profiles.fast]\n[profiles.deep]\n`);
    expect((await temp.failure()).display).toBe(
      `${temp.userFile}:1:11: config profile \`fsat\` not found; did you mean \`fast\`? (the profiles are: deep, fast)
  |
1 | profile = "fsat"
  |           ^^^^^^`,
    );
    expect((await temp.failure({ overrides: { profile: "elsewhere" } })).display).toBe(
      "--profile: config profile `elsewhere` not found (the profiles are: deep, fast)",
    );
  });

  test("without any profile the error says so, also in an empty home", async () => {
    await using temp = await makeTempHome();
    expect(await temp.failure({ overrides: { profile: "p" } })).toMatchObject({
      code: "unknown_profile",
      message: "config profile `p` not found (no profile is defined)",
    });
  });
});

describe("features", () => {
  test("older names, unfinished and missing features are told", async () => {
    await using temp = await makeTempHome(
      `experimental_use_freeform_apply_patch = true\n[features]\ncollab = false\n`,
    );
    const { config } = await temp.load({ overrides: { enable: ["artifact"] } });
    expect([
      config.deprecationNotices.map(({ summary }) => summary),
      config.startupWarnings,
    ]).toEqual([
      [
        "`[features].collab` is deprecated; use `[features].multi_agent`.",
        "`experimental_use_freeform_apply_patch` is deprecated; use `[features].apply_patch_freeform`.",
      ],
      [
        `Under-development features enabled: apply_patch_freeform, artifact. They are incomplete and may change or fail. To hide this warning, set \`suppress_unstable_features_warning = true\` in ${temp.userFile}.`,
        expect.stringContaining("The feature `artifact` is switched on, but this version does not"),
      ],
    ]);
  });

  test("suppress_unstable_features_warning hides the warning of unfinished ones", async () => {
    await using temp = await makeTempHome(
      "suppress_unstable_features_warning = true\nfeatures.apply_patch_freeform = true\n",
    );
    expect((await temp.load()).config.startupWarnings).toEqual([]);
  });

  test("includeApplyPatchTool switches the free-form tool", async () => {
    await using temp = await makeTempHome();
    const { config } = await temp.load({ overrides: { flags: { includeApplyPatchTool: true } } });
    expect(config.features.enabled("apply_patch_freeform")).toBe(true);
  });

  test("the fast tier needs the feature fast_mode; a null flag clears the tier", async () => {
    await using temp = await makeTempHome(`service_tier = "fast"\n`);
    const tier = async (overrides = {}) => (await temp.load({ overrides })).config.serviceTier;
    expect([
      await tier(),
      await tier({ disable: ["fast_mode"] }),
      await tier({ disable: ["fast_mode"], flags: { serviceTier: "flex" } }),
      await tier({ flags: { serviceTier: null } }),
    ]).toEqual(["fast", undefined, "flex", undefined]);
  });

  test("personality is pragmatic while the feature is on", async () => {
    await using temp = await makeTempHome();
    const off = await temp.load({ overrides: { disable: ["personality"] } });
    expect(off.config.personality).toBeUndefined();
  });

  test.each([
    ["", undefined],
    ["features.web_search_cached = true", "cached"],
    ["features.web_search_request = true", "live"],
    ["features = { web_search_request = true, web_search_cached = true }", "cached"],
    ['web_search = "disabled"\nfeatures.web_search_request = true', "disabled"],
    ['profile = "p"\nprofiles.p.web_search = "live"\nfeatures.web_search_cached = true', "live"],
  ])("web search with %j is %s", async (toml, mode) => {
    await using temp = await makeTempHome(toml);
    expect((await temp.load()).config.webSearchMode).toBe(mode);
  });

  test.each([true, false])("tools.web_search = %s means nothing", async (value) => {
    await using temp = await makeTempHome(`tools.web_search = ${value}\n`);
    expect((await temp.load()).config.webSearch).toBeUndefined();
  });
});

test("MCP servers: one transport each, seconds become milliseconds", async () => {
  await using temp = await makeTempHome(`
[mcp_servers.docs]
command = "docs"
args = ["--fast"]
env = { A = "1" }
env_vars = ["B"]
startup_timeout_ms = 1500
enabled = false
disabled_tools = ["x"]
[mcp_servers.docs.tools.search]
approval_mode = "approve"
[mcp_servers.web]
url = "https://w/mcp"
bearer_token_env_var = "TOKEN"
env_http_headers = { X = "Y" }
startup_timeout_sec = 2.5
startup_timeout_ms = 9
tool_timeout_sec = 0.5
required = true
`);
  expect((await temp.load()).config.mcpServers).toEqual({
    docs: {
      transport: {
        type: "stdio",
        command: "docs",
        args: ["--fast"],
        env: { A: "1" },
        envVars: ["B"],
      },
      enabled: false,
      required: false,
      startupTimeoutMs: 1500,
      toolTimeoutMs: 120_000,
      disabledTools: ["x"],
      toolApprovalModes: { search: "approve" },
    },
    web: {
      transport: {
        type: "streamable_http",
        url: "https://w/mcp",
        bearerTokenEnvVar: "TOKEN",
        httpHeaders: {},
        envHttpHeaders: { X: "Y" },
      },
      enabled: true,
      required: true,
      startupTimeoutMs: 2500,
      toolTimeoutMs: 500,
      disabledTools: [],
      toolApprovalModes: {},
    },
  });
});

test("the remaining settings reach the configuration, with their defaults", async () => {
  await using temp = await makeTempHome(`
project_doc_fallback_filenames = [" A.md ", " "]
background_terminal_max_timeout = 10
forced_chatgpt_workspace_id = " "
experimental_instructions_file = "x"
[history]
max_bytes = 5
[ghost_snapshot]
ignore_untracked_files_over_bytes = 7
ignore_large_untracked_dirs = 0
[agents]
max_threads = 2
[agents.scout]
description = "looks"
config_file = "scout.toml"
[[skills.config]]
name = "s"
enabled = false
[shell_environment_policy]
inherit = "core"
set = { A = "b" }
[otel]
environment = "test"
`);
  const { config } = await temp.load({ env: { CODEX_SQLITE_HOME: "db" } });
  expect({
    docs: config.projectDocs,
    timeout: config.backgroundTerminalMaxTimeoutMs,
    workspace: config.forcedChatgptWorkspaceId,
    history: config.history,
    snapshot: config.ghostSnapshot,
    agents: config.agents,
    skills: config.skills,
    shell: config.shellEnvironmentPolicy,
    sections: config.sections,
    sqliteHome: config.sqliteHome,
    notices: config.deprecationNotices,
  }).toEqual({
    docs: { maxBytes: 32_768, fallbackFilenames: ["A.md"] },
    timeout: 5000,
    workspace: undefined,
    history: { persistence: "save-all", maxBytes: 5 },
    snapshot: { ignoreLargeUntrackedFiles: 7, disableWarnings: false },
    agents: {
      maxThreads: 2,
      maxDepth: 1,
      roles: {
        scout: {
          description: "looks",
          configFile: join(temp.codexHome, "scout.toml"),
          nicknameCandidates: [],
        },
      },
    },
    skills: { bundledEnabled: true, switches: [{ name: "s", enabled: false }] },
    shell: {
      inherit: "core",
      ignore_default_excludes: true,
      exclude: [],
      set: { A: "b" },
      include_only: [],
      experimental_use_profile: false,
    },
    sections: { otel: { environment: "test" } },
    sqliteHome: join(temp.work, "db"),
    notices: [
      {
        summary: "`experimental_instructions_file` is no longer used.",
        details: "Use `model_instructions_file` to replace the model's instructions.",
      },
    ],
  });
});

test("two configurations can be loaded side by side", async () => {
  await using a = await makeTempHome(`model = "a"\n`);
  await using b = await makeTempHome(`model = "b"\n`);
  const loaded = await Promise.all([a.load(), b.load(), a.load()]);
  expect(loaded.map(({ config }) => config.model)).toEqual(["a", "b", "a"]);
});
