// The configuration as the rest of the product sees it: every default filled in, every path absolute.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { DeprecationNotice, Features } from "@codex-ts/features";
import type { ModelProviders, ResolvedModelProvider } from "@codex-ts/model-providers";
import type {
  ApprovalsReviewer,
  AskForApproval,
  JsonObject,
  Personality,
  ReasoningEffort,
  ReasoningSummaryMode,
  SandboxMode,
  SandboxPolicy,
  ServiceTier,
  Verbosity,
  WebSearchMode,
} from "@codex-ts/protocol";
import type { PermissionProfileSettings } from "./permission-profiles.ts";
import type { RequiredCommandRules } from "./requirements.ts";
import type { TomlTable } from "./toml.ts";
import type { TrustLevel } from "./trust.ts";

/**
 * Which environment variables commands see; the keys are those of the table, with the defaults filled
 * in. Patterns are wildcards (`*`, `?`) that ignore letter case.
 */
export interface ShellEnvironmentPolicy {
  /** What to start from: all variables, the few that programs need (`core`), or none. */
  readonly inherit: "all" | "core" | "none";
  /** Keep variables whose names look like secrets. */
  readonly ignore_default_excludes: boolean;
  readonly exclude: readonly string[];
  /** Variables to set on top. */
  readonly set: Readonly<Record<string, string>>;
  /** When not empty, the only variables that are kept. */
  readonly include_only: readonly string[];
  readonly experimental_use_profile: boolean;
}

/** Details of web search; what is unset is left to the server. */
export interface WebSearchConfig {
  readonly contextSize?: "low" | "medium" | "high" | undefined;
  readonly allowedDomains?: readonly string[] | undefined;
  readonly location?:
    | {
        readonly country?: string | undefined;
        readonly region?: string | undefined;
        readonly city?: string | undefined;
        readonly timezone?: string | undefined;
      }
    | undefined;
}

/**
 * When calls of an MCP tool are asked about: where the tool says that it changes things, always, or
 * never.
 */
export type McpToolApprovalMode = "auto" | "prompt" | "approve";

/** How a server is reached. */
export type McpTransport =
  | {
      readonly type: "stdio";
      readonly command: string;
      readonly args: readonly string[];
      /** Variables to set. May hold secrets. */
      readonly env: Readonly<Record<string, string>>;
      /** Names of variables to hand on. */
      readonly envVars: readonly string[];
      readonly cwd?: AbsolutePath | undefined;
    }
  | {
      readonly type: "streamable_http";
      readonly url: string;
      readonly bearerTokenEnvVar?: string | undefined;
      /** May hold secrets. */
      readonly httpHeaders: Readonly<Record<string, string>>;
      /** Header name → environment variable. */
      readonly envHttpHeaders: Readonly<Record<string, string>>;
      readonly oauthResource?: string | undefined;
    };

/** `[mcp_servers.<name>]` with its defaults filled in. */
export interface McpServerConfig {
  readonly transport: McpTransport;
  readonly enabled: boolean;
  /** Why it is not enabled, when the person did not choose that. */
  readonly disabledReason?: string | undefined;
  /** Whether a run fails when the server cannot be started. */
  readonly required: boolean;
  readonly startupTimeoutMs: number;
  /** For one call; 120 seconds when not written. */
  readonly toolTimeoutMs: number;
  /** The only tools to offer; undefined: all. */
  readonly enabledTools?: readonly string[] | undefined;
  readonly disabledTools: readonly string[];
  /** OAuth scopes to ask for at login. */
  readonly scopes?: readonly string[] | undefined;
  /** By tool; `auto` for the others. */
  readonly toolApprovalModes: Readonly<Record<string, McpToolApprovalMode>>;
}

/** A switch for one skill; it selects by path or by name. */
export interface SkillSwitch {
  /** The `SKILL.md` file. */
  readonly path?: AbsolutePath | undefined;
  readonly name?: string | undefined;
  readonly enabled: boolean;
}

/** `[agents.<name>]`: a kind of sub-agent. */
export interface AgentRole {
  readonly description?: string | undefined;
  /** A config.toml whose settings the sub-agent runs with. */
  readonly configFile?: AbsolutePath | undefined;
  /** Names to give to sub-agents of this kind, for people. */
  readonly nicknameCandidates: readonly string[];
}

