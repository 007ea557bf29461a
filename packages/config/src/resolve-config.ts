// From checked settings to the final configuration: defaults, features, providers, files.
import { type AbsolutePath, fromAbsolute, join, resolve } from "@codex-ts/absolute-path";
import { legacyFeatureNotices, type ResolvedFeatures } from "@codex-ts/features";
import { chooseOpenAiBaseUrl } from "@codex-ts/model-providers";
import type { AskForApproval } from "@codex-ts/protocol";
import type { Environment } from "./codex-home.ts";
import type { AgentRole, Config, ConfigOverrides, OpenSection, SkillSwitch } from "./config.ts";
import { refuseProblems } from "./diagnose.ts";
import { readInstructions, readModelCatalog, readUserInstructions } from "./instruction-files.ts";
import type { ReadFile } from "./layers.ts";
import { toMcpServers } from "./mcp-servers.ts";
import { allowedMcpServers, type ConfigRequirements } from "./requirements.ts";
import { featureWarnings, resolveFeatures } from "./resolve-features.ts";
import { resolveProviders } from "./resolve-providers.ts";
import { resolveApprovalPolicy, resolveSandbox } from "./sandbox.ts";
import type { Stack } from "./stack.ts";
import { emptyTable, isTable, type TomlTable } from "./toml.ts";
import type { TrustLevel } from "./trust.ts";
import type { Settings } from "./check-settings.ts";
import { constrainWebSearch, resolveWebSearchMode } from "./web-search.ts";

/** Everything that the settings do not say themselves. */
export interface ResolveInput {
  readonly codexHome: AbsolutePath;
  readonly cwd: AbsolutePath;
  readonly home: string | undefined;
  readonly env: Environment;
  readonly version: string;
  readonly platform: NodeJS.Platform;
  readonly readFile: ReadFile;
  readonly userFile: AbsolutePath;
  readonly stack: Stack;
  readonly flags: ConfigOverrides;
  readonly trust: TrustLevel | undefined;
  readonly trustRoot: AbsolutePath | undefined;
  readonly requirements: ConfigRequirements;
  /** What marks the project's root; a project does not say so itself. */
  readonly rootMarkers: readonly string[];
  readonly skillSwitches: readonly SkillSwitch[];
  /** What is to be told before anything that is found here. */
  readonly warnings: readonly string[];
}

/** A text that is set and not blank, trimmed. */
function nonBlank(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === "" ? undefined : trimmed;
}

function asPath(path: string | undefined): AbsolutePath | undefined {
  return path === undefined ? undefined : fromAbsolute(path);
}

/** A granular policy says no to what it does not name. */
function approvalPolicyOf(policy: Settings["approval_policy"]): AskForApproval | undefined {
  if (typeof policy !== "object") return policy;
  const { granular } = policy;
  return {
    granular: {
      sandbox_approval: granular.sandbox_approval ?? false,
      rules: granular.rules ?? false,
      mcp_elicitations: granular.mcp_elicitations ?? false,
      skill_approval: granular.skill_approval ?? false,
      request_permissions: granular.request_permissions ?? false,
    },
  };
}

function sqliteHome(settings: Settings, { env, cwd, codexHome, home }: ResolveInput): AbsolutePath {
  const fromEnv = nonBlank(env["CODEX_SQLITE_HOME"]);
  const fallback = fromEnv === undefined ? codexHome : resolve(fromEnv, cwd, { home });
  return asPath(settings.sqlite_home) ?? fallback;
}

/** A limit that 0 and less switch off. */
function limit(value: number | undefined, fallback: number): number | undefined {
  const chosen = value ?? fallback;
  return chosen > 0 ? chosen : undefined;
}

