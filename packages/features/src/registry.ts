// Every feature that a config file may name. The table is the registry: add a row to add a feature.

/** How settled a feature is. Only `stable` and `removed` ones may be on by default. */
export type FeatureStage =
  | "under development"
  | "experimental"
  | "stable"
  | "deprecated"
  | "removed";

/** What an interactive menu shows for an experimental feature. */
export interface FeatureMenuEntry {
  readonly name: string;
  readonly description: string;
  /** Shown once when the feature is new. */
  readonly announcement?: string;
}

/** One feature, as it stands on one platform. */
export interface FeatureSpec<Key extends string = FeatureKey> {
  /** The name under `[features]` and after `--enable`. */
  readonly key: Key;
  readonly stage: FeatureStage;
  readonly defaultEnabled: boolean;
  /** Whether switching it on changes anything in this product. */
  readonly implemented: boolean;
  /** Whether it is whole in this product although its stage says otherwise; nobody is warned of it then. */
  readonly complete: boolean;
  /** One sentence for people. */
  readonly purpose: string;
  readonly menu?: FeatureMenuEntry;
}

type Platform = NodeJS.Platform;

interface FeatureRow<Key extends string> {
  readonly key: Key;
  readonly stage: FeatureStage | ((platform: Platform) => FeatureStage);
  readonly defaultState: DefaultState;
  readonly availability: Availability;
  readonly purpose: string;
  readonly menu?: FeatureMenuEntry;
}

type DefaultState = "on" | "off" | "on, but off on Windows";
type Availability = "complete" | "here" | "not here";

function row<const Key extends string>(
  key: Key,
  stage: FeatureRow<Key>["stage"],
  defaultState: DefaultState,
  availability: Availability,
  purpose: string,
  menu?: FeatureMenuEntry,
): FeatureRow<Key> {
  return { key, stage, defaultState, availability, purpose, ...(menu !== undefined && { menu }) };
}

/** The oldest Node.js that the `js_repl` feature would run on. */
const jsReplNodeVersion = "22.22.0";

const jsReplMenu: FeatureMenuEntry = {
  name: "JavaScript REPL",
  description: `Lets the model run JavaScript in a session that keeps its state; needs Node.js ${jsReplNodeVersion} or newer.`,
  announcement:
    "New: a JavaScript REPL for the model. Switch it on among the experimental features.",
};

const guardianMenu: FeatureMenuEntry = {
  name: "Guardian Approvals",
  description: "A reviewer agent answers approval requests, so that fewer of them reach you.",
};

const idleSleepMenu: FeatureMenuEntry = {
  name: "Prevent sleep while running",
  description: "Keeps the computer awake for as long as a turn runs.",
};

const idleSleepStage = (platform: Platform): FeatureStage =>
  platform === "darwin" || platform === "linux" || platform === "win32"
    ? "experimental"
    : "under development";

const unfinished = "under development";
const onExceptWindows = "on, but off on Windows";