/** `[tui]`: how the terminal interface looks and notifies. */
export interface TuiConfig {
  /** Whether to notify, or the kinds of events to notify of. */
  readonly notifications: boolean | readonly string[];
  readonly notificationMethod: "auto" | "osc9" | "bel";
  readonly animations: boolean;
  readonly showTooltips: boolean;
  /** Whether the interface takes the whole screen and gives it back at the end. */
  readonly alternateScreen: "auto" | "always" | "never";
  readonly statusLine?: readonly string[] | undefined;
  readonly terminalTitle?: readonly string[] | undefined;
  readonly theme?: string | undefined;
}

/** Tables of parts of the product that read their own settings; checked, without defaults. */
export type OpenSection =
  | "apps"
  | "audio"
  | "memories"
  | "notice"
  | "otel"
  | "permissions"
  | "plugins"
  | "hooks"
  | "realtime"
  | "tool_suggest"
  | "windows";

/**
 * The settings of one session, named like the keys of config.toml and with every default filled in.
 * What is undefined is left to the model, its provider or the front end.
 */
export interface Config {
  readonly codexHome: AbsolutePath;
  readonly cwd: AbsolutePath;
  /** The name of the active profile. */
  readonly profile?: string | undefined;

  /** Unset: the model list decides. */
  readonly model?: string | undefined;
  /** The model that reviews changes; the session's own when unset. */
  readonly reviewModel?: string | undefined;
  readonly modelProviderId: string;
  readonly modelProvider: ResolvedModelProvider;
  /** The built-in providers and the person's own. May hold secrets. */
  readonly modelProviders: ModelProviders;
  /** Tokens. */
  readonly modelContextWindow?: number | undefined;
  /** Tokens. */
  readonly modelAutoCompactTokenLimit?: number | undefined;
  readonly modelReasoningEffort?: ReasoningEffort | undefined;
  /** In plan mode, in place of `modelReasoningEffort`. */
  readonly planModeReasoningEffort?: ReasoningEffort | undefined;
  readonly modelReasoningSummary?: ReasoningSummaryMode | undefined;
  readonly modelVerbosity?: Verbosity | undefined;
  /** Overrules what the list of models says. */
  readonly modelSupportsReasoningSummaries?: boolean | undefined;
  /** The entries of the file that replaces the list of models; at least one. */
  readonly modelCatalog?: readonly JsonObject[] | undefined;
  readonly personality?: Personality | undefined;
  readonly serviceTier?: ServiceTier | undefined;
  /** Replaces the model's own instructions. */
  readonly baseInstructions?: string | undefined;
  /** Told to the model beside its instructions. */
  readonly developerInstructions?: string | undefined;
  /** The text of the global AGENTS.override.md or AGENTS.md. */
  readonly userInstructions?: string | undefined;
  /** Replaces the prompt for the summary of a long history. */
  readonly compactPrompt?: string | undefined;
  readonly chatgptBaseUrl: string;
  readonly ossProvider?: string | undefined;
  readonly commitAttribution?: string | undefined;

  readonly approvalPolicy: AskForApproval;
  readonly approvalsReviewer: ApprovalsReviewer;
  readonly sandboxMode: SandboxMode;
  readonly sandboxPolicy: SandboxPolicy;
  /**
   * The permission profile in force, if one is. It is enforced in place of `sandboxPolicy`, which then
   * is but the nearest name for it.
   */
  readonly permissions?: PermissionProfileSettings | undefined;
  /** The decision on the project of `cwd`; undefined when none was made. */
  readonly trustLevel?: TrustLevel | undefined;
  /**
   * The folder that such a decision is about, if `cwd` is in a repository: its root, or that of the
   * repository that it is a worktree of.
   */
  readonly trustRoot?: AbsolutePath | undefined;
  /** Rules on commands that an administrator requires. */
  readonly requiredCommandRules?: RequiredCommandRules | undefined;
  readonly allowLoginShell: boolean;
  readonly shellEnvironmentPolicy: ShellEnvironmentPolicy;

