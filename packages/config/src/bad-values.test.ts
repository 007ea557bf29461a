import nodeFs from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { $ZodType as Schema } from "zod/v4/core";
import { unwrap } from "../scripts/shape-of-schema.ts";
import { pathKeys } from "./path-keys.ts";
import { path as pathSchema } from "./schema-parts.ts";
import { profileSchema } from "./schema-settings.ts";
import { configTomlSchema } from "./schemas.ts";
import { makeTempHome, type TempHome } from "./testing/temp-home.ts";

const text = "a string";
const path = "a path in quotes";
const paths = "an array, each element a path in quotes";
const flag = "true or false";
const texts = "an array, each element a string";
const whole = "a whole number";
const count = "a whole number, at least 0";
const positive = "a whole number, at least 1";
const words = (...allowed: readonly string[]) =>
  `one of ${allowed.map((word) => JSON.stringify(word)).join(", ")}`;
const efforts = words("none", "minimal", "low", "medium", "high", "xhigh");

/** Key (`x` stands for any name), a value of the wrong kind, what the message says is allowed. */
const rows: readonly (readonly [key: string, bad: string, allowed: string])[] = [
  ["model", "5", text],
  ["model_provider", "true", text],
  ["model_reasoning_effort", '"higher"', efforts],
  ["plan_mode_reasoning_effort", "1", efforts],
  ["model_reasoning_summary", '"short"', words("auto", "concise", "detailed", "none")],
  ["model_verbosity", '"High!"', words("low", "medium", "high")],
  ["model_catalog_json", "[]", path],
  ["personality", '"grumpy"', words("none", "friendly", "pragmatic")],
  ["service_tier", '"slow"', words("fast", "flex")],
  ["model_instructions_file", "1", path],
  ["experimental_compact_prompt_file", "1", path],
  ["experimental_instructions_file", "1", path],
  ["chatgpt_base_url", "1", text],
  ["oss_provider", "1", text],
  [
    "approval_policy",
    '"sometimes"',
    `${words("untrusted", "on-failure", "on-request", "never")}, or a table with \`granular\``,
  ],
  ["approvals_reviewer", '"me"', words("user", "guardian_subagent")],
  ["sandbox_mode", '"readonly"', words("read-only", "workspace-write", "danger-full-access")],
  ["windows.sandbox", '"high"', words("elevated", "unelevated")],
  ["windows.sandbox_private_desktop", '"yes"', flag],
  ["web_search", "true", words("disabled", "cached", "live")],
  [
    "tools.web_search",
    '"live"',
    `${flag}, or a table with \`context_size\`, \`allowed_domains\`, \`location\``,
  ],
  ["tools.view_image", "1", flag],
  ["js_repl_node_path", "1", path],
  ["js_repl_node_module_dirs", '"x"', paths],
  ["zsh_path", "1", path],
  ["features.x", '"true"', flag],
  ["analytics.enabled", "1", flag],
  ["experimental_use_unified_exec_tool", "1", flag],
  ["experimental_use_freeform_apply_patch", "1", flag],
  ["review_model", "1", text],
  ["model_context_window", '"x"', whole],
  ["model_auto_compact_token_limit", "1.5", whole],
  ["model_supports_reasoning_summaries", "1", flag],
  ["developer_instructions", "1", text],
  ["compact_prompt", "1", text],
  ["instructions", "1", text],
  ["openai_base_url", "1", text],
  ["commit_attribution", "1", text],
  ["sandbox_workspace_write.writable_roots", '"/x"', paths],
  ["sandbox_workspace_write.network_access", '"yes"', flag],
  ["sandbox_workspace_write.exclude_tmpdir_env_var", "1", flag],
  ["sandbox_workspace_write.exclude_slash_tmp", "1", flag],
  ["default_permissions", "1", text],
  ["permissions.x", "1", "a table"],
  ["permissions.x.filesystem.x", '"all"', `${words("read", "write", "none")}, or a table`],
  ["permissions.x.network.enabled", "1", flag],
  ["permissions.x.network.mode", '"half"', words("limited", "full")],
  ["permissions.x.network.domains.x", "true", words("allow", "deny")],
  ["permissions.x.network.unix_sockets.x", "true", words("allow", "none")],
  ["permissions.x.network.proxy_url", "1", text],
  ["permissions.x.network.socks_url", "1", text],
  ["permissions.x.network.allow_upstream_proxy", "1", flag],
  ["permissions.x.network.enable_socks5", "1", flag],
  ["permissions.x.network.enable_socks5_udp", "1", flag],
  ["permissions.x.network.allow_local_binding", "1", flag],
  ["permissions.x.network.dangerously_allow_non_loopback_proxy", "1", flag],
  ["permissions.x.network.dangerously_allow_all_unix_sockets", "1", flag],
  ["allow_login_shell", "1", flag],
  ["shell_environment_policy.inherit", '"some"', words("all", "core", "none")],
  ["shell_environment_policy.ignore_default_excludes", "1", flag],
  ["shell_environment_policy.exclude", '"A"', texts],
  ["shell_environment_policy.set.x", "1", text],
  ["shell_environment_policy.include_only", "1", texts],
  ["shell_environment_policy.experimental_use_profile", "1", flag],
  ["tool_output_token_limit", "-1", count],
  ["background_terminal_max_timeout", "-1", count],
  ["notify", '"x"', texts],
  ["mcp_servers.x.command", "1", text],
  ["mcp_servers.x.args", '"x"', texts],
  ["mcp_servers.x.env.x", "1", text],
  ["mcp_servers.x.env_vars", "1", texts],
  ["mcp_servers.x.cwd", "1", path],
  ["mcp_servers.x.url", "1", text],
  ["mcp_servers.x.bearer_token", "1", text],
  ["mcp_servers.x.bearer_token_env_var", "1", text],
  ["mcp_servers.x.http_headers.x", "1", text],
  ["mcp_servers.x.env_http_headers.x", "1", text],
  ["mcp_servers.x.oauth_resource", "1", text],
  ["mcp_servers.x.startup_timeout_sec", "-0.5", "a number, at least 0"],
  ["mcp_servers.x.startup_timeout_ms", "0.5", count],
  ["mcp_servers.x.tool_timeout_sec", '"1"', "a number, at least 0"],
  ["mcp_servers.x.enabled", "1", flag],
  ["mcp_servers.x.required", "1", flag],
  ["mcp_servers.x.enabled_tools", "1", texts],
  ["mcp_servers.x.disabled_tools", "1", texts],
  ["mcp_servers.x.scopes", "1", texts],
  ["mcp_servers.x.tools.x.approval_mode", '"ask"', words("auto", "prompt", "approve")],
  ["mcp_servers.x.name", "1", text],
  ["mcp_oauth_credentials_store", '"disk"', words("auto", "file", "keyring")],
  ["mcp_oauth_callback_port", "70000", "a whole number from 0 to 65535"],
  ["mcp_oauth_callback_url", "1", text],
  ["projects.x.trust_level", '"maybe"', words("trusted", "untrusted")],
  ["project_root_markers", '".git"', texts],
  ["project_doc_max_bytes", "-1", count],
  ["project_doc_fallback_filenames", "1", texts],
  ["skills.bundled.enabled", "1", flag],
  ["skills.config", "1", "an array, each element a table with `path`, `name`, `enabled`"],
  ["history.persistence", '"some"', words("save-all", "none")],
  ["history.max_bytes", "-1", count],
  ["log_dir", "1979-05-27", path],
  ["sqlite_home", "1", path],
  ["cli_auth_credentials_store", '"disk"', words("file", "keyring", "auto", "ephemeral")],
  ["forced_login_method", '"key"', words("chatgpt", "api")],
  ["forced_chatgpt_workspace_id", "1", text],
  ["ghost_snapshot.ignore_large_untracked_files", '"1"', whole],
  ["ghost_snapshot.ignore_untracked_files_over_bytes", '"1"', whole],
  ["ghost_snapshot.ignore_large_untracked_dirs", '"1"', whole],
  ["ghost_snapshot.large_untracked_dir_warning_threshold", '"1"', whole],
  ["ghost_snapshot.disable_warnings", "1", flag],
  ["agents.max_threads", "0", positive],
  ["agents.max_depth", "0", positive],
  ["agents.job_max_runtime_seconds", "0", positive],
  ["agents.x.description", "1", text],
  ["agents.x.config_file", "1", path],
  ["agents.x.nickname_candidates", "1", texts],
  ["suppress_unstable_features_warning", "1", flag],
  ["profile", "1", text],
  ["hide_agent_reasoning", "1", flag],
  ["show_raw_agent_reasoning", "1", flag],
  ["file_opener", '"vim"', words("vscode", "vscode-insiders", "windsurf", "cursor", "none")],
  ["check_for_update_on_startup", "1", flag],
  ["disable_paste_burst", "1", flag],
  ["feedback.enabled", "1", flag],
  ["tui.notifications", "1", `${flag}, or ${texts}`],
  ["tui.notification_method", '"bell!"', words("auto", "osc9", "bel")],
  ["tui.animations", "1", flag],
  ["tui.show_tooltips", "1", flag],
  ["tui.alternate_screen", "true", words("auto", "always", "never")],
  ["tui.status_line", '"x"', texts],
  ["tui.terminal_title", '"x"', texts],
  ["tui.theme", "1", text],
  ["tui.model_availability_nux.x", '"1"', count],
  ["notice", "1", "a table"],
  ["otel.log_user_prompt", "1", flag],
  ["otel.environment", "1", text],
  ["otel.exporter", "1", `${text}, or a table`],
  ["otel.trace_exporter", "1", `${text}, or a table`],
  ["otel.metrics_exporter", "1", `${text}, or a table`],
  ["memories.no_memories_if_mcp_or_web_search", "1", flag],
  ["memories.generate_memories", "1", flag],
  ["memories.use_memories", "1", flag],
  ["memories.max_raw_memories_for_consolidation", "-1", count],
  ["memories.max_unused_days", "0.5", whole],
  ["memories.max_rollout_age_days", "0.5", whole],
  ["memories.max_rollouts_per_startup", "-1", count],
  ["memories.min_rollout_idle_hours", "0.5", whole],
  ["memories.extract_model", "1", text],
  ["memories.consolidation_model", "1", text],
  ["apps", "1979-05-27", "a table"],
  ["plugins.x.enabled", "1", flag],
  ["tool_suggest.discoverables", "1", "an array, each element a table"],
  ["audio", "1", "a table"],
  ["hooks", "1", "a table"],
  ["realtime", "1", "a table"],
  ["windows_wsl_setup_acknowledged", "1", flag],
  ["model_providers.x.name", "1", text],
  ["model_providers.x.base_url", "1", text],
  ["model_providers.x.env_key", "1", text],
  ["model_providers.x.env_key_instructions", "1", text],
  ["model_providers.x.experimental_bearer_token", "1", text],
  ["model_providers.x.auth.command", "1", text],
  ["model_providers.x.auth.args", '"x"', texts],
  ["model_providers.x.auth.timeout_ms", "0", positive],
  ["model_providers.x.auth.refresh_interval_ms", "-1", count],
  ["model_providers.x.auth.cwd", "1", text],
  ["model_providers.x.query_params.x", "1", text],
  ["model_providers.x.http_headers.x", "1", text],
  ["model_providers.x.env_http_headers.x", "1", text],
  ["model_providers.x.request_max_retries", "-1", count],
  ["model_providers.x.stream_max_retries", "-1", count],
  ["model_providers.x.stream_idle_timeout_ms", '"1"', count],
  ["model_providers.x.websocket_connect_timeout_ms", "0.5", count],
  ["model_providers.x.requires_openai_auth", "1", flag],
  ["model_providers.x.supports_websockets", "1", flag],
  ["profiles.x.include_apply_patch_tool", "1", flag],
  ["profiles.x.tools_view_image", "1", flag],
];