// oxfmt-ignore
const rows = [
  // key, stage, default, available, purpose
  row("undo", "stable", "off", "here", "Snapshot the work tree before each turn, so that it can be undone"),
  row("shell_tool", "stable", "on", "here", "Offer the model a tool that runs shell commands"),
  row("unified_exec", "stable", onExceptWindows, "here", "Run commands through one tool that keeps terminals open"),
  row("shell_snapshot", "stable", "on", "not here", "Capture the shell's start-up state once and reuse it"),
  row("use_legacy_landlock", "stable", "off", "here", "Confine commands with Landlock, without bubblewrap"),
  row("enable_request_compression", "stable", "on", "here", "Send request bodies to the ChatGPT backend zstd-compressed"),
  row("multi_agent", "stable", "on", "not here", "Tools that start and steer sub-agents"),
  row("apps", "stable", "on", "not here", "Connectors of the signed-in ChatGPT account"),
  row("tool_suggest", "stable", "on", "not here", "Suggest tools that could be installed"),
  row("plugins", "stable", "on", "not here", "Plugins that bundle skills and servers"),
  row("skill_mcp_dependency_install", "stable", "on", "not here", "Offer to install MCP servers that a skill needs"),
  row("tool_call_mcp_elicitation", "stable", "on", "not here", "Ask for MCP tool approvals as elicitations"),
  row("personality", "stable", "on", "here", "Tone of the model's answers"),
  row("fast_mode", "stable", "on", "not here", "The fast service tier"),
  row("js_repl", "experimental", "off", "not here", "A JavaScript session that the model can use", jsReplMenu),
  row("guardian_approval", "experimental", "off", "here", "A reviewer agent answers approval requests", guardianMenu),
  row("prevent_idle_sleep", idleSleepStage, "off", "not here", "Keep the computer awake while a turn runs", idleSleepMenu),
  row("code_mode", unfinished, "off", "here", "Let the model call tools from JavaScript"),
  row("code_mode_only", unfinished, "off", "here", "Offer the tools through code mode alone"),
  row("js_repl_tools_only", unfinished, "off", "not here", "Offer the tools through the JavaScript session alone"),
  row("shell_zsh_fork", unfinished, "off", "not here", "Run commands in a patched zsh that reports each child"),
  row("apply_patch_freeform", unfinished, "off", "here", "Offer patching as a free-form tool"),
  row("exec_permission_approvals", unfinished, "off", "here", "Let a command ask for single permissions"),
  row("request_permissions_tool", unfinished, "off", "here", "A tool that asks for permissions ahead of use"),
  row("codex_hooks", unfinished, "off", "complete", "Lifecycle hooks from hooks.json"),
  row("codex_git_commit", unfinished, "off", "not here", "Instructions and attribution for git commits"),
  row("runtime_metrics", unfinished, "off", "not here", "Show timing metrics of the running session"),
  row("general_analytics", unfinished, "off", "not here", "Usage analytics"),
  row("memories", unfinished, "off", "not here", "Remember facts from one session to the next"),
  row("child_agents_md", unfinished, "off", "complete", "Tell the model about nested AGENTS.md files"),
  row("image_detail_original", unfinished, "off", "here", "Send images at their own resolution"),
  row("multi_agent_v2", unfinished, "off", "not here", "The next sub-agent tools"),
  row("enable_fanout", unfinished, "off", "not here", "Start one sub-agent for each line of a CSV file"),
  row("tool_search", unfinished, "off", "not here", "Let the model search for tools instead of listing all"),
  row("image_generation", unfinished, "off", "not here", "Image generation tool"),
  row("skill_env_var_dependency_prompt", unfinished, "off", "not here", "Ask for environment variables that a skill needs"),
  row("default_mode_request_user_input", unfinished, "off", "here", "Let the model ask questions outside plan mode"),
  row("artifact", unfinished, "off", "not here", "Artifact tools"),
  row("realtime_conversation", unfinished, "off", "not here", "Voice conversations"),
  row("web_search_request", "deprecated", "off", "not here", "Older switch for live web search"),
  row("web_search_cached", "deprecated", "off", "not here", "Older switch for cached web search"),
  row("search_tool", "removed", "off", "not here", "Older tool search"),
  row("use_linux_sandbox_bwrap", "removed", "off", "not here", "Bubblewrap is the Linux sandbox now"),
  row("request_rule", "removed", "off", "not here", "Older rule proposals"),
  row("experimental_windows_sandbox", "removed", "off", "not here", "Replaced by `windows.sandbox`"),
  row("elevated_windows_sandbox", "removed", "off", "not here", "Replaced by `windows.sandbox`"),
  row("remote_models", "removed", "off", "not here", "The model list always comes from the server now"),
  row("responses_websockets", "removed", "off", "not here", "Decided by the provider now"),
  row("responses_websockets_v2", "removed", "off", "not here", "Decided by the provider now"),
  row("sqlite", "removed", "on", "not here", "Always on in the product that had it"),
  row("steer", "removed", "on", "not here", "Always on in the product that had it"),
  row("collaboration_modes", "removed", "on", "not here", "Always on in the product that had it"),
  row("tui_app_server", "removed", "on", "not here", "Always on in the product that had it"),
] as const;

/** The canonical name of a feature. */
export type FeatureKey = (typeof rows)[number]["key"];

/** Older names that still work, and the feature that each stands for. */
export const featureAliases: Readonly<Record<string, FeatureKey>> = {
  connectors: "apps",
  enable_experimental_windows_sandbox: "experimental_windows_sandbox",
  experimental_use_unified_exec_tool: "unified_exec",
  experimental_use_freeform_apply_patch: "apply_patch_freeform",
  include_apply_patch_tool: "apply_patch_freeform",
  request_permissions: "exec_permission_approvals",
  web_search: "web_search_request",
  collab: "multi_agent",
  memory_tool: "memories",
};

/** The registry, in its own order, as it stands on `platform`. */
export function featureSpecs(platform: Platform = process.platform): readonly FeatureSpec[] {
  return rows.map(({ key, stage, defaultState, availability, purpose, ...rest }) => ({
    key,
    stage: typeof stage === "function" ? stage(platform) : stage,
    defaultEnabled:
      defaultState === "on" || (defaultState === onExceptWindows && platform !== "win32"),
    implemented: availability !== "not here",
    complete: availability === "complete",
    purpose,
    ...rest,
  }));
}

const canonicalKeys: ReadonlySet<string> = new Set(rows.map(({ key }) => key));

/** Whether `key` is a feature's own name; an older name of one is not. */
export function isFeatureKey(key: string): key is FeatureKey {
  return canonicalKeys.has(key);
}

/** The feature that `key` names, be it the canonical key or an alias; undefined when there is none. */
export function featureForKey(key: string): FeatureKey | undefined {
  if (isFeatureKey(key)) return key;
  return Object.hasOwn(featureAliases, key) ? featureAliases[key] : undefined;
}

/** Whether `key` is a feature's canonical key or an alias of one. */
export function isKnownFeatureKey(key: string): boolean {
  return featureForKey(key) !== undefined;
}

/** Every canonical key in registry order, then every alias. */
export function knownFeatureKeys(): readonly string[] {
  return [...rows.map(({ key }) => key), ...Object.keys(featureAliases)];
}
