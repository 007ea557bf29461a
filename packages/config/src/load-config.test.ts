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

describe("sandbox and approvals", () => {
  test("further writable folders are added once, and start at the session's folder", async () => {
    await using temp = await makeTempHome(
      `sandbox_mode = "workspace-write"\n[sandbox_workspace_write]\nwritable_roots = ["/data"]\nnetwork_access = true\nexclude_slash_tmp = true\n`,
    );
    const { config } = await temp.load({
      overrides: { flags: { additionalWritableRoots: ["/data", "more", "~/x", "more/."] } },
    });
    expect(config.sandboxPolicy).toEqual({
      type: "workspace-write",
      writable_roots: ["/data", join(temp.work, "more"), join(temp.home, "x")],
      network_access: true,
      exclude_tmpdir_env_var: false,
      exclude_slash_tmp: true,
    });
  });

  test("in a read-only sandbox they have no effect, and that is said", async () => {
    await using temp = await makeTempHome();
    const { config } = await temp.load({
      overrides: { flags: { additionalWritableRoots: ["more"] } },
    });
    expect([config.sandboxPolicy, config.startupWarnings]).toEqual([
      { type: "read-only" },
      ["The additional writable folders have no effect: the sandbox is read-only."],
    ]);
  });

  test("a granular policy says no to what it does not name", async () => {
    await using temp = await makeTempHome("approval_policy = { granular = { rules = true } }\n");
    expect((await temp.load()).config.approvalPolicy).toEqual({
      granular: {
        sandbox_approval: false,
        rules: true,
        mcp_elicitations: false,
        skill_approval: false,
        request_permissions: false,
      },
    });
  });

  test("on-failure works and is said to be deprecated", async () => {
    await using temp = await makeTempHome(`approval_policy = "on-failure"\n`);
    const { config } = await temp.load();
    expect([config.approvalPolicy, config.startupWarnings]).toEqual([
      "on-failure",
      ['The approval policy "on-failure" is deprecated; use "on-request" to be asked, or "never".'],
    ]);
  });

  test("permission profiles are not supported: the sandbox stays read-only and that is said", async () => {
    await using temp = await makeTempHome();
    await nodeFs.writeFile(
      temp.userFile,
      `default_permissions = "p"\n[permissions.p.filesystem]\n":root" = "read"\n[projects.${JSON.stringify(temp.work)}]\ntrust_level = "trusted"\n`,
    );
    const { config } = await temp.load();
    expect([config.sandboxMode, config.startupWarnings]).toEqual([
      "read-only",
      [
        "`default_permissions` and `[permissions]` are not supported by this version; `sandbox_mode` alone decides what commands may do.",
      ],
    ]);
  });

  test("what a managed file chooses, no flag can exceed", async () => {
    await using temp = await makeTempHome(`sandbox_mode = "danger-full-access"\n`);
    const file = await temp.write(
      "etc/managed_config.toml",
      `sandbox_mode = "workspace-write"\napproval_policy = "untrusted"\n`,
    );
    expect((await temp.load()).config).toMatchObject({
      sandboxMode: "workspace-write",
      approvalPolicy: "untrusted",
      startupWarnings: [],
    });
    const flags = { sandboxMode: "danger-full-access", approvalPolicy: "never" } as const;
    expect((await temp.load({ overrides: { flags } })).config).toMatchObject({
      sandboxMode: "read-only",
      approvalPolicy: "untrusted",
      startupWarnings: [
        `\`approval_policy\` is untrusted, not never: ${file} allows only untrusted.`,
        `\`sandbox_mode\` is read-only, not danger-full-access: ${file} allows only read-only, workspace-write.`,
      ],
    });
    const allowed = { sandboxMode: "workspace-write" } as const;
    expect((await temp.load({ overrides: { flags: allowed } })).config.sandboxMode).toBe(
      "workspace-write",
    );
  });

  test("a default that a limit does not allow is replaced without a word", async () => {
    await using temp = await makeTempHome();
    const { config } = await temp.load({
      requirements: {
        approvalPolicies: { values: ["never", "untrusted"], source: "the account" },
        sandboxModes: { values: ["read-only"], source: "the account" },
      },
    });
    expect([config.approvalPolicy, config.sandboxMode, config.startupWarnings]).toEqual([
      "never",
      "read-only",
      [],
    ]);
  });
});