  /** Unset: `cached`; see {@link webSearchModeForTurn}. */
  readonly webSearchMode?: WebSearchMode | undefined;
  /** The modes that an administrator allows; see {@link webSearchModeForTurn}. */
  readonly allowedWebSearchModes: readonly WebSearchMode[];
  readonly webSearch?: WebSearchConfig | undefined;
  /** Tokens. */
  readonly toolOutputTokenLimit?: number | undefined;
  readonly backgroundTerminalMaxTimeoutMs: number;
  /** Program and arguments. */
  readonly notify?: readonly string[] | undefined;
  readonly mcpServers: Readonly<Record<string, McpServerConfig>>;
  readonly mcpOauthCredentialsStore: "auto" | "file" | "keyring";
  readonly mcpOauthCallbackPort?: number | undefined;
  readonly mcpOauthCallbackUrl?: string | undefined;

  /** What marks the project root; empty: nothing does. */
  readonly projectRootMarkers: readonly string[];
  /**
   * Which AGENTS.md files are read: at most so many bytes of them together, and by which other
   * names.
   */
  readonly projectDocs: {
    readonly maxBytes: number;
    readonly fallbackFilenames: readonly string[];
  };
  readonly skills: {
    readonly bundledEnabled: boolean;
    readonly switches: readonly SkillSwitch[];
  };
  readonly history: {
    readonly persistence: "save-all" | "none";
    readonly maxBytes?: number | undefined;
  };
  readonly logDir: AbsolutePath;
  readonly sqliteHome: AbsolutePath;
  readonly cliAuthCredentialsStore: "file" | "keyring" | "auto" | "ephemeral";
  readonly forcedLoginMethod?: "chatgpt" | "api" | undefined;
  readonly forcedChatgptWorkspaceId?: string | undefined;
  readonly ghostSnapshot: {
    /** Bytes; undefined: no limit. */
    readonly ignoreLargeUntrackedFiles?: number | undefined;
    /** Files in a folder; undefined: no limit. */
    readonly ignoreLargeUntrackedDirs?: number | undefined;
    readonly disableWarnings: boolean;
  };
  readonly agents: {
    readonly maxThreads: number;
    readonly maxDepth: number;
    /** Seconds; undefined: no limit. */
    readonly jobMaxRuntimeSeconds?: number | undefined;
    readonly roles: Readonly<Record<string, AgentRole>>;
  };

  readonly features: Features;
  readonly hideAgentReasoning: boolean;
  readonly showRawAgentReasoning: boolean;
  readonly fileOpener: "vscode" | "vscode-insiders" | "windsurf" | "cursor" | "none";
  readonly checkForUpdateOnStartup: boolean;
  readonly disablePasteBurst: boolean;
  readonly analyticsEnabled?: boolean | undefined;
  readonly feedbackEnabled: boolean;
  readonly tui: TuiConfig;
  /** As the files have them. */
  readonly sections: Readonly<Partial<Record<OpenSection, TomlTable>>>;

  /** No session file. */
  readonly ephemeral: boolean;
  /** What to tell the person at the session's start, each a line. */
  readonly startupWarnings: readonly string[];
  readonly deprecationNotices: readonly DeprecationNotice[];
}

/** What a program sets for one run; it stands above every file and every `-c`. */
export interface ConfigOverrides {
  readonly model?: string | undefined;
  readonly reviewModel?: string | undefined;
  readonly modelProvider?: string | undefined;
  readonly approvalPolicy?: AskForApproval | undefined;
  readonly approvalsReviewer?: ApprovalsReviewer | undefined;
  readonly sandboxMode?: SandboxMode | undefined;
  /** Null: none, whatever the files say. */
  readonly serviceTier?: ServiceTier | null | undefined;
  readonly personality?: Personality | undefined;
  readonly baseInstructions?: string | undefined;
  readonly developerInstructions?: string | undefined;
  readonly compactPrompt?: string | undefined;
  readonly includeApplyPatchTool?: boolean | undefined;
  /** The default for the key of the same name: a file's value wins. */
  readonly showRawAgentReasoning?: boolean | undefined;
  readonly ephemeral?: boolean | undefined;
  /** Further folders that commands may write to; relative ones start at the session's folder. */
  readonly additionalWritableRoots?: readonly string[] | undefined;
}