/** Tested below: its messages are its own. */
const elsewhere = ["model_providers.x.wire_api"];

/** Every key below `schema` that holds a value of its own. */
function leaves(schema: Schema, path: readonly string[] = []): readonly [string, Schema][] {
  const { def } = unwrap(schema)._zod;
  if (def.type === "object") {
    const known = Object.keys(def.shape).flatMap((name) => {
      const child = def.shape[name];
      return child === undefined ? [] : leaves(child, [...path, name]);
    });
    return def.catchall === undefined ? known : [...known, ...leaves(def.catchall, [...path, "x"])];
  }
  if (def.type === "record" && unwrap(def.valueType)._zod.def.type !== "unknown") {
    return leaves(def.valueType, [...path, "x"]);
  }
  return [[path.join("."), schema]];
}

let temp: TempHome;
beforeAll(async () => {
  temp = await makeTempHome();
});
afterAll(() => temp[Symbol.asyncDispose]());

/** What a provider cannot do without. */
const required = {
  name: 'model_providers.x.name = "X"',
  command: 'model_providers.x.auth.command = "t"',
};

/** The error of a file whose third line sets `key` to `bad`. */
async function failureOf(key: string, bad: string) {
  const others = [
    key.startsWith("model_providers.x.") ? required.name : "",
    key.startsWith("model_providers.x.auth.") ? required.command : "",
  ].filter((line) => !line.startsWith(`${key} =`));
  await nodeFs.writeFile(
    temp.userFile,
    `# a comment\n\n${key} = ${bad} # end\n${others.join("\n")}\n`,
  );
  return temp.failure();
}

