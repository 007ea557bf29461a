// What a thread is made of: settings that are already resolved. Core reads no config file.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { Environment } from "@codex-ts/exec-server";
import { defaultFeatures, type Features } from "@codex-ts/features";
import type {
  ApprovalsReviewer,
  AskForApproval,
  ModelInfo,
  Personality,
  ReasoningEffort,
  ReasoningSummaryMode,
  SandboxPolicy,
  ServiceTier,
  SessionSource,
  Verbosity,
  WebSearchMode,
} from "@codex-ts/protocol";
import type { Hooks } from "@codex-ts/hooks";
import type { ResponsesClient } from "@codex-ts/responses-client";
import type { PersistenceMode } from "@codex-ts/rollout";
import type { SplitPolicy } from "@codex-ts/sandboxing";
import type { Shell } from "@codex-ts/shell-command";
import type { Tracing } from "@codex-ts/telemetry";
import type { Skill, SkillProblem } from "@codex-ts/skills";
import type { Rulebook } from "@codex-ts/exec-policy";
import type { ShellEnvironmentPolicy, Tool, WebSearchSettings } from "@codex-ts/tools";
import type { GhostSnapshotSettings } from "./ghost-snapshots.ts";

/** The skills for a folder, those that are switched off too. */
export interface SkillListing {
  readonly skills: readonly { readonly skill: Skill; readonly enabled: boolean }[];
  readonly problems: readonly SkillProblem[];
}

/** What becomes of the prompts that clients hand in for later sessions. */
export interface PromptHistorySettings {
  readonly persistence: "save-all" | "none";
  /** Bytes above which the oldest prompts go; no limit by default. */
  readonly maxBytes?: number | undefined;
}

/** The settings of one thread. */
export interface ThreadConfig {
  readonly cwd: AbsolutePath;
  readonly model: string;
  readonly modelProviderId: string;
  readonly approvalPolicy: AskForApproval;
  readonly approvalsReviewer: ApprovalsReviewer;
  readonly sandboxPolicy: SandboxPolicy;
  /**
   * What is enforced in place of `sandboxPolicy`, which then only names it: for policies that it has no
   * words for, such as denied paths. Holds until a turn brings another `sandboxPolicy`.
   */
  readonly permissions?: SplitPolicy | undefined;
  readonly effort?: ReasoningEffort | undefined;
  readonly summary?: ReasoningSummaryMode | undefined;
  readonly verbosity?: Verbosity | undefined;
  readonly serviceTier?: ServiceTier | undefined;
  readonly personality?: Personality | undefined;
  readonly features: Features;
  /** Replaces the model's own instructions. */
  readonly baseInstructions?: string | undefined;
  /** Told to the model beside its instructions. */
  readonly developerInstructions?: string | undefined;
  /** The model that reviews changes; the thread's own by default. */
  readonly reviewModel?: string | undefined;
  /** Replaces our own prompt for the summary of a long history. */
  readonly compactPrompt?: string | undefined;
  /** The person's global AGENTS.md text. */
  readonly userInstructions?: string | undefined;
  /**
   * Which AGENTS.md files the model is told of: bytes for all of them together (32 KiB by default),
   * other names that they may have, and what marks the folder to look from.
   */
  readonly projectDocs: {
    readonly maxBytes: number;
    readonly fallbackFilenames: readonly string[];
    readonly rootMarkers: readonly string[];
  };
  /** For the feature `undo`: what its snapshots leave out; nothing by default. */
  readonly ghostSnapshot?: GhostSnapshotSettings | undefined;
  readonly shellEnvironmentPolicy: ShellEnvironmentPolicy;
  /** Whether the model may ask for a login shell. */
  readonly allowLoginShell: boolean;
  readonly webSearch: WebSearchMode;
  readonly webSearchSettings?: WebSearchSettings | undefined;
  /** Tools of the program's own; one that is called like a built-in tool takes its place. */
  readonly tools?: readonly Tool[] | undefined;
  /** Judges commands before they run, and takes in what is allowed for good; without rules by default. */
  readonly rules?: Rulebook | undefined;
  /** Lifecycle hooks; the thread runs them and does not dispose them. */
  readonly hooks?: Hooks | undefined;
  /** The skills for a session in a folder, asked for at each turn; none by default. */
  readonly skills?: ((cwd: AbsolutePath) => Promise<readonly Skill[]>) | undefined;
  /** All skills that a front end may list for a folder, with what is wrong; `skills` by default. */
  readonly listSkills?: ((cwd: AbsolutePath) => Promise<SkillListing>) | undefined;
  /** Whether and how prompts are kept for later sessions: all of them, without a limit, by default. */
  readonly promptHistory?: PromptHistorySettings | undefined;
  /**
   * Reads the person's configuration again, for what the functions here give the next turns; may
   * reject. Without it a thread refuses to be asked.
   */
  readonly reloadUserConfig?: (() => Promise<void>) | undefined;
  /** Program and arguments that are told of each finished turn. */
  readonly notify?: readonly string[] | undefined;
  /** Longest wait for the output of a background process, in milliseconds. */
  readonly backgroundTerminalMaxTimeoutMs: number;
  /** Whether clients are told the model's thinking in its own words. */
  readonly showRawAgentReasoning: boolean;
  /** No session file. */
  readonly ephemeral: boolean;
  /**
   * How much the session file keeps; `limited` by default, which is all that resuming needs. `extended`
   * adds the ends of tool calls and the errors, for programs that show a session's past in full.
   */
  readonly persistence?: PersistenceMode | undefined;
  /** What this thread reaches the outside with in place of the manager's: its own home, clock, client … */
  readonly host?: Partial<ThreadManagerOptions> | undefined;
  /** Shown as `warning` events right after the session is configured. */
  readonly startupWarnings: readonly string[];
  readonly deprecationNotices: readonly { readonly summary: string; readonly details?: string }[];
}