function agentsOf(settings: Settings): Config["agents"] {
  const { max_threads, max_depth, job_max_runtime_seconds, ...roles } = settings.agents ?? {};
  return {
    maxThreads: max_threads ?? 6,
    maxDepth: max_depth ?? 1,
    jobMaxRuntimeSeconds: job_max_runtime_seconds,
    roles: Object.fromEntries(
      Object.entries(roles).map(([name, role]): [string, AgentRole] => [
        name,
        {
          description: role.description,
          configFile: asPath(role.config_file),
          nicknameCandidates: role.nickname_candidates ?? [],
        },
      ]),
    ),
  };
}

const openSections: readonly OpenSection[] = [
  "apps",
  "audio",
  "memories",
  "notice",
  "otel",
  "permissions",
  "plugins",
  "hooks",
  "realtime",
  "tool_suggest",
  "windows",
];

function sectionsOf(table: TomlTable): Config["sections"] {
  const sections: Partial<Record<OpenSection, TomlTable>> = {};
  for (const name of openSections) {
    const section = table[name];
    if (isTable(section)) sections[name] = section;
  }
  return sections;
}

function tuiOf({ tui = {} }: Settings): Config["tui"] {
  return {
    notifications: tui.notifications ?? true,
    notificationMethod: tui.notification_method ?? "auto",
    animations: tui.animations ?? true,
    showTooltips: tui.show_tooltips ?? true,
    alternateScreen: tui.alternate_screen ?? "auto",
    statusLine: tui.status_line,
    terminalTitle: tui.terminal_title,
    theme: tui.theme,
  };
}

function webSearchOf({ tools }: Settings): Config["webSearch"] {
  const search = tools?.web_search;
  if (typeof search !== "object") return undefined;
  return {
    contextSize: search.context_size,
    allowedDomains: search.allowed_domains,
    location: search.location,
  };
}

/** Settings that ask for what this product does not do, where keeping silent could do harm. */
function unsupportedWarnings(settings: Settings): readonly string[] {
  const warnings: string[] = [];
  if (settings.approval_policy === "on-failure") {
    warnings.push(
      'The approval policy "on-failure" is deprecated; use "on-request" to be asked, or "never".',
    );
  }
  return warnings;
}

function deprecationNotices(
  settings: Settings,
  resolved: ResolvedFeatures,
): Config["deprecationNotices"] {
  const features = legacyFeatureNotices(resolved);
  if (settings.experimental_instructions_file === undefined) return features;
  const notice = {
    summary: "`experimental_instructions_file` is no longer used.",
    details: "Use `model_instructions_file` to replace the model's instructions.",
  };
  return [...features, notice];
}

/** The texts that settings name by file. */
async function readTexts(settings: Settings, input: ResolveInput) {
  const { flags, readFile, codexHome } = input;
  const { origins } = input.stack;
  const fileFor = (override: string | undefined, key: keyof Settings): AbsolutePath | undefined => {
    const file = settings[key];
    return override === undefined && typeof file === "string" ? fromAbsolute(file) : undefined;
  };
  const compactPrompt = nonBlank(flags.compactPrompt) ?? nonBlank(settings.compact_prompt);
  const instructionsFile = fileFor(flags.baseInstructions, "model_instructions_file");
  const compactFile = fileFor(compactPrompt, "experimental_compact_prompt_file");
  const catalogFile = fileFor(/*override*/ undefined, "model_catalog_json");
  const read = (key: string, file: AbsolutePath | undefined) =>
    file === undefined ? undefined : readInstructions(key, file, readFile, origins);
  const [instructions, compact, modelCatalog, user] = await Promise.all([
    read("model_instructions_file", instructionsFile),
    read("experimental_compact_prompt_file", compactFile),
    catalogFile === undefined ? undefined : readModelCatalog(catalogFile, readFile, origins),
    readUserInstructions(codexHome, readFile),
  ]);
  return {
    baseInstructions: flags.baseInstructions ?? instructions,
    compactPrompt: compactPrompt ?? compact,
    modelCatalog,
    user,
  };
}

/** The settings with what the flags say on top. */
function withFlags(settings: Settings, flags: ConfigOverrides): Settings {
  const table = flagsTable(flags);
  return { ...settings, ...(table as Partial<Settings>) };
}