describe("a wrong value is refused with file, line, column, key and what is allowed", () => {
  test.each(rows)("%s = %s", async (key, bad, allowed) => {
    const error = await failureOf(key, bad);
    expect({ code: error.code, key: error.key, place: error.display.split(" ", 1)[0] }).toEqual({
      code: "invalid_value",
      key,
      place: `${temp.userFile}:3:${key.length + 4}:`,
    });
    expect(error.message).toContain(`\`${key}\` must be ${allowed}`);
  });

  test("the table has every key", () => {
    const profileKeys = leaves(profileSchema).map(([key]) => `profiles.x.${key}`);
    const topLevel = leaves(configTomlSchema).map(([key]) => key);
    const covered = new Set([...rows.map(([key]) => key), ...elsewhere]);
    const shared = (key: string) =>
      profileKeys.includes(key) && covered.has(key.slice("profiles.x.".length));
    expect(topLevel.filter((key) => !covered.has(key) && !shared(key))).toEqual([]);
  });

  test("the same in a profile, at its place there", async () => {
    await nodeFs.writeFile(
      temp.userFile,
      `[profiles.p]\n  model_verbosity = "mid"\n[profiles.q]\nmodel = "m"\n`,
    );
    const expected = `${temp.userFile}:2:21: \`profiles.p.model_verbosity\` must be one of "low", "medium", "high", not "mid"
  |
2 |   model_verbosity = "mid"
  |                     ^^^^^`;
    for (const profile of [undefined, "q", "p"]) {
      expect((await temp.failure({ overrides: { profile } })).display).toBe(expected);
    }
  });
});