/** What all threads of one manager share. Everything that reaches the outside comes in here. */
export interface ThreadManagerOptions {
  /** Where session files are; `~/.codex` of the CLI. */
  readonly codexHome: AbsolutePath;
  readonly responses: ResponsesClient;
  /** Where commands run; the manager does not dispose it. */
  readonly environment: Environment;
  /** What is known of a model; must not throw for one that is not known. */
  readonly lookUpModel: (model: string) => ModelInfo;
  /** The shell that commands run in. */
  readonly shell: Shell;
  /** The process environment that children inherit from, before the policy. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Names the front end in session files. */
  readonly originator: string;
  readonly version: string;
  /** The kind of front end, for listings of sessions. */
  readonly source: SessionSource;
  readonly now?: (() => Date) | undefined;
  /** IANA name; the host's by default. */
  readonly timezone?: string | undefined;
  /** Spans of ops, turns and requests, and the trace context that submissions bring. None by default. */
  readonly tracing?: Tracing | undefined;
}

/** Bytes that all project documents of a thread may have together. */
const PROJECT_DOC_BYTES = 32_768;

/**
 * A complete configuration from what matters to you. What is left out is the careful choice: commands
 * may read everything and change nothing, have no network, and nobody is asked for more.
 */
export function threadConfig(
  settings: Pick<ThreadConfig, "cwd" | "model"> & Partial<ThreadConfig>,
): ThreadConfig {
  return {
    modelProviderId: "custom",
    approvalPolicy: "never",
    approvalsReviewer: "user",
    sandboxPolicy: { type: "read-only" },
    features: defaultFeatures(),
    projectDocs: { maxBytes: PROJECT_DOC_BYTES, fallbackFilenames: [], rootMarkers: [".git"] },
    shellEnvironmentPolicy: {},
    allowLoginShell: true,
    webSearch: "disabled",
    backgroundTerminalMaxTimeoutMs: 300_000,
    showRawAgentReasoning: false,
    ephemeral: false,
    startupWarnings: [],
    deprecationNotices: [],
    ...settings,
  };
}
