// The tables of config.toml.
import type { FileSystemAccess } from "@codex-ts/protocol";
import { z } from "zod";
import {
  anything,
  atLeastOne,
  count,
  flag,
  key,
  path,
  seconds,
  text,
  textMap,
  texts,
  trustLevel,
  whole,
} from "./schema-parts.ts";

export const sandboxWorkspaceWrite = z.object({
  writable_roots: key(z.array(path), "Further folders that commands may write to."),
  network_access: key(flag, "Whether commands may use the network; false by default."),
  exclude_tmpdir_env_var: key(flag, "Keep $TMPDIR read-only; false by default."),
  exclude_slash_tmp: key(flag, "Keep /tmp read-only; false by default."),
});

export const shellEnvironmentPolicy = z.object({
  inherit: key(
    z.enum(["all", "core", "none"]),
    "Which variables commands start with; all by default.",
  ),
  ignore_default_excludes: key(
    flag,
    "Keep variables whose names look like secrets; true by default.",
  ),
  exclude: key(texts, "Variables to drop; `*` and `?` are wildcards, letter case is ignored."),
  set: key(textMap, "Variables to set."),
  include_only: key(texts, "When not empty, the only variables to keep, as wildcards."),
  experimental_use_profile: key(flag, "Run commands through the shell's profile."),
});

const webSearchLocation = z.object({
  country: key(text, "Country of the person who asks."),
  region: key(text, "Region or state."),
  city: key(text, "City."),
  timezone: key(text, "IANA time zone."),
});

export const tools = z.object({
  web_search: key(
    z.union([
      flag,
      z.object({
        context_size: key(z.enum(["low", "medium", "high"]), "How much of the results is read."),
        allowed_domains: key(texts, "The only domains to search."),
        location: key(webSearchLocation, "Where results should be near."),
      }),
    ]),
    "Details of web search. A boolean is accepted and means nothing.",
  ),
  view_image: key(flag, "Accepted, without effect."),
});

export const mcpServer = z.object({
  command: key(text, "The program to start; its standard streams carry the protocol."),
  args: key(texts, "Arguments of the program."),
  env: key(textMap, "Variables to set for the program."),
  env_vars: key(texts, "Variables to hand on to the program."),
  cwd: key(path, "The folder that the program runs in."),
  url: key(text, "The address of a server that speaks streamable HTTP."),
  bearer_token: key(text, "Not allowed; use `bearer_token_env_var`."),
  bearer_token_env_var: key(text, "The variable that holds the bearer token."),
  http_headers: key(textMap, "Headers to send."),
  env_http_headers: key(textMap, "Headers whose values come from variables."),
  oauth_resource: key(text, "The resource to ask a token for."),
  startup_timeout_sec: key(seconds, "Seconds to wait for the server to start; 30 by default."),
  startup_timeout_ms: key(count, "The same in milliseconds; the seconds win."),
  tool_timeout_sec: key(seconds, "Seconds to wait for a tool; 120 by default."),
  enabled: key(flag, "Whether the server is used; true by default."),
  required: key(flag, "Whether a run fails when the server does; false by default."),
  enabled_tools: key(texts, "The only tools to offer."),
  disabled_tools: key(texts, "Tools not to offer."),
  scopes: key(texts, "OAuth scopes to ask for."),
  tools: key(
    z.record(
      z.string(),
      z.object({
        approval_mode: key(z.enum(["auto", "prompt", "approve"]), "When to ask before it runs."),
      }),
    ),
    "Settings of single tools, by name.",
  ),
  name: key(text, "Accepted, without effect."),
});

export const project = z.object({
  trust_level: key(trustLevel, "Whether the project's own settings count."),
});

export const skills = z.object({
  bundled: key(
    z.object({ enabled: key(flag, "Whether bundled skills are offered; true by default.") }),
    "The skills that come with the product.",
  ),
  config: key(
    z.array(
      z.object({
        path: key(path, "The skill's folder or file."),
        name: key(text, "The skill's name."),
        enabled: key(flag, "Whether the skill is offered."),
      }),
    ),
    "Switches for single skills, each by path or by name.",
  ),
});

export const history = z.object({
  persistence: key(
    z.enum(["save-all", "none"]),
    "Whether prompts are remembered; save-all by default.",
  ),
  max_bytes: key(count, "Size limit of the history file in bytes."),
});

export const ghostSnapshot = z.object({
  ignore_large_untracked_files: key(
    whole,
    "Files above this size in bytes are left out; 10485760 by default, 0 for no limit.",
  ),
  ignore_untracked_files_over_bytes: key(whole, "Older name of `ignore_large_untracked_files`."),
  ignore_large_untracked_dirs: key(
    whole,
    "Folders with this many untracked files are left out; 200 by default, 0 for no limit.",
  ),
  large_untracked_dir_warning_threshold: key(whole, "Older name of `ignore_large_untracked_dirs`."),
  disable_warnings: key(flag, "Whether to stay silent about what was left out."),
});