describe("the words of a message", () => {
  test("a near miss gets a suggestion, and the line is shown with carets", async () => {
    expect((await failureOf("sandbox_mode", '"readonly"')).display).toBe(
      `${temp.userFile}:3:16: \`sandbox_mode\` must be one of "read-only", "workspace-write", "danger-full-access", not "readonly"; did you mean "read-only"?
  |
3 | sandbox_mode = "readonly" # end
  |                ^^^^^^^^^^`,
    );
  });

  test("wire_api: chat gets the way out, other words the one that is allowed", async () => {
    const chat = await failureOf("model_providers.x.wire_api", '"chat"');
    expect(chat.message).toContain("no longer supported");
    expect(chat).toMatchObject({ line: 3, key: "model_providers.x.wire_api" });
    const other = await failureOf("model_providers.x.wire_api", '"soap"');
    expect(other.message).toBe('`model_providers.x.wire_api` must be "responses", not "soap"');
  });

  test("an element of an array is pointed to by its index", async () => {
    const error = await failureOf("notify", '["a", 1]');
    expect([error.key, error.message, error.column]).toEqual([
      "notify[1]",
      "`notify[1]` must be a string, not 1",
      16,
    ]);
  });

  test("inside the branch of a choice that was meant", async () => {
    const granular = await failureOf("approval_policy", "{ granular = { rules = 1 } }");
    expect(granular.message).toBe("`approval_policy.granular.rules` must be true or false, not 1");
    const search = await failureOf("tools.web_search", '{ context_size = "hi" }');
    expect(search.message).toContain('`tools.web_search.context_size` must be one of "low"');
    const missing = await failureOf("approval_policy", "{ granulr = {} }");
    expect(missing.message).toContain("`approval_policy.granular` is missing");
  });

  test("a missing name points to the provider", async () => {
    await nodeFs.writeFile(temp.userFile, `\n[model_providers."a.b"]\nbase_url = "x"\n`);
    expect((await temp.failure()).display).toBe(
      `${temp.userFile}:2:1: \`model_providers."a.b".name\` is missing; it must be a string
  |
2 | [model_providers."a.b"]
  | ^^^^^^^^^^^^^^^^^^^^^^^`,
    );
  });

  test("a table where none belongs, a value where a table belongs", async () => {
    expect((await failureOf("model", "{ a = 1 }")).message).toBe(
      "`model` must be a string, not a table",
    );
    expect((await failureOf("tui", '"dark"')).message).toBe('`tui` must be a table, not "dark"');
    expect((await failureOf("history", "1979-05-27")).message).toContain("not a date");
    expect((await failureOf("model_providers", "1")).message).toContain("must be a table");
  });

  test("of several problems the first in the file is told", async () => {
    await nodeFs.writeFile(temp.userFile, `[tui]\ntheme = 1\n[history]\nmax_bytes = "x"\n`);
    expect((await temp.failure()).key).toBe("tui.theme");
  });

  test("a value over several lines gets one caret", async () => {
    expect((await failureOf("model", "[\n1,\n]")).display).toBe(
      `${temp.userFile}:3:9: \`model\` must be a string, not an array\n  |\n3 | model = [\n  |         ^`,
    );
  });

  test("features: the first value that is no boolean is pointed to", async () => {
    await nodeFs.writeFile(temp.userFile, `[features]\nundo = "true"\nsteer = 1\n`);
    expect(await temp.failure()).toMatchObject({ key: "features.undo", line: 2, column: 8 });
  });

  test("a syntax error has the parser's place", async () => {
    await nodeFs.writeFile(temp.userFile, "invalid = [");
    expect((await temp.failure()).display).toBe(
      `${temp.userFile}:1:11: this is not valid TOML: unfinished array
  |
1 | invalid = [
  |           ^`,
    );
  });

  test("what -c sets wrongly is named by its -c", async () => {
    await nodeFs.writeFile(temp.userFile, `model_verbosity = "low"\n`);
    const error = await temp.failure({ overrides: { cli: ["model_verbosity=loud"] } });
    expect(error.display).toBe(
      '-c model_verbosity: `model_verbosity` must be one of "low", "medium", "high", not "loud"',
    );
    expect(error.path).toBeUndefined();
  });

  test("project_root_markers is needed early and refused in the same words", async () => {
    const error = await failureOf("project_root_markers", "[1]");
    expect(error).toMatchObject({ code: "invalid_value", line: 3 });
  });
});

