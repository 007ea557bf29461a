// What is known of a model; the shape of the model catalogue and of the `/models` endpoint.
import type {
  ReasoningEffort,
  ReasoningSummaryMode,
  TruncationPolicy,
  Verbosity,
} from "./policy.ts";

export interface ModelInfo {
  readonly slug: string;
  readonly display_name: string;
  readonly description?: string | null;
  readonly base_instructions: string;
  readonly default_reasoning_level?: ReasoningEffort | null;
  readonly supported_reasoning_levels: readonly {
    readonly effort: ReasoningEffort;
    readonly description: string;
  }[];
  readonly shell_type: "default" | "local" | "unified_exec" | "disabled" | "shell_command";
  readonly visibility: "list" | "hide" | "none";
  readonly supported_in_api: boolean;
  readonly priority: number;
  readonly upgrade?: { readonly model: string; readonly migration_markdown: string } | null;
  readonly supports_reasoning_summaries: boolean;
  readonly default_reasoning_summary?: ReasoningSummaryMode;
  readonly support_verbosity: boolean;
  readonly default_verbosity?: Verbosity | null;
  readonly apply_patch_tool_type?: "freeform" | "function" | null;
  readonly web_search_tool_type?: "text" | "text_and_image";
  readonly truncation_policy: TruncationPolicy;
  readonly supports_parallel_tool_calls: boolean;
  readonly supports_image_detail_original?: boolean;
  readonly supports_search_tool?: boolean;
  readonly context_window?: number | null;
  readonly auto_compact_token_limit?: number | null;
  /** Share of the window that is used, in percent; 95 when absent. */
  readonly effective_context_window_percent?: number;
  readonly experimental_supported_tools: readonly string[];
  readonly input_modalities?: readonly ("text" | "image")[];
  /** Set by the look-up when no catalogue entry matched; never on the wire. */
  readonly used_fallback_model_metadata?: boolean;
}