export const agents = z
  .object({
    max_threads: key(atLeastOne, "How many agents may run at once; 6 by default."),
    max_depth: key(atLeastOne, "How deep agents may start agents; 1 by default."),
    job_max_runtime_seconds: key(atLeastOne, "Seconds after which an agent's job is ended."),
  })
  .catchall(
    z.object({
      description: key(text, "What the role is for."),
      config_file: key(path, "The settings of the role."),
      nickname_candidates: key(texts, "Names that agents of this role may get."),
    }),
  );

const fileAccess = z.enum(["read", "write", "none"] satisfies FileSystemAccess[]);

export const permissionProfile = z.object({
  filesystem: key(
    z.record(z.string(), z.union([fileAccess, z.record(z.string(), fileAccess)])),
    "Access by place: :root, :minimal, :project_roots, :tmpdir or a path; a table names what lies below.",
  ),
  network: key(
    z.object({
      enabled: key(flag, "Whether commands have a network; false by default."),
      mode: key(z.enum(["limited", "full"]), "Not enforced; turns the network off."),
      domains: key(
        z.record(z.string(), z.enum(["allow", "deny"])),
        "Not enforced; turns the network off.",
      ),
      unix_sockets: key(
        z.record(z.string(), z.enum(["allow", "none"])),
        "Not enforced; turns the network off.",
      ),
      proxy_url: key(text, "Not enforced; turns the network off."),
      socks_url: key(text, "Not enforced; turns the network off."),
      allow_upstream_proxy: key(flag, "Not enforced; turns the network off."),
      enable_socks5: key(flag, "Accepted, without effect."),
      enable_socks5_udp: key(flag, "Accepted, without effect."),
      allow_local_binding: key(flag, "Accepted, without effect."),
      dangerously_allow_non_loopback_proxy: key(flag, "Accepted, without effect."),
      dangerously_allow_all_unix_sockets: key(flag, "Accepted, without effect."),
    }),
    "The network of commands.",
  ),
});

export const windows = z.object({
  sandbox: key(z.enum(["elevated", "unelevated"]), "Which sandbox Windows uses."),
  sandbox_private_desktop: key(flag, "Whether it has a desktop of its own; true by default."),
});

export const analytics = z.object({ enabled: key(flag, "Whether usage analytics are sent.") });
export const feedback = z.object({
  enabled: key(flag, "Whether feedback may be sent; true by default."),
});

export const tui = z.object({
  notifications: key(
    z.union([flag, texts]),
    "Whether to notify, or for which events; true by default.",
  ),
  notification_method: key(z.enum(["auto", "osc9", "bel"]), "How to notify; auto by default."),
  animations: key(flag, "Whether anything moves; true by default."),
  show_tooltips: key(flag, "Whether tips are shown; true by default."),
  alternate_screen: key(
    z.enum(["auto", "always", "never"]),
    "Whether the terminal's second screen is used; auto by default.",
  ),
  status_line: key(texts, "What the status line shows, in order."),
  terminal_title: key(texts, "What the terminal's title shows, in order."),
  theme: key(text, "Colours of highlighted code."),
  model_availability_nux: key(z.record(z.string(), count), "How often news of a model were shown."),
});

export const otel = z.object({
  log_user_prompt: key(flag, "Whether prompts are exported; false by default."),
  environment: key(text, "The name of this environment; dev by default."),
  exporter: key(z.union([text, anything]), "Where logs go; none by default."),
  trace_exporter: key(z.union([text, anything]), "Where traces go; as `exporter` by default."),
  metrics_exporter: key(z.union([text, anything]), "Where metrics go."),
});

export const memories = z.object({
  no_memories_if_mcp_or_web_search: key(flag, "Remember nothing of sessions that used these."),
  generate_memories: key(flag, "Whether memories are made; true by default."),
  use_memories: key(flag, "Whether memories are used; true by default."),
  max_raw_memories_for_consolidation: key(count, "At most 4096; 256 by default."),
  max_unused_days: key(whole, "0 to 365; 30 by default."),
  max_rollout_age_days: key(whole, "0 to 90; 30 by default."),
  max_rollouts_per_startup: key(count, "At most 128; 16 by default."),
  min_rollout_idle_hours: key(whole, "1 to 48; 6 by default."),
  extract_model: key(text, "The model that extracts memories."),
  consolidation_model: key(text, "The model that consolidates them."),
});

export const plugin = z.object({ enabled: key(flag, "Whether the plugin is used.") });

export const toolSuggest = z.object({
  discoverables: key(z.array(anything), "Tools that may be suggested."),
});