/** The flags that have a key, as a config file would say them. */
export function flagsTable(flags: ConfigOverrides): TomlTable {
  const table = emptyTable();
  const values = {
    model: flags.model,
    review_model: flags.reviewModel,
    model_provider: flags.modelProvider,
    approval_policy: flags.approvalPolicy,
    approvals_reviewer: flags.approvalsReviewer,
    sandbox_mode: flags.sandboxMode,
    service_tier: flags.serviceTier ?? undefined,
    personality: flags.personality,
    developer_instructions: flags.developerInstructions,
    compact_prompt: flags.compactPrompt,
  };
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue;
    table[key] = typeof value === "string" ? value : { granular: { ...value.granular } };
  }
  return table;
}

/**
 * Builds the final configuration.
 *
 * @throws ConfigError for what only shows now: an unknown provider, a server without a transport, a
 * file that is not there.
 */
export async function resolveConfig(checked: Settings, input: ResolveInput): Promise<Config> {
  const { codexHome, cwd, env, flags, home, platform, requirements, stack, trust, trustRoot } =
    input;
  const { origins } = stack;
  const settings = withFlags(checked, flags);
  const providers = resolveProviders(settings, { ...input, origins });
  const mcp = toMcpServers(settings.mcp_servers);
  refuseProblems(mcp.problems, origins);
  const texts = await readTexts(settings, input);
  const resolved = resolveFeatures(stack, flags, platform, requirements.features);
  const { features } = resolved;
  const approval = resolveApprovalPolicy(
    approvalPolicyOf(settings.approval_policy),
    trust,
    requirements.approvalPolicies,
  );
  const sandbox = resolveSandbox(settings, {
    key: flags.sandboxMode === undefined ? stack.permissionsKey : "sandbox_mode",
    roots: flags.additionalWritableRoots ?? [],
    allowed: requirements.sandboxModes,
    trust,
    platform,
    cwd,
    home,
  });
  refuseProblems(sandbox.problems, origins);
  const search = constrainWebSearch(
    resolveWebSearchMode(settings.web_search, features),
    requirements.webSearchModes,
  );
  const tier = flags.serviceTier === null ? undefined : settings.service_tier;
  const shellPolicy = settings.shell_environment_policy ?? {};
  const snapshot = settings.ghost_snapshot ?? {};
  const warnings = [
    ...input.warnings,
    chooseOpenAiBaseUrl({ configured: settings.openai_base_url, env }).warning,
    texts.user.warning,
    approval.warning,
    ...sandbox.warnings,
    search.warning,
    ...unsupportedWarnings(settings),
    ...featureWarnings(resolved, {
      suppress: settings.suppress_unstable_features_warning,
      configPath: input.userFile,
    }),
  ];
  return {
    codexHome,
    cwd,
    profile: stack.profile,

    model: settings.model,
    reviewModel: settings.review_model,
    modelProviderId: providers.active.id,
    modelProvider: providers.active,
    modelProviders: providers.all,
    modelContextWindow: settings.model_context_window,
    modelAutoCompactTokenLimit: settings.model_auto_compact_token_limit,
    modelReasoningEffort: settings.model_reasoning_effort,
    planModeReasoningEffort: settings.plan_mode_reasoning_effort,
    modelReasoningSummary: settings.model_reasoning_summary,
    modelVerbosity: settings.model_verbosity,
    modelSupportsReasoningSummaries: settings.model_supports_reasoning_summaries,
    modelCatalog: texts.modelCatalog,
    personality:
      settings.personality ?? (features.enabled("personality") ? "pragmatic" : undefined),
    serviceTier: tier === "fast" && !features.enabled("fast_mode") ? undefined : tier,
    baseInstructions: texts.baseInstructions,
    developerInstructions: settings.developer_instructions,
    userInstructions: texts.user.text,
    compactPrompt: texts.compactPrompt,
    chatgptBaseUrl: settings.chatgpt_base_url ?? "https://chatgpt.com/backend-api/",
    ossProvider: settings.oss_provider,
    commitAttribution: settings.commit_attribution,

    approvalPolicy: approval.value,
    approvalsReviewer: settings.approvals_reviewer ?? "user",
    sandboxMode: sandbox.mode,
    sandboxPolicy: sandbox.policy,
    permissions: sandbox.permissions,
    trustLevel: trust,
    trustRoot,
    requiredCommandRules: requirements.commandRules,
    allowLoginShell: settings.allow_login_shell ?? true,
    shellEnvironmentPolicy: {
      inherit: shellPolicy.inherit ?? "all",
      ignore_default_excludes: shellPolicy.ignore_default_excludes ?? true,
      exclude: shellPolicy.exclude ?? [],
      set: shellPolicy.set ?? {},
      include_only: shellPolicy.include_only ?? [],
      experimental_use_profile: shellPolicy.experimental_use_profile ?? false,
    },

    webSearchMode: search.value,
    allowedWebSearchModes: requirements.webSearchModes?.values ?? ["cached", "live", "disabled"],
    webSearch: webSearchOf(settings),
    toolOutputTokenLimit: settings.tool_output_token_limit,
    backgroundTerminalMaxTimeoutMs: Math.max(
      5000,
      settings.background_terminal_max_timeout ?? 300_000,
    ),
    notify: settings.notify,
    mcpServers: allowedMcpServers(mcp.servers, requirements.mcpServers),
    mcpOauthCredentialsStore: settings.mcp_oauth_credentials_store ?? "auto",
    mcpOauthCallbackPort: settings.mcp_oauth_callback_port,
    mcpOauthCallbackUrl: settings.mcp_oauth_callback_url,

    projectRootMarkers: input.rootMarkers,
    projectDocs: {
      maxBytes: settings.project_doc_max_bytes ?? 32_768,
      fallbackFilenames: (settings.project_doc_fallback_filenames ?? []).flatMap(
        (name) => nonBlank(name) ?? [],
      ),
    },
    skills: {
      bundledEnabled: settings.skills?.bundled?.enabled ?? true,
      switches: input.skillSwitches,
    },
    history: {
      persistence: settings.history?.persistence ?? "save-all",
      maxBytes: settings.history?.max_bytes,
    },
    logDir: asPath(settings.log_dir) ?? join(codexHome, "log"),
    sqliteHome: sqliteHome(settings, input),
    cliAuthCredentialsStore: settings.cli_auth_credentials_store ?? "file",
    forcedLoginMethod: settings.forced_login_method,
    forcedChatgptWorkspaceId: nonBlank(settings.forced_chatgpt_workspace_id),
    ghostSnapshot: {
      ignoreLargeUntrackedFiles: limit(
        snapshot.ignore_large_untracked_files ?? snapshot.ignore_untracked_files_over_bytes,
        /*fallback*/ 10_485_760,
      ),
      ignoreLargeUntrackedDirs: limit(
        snapshot.ignore_large_untracked_dirs ?? snapshot.large_untracked_dir_warning_threshold,
        /*fallback*/ 200,
      ),
      disableWarnings: snapshot.disable_warnings ?? false,
    },
    agents: agentsOf(settings),

    features,
    hideAgentReasoning: settings.hide_agent_reasoning ?? false,
    showRawAgentReasoning:
      settings.show_raw_agent_reasoning ?? flags.showRawAgentReasoning ?? false,
    fileOpener: settings.file_opener ?? "vscode",
    checkForUpdateOnStartup: settings.check_for_update_on_startup ?? true,
    disablePasteBurst: settings.disable_paste_burst ?? false,
    analyticsEnabled: settings.analytics?.enabled,
    feedbackEnabled: settings.feedback?.enabled ?? true,
    tui: tuiOf(settings),
    sections: sectionsOf(stack.table),

    ephemeral: flags.ephemeral ?? false,
    startupWarnings: warnings.filter((warning) => warning !== undefined),
    deprecationNotices: deprecationNotices(settings, resolved),
  };
}
