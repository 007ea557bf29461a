import type { ModelInfo } from "@codex-ts/protocol";
import { baseInstructions } from "./prompts/base-instructions.ts";

/** What the configuration says about models, whichever is used. */
export interface ModelOverrides {
  /** `model_supports_reasoning_summaries`; only `true` has an effect. */
  readonly supportsReasoningSummaries?: boolean | undefined;
  /** `model_context_window`, in tokens. */
  readonly contextWindow?: number | undefined;
  /** `model_auto_compact_token_limit`. */
  readonly autoCompactTokenLimit?: number | undefined;
  /** `tool_output_token_limit`; a model that counts bytes gets four for each. */
  readonly toolOutputTokenLimit?: number | undefined;
  /** The text of `model_instructions_file`. */
  readonly baseInstructions?: string | undefined;
}

/**
 * What is known of the model `name`. The result's `slug` is `name` itself: that is what a request asks
 * for.
 *
 * An entry matches when `name` is its slug, or its slug followed by `-`, `:` or `@` and anything
 * (`gpt-5.2-2026-01-01`, but not `gpt-5.25`); the longest such slug wins. If there is none, one name
 * space before a `/` is passed over (`openai/gpt-oss-20b`); and if there still is none, a tag counts as
 * part of the name (`gpt-oss:20b`, as Ollama writes it). A model that nobody knows gets cautious values
 * and `used_fallback_model_metadata`.
 */
export function lookUpModel(
  catalogue: readonly ModelInfo[],
  name: string,
  overrides: ModelOverrides = {},
): ModelInfo {
  const known = findModel(catalogue, name);
  const model = known === undefined ? fallbackModel(name) : { ...known, slug: name };
  return withOverrides(model, overrides);
}

function findModel(catalogue: readonly ModelInfo[], name: string): ModelInfo | undefined {
  const bare = /^\w*\/([^/]*)$/.exec(name)?.[1];
  const names = bare === undefined ? [name] : [name, bare];
  const spellings = [...names, ...names.map((each) => each.replace(":", "-"))];
  for (const spelling of spellings) {
    const found = longestMatch(catalogue, spelling);
    if (found !== undefined) return found;
  }
  return undefined;
}

function longestMatch(catalogue: readonly ModelInfo[], name: string): ModelInfo | undefined {
  let longest: ModelInfo | undefined;
  for (const model of catalogue) {
    if (!isVariantOf(name, model.slug)) continue;
    if (longest === undefined || model.slug.length > longest.slug.length) longest = model;
  }
  return longest;
}

function isVariantOf(name: string, slug: string): boolean {
  return name.startsWith(slug) && /^(?:$|[-:@])/.test(name.slice(slug.length));
}

function fallbackModel(name: string): ModelInfo {
  return {
    slug: name,
    display_name: name,
    base_instructions: baseInstructions,
    supported_reasoning_levels: [],
    shell_type: "default",
    visibility: "none",
    supported_in_api: true,
    priority: 99,
    supports_reasoning_summaries: false,
    default_reasoning_summary: "auto",
    support_verbosity: false,
    web_search_tool_type: "text",
    truncation_policy: { mode: "bytes", limit: 10_000 },
    supports_parallel_tool_calls: false,
    supports_image_detail_original: false,
    supports_search_tool: false,
    context_window: 272_000,
    effective_context_window_percent: 95,
    experimental_supported_tools: [],
    input_modalities: ["text", "image"],
    used_fallback_model_metadata: true,
  };
}

function withOverrides(model: ModelInfo, overrides: ModelOverrides): ModelInfo {
  const { supportsReasoningSummaries, contextWindow, autoCompactTokenLimit } = overrides;
  const { toolOutputTokenLimit, baseInstructions } = overrides;
  const { mode } = model.truncation_policy;
  return {
    ...model,
    ...(supportsReasoningSummaries === true && { supports_reasoning_summaries: true }),
    ...(contextWindow !== undefined && { context_window: contextWindow }),
    ...(autoCompactTokenLimit !== undefined && { auto_compact_token_limit: autoCompactTokenLimit }),
    ...(toolOutputTokenLimit !== undefined && {
      truncation_policy: {
        mode,
        limit: mode === "tokens" ? toolOutputTokenLimit : 4 * toolOutputTokenLimit,
      },
    }),
    ...(baseInstructions !== undefined && { base_instructions: baseInstructions }),
  };
}