describe("features", () => {
  test("older names, unfinished and missing features are told", async () => {
    await using temp = await makeTempHome(
      `experimental_use_freeform_apply_patch = true\n[features]\ncollab = true\nundo = true\n`,
    );
    const { config } = await temp.load({ overrides: { enable: ["code_mode"] } });
    expect([
      config.deprecationNotices.map(({ summary }) => summary),
      config.startupWarnings,
    ]).toEqual([
      [
        "`[features].collab` is deprecated; use `[features].multi_agent`.",
        "`experimental_use_freeform_apply_patch` is deprecated; use `[features].apply_patch_freeform`.",
      ],
      [
        `Under-development features enabled: code_mode, apply_patch_freeform. They are incomplete and may change or fail. To hide this warning, set \`suppress_unstable_features_warning = true\` in ${temp.userFile}.`,
        expect.stringContaining(
          "The feature `undo` is switched on, but this version does not have it",
        ),
        expect.stringContaining("The feature `multi_agent` is switched on"),
        expect.stringContaining("The feature `code_mode` is switched on"),
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

describe("model providers", () => {
  test("the person's own are added, with defaults; the chosen one knows its id", async () => {
    await using temp = await makeTempHome(
      `model_provider = "acme"\n[model_providers.acme]\nname = "Acme"\nbase_url = "https://a/v1"\n`,
    );
    const { config } = await temp.load();
    expect(Object.keys(config.modelProviders)).toEqual(["openai", "ollama", "lmstudio", "acme"]);
    expect(config.modelProvider).toEqual({
      id: "acme",
      name: "Acme",
      base_url: "https://a/v1",
      wire_api: "responses",
      request_max_retries: 4,
      stream_max_retries: 5,
      stream_idle_timeout_ms: 300_000,
      websocket_connect_timeout_ms: 15_000,
      requires_openai_auth: false,
      supports_websockets: false,
    });
  });

  test("openai_base_url moves the built-in one; the variable does too, with a warning", async () => {
    await using temp = await makeTempHome(`openai_base_url = "https://a/v1"\n`);
    expect((await temp.load()).config.modelProvider.base_url).toBe("https://a/v1");
    await nodeFs.writeFile(temp.userFile, "");
    const { config } = await temp.load({ env: { OPENAI_BASE_URL: "https://b/v1" } });
    expect(config.modelProvider.base_url).toBe("https://b/v1");
    expect(config.startupWarnings).toEqual([expect.stringContaining("OPENAI_BASE_URL")]);
  });

  test("a token command's folder starts at the file that names the command", async () => {
    await using temp = await makeTempHome(
      `[model_providers.a]\nname = "A"\nauth = { command = "./t", cwd = "bin" }\n[model_providers.b]\nname = "B"\n[model_providers.b.auth]\ncommand = "./t"\n`,
    );
    const { modelProviders } = (await temp.load()).config;
    expect([modelProviders["a"]?.auth, modelProviders["b"]?.auth?.cwd]).toEqual([
      {
        command: "./t",
        args: [],
        timeout_ms: 5000,
        refresh_interval_ms: 300_000,
        cwd: join(temp.codexHome, "bin"),
      },
      temp.codexHome,
    ]);
  });

  test("an unknown one is an error at its place with the nearest", async () => {
    await using temp = await makeTempHome(`model = "m"\nmodel_provider = "ollma"\n`);
    const error = await temp.failure();
    expect(error).toMatchObject({
      code: "unknown_provider",
      path: temp.userFile,
      line: 2,
      column: 18,
      key: "model_provider",
    });
    expect(error.message).toContain("did you mean `ollama`?");
    expect(error.message).toContain("lmstudio, ollama, openai");
  });

  test("ollama-chat is gone and the error says what to use", async () => {
    await using temp = await makeTempHome();
    const error = await temp.failure({ overrides: { flags: { modelProvider: "ollama-chat" } } });
    expect([error.code, error.message]).toEqual([
      "unknown_provider",
      expect.stringContaining("use `ollama`"),
    ]);
  });

  test("a reserved id is refused at the entry", async () => {
    await using temp = await makeTempHome(
      `model = "m"\n\n[model_providers.mine]\nname = "Mine"\n[model_providers.ollama]\nname = "X"\n`,
    );
    const error = await temp.failure();
    expect(error).toMatchObject({ code: "invalid_value", path: temp.userFile, line: 5, column: 1 });
    expect(error.key).toBe("model_providers.ollama");
    expect(error.message).toContain("`ollama` cannot be redefined");
  });

  test("auth beside another credential is refused with the provider and the key", async () => {
    await using temp = await makeTempHome(
      `[model_providers.corp]\nname = "Corp"\nenv_key = "KEY"\n[model_providers.corp.auth]\ncommand = "t"\n`,
    );
    const error = await temp.failure();
    expect(error).toMatchObject({ path: temp.userFile, line: 3, column: 11 });
    expect(error.message).toContain("model_providers.corp");
    expect(error.message).toContain("`env_key`");
  });
});

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
