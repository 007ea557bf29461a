// Approval and sandbox policies, in the shape that turns, session files and clients carry.

/** Which kinds of prompts a granular approval policy still shows; false rejects them unasked. */
export interface GranularApproval {
  /** Commands and patches that want more than the sandbox allows. */
  readonly sandbox_approval: boolean;
  /** Commands that a rule asks about. */
  readonly rules: boolean;
  /** Questions of MCP servers. */
  readonly mcp_elicitations: boolean;
  /** Scripts of skills; false when missing. */
  readonly skill_approval?: boolean;
  /** The tool of that name; false when missing. */
  readonly request_permissions?: boolean;
}

/** When a person is asked before something runs. `on-failure` is deprecated. */
export type AskForApproval =
  | "untrusted"
  | "on-failure"
  | "on-request"
  | "never"
  | { readonly granular: GranularApproval };

/** Who answers approval requests: the person, or a reviewer sub-agent. */
export type ApprovalsReviewer = "user" | "guardian_subagent";

/**
 * The sandbox policies by the name that a person chooses: nothing may be written; the workspace and
 * temporary folders may; everything may, without a sandbox.
 */
export type SandboxMode = "read-only" | "workspace-write" | "danger-full-access";

/** What may be read: everything, or only the listed roots (plus the current folder). */
export type ReadOnlyAccess =
  | { readonly type: "full-access" }
  | {
      readonly type: "restricted";
      /** System folders that programs need; true when missing. */
      readonly include_platform_defaults?: boolean;
      readonly readable_roots?: readonly string[];
    };

/**
 * What commands may do. `network_access` is a word in `external-sandbox` and a boolean elsewhere:
 * that is the file format.
 */
export type SandboxPolicy =
  | { readonly type: "danger-full-access" }
  | {
      readonly type: "read-only";
      readonly access?: ReadOnlyAccess;
      readonly network_access?: boolean;
    }
  | { readonly type: "external-sandbox"; readonly network_access?: "restricted" | "enabled" }
  | {
      readonly type: "workspace-write";
      readonly writable_roots?: readonly string[];
      readonly read_only_access?: ReadOnlyAccess;
      readonly network_access?: boolean;
      readonly exclude_tmpdir_env_var?: boolean;
      readonly exclude_slash_tmp?: boolean;
    };

/** A person's answer to an approval request. */
export type ReviewDecision =
  | "approved"
  | "approved_for_session"
  | "denied"
  | "abort"
  | {
      readonly approved_execpolicy_amendment: {
        readonly proposed_execpolicy_amendment: readonly string[];
      };
    }
  | {
      readonly network_policy_amendment: {
        readonly network_policy_amendment: {
          readonly host: string;
          readonly action: "allow" | "deny";
        };
      };
    };

/** How much a model thinks, from least to most; the Responses API's `reasoning.effort`. */
export type ReasoningEffort = "none" | "minimal" | "low" | "medium" | "high" | "xhigh";
/**
 * What the model tells of its thinking; the Responses API's `reasoning.summary`. `none` asks for no
 * summary.
 */
export type ReasoningSummaryMode = "auto" | "concise" | "detailed" | "none";
/** How long answers are; the Responses API's `text.verbosity`. */
export type Verbosity = "low" | "medium" | "high";
/** How fast requests are served, for their price; `fast` is sent as `priority`. */
export type ServiceTier = "fast" | "flex";
/** The tone that a person wants of the agent; `none` wants none in particular. */
export type Personality = "none" | "friendly" | "pragmatic";
/**
 * Whether the provider's web search is offered, and whether it may fetch pages (`live`) or only
 * what it has kept (`cached`).
 */
export type WebSearchMode = "disabled" | "cached" | "live";

/** A way of working that has settings of its own; they win over the session's. */
export interface CollaborationMode {
  readonly mode: "plan" | "default";
  readonly settings: {
    readonly model: string;
    readonly reasoning_effort: ReasoningEffort | null;
    /** Told to the model while the mode lasts; null says nothing. */
    readonly developer_instructions: string | null;
  };
}

/** How long tool output may be before its middle is cut; `tokens` are four bytes each. */
export interface TruncationPolicy {
  readonly mode: "bytes" | "tokens";
  readonly limit: number;
}