describe("a message never shows a secret", () => {
  test.each([
    ["model_providers.x.experimental_bearer_token", '["sk-hidden"]'],
    ["mcp_servers.x.env.KEY", '["sk-hidden"]'],
    ["mcp_servers.x", '{ args = "a", env = { KEY = "sk-hidden" } }'],
    ["shell_environment_policy.set.MY_TOKEN", '["sk-hidden"]'],
    ["model_providers.x", '{ name = 1, http_headers = { Authorization = "sk-hidden" } }'],
    ["my_api_key", '"sk-hidden'],
  ])("%s", async (key, bad) => {
    const { display } = await failureOf(key, bad);
    expect(display).toContain(temp.userFile);
    expect(display).not.toContain("sk-hidden");
  });

  test("not on the command line either", async () => {
    await nodeFs.writeFile(temp.userFile, "");
    const cli = ["model_providers.x={experimental_bearer_token=1}", "mcp_servers.x.env=sk-hidden"];
    for (const item of cli) {
      const { display } = await temp.failure({ overrides: { cli: [item] } });
      expect(display).not.toContain("sk-hidden");
    }
  });
});

test("every key that holds a path is resolved, and only those", () => {
  const isPath = (schema: Schema): boolean => {
    const inner = unwrap(schema);
    const { def } = inner._zod;
    return inner === pathSchema || (def.type === "array" && isPath(def.element));
  };
  const inSchema = leaves(configTomlSchema)
    .filter(([, schema]) => isPath(schema))
    .map(([key]) => key);
  const listed = pathKeys.map((key) => key.replaceAll("*", "x").replace(/\.\[\]$/, ""));
  const inArraysOfTables = ["skills.config.[].path"];
  const ofProviders = ["model_providers.x.auth.cwd"];
  expect(listed.toSorted()).toEqual([...inSchema, ...inArraysOfTables, ...ofProviders].toSorted());
});
