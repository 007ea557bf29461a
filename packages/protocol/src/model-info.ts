// What is known of a model; the shape of the model catalogue and of the `/models` endpoint.
import type {
  ReasoningEffort,
  ReasoningSummaryMode,
  TruncationPolicy,
  Verbosity,
} from "./policy.ts";

/**
 * What is known of a model: an entry of the catalogue, and of the answer of `GET /models`. Keys
 * that may be missing are null where the provider says so.
 */
export interface ModelInfo {
  /** The name that a request asks for. */
  readonly slug: string;
  readonly display_name: string;
  readonly description?: string | null;
  /** The system prompt. */
  readonly base_instructions: string;
  /** The effort of a person who has chosen none. */
  readonly default_reasoning_level?: ReasoningEffort | null;
  readonly supported_reasoning_levels: readonly {
    readonly effort: ReasoningEffort;
    readonly description: string;
  }[];
  /** Which shell tool the model is offered. */
  readonly shell_type: "default" | "local" | "unified_exec" | "disabled" | "shell_command";
  /** `list` is shown in pickers; the others work for those who know the name. */
  readonly visibility: "list" | "hide" | "none";
  /** Whether it works with an API key, and not with a ChatGPT login alone. */
  readonly supported_in_api: boolean;
  /** The smallest is the best. */
  readonly priority: number;
  /** The model to recommend instead, and what to say about it. */
  readonly upgrade?: { readonly model: string; readonly migration_markdown: string } | null;
  readonly supports_reasoning_summaries: boolean;
  readonly default_reasoning_summary?: ReasoningSummaryMode;
  /** Whether requests may say how long answers should be. */
  readonly support_verbosity: boolean;
  readonly default_verbosity?: Verbosity | null;
  /** How the model is offered `apply_patch`: with a grammar, or with JSON parameters. */
  readonly apply_patch_tool_type?: "freeform" | "function" | null;
  /** Whether search results may have images. */
  readonly web_search_tool_type?: "text" | "text_and_image";
  /** How long a tool's output may be. */
  readonly truncation_policy: TruncationPolicy;
  /** Whether one response may hold several tool calls that run at the same time. */
  readonly supports_parallel_tool_calls: boolean;
  /** Whether images may be sent in full size. */
  readonly supports_image_detail_original?: boolean;
  readonly supports_search_tool?: boolean;
  /** Tokens. */
  readonly context_window?: number | null;
  /** Tokens of history from which on it is compacted; a share of the window when missing. */
  readonly auto_compact_token_limit?: number | null;
  /** Share of the window that is used, in percent; 95 when absent. */
  readonly effective_context_window_percent?: number;
  /** Tools that only some models are offered, by name: `list_dir`, `test_sync_tool`. */
  readonly experimental_supported_tools: readonly string[];
  /** Both when missing. */
  readonly input_modalities?: readonly ("text" | "image")[];
  /** Set by the look-up when no catalogue entry matched; never on the wire. */
  readonly used_fallback_model_metadata?: boolean;
}
